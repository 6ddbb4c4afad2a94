"""goroutine-blocked: a goroutine that waits for what nobody will bring.

What is judged lies in one function, its goroutines and the calls that were run in place: channels, contexts, locks,
wait groups and conditions that no variable outside leads to. Every order in which they can run is looked at
(`schedule`); errors happen or not, a select takes any case, a loop that counts runs twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from goknot.analyses.leaks.finding import Leak, Picture, node_of, weakest
from goknot.analyses.leaks.folding import folded
from goknot.analyses.leaks.outcome import Stuck, stuck_of
from goknot.analyses.leaks.schedule import schedule_of
from goknot.analyses.leaks.skeleton import Instruction, Mood, Op, Skeleton, skeleton_of
from goknot.analyses.leaks.states import Move
from goknot.analyses.leaks.waited import Waited, waited_of
from goknot.model.knot import KnotNode
from goknot.model.leakfacts import FunctionFacts, LeakEvent, ProgramFacts
from goknot.model.processes import Act
from goknot.model.spot import Spot
from goknot.model.verdict import Confidence, Level, Verdict

KIND = "goroutine-blocked"
_WAITS = frozenset({Op.ACT, Op.SELECT, Op.RANGE})
_DOING = {
    "send": "send",
    "receive": "receive",
    "lock": "lock",
    "rlock": "lock",
    "wait": "wait for a group",
    "cond-wait": "wait for a condition",
}

_HOW = {
    "send": "Give the channel room for all that is sent (make(chan T, n)), or select on the send and on a context or "
    "channel that ends when nobody receives any more.",
    "receive": "Close the channel on every way out (defer close(ch)), or send on it on every way.",
    "lock": "Unlock on every way out (defer mu.Unlock()), and lock once.",
    "rlock": "Unlock on every way out (defer mu.RUnlock()).",
    "wait": "Call Done on every way out (defer wg.Done()), as often as Add says; receive before you wait.",
    "cond-wait": "Signal or Broadcast after what the condition is about has changed.",
}


@dataclass(frozen=True, slots=True)
class _Found:
    """A goroutine that can wait for ever, and how sure that is."""

    stuck: Stuck
    at: Instruction
    confidence: Confidence
    why: str


def find(program: ProgramFacts, left_out: list[FunctionFacts]) -> Iterator[Leak]:
    """Every goroutine that is left waiting.

    Args:
        program: What functions do.
        left_out: Gets the functions of which not every order was looked at, as they are too many.
    """
    for facts in program.functions:
        started = {event.subjects[0]: event for event in facts.events if event.kind == "go"}
        if facts.bounded or facts.process is None or not started:
            continue
        waited = waited_of(facts)
        for found in _judge(facts, waited, left_out):
            go = started.get(found.stuck.goroutine)
            if go is not None:
                yield _leak(facts, waited, go, found)


def _judge(facts: FunctionFacts, waited: Waited, left_out: list[FunctionFacts]) -> Iterator[_Found]:
    assert facts.process is not None
    tracked = {target.node for target in waited.index}
    is_program = facts.name == "main"
    skeleton = skeleton_of(facts.process, tracked)
    if skeleton is None:
        if any(map(waited.is_judged, waited.index)):
            left_out.append(facts)
        return
    if not _can_wait(skeleton, waited):
        return
    seen: set[int] = set()
    for moods in ({Mood.SUITS, Mood.PLAIN}, {Mood.SUITS}):
        smaller = folded(skeleton, waited.index, moods)
        schedule = schedule_of(smaller, waited, moods)
        if schedule is None:
            left_out.append(facts)
            return
        for stuck in sorted(stuck_of(schedule), key=lambda found: _place(skeleton.code[found.pc])):
            at = skeleton.code[stuck.pc]
            if stuck.goroutine < 0 or stuck.goroutine in seen or at.op not in _WAITS:
                continue
            if _is_release(skeleton, waited, stuck):
                continue
            seen.add(stuck.goroutine)
            confidence = _confidence(skeleton, stuck, plain=Mood.PLAIN not in moods)
            if is_program:  # when main ends, so does all that waits
                confidence = weakest(confidence, Confidence.LIKELY if stuck.always else Confidence.POSSIBLE)
            yield _Found(stuck, at, confidence, _why(skeleton, stuck))


def _place(at: Instruction) -> tuple[Spot, ...]:
    return () if at.where is None else (*at.where.calls, at.where.spot)


def _can_wait(skeleton: Skeleton, waited: Waited) -> bool:
    """Whether something in it waits for what is judged only."""
    for instruction in skeleton.code:
        if instruction.op in _WAITS and all(
            act is not None and len(act.places) == 1 and waited.is_judged(act.places[0]) for act in instruction.acts
        ):
            return True
    return False


def _confidence(skeleton: Skeleton, stuck: Stuck, *, plain: bool) -> Confidence:
    at = skeleton.code[stuck.pc]
    if not at.acts:
        return Confidence.POSSIBLE  # select {}: often meant so
    if not stuck.always:  # conditions may hang together, and so may orders that nothing decides
        return Confidence.POSSIBLE if plain or not stuck.turns else Confidence.LIKELY
    near = at.where is not None and len(at.where.calls) <= 2
    return Confidence.CERTAIN if near and not skeleton.guessed else Confidence.LIKELY


def _is_release(skeleton: Skeleton, waited: Waited, stuck: Stuck) -> bool:
    """Whether it waits to take out what it has put in itself: a semaphore, which is counted by what is not seen."""
    acts = [act for act in skeleton.code[stuck.pc].acts if act is not None]
    if stuck.always or len(acts) != 1 or acts[0].kind != "receive":
        return False
    place = acts[0].places[0]
    if not waited.things[waited.index[place]].room:
        return False
    mine = skeleton.reached(skeleton.starts.get(stuck.goroutine, ()))
    senders = {
        pc
        for pc, at in enumerate(skeleton.code)
        for act in at.acts
        if act is not None and act.kind == "send" and place in act.places
    }
    return senders <= mine


def _why(skeleton: Skeleton, stuck: Stuck) -> str:
    if stuck.always:
        return "whichever way it runs, nobody comes"
    at = skeleton.code[stuck.pc].where
    home = at.spot.file if at is not None else ""
    turns = [turn for turn in (_turn(skeleton, move, home) for move in stuck.turns) if turn]
    return f"nobody comes if {', and '.join(turns)}" if turns else "nobody comes in some orders of what happens"


def _turn(skeleton: Skeleton, move: Move, home: str) -> str:
    """What decides at a move."""
    at = skeleton.code[move.pc]
    if at.where is None or (at.op is Op.RANGE and not move.alternative):
        return ""
    line = _line(at.where.spot, home)
    if at.op is Op.SELECT:
        case = at.acts[move.alternative]
        return f"the select at {line} takes " + (
            f"its case at {_line(case.where.spot, home)}" if case else "another case"
        )
    if at.op is Op.CHOOSE and len(at.targets) > 2:
        return f"the switch at {line} takes its case {move.alternative + 1}"
    answers = {
        Op.CHOOSE: ("the condition at {} is true", "the condition at {} is false"),
        Op.VALUE: ("what {} asks about is not nil", "what {} asks about is nil"),
        Op.RECEIVED: ("the channel that {} asks about is open", "the channel that {} asks about is closed"),
        Op.RANGE: ("", "the loop at {} ends"),
    }.get(at.op, ("{} comes first", "{} comes first"))
    return answers[move.alternative].format(line)


def _line(spot: Spot, home: str) -> str:
    return f"line {spot.line}" if spot.file == home else f"{spot.file}:{spot.line}"


def _leak(facts: FunctionFacts, waited: Waited, go: LeakEvent, found: _Found) -> Leak:
    picture = Picture.empty()
    goroutine = picture.node(go.subjects[0], node_of(facts.nodes[go.subjects[0]]))
    where = found.at.where
    assert where is not None
    acts = [act for act in found.at.acts if act is not None]
    for act in acts:
        target = waited.targets[waited.index[act.places[0]]]
        at = picture.node(target.node, node_of(facts.nodes[target.node]))
        picture.edge(goroutine, at, act.kind, act.where.spot, target.field)
        thing = waited.things[waited.index[act.places[0]]]
        plain = thing.kind == "context" or (thing.kind == "chan" and not thing.room)  # the rest is not asked about
        kind = "wakes" if plain else "brings"
        picture.edge(at, goroutine, kind, facts.nodes[target.node].where.spot, note="nobody does")
    if not acts:
        nobody = KnotNode("select without cases", "object", "select{}", where.spot.file)
        at = picture.node("select", nobody)
        picture.edge(goroutine, at, "receive", where.spot)
        picture.edge(at, goroutine, "wakes", where.spot, note="nobody does")
    doing = _DOING[acts[0].kind] if acts else "receive"
    return Leak(
        kind=KIND,
        level=Level.GOROUTINE,
        verdict=Verdict.NEVER_FREED,
        confidence=found.confidence,
        title=f"a goroutine of {facts.name} {'waits' if found.stuck.always else 'may wait'} for ever to {doing}",
        reason=f"It waits to {doing} at what only {facts.name} and its goroutines know, and {found.why}. A waiting "
        "goroutine and all that its stack leads to are never freed, in every release of Go (the goroutineleak profile "
        "of Go 1.27 shows such goroutines at run time).",
        where=where.spot,
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="end-the-wait",
        how=_how(facts, acts),
        depth=len(go.where.calls),
        scope=f"{facts.package}.{facts.name}",
    )


def _how(facts: FunctionFacts, acts: list[Act]) -> str:
    if not acts:
        return "Let the goroutine end."
    if facts.nodes[acts[0].places[0].node].kind == "context":
        return "Cancel the context on every way out (defer cancel())."
    return _HOW[acts[0].kind]
