"""finalizer-in-ring: an object with a finalizer that what it points to leads back to.

Source: runtime/mfinal.go, SetFinalizer; runtime/mgcmark.go, markroot (specials): what an object with a finalizer points
to is marked, the object is not; the finalizer's own function is marked always.
"""

from __future__ import annotations

from collections.abc import Iterator

from goknot.analyses.leaks.finding import Leak, Picture, node_of, strength_of_path, weakest
from goknot.analyses.leaks.reach import Path, Pointers
from goknot.analyses.leaks.releases import taken_back
from goknot.model.leakfacts import FunctionFacts, LeakEdge, LeakEvent, ProgramFacts, Spot
from goknot.model.verdict import Confidence, Level, Verdict

KIND = "finalizer-in-ring"
_HOW = (
    "Move what the finalizer releases to an object of its own that points to nothing of the ring, and set the "
    "finalizer (or, from Go 1.24 on, runtime.AddCleanup) there."
)
_HOW_CLOSURE = "Let the finalizer use its parameter instead of the variable around it."


def find(program: ProgramFacts) -> Iterator[Leak]:
    """Every finalizer whose object its own pointers, or the finalizer's, lead back to."""
    cleared = {
        facts.nodes[subject].type_key
        for facts in program.functions
        for event in facts.events
        if event.kind == "clear-finalizer" and event.where.in_method and not event.where.calls
        for subject in event.subjects
    }
    for facts in program.functions:
        pointers = Pointers(facts)
        for event in facts.events:
            if event.kind == "finalizer" and not event.destructor:
                yield from _of_event(facts, pointers, event, cleared)


def _of_event(facts: FunctionFacts, pointers: Pointers, event: LeakEvent, cleared: set[str]) -> Iterator[Leak]:
    undone = taken_back(facts, event, "clear-finalizer", set(event.subjects))
    if undone is None:
        return
    for subject in event.subjects:
        node = facts.nodes[subject]
        confidence = weakest(undone, Confidence.LIKELY if event.where.branch or event.where.calls else undone)
        if len(event.subjects) > 1 or (node.type_key and node.type_key in cleared):
            confidence = weakest(confidence, Confidence.LIKELY)
        by_function = pointers.path(event.others[0], {subject}, _is_pointer) if event.others else None
        ring = pointers.path([subject], {subject}, _is_pointer)
        if by_function is not None:
            strength = weakest(confidence, strength_of_path(facts, event, by_function))
            yield _leak(facts, event, subject, by_function, strength, through_function=True)
        elif ring is not None:
            strength = weakest(confidence, strength_of_path(facts, event, ring))
            yield _leak(facts, event, subject, ring, strength, through_function=False)


def _is_pointer(edge: LeakEdge) -> bool:
    return edge.kind != "handle"


def _leak(
    facts: FunctionFacts, event: LeakEvent, subject: int, path: Path, confidence: Confidence, *, through_function: bool
) -> Leak:
    picture = Picture.empty()
    node = facts.nodes[subject]
    if through_function:
        function = facts.nodes[path[0].source]
        at = picture.node(subject, node_of(node))
        picture.edge(at, picture.node(path[0].source, node_of(function)), "finalizer", event.where.spot)
    picture.path(facts, path)
    what = "its finalizer's function leads" if through_function else "what it points to leads"
    names = " → ".join([*(found.name for found in picture.nodes), picture.nodes[0].name])
    return Leak(
        kind=KIND,
        level=Level.TYPE,
        verdict=Verdict.NEVER_FREED,
        confidence=confidence,
        title=f"{node.name} has a finalizer, and {what} back to it",
        reason=f"The collector marks all that an object with a finalizer points to, and the finalizer itself: "
        f"{names}. It never finds the object dead, so the finalizer never runs and nothing of it is freed, in every "
        "release of Go.",
        where=_place(facts, event, subject, path),
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="finalizer-outside-ring",
        how=_HOW_CLOSURE if through_function else _HOW,
        depth=len(event.where.calls),
        scope=f"{facts.package}.{facts.name}",
        anchor=event.where.spot,
    )


def _place(facts: FunctionFacts, event: LeakEvent, subject: int, path: Path) -> Spot:
    """The line to blame: that of SetFinalizer, of the call of a wrapper, or of what closes the ring later elsewhere."""
    calls = event.where.calls
    last = max(path, key=lambda edge: edge.order)
    if last.order > event.order and calls and last.where.function_spot != event.where.function_spot:
        return last.where.spot
    made = facts.nodes[subject].where
    if not calls or made.function_spot == event.where.function_spot:
        return event.where.spot
    return calls[len(made.calls)] if len(made.calls) < len(calls) else calls[-1]
