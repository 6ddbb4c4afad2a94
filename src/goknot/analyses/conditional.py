"""Where a ring of a union graph really exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from goknot.analyses.rings import find_rings
from goknot.model.graph import Graph, NodeId
from goknot.model.ring import Ring

Edge = tuple[int, int]


def rings_by_configuration(
    ring: Ring, labels: Sequence[str], mask_by_edge: Mapping[Edge, int]
) -> tuple[tuple[Ring, tuple[int, ...]], ...]:
    """Splits a ring whose edges exist only on some configurations into the rings that exist.

    A ring of the union of all configurations may exist on some of them only, fall apart into several, or exist on
    none (one edge only on windows, the way back only on linux).

    Args:
        ring: A ring of the union graph.
        labels: Configuration -> label; only their number is used.
        mask_by_edge: Edge -> the configurations it exists on, bit i for configuration i.

    Returns:
        (ring, configurations) pairs, one for each distinct set of members, with the edges of all those configurations.
        A ring that lies inside another one that exists on at least the same configurations is part of that one and
        left out. The largest come first, then by members.
    """
    configurations_by_edges: dict[frozenset[Edge], list[int]] = {}
    for configuration in range(len(labels)):
        edges = frozenset[Edge]((u, v) for u, v in ring.edges if mask_by_edge[u, v] >> configuration & 1)
        configurations_by_edges.setdefault(edges, []).append(configuration)
    found: dict[tuple[NodeId, ...], tuple[set[Edge], list[int]]] = {}
    for edges, configurations in configurations_by_edges.items():
        for part in _parts(ring, edges):
            kept_edges, kept_configurations = found.setdefault(part.nodes, (set(), []))
            kept_edges.update(part.edges)
            kept_configurations.extend(configurations)
    rings = [
        (Ring(nodes, tuple((NodeId(u), NodeId(v)) for u, v in sorted(edges))), tuple(sorted(configurations)))
        for nodes, (edges, configurations) in found.items()
        if not _inside_another(nodes, configurations, found)
    ]
    return tuple(sorted(rings, key=lambda pair: (-len(pair[0].nodes), pair[0].nodes)))


def _parts(ring: Ring, edges: frozenset[Edge]) -> list[Ring]:
    local = {node: index for index, node in enumerate(ring.nodes)}
    graph = Graph.from_edges([""] * len(local), [(local[NodeId(u)], local[NodeId(v)]) for u, v in edges])
    back = ring.nodes
    return [
        Ring(tuple(back[n] for n in part.nodes), tuple((back[u], back[v]) for u, v in part.edges))
        for part in find_rings(graph)
    ]


def _inside_another(
    nodes: tuple[NodeId, ...],
    configurations: Sequence[int],
    found: Mapping[tuple[NodeId, ...], tuple[set[Edge], list[int]]],
) -> bool:
    members, on = set(nodes), set(configurations)
    return any(other != nodes and members < set(other) and on <= set(where) for other, (_, where) in found.items())
