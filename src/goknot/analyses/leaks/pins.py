"""pin-never-unpinned: memory pinned for C that nothing unpins.

Source: runtime/pinner.go: pinned objects are kept; a Pinner that is dropped with pins panics in its finalizer.
"""

from __future__ import annotations

from collections.abc import Iterator

from goknot.analyses.leaks.finding import Leak, Picture, node_of, precedes
from goknot.analyses.leaks.reach import Pointers
from goknot.model.leakfacts import FunctionFacts, LeakEvent, ProgramFacts
from goknot.model.verdict import Confidence, Level, Verdict

KIND = "pin-never-unpinned"


def find(program: ProgramFacts) -> Iterator[Leak]:
    """Every Pin without an Unpin, and every one whose Unpin waits for the pinned object to die."""
    for facts in program.functions:
        pointers = Pointers(facts)
        for event in facts.events:
            if event.kind == "pin" and event.subjects and not event.destructor:
                found = _judge(program, facts, pointers, event)
                if found is not None:
                    yield _leak(facts, event, *found)


def _judge(
    program: ProgramFacts, facts: FunctionFacts, pointers: Pointers, event: LeakEvent
) -> tuple[Confidence, str] | None:
    pinner = event.subjects[0]
    undone = [e for e in facts.events if e.kind == "unpin" and pinner in e.subjects]
    plain = [e for e in undone if not e.destructor]
    if plain:
        if any(e.deferred or precedes(e.where.branch, event.where.branch) for e in plain):
            return None
        return Confidence.POSSIBLE, "Unpin is called only on some ways"
    if undone:
        setters = {e.destructor for e in undone}
        holder = next((s for e in facts.events if e.order in setters for s in e.subjects), -1)
        pinned = {node for refs in event.others for node in refs}
        if holder in pinned or (holder >= 0 and holder in pointers.reached(pinned)):
            return Confidence.CERTAIN, "only a finalizer or cleanup that waits for the pinned object would unpin it"
        return None
    node = facts.nodes[pinner]
    if not node.outside and node.type_key == "runtime.Pinner":
        return Confidence.CERTAIN, "the Pinner is a variable of this function, which never calls Unpin"
    if not program.words.get("Unpin"):
        return Confidence.LIKELY, "nothing in this program calls an Unpin"
    return None


def _leak(facts: FunctionFacts, event: LeakEvent, confidence: Confidence, why: str) -> Leak:
    picture = Picture.empty()
    pinner = picture.node(event.subjects[0], node_of(facts.nodes[event.subjects[0]]))
    for refs in event.others:
        for value in refs[:1]:
            at = picture.node(value, node_of(facts.nodes[value]))
            if at != pinner:
                picture.edge(pinner, at, "pin", event.where.spot)
    return Leak(
        kind=KIND,
        level=Level.TYPE,
        verdict=Verdict.NEVER_FREED,
        confidence=confidence,
        title=f"what {facts.name} pins is never unpinned",
        reason=f"A pinned object is kept until Unpin, and {why}. A Pinner that is dropped with pins makes Go panic "
        "(found leaking pinned pointer), from Go 1.21 on.",
        where=event.where.spot,
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="defer-unpin",
        how="Call Unpin when C is done: defer pinner.Unpin() beside the Pinner, or in a Close.",
        depth=len(event.where.calls),
        scope=f"{facts.package}.{facts.name}",
    )
