"""Rings between plugins: by what initialisers open, by what functions open at run time, by what files need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from goknot.analyses.cycles import Cycle, shortest_cycles
from goknot.analyses.rings import find_rings
from goknot.model.graph import Graph
from goknot.model.knot import Evidence
from goknot.model.verdict import Confidence, Verdict

INIT, RUN, NEEDED, SYMBOL = "opens in init", "opens", "needs", "binds to"
MAX_CYCLES = 20


@dataclass(frozen=True, slots=True)
class PluginEdge:
    """One plugin leads to another.

    Attributes:
        kind: INIT, RUN, NEEDED or SYMBOL.
        is_certain: No way goes past it, and it is known which plugin it names.
        names: Constants it looks up, or C symbols.
    """

    source: int
    target: int
    kind: str
    is_certain: bool
    evidence: tuple[Evidence, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PluginRing:
    """A ring between plugins, by edges of some kinds."""

    kind: str
    verdict: Verdict
    confidence: Confidence
    nodes: tuple[int, ...]
    edges: tuple[PluginEdge, ...]
    cycles: tuple[Cycle, ...]


def plugin_rings(names: Sequence[str], edges: Iterable[PluginEdge]) -> tuple[PluginRing, ...]:
    """All rings; what is a ring for one reason is not shown again for a weaker one.

    Args:
        names: plugin -> name.
        edges: Between them.
    """
    every = sorted(edges, key=lambda edge: (edge.source, edge.target, edge.kind))
    stages = (
        ("plugin-open-ring", Verdict.BREAKS_LOAD, Confidence.CERTAIN, lambda e: e.kind == INIT and e.is_certain),
        ("plugin-open-ring", Verdict.BREAKS_LOAD, Confidence.POSSIBLE, lambda e: e.kind == INIT),
        ("plugin-open-ring", Verdict.COUPLES, Confidence.NOTE, lambda e: e.kind in (INIT, RUN)),
        ("plugin-symbol-ring", Verdict.BREAKS_LOAD, Confidence.CERTAIN, lambda e: e.kind == SYMBOL),
        ("plugin-needed-ring", Verdict.BREAKS_LOAD, Confidence.CERTAIN, lambda e: e.kind == NEEDED),
    )
    found: list[PluginRing] = []
    for kind, verdict, confidence, chosen in stages:
        part = [edge for edge in every if chosen(edge)]
        graph = Graph.from_edges(list(names), [(edge.source, edge.target) for edge in part])
        known = {ring.nodes for ring in found if ring.kind == kind}
        for ring in find_rings(graph):
            nodes = tuple(sorted(ring.nodes))
            if nodes not in known:
                inside = tuple(edge for edge in part if (edge.source, edge.target) in set(ring.edges))
                cycles = shortest_cycles(graph, ring, MAX_CYCLES)
                found.append(PluginRing(kind, verdict, confidence, nodes, inside, cycles))
    return tuple(found)
