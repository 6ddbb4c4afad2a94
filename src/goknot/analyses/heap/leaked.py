"""Goroutines that nothing can ever wake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.tiers import edges_of, gather, rows_from
from goknot.kernels.leaks import wake_all
from goknot.kernels.memory import Allocator
from goknot.kernels.rows import Rows
from goknot.model.heap import NO_ID, Block, HeapGraph, ObjectFlag, SpecialKind

if TYPE_CHECKING:
    import numpy.typing as npt

    from goknot.model.heap import Int32s


@dataclass(frozen=True, slots=True)
class LeakedGoroutines:
    """Which goroutines run, can be woken, or are blocked for ever.

    Attributes:
        is_live: goroutine -> False if nothing can wake it.
        stacks: goroutine -> objects its frames point at, and what its `g` points at.
        kept_by_special: special -> objects that the collector keeps because of it.
    """

    is_live: npt.NDArray[np.bool_]
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
    may be used.
    """
    roots, goroutines = graph.roots, graph.goroutines
    stacks, kept = stack_rows(graph), kept_by_specials(graph)
    waiter = np.repeat(np.arange(graph.n_goroutines, dtype=np.int32), np.diff(goroutines.wait_start))
    awaited = goroutines.wait_object_by_wait
    is_live = goroutines.block_by_goroutine == Block.NONE
    is_live[waiter[awaited == NO_ID]] = True
    is_live[(goroutines.block_by_goroutine == Block.ON_OBJECTS) & (np.diff(goroutines.wait_start) == 0)] = True
    no_stack = np.flatnonzero(roots.goroutine_by_root < 0)
    _, from_roots = gather(Rows(roots.target_start, roots.target_object), no_stack)
    live = wake_all(
        edges_of(graph),
        (graph.flags_by_object & ObjectFlag.GOROUTINE) != 0,
        np.concatenate((from_roots, kept.target)),
        stacks,
        wait_object=awaited[awaited != NO_ID],
        wait_goroutine=waiter[awaited != NO_ID],
        is_live=is_live,
        alloc=alloc,
    )
    return LeakedGoroutines(live, stacks, kept)
