"""weak-map-ring: a map with weak keys whose values lead to the keys.

Source: weak/pointer.go (Go 1.24): a weak pointer holds nothing; but the value beside it does, as long as the map lives.
"""

from __future__ import annotations

from collections.abc import Iterator

from goknot.analyses.leaks.finding import Leak, Picture, node_of, strength_of_path, weakest
from goknot.analyses.leaks.reach import Path, Pointers
from goknot.analyses.leaks.releases import taken_back
from goknot.model.leakfacts import FunctionFacts, LeakEvent, ProgramFacts
from goknot.model.verdict import Confidence, Level, Verdict

KIND = "weak-map-ring"
_LIVES_ON = frozenset({"global", "loaded", "param"})


def find(program: ProgramFacts) -> Iterator[Leak]:
    """Every entry of a map that keeps the object its key refers to weakly."""
    for facts in program.functions:
        pointers = Pointers(facts)
        for event in facts.events:
            if event.kind == "map-store" and len(event.others) > 1 and not event.destructor:
                yield from _of_store(facts, pointers, event)


def _of_store(facts: FunctionFacts, pointers: Pointers, event: LeakEvent) -> Iterator[Leak]:
    keys, values = event.others
    for key in keys:
        for aim in facts.nodes[key].aims_at if facts.nodes[key].kind == "weak" else ():
            path: Path | None = () if aim in values else pointers.path(values, {aim})
            if path is None or not event.subjects:
                continue
            undone = taken_back(facts, event, "map-delete", set(event.subjects))
            if undone is None:
                continue
            confidence = strength_of_path(facts, event, path)
            table = facts.nodes[event.subjects[0]]
            if table.kind not in _LIVES_ON and not table.outside:
                continue
            if (
                undone is not Confidence.CERTAIN
                or event.word
                or event.where.branch
                or event.where.calls
                or len(event.subjects) > 1
            ):
                confidence = weakest(confidence, Confidence.LIKELY)
            yield _leak(facts, event, key, aim, path, confidence)


def _leak(  # noqa: PLR0917
    facts: FunctionFacts, event: LeakEvent, key: int, aim: int, path: Path, confidence: Confidence
) -> Leak:
    picture = Picture.empty()
    table, node = event.subjects[0], facts.nodes[aim]
    at = picture.node(table, node_of(facts.nodes[table]))
    first = path[0].source if path else aim
    picture.edge(at, picture.node(first, node_of(facts.nodes[first])), "field", event.where.spot, note="value")
    picture.path(facts, path)
    picture.edge(picture.node(aim, node_of(node)), at, "weak", event.where.spot, note="the entry goes when it dies")
    return Leak(
        kind=KIND,
        level=Level.TYPE,
        verdict=Verdict.NEVER_FREED,
        confidence=confidence,
        title=f"the value beside a weak pointer to {node.name} leads to {node.name}",
        reason=f"The map holds the value, the value leads to {node.name}: it stays alive as long as the map does, and "
        "its weak pointer never becomes nil. Go has no ephemerons; true from Go 1.24 on.",
        where=event.where.calls[0] if event.where.calls else event.where.spot,
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="weak-value",
        how="Let the value refer to the key weakly too (weak.Pointer), or keep it in a field of the key's object.",
        depth=len(event.where.calls),
        scope=f"{facts.package}.{facts.name}",
    )
