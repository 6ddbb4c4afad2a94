"""Whether something that was set is taken back in the same function: finalizers, cleanups."""

from __future__ import annotations

from goknot.analyses.leaks.finding import precedes
from goknot.model.leakfacts import FunctionFacts, LeakEvent
from goknot.model.verdict import Confidence


def taken_back(facts: FunctionFacts, event: LeakEvent, kind: str, subjects: set[int]) -> Confidence | None:
    """How sure it is that an event is never undone.

    Args:
        facts: The function.
        event: What was set.
        kind: The event that undoes it.
        subjects: What that must be about.

    Returns:
        CERTAIN if nothing in the function undoes it, LIKELY if something does on some ways, None if all do.
    """
    found: Confidence | None = Confidence.CERTAIN
    for other in facts.events:
        if other.kind != kind or other.destructor or not subjects.intersection(other.subjects):
            continue
        if other.order < event.order:
            continue
        if precedes(other.where.branch, event.where.branch) and (other.deferred or not _leaves(facts, event, other)):
            return None
        found = Confidence.LIKELY
    return found


def _leaves(facts: FunctionFacts, first: LeakEvent, last: LeakEvent) -> bool:
    """Whether the function may return between two events."""
    return any(event.kind == "return" and first.order < event.order < last.order for event in facts.events)
