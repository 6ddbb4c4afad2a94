"""cgo-handle-ring and handle-never-deleted: what a cgo.Handle keeps until somebody deletes it.

Source: runtime/cgo/handle.go: a global map holds the value of every handle.
"""

from __future__ import annotations

from collections.abc import Iterator

from goknot.analyses.leaks.finding import Leak, Picture, node_of, strength_of_path, weakest
from goknot.analyses.leaks.reach import Pointers
from goknot.analyses.leaks.releases import overwritten, taken_back
from goknot.model.knot import KnotNode
from goknot.model.leakfacts import FunctionFacts, LeakEdge, LeakEvent, ProgramFacts
from goknot.model.verdict import Confidence, Level, Verdict

RING = "cgo-handle-ring"
NEVER = "handle-never-deleted"


def find(program: ProgramFacts) -> Iterator[Leak]:
    """Every handle that keeps the object that would delete it, and every one that nothing deletes."""
    for facts in program.functions:
        pointers = Pointers(facts)
        for event in facts.events:
            if event.kind == "handle-new" and not event.destructor:
                found = _ring(facts, pointers, event)
                if found is not None:
                    yield found
                elif overwritten(facts, event, "handle-delete", set(event.subjects)):
                    why = f"{facts.name} makes one each turn of a loop and deletes the last, behind the loop"
                    yield _never(facts, event, why, Confidence.POSSIBLE)
                elif (why_never := _why_never(program, facts, event)) is not None:
                    yield _never(facts, event, why_never, Confidence.LIKELY)
                elif (told := _dropped_with(facts, event)) is not None:
                    yield _never(facts, event, *told)


def _ring(facts: FunctionFacts, pointers: Pointers, event: LeakEvent) -> Leak | None:
    handle = event.subjects[0]
    deletes = [e for e in facts.events if e.kind == "handle-delete" and handle in e.subjects]
    if not deletes or not all(delete.destructor for delete in deletes):
        return None
    held = pointers.reached(event.others[0], _plain)
    for destructor in facts.events:
        if (
            destructor.kind not in {"finalizer", "cleanup"}
            or not held.intersection(destructor.subjects)
            or not any(delete.destructor == destructor.order for delete in deletes)
        ):
            continue
        subject = next(s for s in destructor.subjects if s in held)
        path = pointers.path([handle], {subject}, lambda edge: True)
        if path is None:
            continue
        confidence = strength_of_path(facts, destructor, path)
        if destructor.where.branch or event.where.calls:
            confidence = weakest(confidence, Confidence.LIKELY)
        picture = Picture.empty()
        picture.path(facts, path)
        node = facts.nodes[subject]
        at, start = picture.ids[subject], picture.ids[handle]
        picture.edge(at, start, destructor.kind, destructor.where.spot, note="what would delete the handle")
        return Leak(
            kind=RING,
            level=Level.TYPE,
            verdict=Verdict.NEVER_FREED,
            confidence=confidence,
            title=f"a cgo.Handle keeps {node.name}, whose {destructor.kind} would delete it",
            reason=f"A global table holds the value of a handle until Delete; that value leads to {node.name}, so "
            f"{node.name} never dies and its {destructor.kind} never deletes the handle, in every release of Go.",
            where=event.where.calls[0] if event.where.calls else event.where.spot,
            nodes=tuple(picture.nodes),
            edges=tuple(picture.edges),
            move="delete-handle",
            how="Delete the handle in a Close that callers call, or make the handle of an inner object that does not "
            "lead back to the one with the finalizer.",
            depth=len(event.where.calls),
            scope=f"{facts.package}.{facts.name}",
            anchor=event.where.spot,
        )
    return None


def _why_never(program: ProgramFacts, facts: FunctionFacts, event: LeakEvent) -> str | None:
    """Why nobody deletes a handle; None if somebody does, or may."""
    handle = event.subjects[0]
    if event.where.calls or event.where.loop:
        return None
    undone = taken_back(facts, event, "handle-delete", {handle})
    if undone is None or any(e.destructor and handle in e.subjects for e in facts.events if e.kind == "handle-delete"):
        return None
    if not program.words.get("Delete"):
        return "nothing in this program calls a Delete"
    if facts.nodes[handle].outside or any(edge.target == handle for edge in facts.edges):
        return None
    return f"{facts.name} keeps it to itself and does not delete it" + (
        "" if undone is Confidence.CERTAIN else " on every way out"
    )


def _dropped_with(facts: FunctionFacts, event: LeakEvent) -> tuple[str, Confidence] | None:
    """Why nobody deletes a handle that an object of the function's own keeps; None if somebody may."""
    handle = event.subjects[0]
    if event.where.calls or event.where.loop or facts.nodes[handle].outside:
        return None
    if any(other.kind == "handle-delete" and handle in other.subjects for other in facts.events):
        return None
    holders = {edge.source for edge in facts.edges if edge.target == handle and edge.kind == "field"}
    held = {edge.source for edge in facts.edges if edge.target == handle}
    if not holders or held != holders or any(facts.nodes[holder].kind != "new" for holder in holders):
        return None
    name = facts.nodes[min(holders)].name
    ends = [other.word for other in facts.events if other.kind == "end" and holders.intersection(other.subjects)]
    if ends:
        return f"{ends[0]} of {name}, which keeps it, does not delete it", Confidence.LIKELY
    return f"{facts.name} drops {name}, which keeps it", Confidence.POSSIBLE


def _plain(edge: LeakEdge) -> bool:
    return edge.kind != "handle"


def _never(facts: FunctionFacts, event: LeakEvent, why: str, confidence: Confidence) -> Leak:
    picture = Picture.empty()
    table = picture.node("table", KnotNode("table of cgo handles", "object", "runtime/cgo.handles"))
    handle = facts.nodes[event.subjects[0]]
    at = picture.node(event.subjects[0], node_of(handle))
    picture.edge(table, at, "handle", event.where.spot)
    for value in event.others[0][:1]:
        picture.edge(at, picture.node(value, node_of(facts.nodes[value])), "handle", event.where.spot)
    return Leak(
        kind=NEVER,
        level=Level.TYPE,
        verdict=Verdict.KEPT_ALIVE,
        confidence=confidence,
        title=f"the cgo.Handle that {facts.name} makes is not deleted",
        reason=f"A global table holds the value of a handle until Delete, and {why}.",
        where=event.where.spot,
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="delete-handle",
        how="Call Delete when C no longer uses the handle.",
        depth=len(event.where.calls),
        scope=f"{facts.package}.{facts.name}",
        anchor=event.where.spot,
    )
