"""goroutine-blocked: a goroutine that waits on a channel nobody else will touch.

Only channels that no variable outside the function leads to are judged, and selects only if all their cases are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from goknot.analyses.leaks.finding import Leak, Picture, node_of, weakest
from goknot.analyses.leaks.reach import Pointers
from goknot.analyses.leaks.waits import RECEIVES, SENDS, Wait, waits_of
from goknot.model.knot import KnotNode
from goknot.model.leakfacts import FunctionFacts, LeakEvent, ProgramFacts
from goknot.model.verdict import Confidence, Level, Verdict

KIND = "goroutine-blocked"
_FUNCTIONS = frozenset({"closure", "method-value"})
_BUFFER = "Give the channel room for what is sent (make(chan T, 1)): the send then never waits."
_CLOSE = "Close the channel when the work is done (defer close(ch))."


@dataclass(frozen=True, slots=True)
class _Why:
    """Why an operation waits for ever."""

    confidence: Confidence
    why: str
    how: str


def find(program: ProgramFacts) -> Iterator[Leak]:
    """Every goroutine that local channels leave waiting."""
    for facts in program.functions:
        started = {event.subjects[0]: event for event in facts.events if event.kind == "go"}
        if facts.bounded or not started:
            continue
        reported: set[int] = set()
        kept = [i for i, node in enumerate(facts.nodes) if node.kind in _FUNCTIONS and not node.ran]
        shared = Pointers(facts).reached(kept)  # what functions lead to that somebody may call later
        all_waits = list(waits_of(facts))
        for wait in all_waits:
            goroutine = wait.event.goroutine
            if goroutine not in started or goroutine in reported or wait.event.destructor:
                continue
            if any(shared.intersection(operation.subjects) for operation in wait.operations):
                continue
            found = _judge(facts, wait, started[goroutine], all_waits)
            if found is not None:
                reported.add(goroutine)
                yield _leak(facts, wait, started[goroutine], found)


def _judge(facts: FunctionFacts, wait: Wait, go: LeakEvent, all_waits: list[Wait]) -> _Why | None:
    if len(wait.operations) != wait.n_cases:
        return None  # a case of which the channel is not known
    if wait.n_cases == 0:
        return _Why(
            Confidence.POSSIBLE, "a select without cases waits for ever", "Let the goroutine end."
        )  # often meant so
    reasons = [_judge_operation(facts, operation, go, all_waits) for operation in wait.operations]
    known = [reason for reason in reasons if reason is not None]
    if len(known) < len(reasons):
        return None
    worst = weakest(*(reason.confidence for reason in known))
    if len(wait.event.where.calls) > len(go.where.calls) + 1 or _is_method(wait, go):
        worst = weakest(worst, Confidence.LIKELY)
    if wait.event.where.branch[len(go.where.branch) :] and wait.event.kind != "select":
        worst = weakest(worst, Confidence.LIKELY)
    return _Why(worst, known[0].why, known[0].how)


def _is_method(wait: Wait, go: LeakEvent) -> bool:
    return wait.event.where.in_method and wait.event.where.function_spot != go.where.function_spot


def _judge_operation(facts: FunctionFacts, operation: LeakEvent, go: LeakEvent, all_waits: list[Wait]) -> _Why | None:
    if len(operation.subjects) != 1:
        return None
    channel = operation.subjects[0]
    node = facts.nodes[channel]
    if node.kind == "context":
        return _judge_context(node.detail) if operation.kind == "receive" else None
    if node.kind != "chan" or node.outside or node.size < 0 or node.where.loop > go.where.loop:
        return None
    others = [e for e in facts.events if channel in e.subjects and e.goroutine != operation.goroutine]
    if any(len(event.subjects) > 1 for event in others):
        return None
    if operation.kind in SENDS:
        return _judge_send(facts, operation, go, [e for e in others if e.kind in RECEIVES], all_waits)
    givers = [e for e in facts.events if channel in e.subjects and e.kind in {"send", "close"}]
    return _judge_receive(operation, givers, facts)


def _judge_context(detail: str) -> _Why | None:
    if detail != "background":
        return None
    return _Why(Confidence.CERTAIN, "a background context is never done", "Wait for a context that somebody cancels.")


def _judge_send(  # noqa: PLR0911 (one line a way out)
    facts: FunctionFacts, send: LeakEvent, go: LeakEvent, receivers: list[LeakEvent], all_waits: list[Wait]
) -> _Why | None:
    """A send on an unbuffered channel that nobody may be there to receive."""
    if facts.nodes[send.subjects[0]].size > 0:
        return None
    if not receivers:
        return _Why(Confidence.CERTAIN, "nobody receives from the channel", "Receive from it, or do not send.")
    once = all(
        event.goroutine == go.goroutine and not event.where.loop and event.kind == "receive" and not event.deferred
        for event in receivers
    )
    if not once or len(receivers) > 1 or go.where.loop:
        return None
    receive = receivers[0]
    if send.where.loop and not send.where.branch[len(go.where.branch) :]:
        return _Why(
            Confidence.LIKELY,
            "it sends in a loop, and the other side receives once",
            "Let the loop end: select on the send and a context or a channel that is closed.",
        )
    select = next((wait for wait in all_waits if wait.n_cases > 1 and receive in wait.operations), None)
    if select is not None and not send.where.loop:
        why = "the select that receives from it may take another case, and then nobody receives"
        return _Why(Confidence.LIKELY, why, _BUFFER)
    early = [e for e in facts.events if e.kind == "return" and go.order < e.order < receive.order]
    if select is None and early and not receive.where.calls and not go.where.calls:
        why = f"the function may return at line {early[0].where.spot.line} before it receives"
        return _Why(Confidence.LIKELY, why, _BUFFER)
    return None


def _judge_receive(receive: LeakEvent, givers: list[LeakEvent], facts: FunctionFacts) -> _Why | None:
    """A receive from a channel that nobody sends on or closes."""
    if not givers:
        return _Why(Confidence.CERTAIN, "nobody sends on the channel or closes it", _CLOSE)
    closes = [event for event in givers if event.kind == "close"]
    if all(event.destructor for event in givers):
        return None  # finalizer-goroutine
    if receive.kind == "range-channel" and not closes and receive.word != "other":
        own = any(event.kind == "close" and receive.subjects[0] in event.subjects for event in facts.events)
        return None if own else _Why(Confidence.CERTAIN, "nobody closes the channel it ranges over", _CLOSE)
    return None


def _leak(facts: FunctionFacts, wait: Wait, go: LeakEvent, found: _Why) -> Leak:
    picture = Picture.empty()
    goroutine = picture.node(go.subjects[0], node_of(facts.nodes[go.subjects[0]]))
    doing = "send" if wait.event.kind in SENDS else "receive"
    for operation in wait.operations:
        node = facts.nodes[operation.subjects[0]]
        at = picture.node(operation.subjects[0], node_of(node))
        picture.edge(goroutine, at, "send" if operation.kind in SENDS else "receive", operation.where.spot)
        picture.edge(at, goroutine, "wakes", node.where.spot, note="nobody does")
    if not wait.operations:
        nobody = KnotNode("select without cases", "object", "select{}", wait.event.where.spot.file)
        at = picture.node("select", nobody)
        picture.edge(goroutine, at, "receive", wait.event.where.spot)
        picture.edge(at, goroutine, "wakes", wait.event.where.spot, note="nobody does")
    return Leak(
        kind=KIND,
        level=Level.GOROUTINE,
        verdict=Verdict.NEVER_FREED,
        confidence=found.confidence,
        title=f"a goroutine of {facts.name} {'may wait' if found.how == _BUFFER else 'waits'} for ever to {doing}",
        reason=f"It waits to {doing} on what only {facts.name} and it know, and {found.why}. A waiting goroutine and "
        "all that its stack leads to are never freed, in every release of Go (the goroutineleak profile of Go 1.27 "
        "shows such goroutines at run time).",
        where=wait.event.where.spot,
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="end-the-wait",
        how=found.how,
        depth=len(go.where.calls),
        scope=f"{facts.package}.{facts.name}",
    )
