"""goroutine-blocked, the ticking kind: a goroutine that ranges over a ticker and has no other way out.

Source: time/tick.go: Stop does not close the channel. How often the function runs is not known, so it is `possible`.
"""

from __future__ import annotations

from collections.abc import Iterator

from goknot.analyses.leaks.finding import Leak, Picture, node_of
from goknot.model.knot import KnotNode
from goknot.model.leakfacts import FunctionFacts, LeakEvent, ProgramFacts
from goknot.model.processes import Choice, Frame, Later, Leave, Repeat, Select, Start, Steps
from goknot.model.verdict import Confidence, Level, Verdict

KIND = "goroutine-blocked"


def find(program: ProgramFacts) -> Iterator[Leak]:
    """Every goroutine that a ticker keeps for ever."""
    for facts in program.functions:
        if facts.process is None or facts.bounded or facts.name in {"main", "init"}:
            continue
        started = {event.subjects[0]: event for event in facts.events if event.kind == "go"}
        for start in _starts(facts.process.steps):
            go = started.get(start.goroutine)
            loop = _endless(start.body)
            if go is not None and loop is not None and not go.where.calls and not loop.where.calls[1:]:
                yield _leak(facts, go, loop)


def _starts(steps: Steps) -> Iterator[Start]:
    for step in steps:
        if isinstance(step, Start):
            yield step
            yield from _starts(step.body)
        elif isinstance(step, Choice):
            for inner in step.alternatives:
                yield from _starts(inner)
        elif isinstance(step, Select):
            for _, inner in step.cases:
                yield from _starts(inner)
        elif isinstance(step, Repeat | Frame | Later):
            yield from _starts(step.body)


def _endless(steps: Steps) -> Repeat | None:
    """The loop over a ticker that a goroutine comes to and never leaves."""
    for step in steps:
        if isinstance(step, Frame) and (found := _endless(step.body)) is not None:
            return found
        if isinstance(step, Repeat) and step.kind == "ticker":
            return None if _leaves(step.body, step.label, inner=False) else step
        if not isinstance(step, Later | Start):
            continue
    return None


def _leaves(steps: Steps, label: str, *, inner: bool) -> bool:
    """Whether something in a loop's body ends the loop; a function called in it returns to it."""
    for step in steps:
        if isinstance(step, Leave) and (
            step.word in {"return", "exit", "lost"}
            or (step.word == "break" and (step.label == label if step.label else not inner))
        ):
            return True
        if isinstance(step, Choice):
            within = inner or step.kind == "switch"
            if any(_leaves(part, label, inner=within) for part in step.alternatives):
                return True
        elif isinstance(step, Select):
            if any(_leaves(part, label, inner=True) for _, part in step.cases):
                return True
        elif isinstance(step, Repeat) and _leaves(step.body, label, inner=True):
            return True
    return False


def _leak(facts: FunctionFacts, go: LeakEvent, loop: Repeat) -> Leak:
    picture = Picture.empty()
    spot = loop.where.spot
    goroutine = picture.node(go.subjects[0], node_of(facts.nodes[go.subjects[0]]))
    ticker = picture.node("ticker", KnotNode("time.Ticker", "object", "time.Ticker", spot.file, spot.line))
    picture.edge(goroutine, ticker, "ticks", spot)
    picture.edge(ticker, goroutine, "brings", spot, note="for ever, and Stop does not end the loop")
    return Leak(
        kind=KIND,
        level=Level.GOROUTINE,
        verdict=Verdict.NEVER_FREED,
        confidence=Confidence.POSSIBLE,
        title=f"a goroutine of {facts.name} ranges over a ticker for ever",
        reason="Nothing ends the loop: Stop does not close a ticker's channel. The goroutine and all that its stack "
        f"leads to stay, each time that {facts.name} runs, in every release of Go.",
        where=spot,
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="end-the-wait",
        how="Select on the ticker and on a context's Done, or on a channel that a Close closes.",
        depth=0,
        scope=f"{facts.package}.{facts.name}",
    )
