"""Times every step of the heap's graph half on synthetic heaps: `python bench/heap_kernels.py [1 10] [--shuffled]`.

The heap: n objects of which about half have no pointers, 1.9 pointers an object, lists, trees, doubly linked rings and
long-range pointers, as an allocator lays them out, or shuffled in memory. The last column is what a prototype took on
a like machine for 10M objects in order (shuffled in brackets); scipy's figures are shown when it is installed.
"""

# ruff: noqa: PLC0415  (kernels are loaded inside the clock, scipy if there is one)

from __future__ import annotations

import argparse
import importlib.util
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from goknot.model.heap import HeapGraph

T = TypeVar("T")

PROTOTYPE_SECONDS = {"rings": (0.27, 2.3), "dominators and retained": (0.62 + 0.29, 4.5)}


def make_heap(n: int, shuffled: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """edge_start, edge_target and bytes: object 0 holds everything that is held."""
    random = np.random.default_rng(1)
    node = np.arange(n, dtype=np.int64)
    hub = node % 10  # by tens: a struct with five leaves, a pair that points at each other, two list nodes
    sources, targets = [], []

    def add(chosen: np.ndarray, target: np.ndarray) -> None:
        inside = (target >= 0) & (target < n)
        sources.append(chosen[inside])
        targets.append(target[inside])

    structs = node[hub == 0]
    for leaf in range(1, 6):
        add(structs, structs + leaf)
    for step in (6, 8):
        add(structs, structs + step)
    add(node[hub == 6], node[hub == 6] + 1)
    add(node[hub == 7], node[hub == 7] - 1)
    add(node[hub == 8], node[hub == 8] + 1)
    add(node[hub == 9], node[hub == 9] + 9)  # the next ten's list
    with_parent = structs[structs < n // 10]  # one large ring: a tenth of the structs know who holds them
    add(with_parent, with_parent // 20 * 10)
    for child in (0, 10):
        add(structs, structs * 2 + child)
    long = node[hub == 9][::50]
    add(long, random.integers(0, n, len(long)))
    for chosen in (6, 8):
        some = node[hub == chosen]
        add(some, some - chosen + 1)  # a string two of them share
        add(some, np.minimum(some // 10 * 10 + 10 * random.integers(1, 20, len(some)) + 2, n - 1))
    source, target = np.concatenate(sources), np.concatenate(targets)
    if shuffled:
        place = random.permutation(n)
        place[[np.flatnonzero(place == 0)[0], 0]] = place[0], 0
        source, target = place[source], place[target]
    order = np.argsort(source, kind="stable")
    start = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(source, minlength=n), out=start[1:])
    return start, target[order].astype(np.int32), random.integers(16, 128, n).astype(np.int64)


def forget_peak() -> None:
    """Making the heap takes more memory than analysing it."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def peak_gib() -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 2**20


def timed(name: str, shuffled: bool, step: Callable[[], T]) -> T:
    began = time.perf_counter()
    result = step()
    seconds = time.perf_counter() - began
    peak = peak_gib()
    known = PROTOTYPE_SECONDS.get(name)
    aside = "" if known is None else f"   prototype, 10M: {known[shuffled]:.2f} s"
    print(f"  {name:28} {seconds:7.2f} s   peak {peak:5.2f} GiB{aside}", flush=True)
    return result


def graph_of(start: np.ndarray, target: np.ndarray, sizes: np.ndarray) -> HeapGraph:
    from goknot.model.heap import HeapGoroutines, HeapGraph, HeapRoots, HeapSpecials, RootKind

    n = len(sizes)
    zero, none = np.zeros(1, np.int64), np.empty(0, np.int32)
    return HeapGraph(
        addr_by_object=np.arange(n, dtype=np.uint64) * np.uint64(128),
        bytes_by_object=sizes,
        state_by_object=np.zeros(n, np.uint8),
        flags_by_object=np.zeros(n, np.uint8),
        type_by_object=(np.arange(n) % 10).astype(np.int32),
        edge_start=start,
        edge_target=target,
        roots=HeapRoots(
            np.full(1, RootKind.BSS, np.uint8),
            np.full(1, -1, np.int32),
            np.array([0, 1], np.int64),
            np.zeros(1, np.int32),
        ),
        specials=HeapSpecials(none.astype(np.uint8), none, zero, none),
        goroutines=HeapGoroutines(zero[:0], none, none.astype(np.uint8), none, zero, none),
    )


def run(n: int, shuffled: bool, limit_bytes: int | None) -> None:
    from goknot.analyses.heap.dominance import build_tree, retained_by_ring, sizes_by_type
    from goknot.analyses.heap.groups import group_by_signature
    from goknot.analyses.heap.holders import find_holders
    from goknot.analyses.heap.verdicts import judge_rings
    from goknot.kernels.memory import Allocator

    graph = graph_of(*make_heap(n, shuffled))
    forget_peak()
    layout = "shuffled" if shuffled else "in order"
    print(f"{n / 1e6:g}M objects, {graph.n_edges / 1e6:.1f}M edges, {layout}; {peak_gib():.2f} GiB before")
    names = [f"main.T{label}" for label in range(10)]
    alloc = Allocator(limit_bytes)
    began = time.perf_counter()
    holders = timed("holders", shuffled, lambda: find_holders(graph, alloc))
    verdicts = timed("rings", shuffled, lambda: judge_rings(graph, holders, alloc))
    heap = timed("dominators and retained", shuffled, lambda: build_tree(graph, holders, alloc))
    retained = timed("retained by ring", shuffled, lambda: retained_by_ring(heap, holders, verdicts.rings, alloc))
    groups = timed(
        "groups",
        shuffled,
        lambda: group_by_signature(graph, holders, verdicts, retained, type_names=names, alloc=alloc),
    )
    timed("types", shuffled, lambda: sizes_by_type(heap, len(names), alloc))
    print(f"  {'all':28} {time.perf_counter() - began:7.2f} s   {verdicts.rings.n_rings} rings in {len(groups)} groups")
    print(
        f"  {'arrays':28} {alloc.peak_bytes / 2**30:7.2f} GiB set aside at most,"
        f" {alloc.mapped_bytes / 2**30:.2f} in files"
    )
    if importlib.util.find_spec("scipy"):
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import breadth_first_order, connected_components

        matrix = csr_array((np.ones(graph.n_edges, np.int8), graph.edge_target, graph.edge_start), shape=(n, n))
        timed("scipy: components", shuffled, lambda: connected_components(matrix, connection="strong"))
        timed("scipy: breadth first", shuffled, lambda: breadth_first_order(matrix, 0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("millions", type=float, nargs="*", default=[1, 10])
    parser.add_argument("--shuffled", action="store_true", help="only shuffled in memory")
    parser.add_argument("--in-order", action="store_true", help="only in order")
    parser.add_argument("--limit", type=int, metavar="BYTES", help="arrays past this lie in files (--max-memory)")
    chosen = parser.parse_args()

    from goknot import kernels

    print(f"kernels complete: {kernels.status().complete}")
    began = time.perf_counter()
    kernels.warm()
    print(f"kernels loaded or compiled in {time.perf_counter() - began:.2f} s")
    for millions in chosen.millions:
        for shuffled in (False, True):
            if not (chosen.in_order if shuffled else chosen.shuffled):
                run(int(millions * 1e6), shuffled, chosen.limit)


if __name__ == "__main__":
    main()
