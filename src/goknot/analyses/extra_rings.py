"""Rings that one node closes by edges of its own.

In Go the tests of a package are compiled with that package alone (cmd/go/internal/load/test.go), so the imports of two
packages' tests never make a ring together: each node's extra edges are tried by themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from goknot.model.graph import Graph, NodeId
from goknot.model.ring import Ring

Edge = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ExtraRing:
    """A ring that is not there without the extra edges of one node.

    Attributes:
        node: The node whose extra edges close it.
        ring: The component of `node` with those edges added.
        extra_edges: The extra edges on it, ascending.
    """

    node: NodeId
    ring: Ring
    extra_edges: tuple[Edge, ...]


def extra_rings(graph: Graph, extra_edges: Iterable[Edge]) -> tuple[ExtraRing, ...]:
    """Finds, for each node, the ring its extra edges close.

    Args:
        graph: The graph without extra edges.
        extra_edges: Edges that count only together with those of the same source.

    Returns:
        One ring for each node whose extra edges lead back to it, by node. Members and edges are those on some path
        from an extra target back to the node; a ring of the plain graph alone is not reported again.
    """
    targets_by_node: dict[int, set[int]] = defaultdict(set)
    for u, v in extra_edges:
        targets_by_node[u].add(v)
    if not targets_by_node:
        return ()
    predecessors: list[list[int]] = [[] for _ in range(graph.n_nodes)]
    for u, v in graph.edges():
        predecessors[v].append(u)
    found = []
    for node, targets in sorted(targets_by_node.items()):
        reaching = _reaching(node, predecessors)
        closing = sorted(target for target in targets if target in reaching)
        if closing:
            found.append(_ring(graph, node, closing, reaching))
    return tuple(found)


def _reaching(node: int, predecessors: list[list[int]]) -> set[int]:
    seen = {node}
    stack = [node]
    while stack:
        for before in predecessors[stack.pop()]:
            if before not in seen:
                seen.add(before)
                stack.append(before)
    return seen


def _ring(graph: Graph, node: int, closing: list[int], reaching: set[int]) -> ExtraRing:
    members = set(closing)
    stack = [target for target in closing if target != node]
    while stack:
        for successor in graph.successors(stack.pop()):
            if successor in reaching and successor not in members:
                members.add(successor)
                if successor != node:  # what lies behind the node is no part of the way back to it
                    stack.append(successor)
    members.add(node)
    extra = tuple((node, target) for target in closing)
    edges = {(u, v) for u in members if u != node for v in graph.successors(u) if v in members} | set(extra)
    ring = Ring(
        tuple(map(NodeId, sorted(members))),
        tuple((NodeId(u), NodeId(v)) for u, v in sorted(edges)),
    )
    return ExtraRing(NodeId(node), ring, extra)
