"""Finds rings: strongly connected components that hold a cycle.

Tarjan, "Depth-first search and linear graph algorithms" (1972), with a stack of its own so that depth costs no
recursion.
"""

from __future__ import annotations

from goknot.model.graph import Graph, NodeId
from goknot.model.ring import Ring


def find_rings(graph: Graph) -> tuple[Ring, ...]:
    """All rings of a graph, each with every edge between its members, ordered by their smallest node."""
    component_by_node = components(graph)
    members: dict[int, list[NodeId]] = {}
    for node, component in enumerate(component_by_node):
        members.setdefault(component, []).append(NodeId(node))
    rings = []
    for nodes in members.values():
        component = component_by_node[nodes[0]]
        edges = tuple(
            (node, NodeId(target))
            for node in nodes
            for target in graph.successors(node)
            if component_by_node[target] == component
        )
        if edges:
            rings.append(Ring(tuple(nodes), edges))
    return tuple(rings)


def components(graph: Graph) -> list[int]:
    """NodeId -> number of its strongly connected component; a component's number is larger than those it reaches."""
    start, target = graph.edge_start, graph.edge_target
    n_nodes = graph.n_nodes
    index_by_node = [0] * n_nodes  # node -> order of discovery from 1, 0: not seen
    low_by_node = [0] * n_nodes
    component_by_node = [-1] * n_nodes
    next_edge = list(start)
    open_nodes: list[int] = []
    n_seen = n_components = 0
    for root in range(n_nodes):
        if index_by_node[root]:
            continue
        path = [root]
        while path:
            node = path[-1]
            if not index_by_node[node]:
                n_seen += 1
                index_by_node[node] = low_by_node[node] = n_seen
                open_nodes.append(node)
            edge = next_edge[node]
            if edge < start[node + 1]:
                next_edge[node] = edge + 1
                successor = target[edge]
                if not index_by_node[successor]:
                    path.append(successor)
                elif component_by_node[successor] < 0:
                    low_by_node[node] = min(low_by_node[node], index_by_node[successor])
                continue
            path.pop()
            if path:
                low_by_node[path[-1]] = min(low_by_node[path[-1]], low_by_node[node])
            if low_by_node[node] == index_by_node[node]:
                while True:
                    member = open_nodes.pop()
                    component_by_node[member] = n_components
                    if member == node:
                        break
                n_components += 1
    return component_by_node
