"""Makes a knot of a ring: its cycles, its cut, its fingerprint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from goknot.analyses.cuts import CutProof, minimum_cut
from goknot.analyses.cycles import shortest_cycles
from goknot.analyses.moves import Move
from goknot.model.cut import Cut
from goknot.model.fingerprint import fingerprint
from goknot.model.graph import Graph, NodeId
from goknot.model.knot import Knot, KnotEdge, KnotNode, Place
from goknot.model.ring import Ring
from goknot.model.verdict import Confidence, Level, Verdict

MAX_CYCLES = 300
_N_NAMED = 4  # members a title names; of more it says how many


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of a ring before it is a knot.

    Attributes:
        nodes: The members.
        edges: The edges between members, by index into `nodes`.
        move_of: (name, name) of an edge -> the refactoring that removes it.
    """

    level: Level
    kind: str
    verdict: Verdict
    reason: str
    title: str
    nodes: tuple[KnotNode, ...]
    edges: tuple[KnotEdge, ...]
    move_of: Mapping[tuple[str, str], Move]
    confidence: Confidence = Confidence.CERTAIN
    platforms: tuple[str, ...] = ()


def knot_of_ring(finding: Finding) -> Knot:
    """Finds the shortest cycles and the cheapest cut of a ring and names it.

    The edges of the result are sorted; `where` is the first evidence on the tightest cycle.
    """
    finding = _sorted(finding)
    pairs = [(edge.source, edge.target) for edge in finding.edges]
    graph = Graph.from_edges([node.name for node in finding.nodes], pairs)
    ring = Ring(tuple(map(NodeId, range(graph.n_nodes))), tuple(graph.edges()))
    cycles = shortest_cycles(graph, ring, MAX_CYCLES)
    proof = minimum_cut(graph.n_nodes, {(e.source, e.target): e.weight for e in finding.edges})
    nodes = finding.nodes
    edge_by_pair = dict(zip(pairs, finding.edges, strict=True))
    return Knot(
        id=fingerprint(finding.level, finding.kind, [node.key for node in finding.nodes]),
        level=finding.level,
        kind=finding.kind,
        verdict=finding.verdict,
        confidence=finding.confidence,
        reason=finding.reason,
        title=finding.title,
        nodes=finding.nodes,
        edges=finding.edges,
        cycles=cycles,
        cuts=(_cut(proof, [finding.move_of[nodes[s].name, nodes[t].name] for s, t in proof.edges]),),
        where=_place(cycles[0], edge_by_pair),
        platforms=finding.platforms,
    )


def members(names: Sequence[str], kind: str) -> str:
    """What a title calls the members of a ring: by name while they are few, else so many of a kind."""
    short = [name.rpartition("/")[2] or name for name in sorted(names)]
    if len(short) > _N_NAMED or len(set(short)) < len(short):
        return f"{len(short)} {kind}"
    return " and ".join((", ".join(short[:-1]), short[-1])) if len(short) > 1 else short[0]


def _sorted(finding: Finding) -> Finding:
    """The finding with nodes by name and edges by their ends, so that the order it came in leaves no trace."""
    order = sorted(range(len(finding.nodes)), key=lambda index: (finding.nodes[index].name, finding.nodes[index].key))
    index_by_old = {old: new for new, old in enumerate(order)}
    edges = [replace(e, source=index_by_old[e.source], target=index_by_old[e.target]) for e in finding.edges]
    return replace(
        finding,
        nodes=tuple(finding.nodes[old] for old in order),
        edges=tuple(sorted(edges, key=lambda e: (e.source, e.target))),
    )


def _cut(proof: CutProof, moves: Sequence[Move]) -> Cut:
    names = sorted({move.name for move in moves}, key=lambda name: (-sum(m.name == name for m in moves), name))
    return Cut(
        edges=tuple(proof.edges),
        cost=proof.cost,
        lower_bound=proof.lower_bound,
        move=names[0],
        how=moves[0].how,
        steps=tuple((move.name, move.how) for move in moves),
    )


def _place(cycle: Sequence[int], edge_by_pair: dict[tuple[int, int], KnotEdge]) -> Place | None:
    for pair in zip(cycle, (*cycle[1:], cycle[0]), strict=True):
        for seen in edge_by_pair[pair].evidence:
            return Place(seen.file, seen.line, seen.column)
    return None
