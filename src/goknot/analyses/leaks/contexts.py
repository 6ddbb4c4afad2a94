"""ctx-cancel-never-called: a context derived from a parent that lives on, whose cancel function nobody keeps.

Source: context/context.go, propagateCancel: a cancellable parent holds its children until they are cancelled. A parent
that is never cancelled (Background) holds nothing; a deadline ends the child by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from goknot.analyses.leaks.finding import Leak, Picture, node_of, precedes, weakest
from goknot.analyses.leaks.reach import Pointers
from goknot.analyses.leaks.releases import overwritten, taken_back
from goknot.model.leakfacts import FunctionFacts, LeakEvent, ProgramFacts
from goknot.model.verdict import Confidence, Level, Verdict

KIND = "ctx-cancel-never-called"
_SHORT = 30  # seconds that nobody minds
_LONG = 600


def find(program: ProgramFacts) -> Iterator[Leak]:
    """Every cancel function that is neither called nor handed on."""
    for facts in program.functions:
        pointers = Pointers(facts)
        for event in facts.events:
            if event.kind == "context" and not event.where.calls:
                confidence = _judge(program, facts, pointers, event)
                if confidence is not None:
                    yield _leak(facts, event, confidence)
            elif event.kind == "context" and _is_dropped(facts, event):
                yield _leak(facts, event, Confidence.POSSIBLE)
            elif event.kind == "context-after" and not event.where.calls and _is_left(facts, event):
                yield _callback(facts, event)


def _judge(program: ProgramFacts, facts: FunctionFacts, pointers: Pointers, event: LeakEvent) -> Confidence | None:
    cancel = event.others[1][0]
    undone = taken_back(facts, event, "cancel", {cancel})
    parent = _of_kind(facts, event, _parent(facts, event.others[0]))
    if parent is not None and overwritten(facts, event, "cancel", {cancel}):
        return Confidence.POSSIBLE
    if undone is None or parent is None:
        return None
    if event.where.loop:
        parent = weakest(parent, Confidence.POSSIBLE)
    holders = [edge for edge in facts.edges if edge.target == cancel]
    if undone is not Confidence.CERTAIN:  # called on some ways
        called = any(e.kind == "cancel" and cancel in e.subjects and _always(e, event) for e in facts.events)
        return weakest(parent, undone) if called and not facts.nodes[cancel].outside else None
    if not holders:
        return None if facts.nodes[cancel].outside else parent
    fields = {edge.field.rpartition(".")[2] for edge in holders if edge.kind == "field"}
    if len(fields) != 1 or any(edge.kind != "field" for edge in holders):
        return None
    name = fields.pop()
    owners = {facts.nodes[edge.source].type_key for edge in holders}
    uses = [program.words.get(f"{owner}.{name}" if owner else name, 0) for owner in owners]
    return None if any(uses) else weakest(parent, Confidence.LIKELY)


def _is_dropped(facts: FunctionFacts, event: LeakEvent) -> bool:
    """Whether a function that is called here gives an object that alone could cancel, and the caller drops that."""
    cancel = event.others[1][0]
    if event.word.startswith(("WithTimeout", "WithDeadline")) or event.goroutine >= 0 or facts.nodes[cancel].outside:
        return False
    if facts.name in {"main", "init"} or _parent(facts, event.others[0]) is None:
        return False
    holders = [edge for edge in facts.edges if edge.target == cancel]
    called = any(other.kind == "cancel" and cancel in other.subjects for other in facts.events)
    return not called and bool(holders) and all(edge.kind == "field" for edge in holders)


def _of_kind(facts: FunctionFacts, event: LeakEvent, parent: Confidence | None) -> Confidence | None:
    """What a deadline, which ends a context by itself, and signals, which nothing ends, make of it."""
    word, _, seconds = event.word.partition(" ")
    if word == "NotifyContext":  # a channel and a goroutine wait, whatever the parent
        alone = facts.name in {"main", "init"}
        return None if alone else parent or Confidence.POSSIBLE
    if not word.startswith(("WithTimeout", "WithDeadline")):
        return parent
    wait = int(seconds or -1)
    if 0 <= wait < _SHORT:
        return None
    if parent is None:
        return Confidence.POSSIBLE if wait >= _LONG and _is_background(facts, event.others[0]) else None
    return parent if wait >= _LONG else weakest(parent, Confidence.POSSIBLE)


def _is_background(facts: FunctionFacts, parents: tuple[int, ...]) -> bool:
    return bool(parents) and all(
        facts.nodes[parent].detail == "background"
        or (facts.nodes[parent].detail == "WithValue" and _is_background(facts, facts.nodes[parent].aims_at))
        for parent in parents
    )


def _is_left(facts: FunctionFacts, event: LeakEvent) -> bool:
    """Whether a function waits for a parent that lives, and what would stop that is thrown away."""
    stop = event.subjects[0]
    if facts.name in {"main", "init"} or facts.nodes[stop].outside or _parent(facts, event.others[1]) is None:
        return False
    stopped = any(other.kind == "stop" and stop in other.subjects for other in facts.events)
    return not stopped and not any(edge.target == stop for edge in facts.edges)


def _callback(facts: FunctionFacts, event: LeakEvent) -> Leak:
    picture = Picture.empty()
    parent = event.others[1][0]
    at = picture.node(parent, node_of(facts.nodes[parent]))
    function = event.others[0][0] if event.others[0] else event.subjects[0]
    target = picture.node(function, node_of(facts.nodes[function]))
    picture.edge(at, target, "timer", event.where.spot, note="until stop is called")
    return Leak(
        kind=KIND,
        level=Level.TYPE,
        verdict=Verdict.KEPT_ALIVE,
        confidence=Confidence.POSSIBLE,
        title=f"the stop function that {facts.name} gets is never called",
        reason="A context holds the function that context.AfterFunc gives it, and what that captures, until it "
        "is done or stop is called; this one stays as long as its parent lives (Go 1.21).",
        where=event.where.spot,
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="call-stop",
        how="Call the stop function where the work ends: defer stop().",
        scope=f"{facts.package}.{facts.name}",
    )


def _always(call: LeakEvent, event: LeakEvent) -> bool:
    """Whether the function itself calls it whenever it gets that far."""
    return call.goroutine < 0 and precedes(call.where.branch, event.where.branch)


def _parent(facts: FunctionFacts, parents: tuple[int, ...]) -> Confidence | None:
    """How sure it is that the parent is cancellable and outlives the call; None if it is not."""
    worst: Confidence | None = None
    for parent in parents:
        node = facts.nodes[parent]
        if node.kind == "context":
            if node.detail == "background":
                return None
            if node.detail == "WithValue":
                return _parent(facts, node.aims_at)
            if any(other.kind == "cancel" and parent in _contexts_of(facts, other.subjects) for other in facts.events):
                return None
            worst = Confidence.POSSIBLE
        elif node.kind == "loaded" and _from_global(facts, parent):  # others may be the background's
            worst = Confidence.LIKELY if worst is None else worst
        else:
            worst = Confidence.POSSIBLE
    return worst


def _from_global(facts: FunctionFacts, node: int) -> bool:
    """Whether a package variable leads to a node."""
    seen: set[int] = set()
    while node not in seen:
        seen.add(node)
        holder = next((edge.source for edge in facts.edges if edge.target == node and edge.order == 0), None)
        if holder is None:
            return False
        if facts.nodes[holder].kind == "global":
            return True
        node = holder
    return False


def _contexts_of(facts: FunctionFacts, cancels: tuple[int, ...]) -> set[int]:
    return {edge.target for edge in facts.edges if edge.source in cancels}


def _leak(facts: FunctionFacts, event: LeakEvent, confidence: Confidence) -> Leak:
    picture = Picture.empty()
    parent = facts.nodes[event.others[0][0]]
    at = picture.node(event.others[0][0], node_of(parent))
    child = picture.node(event.subjects[0], node_of(facts.nodes[event.subjects[0]]))
    picture.edge(at, child, "context", event.where.spot, note="until cancel is called")
    return Leak(
        kind=KIND,
        level=Level.TYPE,
        verdict=Verdict.KEPT_ALIVE,
        confidence=confidence,
        title=f"the cancel function that {facts.name} gets is never called",
        reason="A cancellable parent holds every context derived from it until that is cancelled, and what the context "
        "leads to with it; this one stays as long as its parent lives.",
        where=event.where.spot,
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="call-cancel",
        how="defer cancel(), or call it where the work ends (Close, Stop).",
        depth=len(event.where.calls),
        scope=f"{facts.package}.{facts.name}",
    )
