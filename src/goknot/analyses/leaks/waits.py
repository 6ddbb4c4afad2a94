"""Where goroutines wait: plain channel operations, and selects with all their cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from goknot.model.leakfacts import FunctionFacts, LeakEvent

SENDS = frozenset({"send"})
RECEIVES = frozenset({"receive", "range-channel"})
OPERATIONS = SENDS | RECEIVES


@dataclass(frozen=True, slots=True)
class Wait:
    """A place where a goroutine may wait.

    Attributes:
        event: The operation, or the select.
        operations: The operation, or those of the cases.
        n_cases: 1 for a plain operation; of a select its cases, whether or not their channel is known.
    """

    event: LeakEvent
    operations: tuple[LeakEvent, ...]
    n_cases: int


def waits_of(facts: FunctionFacts) -> Iterator[Wait]:
    """Every place where the function or one of its goroutines may wait; selects with a default never do."""
    in_select: set[int] = set()
    for position, event in enumerate(facts.events):
        if event.kind == "select":
            cases = _cases(facts, position)
            in_select.update(case.order for case in cases)
            if event.word != "default":
                yield Wait(event, cases, int(event.word))
        elif event.kind in OPERATIONS and event.order not in in_select:
            yield Wait(event, (event,), 1)


def _cases(facts: FunctionFacts, position: int) -> tuple[LeakEvent, ...]:
    """The first channel operation of each case of a select."""
    select = facts.events[position]
    depth = len(select.where.branch) + 1
    found: dict[tuple[int, ...], LeakEvent] = {}
    for other in facts.events[position + 1 :]:
        if other.kind == "select-end" and other.where.spot == select.where.spot:
            break
        case = other.where.branch[:depth]
        if len(other.where.branch) == depth and case not in found and other.kind in OPERATIONS:
            found[case] = other
    return tuple(found.values())
