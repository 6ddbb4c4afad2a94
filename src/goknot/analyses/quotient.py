"""Melts nodes into groups: packages into folders."""

from __future__ import annotations

from collections.abc import Sequence

from goknot.model.graph import Graph

Edge = tuple[int, int]


def collapse(graph: Graph, group_by_node: Sequence[int], names: Sequence[str]) -> tuple[Graph, dict[Edge, list[Edge]]]:
    """The graph of groups; an edge within a group disappears.

    Args:
        graph: The graph to melt down.
        group_by_node: NodeId -> group.
        names: Group -> name.

    Returns:
        The graph of groups, and for each of its edges the edges it stands for, ascending.
    """
    edges: dict[Edge, list[Edge]] = {}
    for u, v in graph.edges():
        pair = (group_by_node[u], group_by_node[v])
        if pair[0] != pair[1]:
            edges.setdefault(pair, []).append((u, v))
    return Graph.from_edges(names, edges), edges
