"""Leaked goroutines by stack: how many, what they keep, and the ring that holds one of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.dominance import HeapTree, NodeKind
from goknot.analyses.heap.holders import HolderKind, Holders, Hop, edge_between
from goknot.analyses.heap.tiers import edges_of
from goknot.kernels.memory import Allocator
from goknot.kernels.reach import path_to, spread
from goknot.model.heap import Block, HeapGraph, ObjectFlag

if TYPE_CHECKING:
    from goknot.model.heap import Int32s

_MOST_OTHERS = 5


@dataclass(frozen=True, slots=True)
class LeakedExample:
    """One goroutine that nothing can wake, and why.

    Attributes:
        goroutine: Its index.
        waits: The objects it waits on; empty for a nil channel or an empty select.
        path: From its stack to the first of `waits`: goroutine -> ... -> channel, which alone could wake the goroutine.
            Empty when its own stack does not reach it.
        others: Further leaked goroutines whose stacks hold that object, ascending; at most five.
    """

    goroutine: int
    waits: tuple[int, ...]
    path: tuple[Hop, ...]
    others: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LeakedGroup:
    """Leaked goroutines with the same stack.

    Attributes:
        stack: The stack's id.
        block: What they wait for.
        goroutines: They, ascending by Go's number.
        kept_bytes: Bytes of objects that go when all of them go; their stacks not counted.
        example: The one with the lowest number.
    """

    stack: int
    block: Block
    goroutines: tuple[int, ...]
    kept_bytes: int
    example: LeakedExample


def group_leaked(
    graph: HeapGraph, holders: Holders, heap: HeapTree, alloc: Allocator | None = None
) -> tuple[LeakedGroup, ...]:
    """Groups leaked goroutines by stack: those that keep most first, then the larger group, then the lower number."""
    goroutines = graph.goroutines
    leaked = holders.leaked.leaked
    leaked = leaked[np.argsort(goroutines.goid_by_goroutine[leaked], kind="stable")]
    members: dict[int, list[int]] = {}
    for one in leaked.tolist():
        members.setdefault(int(goroutines.stack_by_goroutine[one]), []).append(one)
    groups = [
        LeakedGroup(
            stack,
            Block(int(goroutines.block_by_goroutine[ones[0]])),
            tuple(ones),
            _kept_bytes(graph, heap, stack, ones),
            _example(graph, holders, ones[0], alloc),
        )
        for stack, ones in members.items()
    ]
    goids = goroutines.goid_by_goroutine
    return tuple(sorted(groups, key=lambda one: (-one.kept_bytes, -len(one.goroutines), int(goids[one.goroutines[0]]))))


def _kept_bytes(graph: HeapGraph, heap: HeapTree, stack: int, ones: list[int]) -> int:
    """Exact when all goroutines with the stack are leaked; else what each keeps by itself, summed."""
    if len(ones) == int(np.count_nonzero(graph.goroutines.stack_by_goroutine == stack)):
        return heap.describe(heap.node_of(NodeKind.STACK, stack)).retained_bytes
    return sum(heap.describe(heap.node_of(NodeKind.GOROUTINE, one)).retained_bytes for one in ones)


def _example(graph: HeapGraph, holders: Holders, goroutine: int, alloc: Allocator | None) -> LeakedExample:
    first, last = graph.goroutines.wait_start[goroutine : goroutine + 2]
    waits = tuple(sorted(set(graph.goroutines.wait_object_by_wait[first:last].tolist())))
    if not waits:
        return LeakedExample(goroutine, (), (), ())
    stacks = holders.leaked.stacks
    holding = np.flatnonzero(stacks.target == waits[0])
    owners = np.unique(np.searchsorted(stacks.start, holding, side="right") - 1)
    others = [one for one in owners.tolist() if one != goroutine and not holders.leaked.is_live[one]]
    path = _path_to_wait(graph, stacks.of(goroutine), goroutine, waits[0], alloc)
    return LeakedExample(goroutine, waits, path, tuple(others[:_MOST_OTHERS]))


def _path_to_wait(
    graph: HeapGraph, stack: Int32s, goroutine: int, wait: int, alloc: Allocator | None
) -> tuple[Hop, ...]:
    if wait in stack:
        nodes: tuple[int, ...] = (wait,)
    else:
        closed = np.where(graph.flags_by_object & (ObjectFlag.RUNTIME | ObjectFlag.GOROUTINE), 255, 0).astype(np.uint8)
        _, nodes = path_to(spread(edges_of(graph), [np.sort(stack)], closed, alloc), wait)
    if not nodes:
        return ()
    kind, holder = _frame_of(graph, goroutine, nodes[0])
    steps = [Hop(after, edge_between(graph, before, after)) for before, after in pairwise(nodes)]
    return (Hop(nodes[0], -1, kind, holder), *steps)


def _frame_of(graph: HeapGraph, goroutine: int, target: int) -> tuple[HolderKind, int]:
    """The first root of a goroutine that points at an object; the goroutine itself when only its `g` does."""
    for root in np.flatnonzero(graph.roots.goroutine_by_root == goroutine).tolist():
        first, last = graph.roots.target_start[root : root + 2]
        if target in graph.roots.target_object[first:last]:
            return HolderKind.ROOT, root
    return HolderKind.GOROUTINE, goroutine
