"""What a detector hands on: one leak, with its path as the nodes and edges of a knot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from goknot.analyses.leaks.reach import without_containers
from goknot.model.knot import Evidence, KnotEdge, KnotNode
from goknot.model.leakfacts import Context, FunctionFacts, LeakEdge, LeakEvent, LeakNode, Spot
from goknot.model.verdict import Confidence, Level, Verdict

_ORDER = list(Confidence)


@dataclass(frozen=True, slots=True)
class Leak:
    """One finding.

    Attributes:
        where: The line to open first.
        depth: How many calls lie between the function that was looked at and the place; of two findings about one
            place the one with fewer is kept.
        anchor: What was set, if `where` may be another line: seen from there, it needs no second finding.
        scope: Package and function that was looked at.
        move: Short name of the refactoring that cuts it.
        how: What to do, in a sentence or two.
    """

    kind: str
    level: Level
    verdict: Verdict
    confidence: Confidence
    title: str
    reason: str
    where: Spot
    nodes: tuple[KnotNode, ...]
    edges: tuple[KnotEdge, ...]
    move: str
    how: str
    depth: int = 0
    scope: str = ""
    anchor: Spot | None = None


def weakest(*given: Confidence) -> Confidence:
    """The least sure of some."""
    return max(given, key=_ORDER.index)


def node_of(node: LeakNode) -> KnotNode:
    """A node of a knot."""
    spot = node.type_spot or node.where.spot
    kind = "goroutine" if node.kind == "goroutine" else "object"
    return KnotNode(node.name, kind, node.key, spot.file, spot.line)


def evidence(spot: Spot) -> tuple[Evidence, ...]:
    """A place as evidence; its text is added when the source is at hand."""
    return (Evidence(spot.file, spot.line, spot.column),)


@dataclass(slots=True)
class Picture:
    """Nodes and edges of a knot while it is drawn.

    Attributes:
        ids: Node of the facts (or a name for what is none) -> position in `nodes`.
    """

    nodes: list[KnotNode]
    edges: list[KnotEdge]
    ids: dict[int | str, int]

    @classmethod
    def empty(cls) -> Picture:
        """Nothing drawn yet."""
        return cls([], [], {})

    def node(self, name: int | str, node: KnotNode) -> int:
        """The position of a node, which is added if it is new."""
        if name not in self.ids:
            self.ids[name] = len(self.nodes)
            self.nodes.append(node)
        return self.ids[name]

    def edge(  # noqa: PLR0917
        self, source: int, target: int, kind: str, spot: Spot, field: str = "", note: str = ""
    ) -> None:
        """Adds an edge."""
        if any(edge.source == source and edge.target == target for edge in self.edges):
            return
        self.edges.append(KnotEdge(source, target, kind, evidence=evidence(spot), field=field, note=note))

    def path(self, facts: FunctionFacts, path: Sequence[LeakEdge]) -> None:
        """Adds a path of pointers."""
        for edge, raw in without_containers(facts, path):
            source = self.node(edge.source, node_of(facts.nodes[edge.source]))
            target = self.node(edge.target, node_of(facts.nodes[edge.target]))
            owner = facts.nodes[edge.source]
            label = raw.replace(".[]", "[]").replace(".*", "").removesuffix(".=")
            kind = _EDGE_KINDS.get(edge.kind, "field")
            short = owner.name.rpartition(".")[2] if owner.type_key else ""
            field = f"{short}.{label}" if short and kind == "field" and label not in {"[]", "*", "="} else label
            self.edge(source, target, kind, edge.where.spot, field)


_EDGE_KINDS = {
    "capture": "capture",
    "method-value": "receiver",
    "goroutine": "goroutine",
    "handle": "handle",
    "context": "context",
    "map-key": "field",
    "element": "field",
    "library": "field",
}


def precedes(branch: Sequence[int], other: Sequence[int]) -> bool:
    """Whether what stands in `branch` happens whenever what stands in `other` does."""
    return tuple(other[: len(branch)]) == tuple(branch)


def strength_of_path(facts: FunctionFacts, event: LeakEvent, path: Sequence[LeakEdge]) -> Confidence:
    """How sure it is that the pointers of a path are all stored when an event has happened."""
    found = Confidence.CERTAIN
    for edge in path:
        found = weakest(found, _strength_of_edge(facts, event.where, edge))
    return found


def _strength_of_edge(facts: FunctionFacts, event: Context, edge: LeakEdge) -> Confidence:
    where = edge.where
    if edge.source == edge.target:
        return Confidence.POSSIBLE  # objects of a loop that are told apart by nothing
    source, target = facts.nodes[edge.source], facts.nodes[edge.target]
    if edge.kind == "library" or not edge.sure or not precedes(where.branch, event.branch):
        return Confidence.LIKELY
    if where.in_method and where.calls and edge.kind not in {"goroutine", "capture", "method-value"}:
        return Confidence.LIKELY
    if where.loop > max(source.where.loop, target.where.loop) and edge.kind not in {"capture", "method-value"}:
        return Confidence.LIKELY
    return Confidence.CERTAIN


def sites(*edges: LeakEdge) -> list[Spot]:
    """Where edges are stored."""
    return [edge.where.spot for edge in edges]
