"""pin-never-unpinned: memory pinned for C that nothing unpins.

Source: runtime/pinner.go: pinned objects are kept; a Pinner that is dropped with pins panics in its finalizer.
"""

from __future__ import annotations

from collections.abc import Iterator

from goknot.analyses.leaks.finding import Leak, Picture, node_of
from goknot.analyses.leaks.reach import Pointers
from goknot.analyses.leaks.releases import taken_back
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


def _judge(  # noqa: PLR0911 (one line a way out)
    program: ProgramFacts, facts: FunctionFacts, pointers: Pointers, event: LeakEvent
) -> tuple[Confidence, str] | None:
    pinner = event.subjects[0]
    undone = [e for e in facts.events if e.kind == "unpin" and pinner in e.subjects]
    plain = [e for e in undone if not e.destructor]
    if plain:
        undone_for = taken_back(facts, event, "unpin", {pinner})
        if undone_for is None or any(e.order < event.order for e in plain):
            return None
        surely = Confidence.LIKELY if not facts.nodes[pinner].outside else Confidence.POSSIBLE
        return surely, "Unpin is called only on some ways out"
    if undone:
        setters = {e.destructor for e in undone}
        holder = next((s for e in facts.events if e.order in setters for s in e.subjects), -1)
        pinned = {node for refs in event.others for node in refs}
        if holder in pinned or (holder >= 0 and holder in pointers.reached(pinned)):
            return Confidence.CERTAIN, "only a finalizer or cleanup that waits for the pinned object would unpin it"
        return None
    node = facts.nodes[pinner]
    if node.kind == "global":
        return _of_variable(program, facts, event)
    if not node.outside and node.type_key == "runtime.Pinner":
        return Confidence.CERTAIN, "the Pinner is a variable of this function, which never calls Unpin"
    pinned = {other for refs in event.others for other in refs}
    if pinner in pinned or pinner in pointers.reached(pinned):
        if not node.outside:
            return Confidence.CERTAIN, "it leads to the Pinner itself, which nothing else holds"
        return Confidence.POSSIBLE, "it leads to the Pinner itself, so that only a call of Unpin lets go of it"
    if not node.outside:
        return Confidence.LIKELY, "the Pinner is dropped with its object"
    if not program.words.get("Unpin"):
        return Confidence.LIKELY, "nothing in this program calls an Unpin"
    return None


def _of_variable(program: ProgramFacts, facts: FunctionFacts, event: LeakEvent) -> tuple[Confidence, str] | None:
    """A Pinner that is a package variable: what a function makes and pins with it, if nothing unpins."""
    name = facts.nodes[event.subjects[0]].detail
    made = any(facts.nodes[value].kind == "new" for refs in event.others for value in refs)
    if not made or facts.name in {"init", "main"} or program.words.get(f"{name}.Unpin"):
        return None
    return Confidence.LIKELY, f"nothing calls Unpin of the package variable {name}"


def _leak(facts: FunctionFacts, event: LeakEvent, confidence: Confidence, why: str) -> Leak:
    picture = Picture.empty()
    pinner = picture.node(event.subjects[0], node_of(facts.nodes[event.subjects[0]]))
    for refs in event.others:
        for value in refs[:1]:
            at = picture.node(value, node_of(facts.nodes[value]))
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
        move="unpin",
        how="Call Unpin when C is done: defer pinner.Unpin() beside the Pinner, or in a Close.",
        depth=len(event.where.calls),
        scope=f"{facts.package}.{facts.name}",
    )
