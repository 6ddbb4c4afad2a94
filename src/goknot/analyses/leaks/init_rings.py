"""init-registration-ring: an init function gives a package what leads back to its own: a ring that imports do not show.

A note: it is how drivers and codecs are meant to be known. What is registered lives as long as the program.
"""

from __future__ import annotations

from collections.abc import Iterator

from goknot.analyses.leaks.finding import Leak, Picture
from goknot.model.knot import KnotNode
from goknot.model.leakfacts import FunctionFacts, LeakEvent, ProgramFacts
from goknot.model.registerfacts import Registration
from goknot.model.verdict import Confidence, Level, Verdict

KIND = "init-registration-ring"


def find(program: ProgramFacts) -> Iterator[Leak]:
    """Every registration of an init function with another package of the program."""
    for facts in program.functions:
        if facts.name != "init":
            continue
        events = {event.order: event for event in facts.events}
        for one in facts.registrations:
            if one.depth == 0 and one.package not in {"", facts.package}:
                yield _note(facts, events[one.event], one)


def _note(facts: FunctionFacts, event: LeakEvent, one: Registration) -> Leak:
    picture = Picture.empty()
    home, other = (name.rpartition("/")[2] for name in (facts.package, one.package))
    at = picture.node("home", KnotNode(home, "package", facts.package, one.where.file, one.where.line))
    to = picture.node("other", KnotNode(other, "package", one.package, event.where.spot.file, event.where.spot.line))
    node = facts.nodes[one.values[0]]
    picture.edge(at, to, "import", one.where)
    picture.edge(to, at, "callback", event.where.spot, one.register, note=f"what init registers: {node.name}")
    return Leak(
        kind=KIND,
        level=Level.TYPE,
        verdict=Verdict.KEPT_ALIVE,
        confidence=Confidence.NOTE,
        title=f"init of {home} registers {node.name} with {other}, which calls it back",
        reason=f"{home} imports {other}, and {one.register} leads from {other} back to {home} when the program runs; "
        "what is registered while the program starts is one object for as long as it lives, as meant.",
        where=one.where,
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="none",
        how="Nothing needs to be done; a main that registers what it needs shows the ring, and can be tested without.",
        scope=f"{facts.package}.{facts.name}",
    )
