"""afterfunc-holds-object without a finalizer: timers that start themselves anew, and those that wait for long."""

from __future__ import annotations

from collections.abc import Iterator

from goknot.analyses.leaks.finding import Leak, Picture, node_of
from goknot.analyses.leaks.reach import Pointers
from goknot.analyses.leaks.releases import taken_back
from goknot.model.leakfacts import FunctionFacts, LeakEvent, ProgramFacts
from goknot.model.verdict import Confidence, Level, Verdict

KIND = "afterfunc-holds-object"
_LONG = 60  # seconds


def waiting(program: ProgramFacts, facts: FunctionFacts, pointers: Pointers, event: LeakEvent) -> Iterator[Leak]:
    """A timer that nothing stops and whose function leads to an object that was made here.

    Args:
        program: Everything that was run.
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
    if renews(facts, event):
        if undone is Confidence.CERTAIN:
            always = not event.where.branch and not _may_leave(program, event)
            sure = always and _is_its_own(facts, held[0])
            confidence = Confidence.LIKELY if sure else Confidence.POSSIBLE
            yield _leak(facts, pointers, event, held[0], confidence, again=True)
    elif int(event.word or -1) >= _LONG and not event.where.calls:
        yield _leak(facts, pointers, event, held[0], Confidence.POSSIBLE, again=False)


def renews(facts: FunctionFacts, event: LeakEvent) -> bool:
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


def _may_leave(program: ProgramFacts, event: LeakEvent) -> bool:
    """Whether the function that starts a timer may return before it does."""
    for other in program.functions:
        if other.spot == event.where.function_spot:
            starts = [e.order for e in other.events if e.kind == "after" and e.where.spot == event.where.spot]
            return not starts or any(e.kind == "return" and e.order < starts[0] for e in other.events)
    return True


def _is_its_own(facts: FunctionFacts, node: int) -> bool:
    """Whether only timers and functions know an object when the function ends: nobody can stop anything."""
    returned = {subject for event in facts.events if event.kind == "returned" for subject in event.subjects}
    holders = {edge.source for edge in facts.edges if edge.target == node}
    kinds = {facts.nodes[holder].kind for holder in holders}
    return node not in returned and kinds <= {"closure", "method-value", "goroutine", "timer"}


def _leak(
    facts: FunctionFacts, pointers: Pointers, event: LeakEvent, held: int, confidence: Confidence, *, again: bool
) -> Leak:
    picture = Picture.empty()
    node = facts.nodes[held]
    path = pointers.path(event.others[0], {held}) or ()
    timer = picture.node(event.subjects[0], node_of(facts.nodes[event.subjects[0]]))
    first = path[0].source if path else held
    picture.edge(timer, picture.node(first, node_of(facts.nodes[first])), "timer", event.where.spot)
    picture.path(facts, path)
    if again:
        verdict, how_long = Verdict.NEVER_FREED, "its function starts it again each time, and nothing stops it"
    else:
        verdict, how_long = Verdict.KEPT_ALIVE, f"it waits {event.word} seconds, and nothing seen stops it on every way"
    return Leak(
        kind=KIND,
        level=Level.TYPE,
        verdict=verdict,
        confidence=confidence,
        title=f"a timer holds {node.name} " + ("as long as it starts itself anew" if again else "until it fires"),
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
