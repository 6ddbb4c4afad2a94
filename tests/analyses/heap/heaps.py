"""Small heaps made by hand, random ones, and what a naive collector does with them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from goknot.analyses.heap.dominance import HeapTree
from goknot.analyses.heap.holders import Holders
from goknot.analyses.heap.tiers import cut_tiers
from goknot.model.heap import (
    Block,
    HeapGoroutines,
    HeapGraph,
    HeapRoots,
    HeapSpecials,
    ObjectFlag,
    ObjectState,
    RootKind,
    SpecialKind,
)


def starts(rows: list[list[int]]) -> np.ndarray:
    return np.cumsum([0, *map(len, rows)], dtype=np.int64)


def flat(rows: list[list[int]], dtype: type = np.int32) -> np.ndarray:
    return np.array([one for row in rows for one in row], dtype)


@dataclass
class Heap:
    """Call the verbs, then `graph`."""

    types: list[str] = field(default_factory=list)
    rows: list[list[int]] = field(default_factory=list)
    type_of: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    states: list[int] = field(default_factory=list)
    roots: list[tuple[RootKind, int, list[int]]] = field(default_factory=list)
    specials: list[tuple[SpecialKind, int, list[int]]] = field(default_factory=list)
    goroutines: list[tuple[int, Block, list[int], int]] = field(default_factory=list)
    first_goid: int = 2  # 1: the first goroutine is the program's main one

    def new(self, name: str = "T", size: int = 16, flags: int = 0, state: int = ObjectState.ALLOCATED) -> int:
        if name and name not in self.types:
            self.types.append(name)
        self.rows.append([])
        self.type_of.append(self.types.index(name) if name else -1)
        self.sizes.append(size)
        self.flags.append(flags)
        self.states.append(state)
        return len(self.rows) - 1

    def point(self, source: int, *targets: int) -> None:
        self.rows[source] += targets

    def ring(self, *names: str, state: int = ObjectState.ALLOCATED) -> list[int]:
        members = [self.new(name, state=state) for name in names]
        for index, member in enumerate(members):
            self.point(member, members[(index + 1) % len(members)])
        return members

    def root(self, *targets: int, kind: RootKind = RootKind.BSS, goroutine: int = -1) -> int:
        self.roots.append((kind, goroutine, list(targets)))
        return len(self.roots) - 1

    def special(self, kind: SpecialKind, target: int, *words: int) -> int:
        self.specials.append((kind, target, list(words)))
        return len(self.specials) - 1

    def goroutine(self, stack: int = 0, block: Block = Block.NONE, waits: tuple[int, ...] = (), g: int = -1) -> int:
        self.goroutines.append((stack, block, list(waits), g))
        return len(self.goroutines) - 1

    def graph(self) -> HeapGraph:
        n = len(self.rows)
        root_rows = [targets for _, _, targets in self.roots]
        special_rows = [words for _, _, words in self.specials]
        wait_rows = [waits for _, _, waits, _ in self.goroutines]
        return HeapGraph(
            addr_by_object=np.uint64(0xC000000000) + np.arange(n, dtype=np.uint64) * np.uint64(64),
            bytes_by_object=np.array(self.sizes, np.int64),
            state_by_object=np.array(self.states, np.uint8),
            flags_by_object=np.array(self.flags, np.uint8),
            type_by_object=np.array(self.type_of, np.int32),
            edge_start=starts(self.rows),
            edge_target=flat(self.rows),
            roots=HeapRoots(
                np.array([kind for kind, _, _ in self.roots], np.uint8),
                np.array([goroutine for _, goroutine, _ in self.roots], np.int32),
                starts(root_rows),
                flat(root_rows),
            ),
            specials=HeapSpecials(
                np.array([kind for kind, _, _ in self.specials], np.uint8),
                np.array([target for _, target, _ in self.specials], np.int32),
                starts(special_rows),
                flat(special_rows),
            ),
            goroutines=HeapGoroutines(
                np.arange(len(self.goroutines), dtype=np.int64) + self.first_goid,
                np.array([g for _, _, _, g in self.goroutines], np.int32),
                np.array([block for _, block, _, _ in self.goroutines], np.uint8),
                np.array([stack for stack, _, _, _ in self.goroutines], np.int32),
                starts(wait_rows),
                flat(wait_rows),
            ),
        )


@st.composite
def heaps(draw: st.DrawFn, flags: tuple[int, ...] = (0,), kinds: tuple[RootKind, ...] = (RootKind.BSS,)) -> Heap:
    """Random heaps: pointers, roots, specials, goroutines that run or wait."""
    heap = Heap(first_goid=draw(st.integers(1, 2)))
    n = draw(st.integers(1, 10))
    node = st.integers(0, n - 1)
    some = st.lists(node, max_size=2)
    for _ in range(n):
        heap.new(draw(st.sampled_from("AB")), 8 * draw(st.integers(1, 9)), draw(st.sampled_from(flags)))
    for source in range(n):
        heap.point(source, *draw(st.lists(node, max_size=3)))
    for _ in range(draw(st.integers(0, 3))):
        block = draw(st.sampled_from(list(Block)))
        waits = draw(st.lists(st.integers(-1, n - 1), max_size=2)) if block is Block.ON_OBJECTS else []
        heap.goroutine(draw(st.integers(0, 1)), block, tuple(waits), draw(st.integers(-1, n - 1)))
    for _ in range(draw(st.integers(0, 3))):
        goroutine = draw(st.integers(-1, len(heap.goroutines) - 1))
        heap.root(*draw(some), kind=draw(st.sampled_from(kinds)), goroutine=goroutine)
    for _ in range(draw(st.integers(0, 4))):
        heap.special(draw(st.sampled_from(list(SpecialKind))), draw(node), *draw(some))
    return heap


def reach(rows: list[list[int]], seeds: object, without: object = ()) -> set[int]:
    closed = set(without)
    found = set(seeds) - closed
    todo = list(found)
    while todo:
        for target in rows[todo.pop()]:
            if target not in found and target not in closed:
                found.add(target)
                todo.append(target)
    return found


def kept(heap: Heap, special: int, *, weak: bool = True) -> set[int]:
    kind, target, words = heap.specials[special]
    if kind is SpecialKind.WEAK_HANDLE and not weak:
        return set()
    fields = set(heap.rows[target]) - {target} if kind is SpecialKind.FINALIZER else set()
    return {*words, *fields}


def live_goroutines(heap: Heap) -> list[bool]:
    """What repeated marking finds, and a main goroutine on which nobody else's waking depends."""
    live = repeated_marking(heap, [block is Block.NONE for _, block, _, _ in heap.goroutines])
    if heap.first_goid == 1 and heap.goroutines and not live[0]:
        parked = repeated_marking(heap, [True, *live[1:]])
        live[0] = parked[1:] == live[1:] or heap.goroutines[0][1] is Block.FOREVER
    return live


