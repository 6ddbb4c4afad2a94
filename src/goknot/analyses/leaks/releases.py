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
    undoing = [
        other
        for other in facts.events
        if other.kind == kind
        and not other.destructor
        and other.order > event.order
        and subjects.intersection(other.subjects)
    ]
    for other in undoing:
        if precedes(other.where.branch, event.where.branch) and (
            other.deferred or not _leaves(facts, event, other, undoing)
        ):
            return None
    return Confidence.LIKELY if undoing else Confidence.CERTAIN


def overwritten(facts: FunctionFacts, event: LeakEvent, kind: str, subjects: set[int]) -> bool:
    """Whether a loop makes something again and again, and only the last is released, behind the loop."""
    undoing = [other for other in facts.events if other.kind == kind and subjects.intersection(other.subjects)]
    return (
        event.where.loop > 0
        and bool(undoing)
        and all(
            not other.deferred and not other.destructor and other.order > event.order and not other.where.calls
            for other in undoing
        )
        and all(other.where.loop < event.where.loop for other in undoing)
        and not any(edge.target in subjects for edge in facts.edges)
        and not any(facts.nodes[subject].outside for subject in subjects)
    )


def _leaves(facts: FunctionFacts, first: LeakEvent, last: LeakEvent, undoing: list[LeakEvent]) -> bool:
    """Whether the function may return between two events without another one that undoes the first."""
    for event in facts.events:
        if event.kind == "return" and first.order < event.order < last.order:
            before = [other for other in undoing if other.order < event.order]
            if not any(precedes(other.where.branch, event.where.branch) for other in before):
                return True
    return False
