"""plugin-global: a package variable of a plugin that objects are put into: no plugin is ever unloaded.

Source: plugin/plugin_dlopen.go: there is no Close. A note: what is put in says whether it grows.
"""

from __future__ import annotations

from collections.abc import Iterator

from goknot.analyses.leaks.finding import Leak, Picture, node_of
from goknot.model.knot import KnotNode
from goknot.model.leakfacts import FunctionFacts, LeakEvent, ProgramFacts, Spot
from goknot.model.registerfacts import Registration
from goknot.model.verdict import Confidence, Level, Verdict

KIND = "plugin-global"


def find(program: ProgramFacts) -> Iterator[Leak]:
    """One note for each variable."""
    told: set[Spot] = set()
    for facts in program.functions:
        events = {event.order: event for event in facts.events}
        for one in facts.registrations:
            if one.plugin is not None and one.plugin not in told:
                told.add(one.plugin)
                yield _note(facts, events[one.event], one, one.plugin)


def _note(facts: FunctionFacts, event: LeakEvent, one: Registration, declared: Spot) -> Leak:
    picture = Picture.empty()
    table = node_of(facts.nodes[one.table])
    at = picture.node("variable", KnotNode(one.register, table.kind, table.key, declared.file, declared.line))
    node = facts.nodes[one.values[0]]
    picture.edge(at, picture.node(one.values[0], node_of(node)), "field", event.where.spot)
    return Leak(
        kind=KIND,
        level=Level.TYPE,
        verdict=Verdict.KEPT_ALIVE,
        confidence=Confidence.NOTE,
        title=f"{one.register} of a plugin holds {node.name}",
        reason="A plugin is never unloaded: its package variables are roots until the process ends, also when the "
        "host has no more use for it.",
        where=declared,
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="hand-over",
        how="Let the host hold what must live, and give the plugin a function that empties its variables.",
        scope=f"{facts.package}.{one.register}",
    )
