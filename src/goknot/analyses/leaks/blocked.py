"""goroutine-blocked: a goroutine that waits on a channel nobody else will touch.

Only channels that no variable outside the function leads to are judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from goknot.analyses.leaks.finding import Leak, Picture, node_of, precedes
from goknot.model.leakfacts import FunctionFacts, LeakEvent, ProgramFacts
from goknot.model.verdict import Confidence, Level, Verdict

KIND = "goroutine-blocked"
_SENDS = frozenset({"send"})
_RECEIVES = frozenset({"receive", "range-channel"})


@dataclass(frozen=True, slots=True)
class _Why:
    """A goroutine's operation that may wait for ever."""

    operation: LeakEvent
    confidence: Confidence
    why: str
    how: str


def find(program: ProgramFacts) -> Iterator[Leak]:
    """Every goroutine that a local channel leaves waiting."""
    for facts in program.functions:
        if facts.bounded:
            continue
        started = {event.subjects[0]: event for event in facts.events if event.kind == "go"}
        if not started:
            continue
        for channel, node in enumerate(facts.nodes):
            if node.kind == "chan" and not node.outside and node.size == 0 and not node.where.loop:
                found = _judge(facts, channel, started)
                if found is not None:
                    yield _leak(facts, channel, started[found.operation.goroutine], found)


def _judge(facts: FunctionFacts, channel: int, started: dict[int, LeakEvent]) -> _Why | None:
    touching = [event for event in facts.events if channel in event.subjects]
    operations = [event for event in touching if event.kind in _SENDS | _RECEIVES]
    if any(len(event.subjects) > 1 for event in touching):
        return None
    guarded = _in_select(facts)
    for event in operations:
        if event.goroutine not in started or event.destructor or event.order in guarded:
            continue
        go = started[event.goroutine]
        if go.where.loop or event.where.calls[: len(go.where.calls)] != go.where.calls:
            continue
        found = _judge_send(facts, touching, event, go, guarded) if event.kind in _SENDS else _judge_receive(
            touching, event, go
        )
        if found is not None:
            return found
    return None


def _in_select(facts: FunctionFacts) -> dict[int, LeakEvent]:
    """Order of a channel operation that is one of several cases -> the select."""
    found: dict[int, LeakEvent] = {}
    for position, event in enumerate(facts.events):
        if event.kind != "select" or event.word == "1":
            continue
        depth = len(event.where.branch) + 1
        seen: set[tuple[int, ...]] = set()
        for other in facts.events[position + 1 :]:
            if other.kind == "select-end" and other.where.spot == event.where.spot:
                break
            case = other.where.branch[:depth]
            is_operation = other.kind in _SENDS | _RECEIVES
            if is_operation and len(other.where.branch) == depth and case not in seen:
                found[other.order] = event
            if len(case) == depth:
                seen.add(case)
    return found


def _judge_send(
    facts: FunctionFacts, touching: list[LeakEvent], send: LeakEvent, go: LeakEvent, guarded: dict[int, LeakEvent]
) -> _Why | None:
    """A send on an unbuffered channel that nobody may be there to receive."""
    receivers = [event for event in touching if event.kind in _RECEIVES]
    if not receivers:
        why = "nobody receives from the channel"
        return _Why(send, Confidence.CERTAIN, why, "Receive from it, or do not send.")
    if any(event.goroutine != go_of_function(send, go) for event in receivers):
        return None
    if any(event.where.loop or event.kind == "range-channel" or event.deferred for event in receivers):
        return None
    plain = [event for event in receivers if event.order not in guarded]
    chosen = [event for event in receivers if event.order in guarded]
    if chosen and not plain and not send.where.loop:
        select = guarded[chosen[0].order]
        if _other_case_returns(facts, select):
            why = "the select that receives from it may take another case, and then nobody receives"
            return _Why(send, Confidence.CERTAIN if len(receivers) == 1 else Confidence.LIKELY, why, _BUFFER)
    if len(plain) == 1 and len(receivers) == 1 and not send.where.loop:
        receive = plain[0]
        early = [e for e in facts.events if e.kind == "return" and go.order < e.order < receive.order]
        if early and precedes(receive.where.branch, ()) and not send.where.branch:
            line = early[0].where.spot.line
            return _Why(send, Confidence.LIKELY, f"the function may return at line {line} before it receives", _BUFFER)
    return None


_BUFFER = "Give the channel room for what is sent (make(chan T, 1)): the send then never waits."


def go_of_function(send: LeakEvent, go: LeakEvent) -> int:
    """The goroutine that started the sender."""
    return go.goroutine


def _other_case_returns(facts: FunctionFacts, select: LeakEvent) -> bool:
    """Whether a select of the function itself is left by a case that does not come back to it."""
    return select.word not in {"1"} and not select.where.loop and not select.where.calls


def _judge_receive(touching: list[LeakEvent], receive: LeakEvent, go: LeakEvent) -> _Why | None:
    """A receive from a channel that nobody sends on or closes."""
    others = [event for event in touching if event.kind in {"send", "close"}]
    if not others:
        why = "nobody sends on the channel or closes it"
        return _Why(receive, Confidence.CERTAIN, why, "Close the channel when the work is done (defer close(ch)).")
    closes = [event for event in others if event.kind == "close"]
    if receive.kind == "range-channel" and not closes and receive.word != "other":
        why = "nobody closes the channel it ranges over"
        return _Why(receive, Confidence.CERTAIN, why, "Close the channel after the last send (defer close(ch)).")
    return None


def _leak(facts: FunctionFacts, channel: int, go: LeakEvent, found: _Why) -> Leak:
    picture = Picture.empty()
    node = facts.nodes[channel]
    goroutine = picture.node(go.subjects[0], node_of(facts.nodes[go.subjects[0]]))
    at = picture.node(channel, node_of(node))
    doing = "send" if found.operation.kind in _SENDS else "receive"
    picture.edge(goroutine, at, doing, found.operation.where.spot)
    picture.edge(at, goroutine, "made", node.where.spot, note="nothing else leads to the channel in the end")
    return Leak(
        kind=KIND,
        level=Level.GOROUTINE,
        verdict=Verdict.NEVER_FREED,
        confidence=found.confidence,
        title=f"a goroutine of {facts.name} may wait for ever to {doing}",
        reason=f"It waits to {doing} on a channel that only {facts.name} and it know, and {found.why}. A waiting "
        "goroutine and all that its stack leads to are never freed, in every release of Go (the goroutineleak profile "
        "of Go 1.27 shows such goroutines at run time).",
        where=found.operation.where.spot,
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="buffer" if found.how == _BUFFER else "close-channel",
        how=found.how,
        depth=len(go.where.calls),
        scope=f"{facts.package}.{facts.name}",
    )
