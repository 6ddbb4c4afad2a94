"""registered-never-removed: what a constructor puts into a package variable, and nothing takes out again."""

from __future__ import annotations

from collections.abc import Iterator

from goknot.analyses.leaks.finding import Leak, Picture, node_of
from goknot.analyses.leaks.reach import Pointers
from goknot.model.leakfacts import FunctionFacts, LeakEvent, LeakNode, ProgramFacts
from goknot.model.verdict import Confidence, Level, Verdict

KIND = "registered-never-removed"
_MADE = frozenset({"new", "closure", "method-value"})


def find(program: ProgramFacts) -> Iterator[Leak]:
    """Every object that its own constructor registers for good."""
    removed = {
        _global_of(facts.nodes[subject])
        for facts in program.functions
        for event in facts.events
        if event.kind == "map-delete"
        for subject in event.subjects
    }
    for facts in program.functions:
        pointers = Pointers(facts)
        for event in facts.events:
            if event.kind in {"map-store", "global-set"} and not event.where.calls and not event.destructor:
                yield from _of_store(program, facts, pointers, event, removed)


def _of_store(
    program: ProgramFacts, facts: FunctionFacts, pointers: Pointers, event: LeakEvent, removed: set[str]
) -> Iterator[Leak]:
    if facts.name in {"init", "main"}:
        return
    for table in event.subjects:
        name = _global_of(facts.nodes[table])
        if not name or name in removed or program.words.get(f"release {name}"):
            continue
        values = event.others[-1] if event.others else ()
        for value in _elements(facts, pointers, event, values):
            node = facts.nodes[value]
            if node.kind in _MADE and not node.where.calls:
                yield _leak(facts, event, table, value, name)
                break


def _elements(facts: FunctionFacts, pointers: Pointers, event: LeakEvent, values: tuple[int, ...]) -> list[int]:
    """What is stored: for a slice that is appended to, what was appended on that line."""
    if event.kind == "map-store":
        return list(values)
    return [
        edge.target
        for value in values
        for edge in pointers.below.get(value, ())
        if edge.kind == "element" and edge.where.spot.line == event.where.spot.line
    ]


def _global_of(node: LeakNode) -> str:
    """The package variable that a table is; empty if it is none."""
    if node.kind == "global":
        return node.detail
    return node.detail[: -len(".=")] if node.kind == "loaded" and node.detail.endswith(".=") else ""


def _leak(facts: FunctionFacts, event: LeakEvent, table: int, value: int, name: str) -> Leak:
    picture = Picture.empty()
    at = picture.node(table, node_of(facts.nodes[table]))
    node = facts.nodes[value]
    picture.edge(at, picture.node(value, node_of(node)), "field", event.where.spot)
    return Leak(
        kind=KIND,
        level=Level.TYPE,
        verdict=Verdict.KEPT_ALIVE,
        confidence=Confidence.POSSIBLE,
        title=f"{facts.name} registers {node.name} in {name}, which nothing leaves",
        reason=f"The package variable {name} is a root: what it holds stays until the process ends, and nothing seen "
        "takes an element out of it.",
        where=event.where.spot,
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="unregister",
        how="Take it out again where it ends (Close, Stop), or register it weakly (weak.Pointer, Go 1.24).",
        depth=0,
        scope=f"{facts.package}.{facts.name}",
    )
