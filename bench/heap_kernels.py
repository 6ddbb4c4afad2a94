"""Times every step of the heap's graph half on synthetic heaps: `python bench/heap_kernels.py [1 10] [--shuffled]`.

The heap: n objects of which about half have no pointers, 1.9 pointers an object, lists, trees, doubly linked rings and
long-range pointers, as an allocator lays them out, or shuffled in memory. The last column is what a prototype took on
a like machine for 10M objects in order (shuffled in brackets); scipy's figures are shown when it is installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

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


def timed(name: str, shuffled: bool, step: Callable[[], T]) -> T:
    began = time.perf_counter()
    result = step()
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    known = PROTOTYPE_SECONDS.get(name)
    aside = "" if known is None else f"   prototype, 10M: {known[shuffled]:.2f} s"
    print(f"  {name:28} {seconds:7.2f} s   peak {peak:5.2f} GiB{aside}", flush=True)
    return result


def run(n: int, shuffled: bool) -> None:
    from goknot.kernels.components import find_rings
    from goknot.kernels.dominators import dominate
    from goknot.kernels.folding import fold
    from goknot.kernels.reach import seeds_of, spread
    from goknot.kernels.rows import Rows

    start, target, sizes = make_heap(n, shuffled)
    edges = Rows(start, target)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{n / 1e6:g}M objects, {len(target) / 1e6:.1f}M edges, {'shuffled' if shuffled else 'in order'}; made at peak {peak:.2f} GiB")
    plain = np.zeros(n, np.uint8)
    seed = np.zeros(1, np.int32)
    began = time.perf_counter()
    rings = timed("rings", shuffled, lambda: find_rings(edges))
    found = timed("tiers and shortest paths", shuffled, lambda: spread(edges, [seed], plain))
    timed("root of every object", shuffled, lambda: seeds_of(found))
    tops = Rows(np.array([0, 1], np.int64), seed)
    tree = timed(
        "dominators and retained",
        shuffled,
        lambda: dominate(edges, tops, bytes_by_node=sizes, cut=plain, tier_by_node=found.tier_by_node),
    )
    label = (tree.node_by_position % 10).astype(np.int32)
    timed("outermost of each type", shuffled, lambda: fold(tree.idom_by_position, label))
    print(f"  {'all':28} {time.perf_counter() - began:7.2f} s   {rings.n_rings} rings, {len(found.order)} reached")
    if importlib.util.find_spec("scipy"):
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import breadth_first_order, connected_components

        matrix = csr_array((np.ones(len(target), np.int8), target, start), shape=(n, n))
        timed("scipy: components", shuffled, lambda: connected_components(matrix, connection="strong"))
        timed("scipy: breadth first", shuffled, lambda: breadth_first_order(matrix, 0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("millions", type=float, nargs="*", default=[1, 10])
    parser.add_argument("--shuffled", action="store_true", help="only shuffled in memory")
    parser.add_argument("--in-order", action="store_true", help="only in order")
    chosen = parser.parse_args()

    from goknot import kernels

    print(f"kernels complete: {kernels.status().complete}")
    began = time.perf_counter()
    kernels.warm()
    print(f"kernels loaded or compiled in {time.perf_counter() - began:.2f} s")
    for millions in chosen.millions:
        for shuffled in (False, True):
            if not (chosen.in_order if shuffled else chosen.shuffled):
                run(int(millions * 1e6), shuffled)


if __name__ == "__main__":
    main()
