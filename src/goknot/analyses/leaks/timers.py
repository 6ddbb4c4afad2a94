"""afterfunc-holds-object: a timer or context that holds an object whose death would stop it."""

from __future__ import annotations

from collections.abc import Iterator

from goknot.analyses.leaks.finding import Leak, Picture, node_of, strength_of_path, weakest
from goknot.analyses.leaks.reach import Path, Pointers
from goknot.analyses.leaks.waiting_timers import KIND, renews, waiting
from goknot.model.leakfacts import FunctionFacts, LeakEvent, ProgramFacts
from goknot.model.verdict import Confidence, Level, Verdict


def find(program: ProgramFacts) -> Iterator[Leak]:
    """Every timer that holds what would stop it, that starts itself anew, or that waits for long."""
    for facts in program.functions:
        pointers = Pointers(facts)
        for event in facts.events:
            if event.kind == "after" and event.goroutine < 0 and not event.destructor:
                found = list(_of_timer(facts, pointers, event))
                yield from found or waiting(program, facts, pointers, event)


def _of_timer(facts: FunctionFacts, pointers: Pointers, event: LeakEvent) -> Iterator[Leak]:
    timer = event.subjects[0]
    rearmed = renews(facts, event)
    stops = [e for e in facts.events if e.kind == "timer-stop" and timer in e.subjects]
    if not stops or any(not stop.destructor for stop in stops):
        return
    for destructor in facts.events:
        if destructor.kind not in {"finalizer", "cleanup"}:
            continue
        for subject in destructor.subjects:
            path = pointers.path(event.others[0], {subject})
            if path is None or all(stop.destructor != destructor.order for stop in stops):
                continue
            confidence = strength_of_path(facts, destructor, path)
            if destructor.where.branch or not rearmed:
                confidence = weakest(confidence, Confidence.LIKELY)
            yield _leak(facts, event, destructor, subject, path, confidence)


def _leak(  # noqa: PLR0917
    facts: FunctionFacts, event: LeakEvent, destructor: LeakEvent, subject: int, path: Path, confidence: Confidence
) -> Leak:
    picture = Picture.empty()
    timer = picture.node(event.subjects[0], node_of(facts.nodes[event.subjects[0]]))
    picture.edge(timer, picture.node(path[0].source, node_of(facts.nodes[path[0].source])), "timer", event.where.spot)
    picture.path(facts, path)
    node = facts.nodes[subject]
    picture.edge(
        picture.node(subject, node_of(node)), timer, destructor.kind, destructor.where.spot, note="would stop it"
    )
    return Leak(
        kind=KIND,
        level=Level.TYPE,
        verdict=Verdict.NEVER_FREED,
        confidence=confidence,
        title=f"a timer holds {node.name} until the {destructor.kind} of {node.name} stops it",
        reason=f"A pending timer is a root and its function leads to {node.name}: until it has fired for the last time "
        f"{node.name} does not die, and its {destructor.kind} never stops the timer, in every release of Go.",
        where=event.where.spot,
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="thin-wrapper",
        how="Stop the timer in a Close, or let its function hold the object by a weak.Pointer (Go 1.24).",
        depth=len(event.where.calls),
        scope=f"{facts.package}.{facts.name}",
    )
