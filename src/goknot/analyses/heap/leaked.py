"""Goroutines that nothing can ever wake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.tiers import edges_of, gather, rows_from
from goknot.kernels.leaks import wake_all
from goknot.kernels.memory import Allocator
from goknot.kernels.reach import flood
from goknot.kernels.rows import Rows
from goknot.model.heap import NO_ID, Block, HeapGraph, ObjectFlag, SpecialKind

if TYPE_CHECKING:
    import numpy.typing as npt

    from goknot.model.heap import Int32s

    Bools = npt.NDArray[np.bool_]

MAIN = 1  # runtime/proc.go, `rt0_go` starts runtime.main as the first goroutine


@dataclass(frozen=True, slots=True)
class LeakedGoroutines:
    """Which goroutines run, can be woken, or are blocked for ever.

    Attributes:
        is_live: goroutine -> False if nothing can wake it.
        stacks: goroutine -> objects its frames point at, and what its `g` points at.
        kept_by_special: special -> objects that the collector keeps because of it.
    """

    is_live: Bools
    stacks: Rows
    kept_by_special: Rows

    @property
    def leaked(self) -> Int32s:
        """The goroutines blocked for ever, ascending."""
        return np.flatnonzero(~self.is_live).astype(np.int32)


def kept_by_specials(graph: HeapGraph) -> Rows:
    """special -> objects it keeps: its own words' targets, and for a finalizer what its object points at.

    runtime/mgcmark.go, `markrootSpans`: of an object with a finalizer everything it points at is marked, "but *not* the
    object itself"; pointers of an object to itself are skipped.
    """
    specials = graph.specials
    own = Rows(specials.target_start, specials.target_object)
    owner, target = gather(own, np.arange(own.n_rows))
    finalizers = np.flatnonzero(specials.kind_by_special == SpecialKind.FINALIZER)
    held_by, held = gather(edges_of(graph), specials.object_by_special[finalizers])
    other = held != specials.object_by_special[finalizers][held_by]
    owners = np.concatenate((owner, finalizers[held_by[other]]))
    return rows_from(owners, np.concatenate((target, held[other])), own.n_rows)


def stack_rows(graph: HeapGraph) -> Rows:
    """goroutine -> objects its stack roots and its `g` point at."""
    roots, goroutines = graph.roots, graph.goroutines
    of_stack = np.flatnonzero(roots.goroutine_by_root >= 0)
    root, target = gather(Rows(roots.target_start, roots.target_object), of_stack)
    with_object = np.flatnonzero(goroutines.object_by_goroutine >= 0)
    index, field = gather(edges_of(graph), goroutines.object_by_goroutine[with_object])
    owner = np.concatenate((roots.goroutine_by_root[of_stack][root].astype(np.int64), with_object[index]))
    return rows_from(owner, np.concatenate((target, field)), graph.n_goroutines)


def find_leaked(graph: HeapGraph, alloc: Allocator | None = None) -> LeakedGoroutines:
    """Marks from all roots save the stacks of waiting goroutines, wakes those whose wait is reached, and so on.

    A lower bound, as Go's own profile is: a channel that any root, timer or finalizer still reaches counts as one that
    may be used. It says less than Go's profile in two cases:

    - A main goroutine that merely keeps the program up is no leak, for the program ends with it: one in `select {}` (as
      Go says from 1.27 on; runtime/mgc.go, `findGoroutineLeaks`), or one that waits for something of its own. It is a
      leak when others wait in vain for what only it could do after its wait: then they hang together.
    - What a reached `weak.Pointer` points at is reached: its Value is there for as long as the goroutine lives.
    """
    stacks = stack_rows(graph)
    marking = _Marking(graph, stacks, _firm_seeds(graph), alloc)
    is_root = _never_asleep(graph)
    live = marking.run(is_root)
    main = np.flatnonzero((graph.goroutines.goid_by_goroutine == MAIN) & ~live)
    if len(main):
        is_root[main] = True
        parked = marking.run(is_root)
        is_needed = not np.array_equal(np.flatnonzero(parked != live), main)
        live[main] = not is_needed or graph.goroutines.block_by_goroutine[main] == Block.FOREVER
    return LeakedGoroutines(live, stacks, kept_by_specials(graph))


def _never_asleep(graph: HeapGraph) -> Bools:
    """goroutine -> True if its stack is a root from the start."""
    goroutines = graph.goroutines
    is_root: Bools = goroutines.block_by_goroutine == Block.NONE
    waiter = np.repeat(np.arange(graph.n_goroutines), np.diff(goroutines.wait_start))
    is_root[waiter[goroutines.wait_object_by_wait == NO_ID]] = True
    is_root[(goroutines.block_by_goroutine == Block.ON_OBJECTS) & (np.diff(goroutines.wait_start) == 0)] = True
    return is_root


def _firm_seeds(graph: HeapGraph) -> Int32s:
    """What roots other than stacks, finalizers and cleanups hold."""
    roots, kept = graph.roots, kept_by_specials(graph)
    no_stack = np.flatnonzero(roots.goroutine_by_root < 0)
    _, from_roots = gather(Rows(roots.target_start, roots.target_object), no_stack)
    runs = np.flatnonzero(graph.specials.kind_by_special != SpecialKind.WEAK_HANDLE)
    _, from_specials = gather(kept, runs)
    return np.concatenate((from_roots, from_specials)).astype(np.int32, copy=False)


@dataclass(frozen=True, slots=True)
class _Marking:
    """Marking to a fixpoint, from `seed` and the stacks of the goroutines that live."""

    graph: HeapGraph
    stacks: Rows
    seed: Int32s
    alloc: Allocator | None

    def run(self, is_root: Bools) -> Bools:
        """goroutine -> True if it lives."""
        goroutines = self.graph.goroutines
        waiter = np.repeat(np.arange(self.graph.n_goroutines, dtype=np.int32), np.diff(goroutines.wait_start))
        awaited = goroutines.wait_object_by_wait
        seed, live = self.seed, is_root
        while True:
            live = wake_all(
                edges_of(self.graph),
                (self.graph.flags_by_object & ObjectFlag.GOROUTINE) != 0,
                seed,
                self.stacks,
                wait_object=awaited[awaited != NO_ID],
                wait_goroutine=waiter[awaited != NO_ID],
                is_live=live,
                alloc=self.alloc,
            )
            more = self._behind_weak(seed, live)
            if not len(more):
                return live
            seed = np.concatenate((seed, more))

    def _behind_weak(self, seed: Int32s, live: Bools) -> Int32s:
        """Objects that only leaked goroutines hold, save for weak pointers in what is reached."""
        graph, specials = self.graph, self.graph.specials
        weak = np.flatnonzero(specials.kind_by_special == SpecialKind.WEAK_HANDLE)
        if live.all() or not len(weak):
            return np.zeros(0, np.int32)
        closed = ((graph.flags_by_object & ObjectFlag.GOROUTINE) != 0).astype(np.uint8)
        mark = np.zeros(graph.n_objects, np.uint8)
        _, from_stacks = gather(self.stacks, np.flatnonzero(live))
        seeds = np.unique(np.concatenate((seed, from_stacks))).astype(np.int32)
        flood(edges_of(graph), seeds, mark, cut=closed, tier_by_node=np.zeros_like(mark), alloc=self.alloc)
        owner, handle = gather(Rows(specials.target_start, specials.target_object), weak)
        usable = (mark[handle] != 0) & (closed[handle] == 0)
        targets = specials.object_by_special[weak[owner[usable]]]
        fresh: Int32s = np.unique(targets[mark[targets] == 0])
        return fresh
