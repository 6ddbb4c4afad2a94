"""finalizer-goroutine: a goroutine that holds an object until that object's finalizer or cleanup stops it."""

from __future__ import annotations

from collections.abc import Iterator

from goknot.analyses.leaks.finding import Leak, Picture, node_of, strength_of_path, weakest
from goknot.analyses.leaks.reach import Path, Pointers
from goknot.model.knot import KnotNode
from goknot.model.leakfacts import FunctionFacts, LeakEdge, LeakEvent, ProgramFacts
from goknot.model.verdict import Confidence, Level, Verdict

KIND = "finalizer-goroutine"
_OUTSIDE = frozenset({"param", "loaded", "global", "result"})


def find(program: ProgramFacts) -> Iterator[Leak]:
    """Every goroutine that only the death of what it holds would end."""
    for facts in program.functions:
        set_events = [e for e in facts.events if e.kind in {"finalizer", "cleanup"} and not e.destructor]
        started = [event for event in facts.events if event.kind == "go"]
        if not set_events or not started:
            continue
        pointers = Pointers(facts)
        for event in set_events:
            for go in started:
                yield from _of_pair(facts, pointers, event, go)


def _of_pair(facts: FunctionFacts, pointers: Pointers, event: LeakEvent, go: LeakEvent) -> Iterator[Leak]:
    for subject in event.subjects:
        path = pointers.path(go.subjects, {subject}, lambda edge: edge.kind != "handle")
        if path is None:
            continue
        ends = _how_it_ends(facts, pointers, event, go.subjects[0], subject)
        if ends is None:
            continue
        confidence = weakest(ends, strength_of_path(facts, event, path))
        if event.where.calls and go.where.calls != event.where.calls:
            confidence = weakest(confidence, Confidence.LIKELY)
        if event.where.branch or not _always(go, event):
            confidence = weakest(confidence, Confidence.LIKELY)
        yield _leak(facts, event, go, subject, path, confidence)


def _always(go: LeakEvent, event: LeakEvent) -> bool:
    return tuple(event.where.branch[: len(go.where.branch)]) == go.where.branch


def _how_it_ends(
    facts: FunctionFacts, pointers: Pointers, event: LeakEvent, goroutine: int, subject: int
) -> Confidence | None:
    """How sure it is that only the destructor ends the goroutine; None if it ends, or nobody can say."""
    mine = [e for e in facts.events if e.goroutine == goroutine and not e.destructor]
    loops = [e for e in mine if e.kind == "loop"]
    waits = [e for e in mine if e.kind == "receive" and not e.where.branch[len(event.where.branch) :]]
    worst = Confidence.CERTAIN
    exits: set[int] = set()
    if loops and loops[0].word != "other":
        exits.update(loops[0].others[0] if loops[0].others else ())
    elif waits and not loops:
        exits.update(waits[0].subjects)
    else:
        return None
    inside = pointers.reached([subject], _any)
    for channel in exits:
        if channel < 0:
            return None
        node = facts.nodes[channel]
        if node.kind in _OUTSIDE or (node.kind == "context" and not _own_context(facts, node.aims_at, node.detail)):
            return None
        if channel not in inside and node.kind != "context":
            worst = weakest(worst, Confidence.LIKELY if not node.outside else Confidence.POSSIBLE)
        if _stopped_otherwise(facts, channel):
            return None
    stops = any(
        other.destructor == event.order
        and other.kind in {"close", "send", "cancel"}
        and exits.intersection((*other.subjects, *_contexts(facts, other.subjects)))
        for other in facts.events
    )
    return worst if stops else None


def _contexts(facts: FunctionFacts, cancels: tuple[int, ...]) -> set[int]:
    return {edge.target for edge in facts.edges if edge.source in cancels and edge.kind == "context"}


def _any(edge: LeakEdge) -> bool:
    return True


def _own_context(facts: FunctionFacts, parents: tuple[int, ...], detail: str) -> bool:
    """Whether a context ends only by its own cancel."""
    if detail == "background":
        return True
    return detail.startswith("WithCancel") and all(
        facts.nodes[parent].kind == "context" and facts.nodes[parent].detail == "background" for parent in parents
    )


def _stopped_otherwise(facts: FunctionFacts, channel: int) -> bool:
    """Whether the function itself closes the channel, or sends on it."""
    return any(
        other.kind in {"close", "send"} and channel in other.subjects and not other.destructor for other in facts.events
    )


def _leak(  # noqa: PLR0917
    facts: FunctionFacts, event: LeakEvent, go: LeakEvent, subject: int, path: Path, confidence: Confidence
) -> Leak:
    picture = Picture.empty()
    picture.path(facts, path)
    node = facts.nodes[subject]
    special = KnotNode(f"{event.kind} of {node.name}", "object", f"{event.kind}:{node.key}", event.where.spot.file, 0)
    at = picture.node(subject, node_of(node))
    waits = picture.node("special", special)
    picture.edge(at, waits, event.kind, event.where.spot)
    picture.edge(waits, picture.ids[go.subjects[0]], "stops", go.where.spot, note="what would end the goroutine")
    return Leak(
        kind=KIND,
        level=Level.GOROUTINE,
        verdict=Verdict.NEVER_FREED,
        confidence=confidence,
        title=f"a goroutine holds {node.name} until the {event.kind} of {node.name} stops it",
        reason=f"A goroutine's stack is a root and this one, with {node.name} in it, does not end by itself: "
        f"{node.name} never dies, its {event.kind} never runs, and nothing stops the goroutine, in every "
        "release of Go.",
        where=event.where.spot if not event.where.calls else event.where.calls[0],
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="thin-wrapper",
        how=f"Hand callers a thin wrapper that holds {node.name}, set the {event.kind} on the wrapper, and let the "
        "goroutine hold only the inner object (or stop it in a Close).",
        depth=len(event.where.calls),
        scope=f"{facts.package}.{facts.name}",
        anchor=event.where.spot,
    )