def repeated_marking(heap: Heap, live: list[bool]) -> list[bool]:
    """Marks, wakes, marks again, as runtime/mgc.go does; weak pointers reach what they point at."""
    rows = [[] if flags & ObjectFlag.GOROUTINE else row for row, flags in zip(heap.rows, heap.flags, strict=True)]
    rows = [list(row) for row in rows]
    for kind, target, words in heap.specials:
        for word in words:
            if kind is SpecialKind.WEAK_HANDLE and not heap.flags[word] & ObjectFlag.GOROUTINE:
                rows[word].append(target)
    always = [t for _, goroutine, targets in heap.roots if goroutine < 0 for t in targets]
    always += [t for special in range(len(heap.specials)) for t in kept(heap, special, weak=False)]
    while True:
        stacks = [t for _, goroutine, targets in heap.roots if goroutine >= 0 and live[goroutine] for t in targets]
        own = [t for on, (_, _, _, g) in zip(live, heap.goroutines, strict=True) if on and g >= 0 for t in heap.rows[g]]
        marked = reach(rows, [*always, *stacks, *own])
        woken = [
            on or (block is Block.ON_OBJECTS and (not waits or -1 in waits or bool(marked & set(waits))))
            for on, (_, block, waits, _) in zip(live, heap.goroutines, strict=True)
        ]
        if woken == live:
            return live
        live = woken


def naive_graph(heap: Heap, graph: HeapGraph, holders: Holders, tree: HeapTree) -> list[list[int]]:
    """All nodes of the dominator tree with the edges that count, as lists."""
    tier = holders.tier_by_object
    cut = cut_tiers(graph, tier)
    objects = [[t for t in row if tier[t] >= cut[node]] for node, row in enumerate(heap.rows)]
    for owner, special in zip(tree.owner.tolist(), tree.owned.tolist(), strict=True):
        objects[owner].append(special)
    return objects + [tree.tops.of(row).tolist() for row in range(tree.tops.n_rows)]
