"""Goroutines that do the same: one stack, one thing waited for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.dominance import NodeKind
from goknot.app.heap.names import stack_name
from goknot.app.heap.study import HeapStudy
from goknot.model.pictures import GoroutineSize

if TYPE_CHECKING:
    from goknot.model.heap import Int32s


@dataclass(frozen=True, slots=True)
class GoroutineGroup:
    """Goroutines of one stack that wait for the same.

    Attributes:
        stack: Their stack, as `HeapGoroutines.stack_by_goroutine` numbers it.
        function: The innermost function that says what they do.
        waits: Why they wait, in Go's words; their status if they do not.
        is_live: False if nothing can wake them.
        members: Goroutines, ascending; int32.
        retained_bytes: What each one's stack alone keeps, summed.
    """

    stack: int
    function: str
    waits: str
    is_live: bool
    members: Int32s
    retained_bytes: int


def goroutine_groups(study: HeapStudy, *, each: bool = False) -> tuple[GoroutineGroup, ...]:
    """All goroutines in groups, what keeps most first; with `each`, every one is a group."""
    heap, tree = study.heap, study.tree
    stacks, live = study.graph.goroutines.stack_by_goroutine.tolist(), study.holders.leaked.is_live.tolist()
    groups: dict[tuple[int, str, bool], list[int]] = {}
    for number, goroutine in enumerate(heap.goroutines):
        waits = goroutine.wait_reason or goroutine.status
        groups.setdefault((number if each else stacks[number], waits, live[number]), []).append(number)
    node = tree.node_of(NodeKind.GOROUTINE)
    found = []
    for (_, waits, is_live), numbers in groups.items():
        members, first = np.array(numbers, np.int32), heap.goroutines[numbers[0]]
        function = stack_name(tuple(frame.function for frame in first.frames))
        kept = int(tree.tree.retained(members + np.int32(node)).sum())
        found.append(GoroutineGroup(stacks[numbers[0]], function, waits, is_live, members, kept))

    def most_first(group: GoroutineGroup) -> tuple[int, int, str, int]:
        goid = heap.goroutines[int(group.members[0])].goid
        return -group.retained_bytes, -len(group.members), group.function, goid

    return tuple(sorted(found, key=most_first))


def goroutine_sizes(study: HeapStudy) -> tuple[GoroutineSize, ...]:
    """All goroutines in groups, for the report."""
    found = []
    for group in goroutine_groups(study):
        first = study.heap.goroutines[int(group.members[0])]
        stack = tuple((frame.function, frame.where) for frame in first.frames)
        n = len(group.members)
        size = (n, group.retained_bytes, first.goid, first.created_at, stack)
        found.append(GoroutineSize(group.function, group.waits, not group.is_live, *size))
    return tuple(found)
