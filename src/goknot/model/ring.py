"""A ring: a strongly connected component that holds a cycle."""

from __future__ import annotations

from dataclasses import dataclass

from goknot.model.graph import NodeId


@dataclass(frozen=True, slots=True)
class Ring:
    """Two or more nodes that all reach each other, or one node with an edge to itself.

    Attributes:
        nodes: The members, ascending.
        edges: Every edge of the graph between members, ascending.
    """

    nodes: tuple[NodeId, ...]
    edges: tuple[tuple[NodeId, NodeId], ...]
