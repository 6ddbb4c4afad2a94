"""registered-never-removed, in registers of the standard library: variables of expvar, channels of signals.

Source: expvar/expvar.go (a map that nothing leaves), os/signal/signal.go (Stop takes a channel out).
"""

from __future__ import annotations

from collections.abc import Iterator

from goknot.analyses.leaks.finding import Leak, Picture, node_of
from goknot.analyses.leaks.reach import Pointers
from goknot.analyses.leaks.registries import KIND
from goknot.model.knot import KnotNode
from goknot.model.leakfacts import FunctionFacts, LeakEvent, ProgramFacts, Spot
from goknot.model.verdict import Confidence, Level, Verdict

_STARTS = frozenset({"main", "init"})


def find(program: ProgramFacts) -> Iterator[Leak]:
    """What a function makes and tells the library for good."""
    for facts in program.functions:
        if facts.name in _STARTS:
            continue
        pointers = Pointers(facts)
        for event in facts.events:
            if event.where.calls or event.destructor:
                continue
            if event.kind == "publish" and event.word != "constant":
                yield from _published(facts, pointers, event)
            elif event.kind == "notify":
                yield from _notified(facts, pointers, event)


def _published(facts: FunctionFacts, pointers: Pointers, event: LeakEvent) -> Iterator[Leak]:
    made = _made(facts, pointers, event.subjects)
    if made:
        why = "expvar keeps what is published until the process ends; there is no way to take it back"
        yield _leak(facts, event.where.spot, "expvar.vars", made[0], why, "Publish one variable that finds the others.")


def _notified(facts: FunctionFacts, pointers: Pointers, event: LeakEvent) -> Iterator[Leak]:
    channels = set(event.subjects)
    if any(other.kind == "notify-stop" and channels.intersection(other.subjects) for other in facts.events):
        return
    for other in facts.events:
        if other.kind == "range-channel" and other.goroutine >= 0 and channels.intersection(other.subjects):
            made = _made(facts, pointers, [other.goroutine])
            if made:
                why = (
                    "signal.Notify keeps the channel until signal.Stop, which nothing here calls, and a goroutine waits"
                )
                how = "Call signal.Stop and close the channel where the work ends."
                yield _leak(facts, other.where.spot, "os/signal.handlers", made[0], why, how)
                return


def _made(facts: FunctionFacts, pointers: Pointers, starts: tuple[int, ...] | list[int]) -> list[int]:
    """The objects that the function made and some nodes lead to."""
    reached = sorted(pointers.reached(starts))
    return [
        n
        for n in reached
        if facts.nodes[n].kind == "new" and facts.nodes[n].type_key and not facts.nodes[n].where.calls
    ]


def _leak(  # noqa: PLR0917
    facts: FunctionFacts, spot: Spot, register: str, made: int, why: str, how: str
) -> Leak:
    picture = Picture.empty()
    node = facts.nodes[made]
    at = picture.node(register, KnotNode(register, "object", register))
    picture.edge(at, picture.node(made, node_of(node)), "register", spot)
    return Leak(
        kind=KIND,
        level=Level.TYPE,
        verdict=Verdict.KEPT_ALIVE,
        confidence=Confidence.POSSIBLE,
        title=f"{facts.name} registers {node.name} in {register}, which nothing leaves",
        reason=f"{why[0].upper()}{why[1:]}; how often {facts.name} runs is not to be seen.",
        where=spot,
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="unregister",
        how=how,
        scope=f"{facts.package}.{facts.name}",
    )
