"""A directed graph in compressed sparse rows."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NewType

NodeId = NewType("NodeId", int)
IntArray = array  # of C ints ("i"); numpy reads it without a copy


@dataclass(frozen=True, slots=True)
class Graph:
    """A directed graph; its edges are the rows of a sparse matrix.

    Attributes:
        names: NodeId -> name; what a person calls the node.
        edge_start: NodeId -> index of its first edge; n_nodes + 1 entries, int32.
        edge_target: edge -> NodeId it points at; ascending within one node, int32.
    """

    names: Sequence[str]
    edge_start: IntArray[int]
    edge_target: IntArray[int]

    @classmethod
    def from_edges(cls, names: Sequence[str], edges: Iterable[tuple[int, int]]) -> Graph:
        """Builds the graph from pairs of node ids; doubled pairs count once."""
        ordered = sorted(set(edges))
        edge_start = array("i", bytes(4 * (len(names) + 1)))
        for source, _ in ordered:
            edge_start[source + 1] += 1
        for node in range(len(names)):
            edge_start[node + 1] += edge_start[node]
        return cls(names, edge_start, array("i", [target for _, target in ordered]))

    @property
    def n_nodes(self) -> int:
        """How many nodes there are."""
        return len(self.edge_start) - 1

    @property
    def n_edges(self) -> int:
        """How many edges there are."""
        return len(self.edge_target)

    def successors(self, node: int) -> Sequence[int]:
        """The nodes that `node` points at, ascending."""
        return self.edge_target[self.edge_start[node] : self.edge_start[node + 1]]

    def edges(self) -> Iterator[tuple[NodeId, NodeId]]:
        """All edges, ascending."""
        for source in range(self.n_nodes):
            for target in self.successors(source):
                yield NodeId(source), NodeId(target)
