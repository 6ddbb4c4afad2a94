"""afterfunc-holds-object without a finalizer: timers that start themselves anew, and those that wait for long."""

from __future__ import annotations

from collections.abc import Iterator

from goknot.analyses.leaks.finding import Leak, Picture, node_of
from goknot.analyses.leaks.reach import Pointers
from goknot.analyses.leaks.releases import taken_back
from goknot.model.leakfacts import FunctionFacts, LeakEvent
from goknot.model.verdict import Confidence, Level, Verdict

KIND = "afterfunc-holds-object"
_LONG = 60  # seconds


def waiting(facts: FunctionFacts, pointers: Pointers, event: LeakEvent) -> Iterator[Leak]:
    """A timer that nothing stops and whose function leads to an object that was made here.

    Args:
        facts: The function.
        pointers: Its pointers.
        event: The timer's start.
    """
    held = [node for node in sorted(pointers.reached(event.others[0])) if facts.nodes[node].kind == "new"]
    if not held or facts.name in {"main", "init"}:
        return
    timer = event.subjects[0]
    undone = taken_back(facts, event, "timer-stop", {timer})
    if undone is None or any(other.kind == "timer-stop" and other.destructor for other in facts.events):
        return
    if _renews(facts, event):
        if undone is Confidence.CERTAIN:
            sure = not event.where.branch and _is_its_own(facts, held[0])
            yield _leak(facts, event, held[0], Confidence.LIKELY if sure else Confidence.POSSIBLE, renews=True)
    elif int(event.word or -1) >= _LONG and not event.where.calls:
        yield _leak(facts, event, held[0], Confidence.POSSIBLE, renews=False)


def _renews(facts: FunctionFacts, event: LeakEvent) -> bool:
    """Whether the function of a timer starts it again whenever it runs."""
    timer = event.subjects[0]
    for other in facts.events:
        if other.goroutine >= 0 and other.order > event.order and other.where.branch == event.where.branch:
            its_own = facts.nodes[other.goroutine].where.spot == event.where.spot  # before the timer has a name
            if other.kind == "timer-reset" and (timer in other.subjects or (its_own and not other.subjects)):
                return True
            if other.kind == "after" and other.where.spot == event.where.spot:
                return True
    short = event.where.function.rpartition(".")[2]
    return event.where.in_method and any(
        facts.nodes[value].kind == "method-value" and facts.nodes[value].detail == short for value in event.others[0]
    )


def _is_its_own(facts: FunctionFacts, node: int) -> bool:
    """Whether only timers and functions know an object when the function ends: nobody can stop anything."""
    returned = {subject for event in facts.events if event.kind == "returned" for subject in event.subjects}
    holders = {edge.source for edge in facts.edges if edge.target == node}
    kinds = {facts.nodes[holder].kind for holder in holders}
    return node not in returned and kinds <= {"closure", "method-value", "goroutine", "timer"}


def _leak(facts: FunctionFacts, event: LeakEvent, held: int, confidence: Confidence, *, renews: bool) -> Leak:
    picture = Picture.empty()
    node = facts.nodes[held]
    timer = picture.node(event.subjects[0], node_of(facts.nodes[event.subjects[0]]))
    picture.edge(timer, picture.node(held, node_of(node)), "timer", event.where.spot)
    if renews:
        verdict, how_long = Verdict.NEVER_FREED, "its function starts it again each time, and nothing stops it"
    else:
        verdict, how_long = Verdict.KEPT_ALIVE, f"it waits {event.word} seconds, and nothing seen stops it on every way"
    return Leak(
        kind=KIND,
        level=Level.TYPE,
        verdict=verdict,
        confidence=confidence,
        title=f"a timer holds {node.name} " + ("for ever" if renews else "until it fires"),
        reason=f"A pending timer is a root and its function leads to {node.name}; {how_long}.",
        where=event.where.spot,
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="stop-timer",
        how="Keep the timer and stop it where the object ends (Close), or let its function hold the object by a "
        "weak.Pointer (Go 1.24).",
        depth=len(event.where.calls),
        scope=f"{facts.package}.{facts.name}",
    )
