"""Strongly connected components, and the rings among them.

Pearce, "A space-efficient algorithm for finding strongly connected components" (IPL 116, 2016), the imperative form of
algorithm PEA_FIND3: one number a node, one stack shared by both ends, no recursion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goknot.kernels import _jit
from goknot.kernels._jit import IN_I32, IN_I64, IN_U8, OUT_I32, OUT_I64, helper, kernel
from goknot.kernels.memory import Allocator
from goknot.kernels.rows import Rows

_DONE = 2**31 - 1  # the number of a node known to lie on no ring; rings count down from here


@dataclass(frozen=True, slots=True)
class RingSet:
    """All rings of a graph.

    Attributes:
        ring_by_node: node -> ring, or -1; int32. Rings are numbered by their smallest member.
        node_start: ring -> first of its members; n_rings + 1 entries, int64.
        node: member -> node; ascending within a ring, int32.
    """

    ring_by_node: NDArray[np.int32]
    node_start: NDArray[np.int64]
    node: NDArray[np.int32]

    @property
    def n_rings(self) -> int:
        """How many rings there are."""
        return len(self.node_start) - 1

    def members(self, ring: int) -> NDArray[np.int32]:
        """The nodes of a ring, ascending."""
        return self.node[self.node_start[ring] : self.node_start[ring + 1]]


@dataclass(frozen=True, slots=True)
class InnerEdges:
    """The edges from members of a ring to other members of it.

    Attributes:
        start: ring -> first of its inner edges; n_rings + 1 entries, int64.
        edge: inner edge -> edge of the graph; ascending within a ring, int64.
        source: inner edge -> node it leaves; int32.
    """

    start: NDArray[np.int64]
    edge: NDArray[np.int64]
    source: NDArray[np.int32]


@kernel(_jit.i64, IN_I64, IN_I32, IN_U8, OUT_I32, OUT_I32, OUT_I32)
def _number_rings(
    edge_start: NDArray[np.int64],
    edge_target: NDArray[np.int32],
    opaque: NDArray[np.uint8],
    number: NDArray[np.int32],
    stack: NDArray[np.int32],
    cursor: NDArray[np.int32],
) -> int:
    """Writes the ring of each node (or -1) to `number`; returns how many rings there are.

    While it runs, `number` holds 0 for nodes not seen, an index counted from 1 for nodes on a stack, `_DONE` for nodes
    on no ring and `_DONE - 1 - ring` for members. `stack` holds the path in its front and closed members at its back;
    `cursor` holds, beside the path, the edges already followed.
    """
    n = len(number)
    for node in range(n):  # leaves are done before the search: it never touches them again
        leaf = opaque[node] != 0 or edge_start[node] == edge_start[node + 1]
        number[node] = _DONE if leaf else 0
    n_rings = 0
    for origin in range(n):
        if number[origin] != 0:
            continue
        index = 1
        back = n
        depth = 0
        stack[0] = origin
        cursor[0] = 0
        number[origin] = 1
        is_head = True  # whether the node on top reaches nothing older than itself
        while depth >= 0:
            node = stack[depth]
            low = number[node]
            first = edge_start[node]
            edge = first + abs(cursor[depth])
            is_head = cursor[depth] >= 0
            last = edge_start[node + 1]
            descended = False
            while edge < last:
                target = edge_target[edge]
                seen = number[target]
                if seen == 0:
                    descended = True
                    break
                if seen < low:
                    low = seen
                    is_head = False
                edge += 1
            number[node] = low
            if descended:
                followed = edge - first
                # The sign keeps "reaches something older"; the edge is looked at again on return, so 0 needs none.
                cursor[depth] = followed if is_head else -followed
                index += 1
                depth += 1
                stack[depth] = target
                cursor[depth] = 0
                number[target] = index
                continue
            depth -= 1
            if not is_head:
                back -= 1
                stack[back] = node
                continue
            if back == n or number[stack[back]] < low:
                number[node] = _DONE
                index -= 1
                continue
            ring = _DONE - 1 - n_rings
            n_rings += 1
            while back < n and number[stack[back]] >= low:
                number[stack[back]] = ring
                back += 1
                index -= 1
            number[node] = ring
            index -= 1
    for node in range(n):
        number[node] = -1 if number[node] == _DONE else _DONE - 1 - number[node]
    return n_rings


@kernel(_jit.void, OUT_I32, OUT_I32)
def _order_rings(ring_by_node: NDArray[np.int32], rank: NDArray[np.int32]) -> None:
    """Renumbers rings by their smallest member; `rank` is filled with -1 before."""
    n_seen = 0
    for node in range(len(ring_by_node)):
        ring = ring_by_node[node]
        if ring < 0:
            continue
        if rank[ring] < 0:
            rank[ring] = n_seen
            n_seen += 1
        ring_by_node[node] = rank[ring]


@kernel(_jit.void, IN_I32, OUT_I64)
def _count_members(ring_by_node: NDArray[np.int32], node_start: NDArray[np.int64]) -> None:
    """Fills the starts of members; the array is zero before."""
    for node in range(len(ring_by_node)):
        ring = ring_by_node[node]
        if ring >= 0:
            node_start[ring + 1] += 1
    for ring in range(len(node_start) - 1):
        node_start[ring + 1] += node_start[ring]


@kernel(_jit.void, IN_I32, OUT_I64, OUT_I32)
def _list_members(ring_by_node: NDArray[np.int32], node_start: NDArray[np.int64], members: NDArray[np.int32]) -> None:
    """Lists members ring by ring; the starts move while it runs and are right again at its end."""
    for node in range(len(ring_by_node)):
        ring = ring_by_node[node]
        if ring >= 0:
            members[node_start[ring]] = node
            node_start[ring] += 1
    for ring in range(len(node_start) - 1, 0, -1):
        node_start[ring] = node_start[ring - 1]
    node_start[0] = 0


@kernel(_jit.i64, IN_I64, IN_I32, IN_I32, IN_I64, IN_I32, OUT_I64, OUT_I64, OUT_I32)
def _list_inner(
    edge_start: NDArray[np.int64],
    edge_target: NDArray[np.int32],
    ring_by_node: NDArray[np.int32],
    node_start: NDArray[np.int64],
    members: NDArray[np.int32],
    inner_start: NDArray[np.int64],
    inner_edge: NDArray[np.int64],
    inner_source: NDArray[np.int32],
) -> int:
    """Lists inner edges ring by ring, or only counts them when there is no room at all; returns how many."""
    n_inner = 0
    counts_only = len(inner_edge) == 0
    for ring in range(len(node_start) - 1):
        inner_start[ring] = n_inner
        for index in range(node_start[ring], node_start[ring + 1]):
            node = members[index]
            for edge in range(edge_start[node], edge_start[node + 1]):
                target = edge_target[edge]
                if target != node and ring_by_node[target] == ring:
                    if not counts_only:
                        inner_edge[n_inner] = edge
                        inner_source[n_inner] = node
                    n_inner += 1
    inner_start[len(node_start) - 1] = n_inner
    return n_inner


def list_inner_edges(rings: RingSet, edges: Rows, alloc: Allocator | None = None) -> InnerEdges:
    """The inner edges of all rings: large where the rings are. `edges` are those the rings were found by."""
    alloc = alloc or Allocator()
    start = alloc.empty(rings.n_rings + 1, np.int64)
    known = (*edges, rings.ring_by_node, rings.node_start, rings.node, start)
    n_inner = _list_inner(*known, np.empty(0, np.int64), np.empty(0, np.int32))
    edge, source = alloc.empty(n_inner, np.int64), alloc.empty(n_inner, np.int32)
    if n_inner:
        _list_inner(*known, edge, source)
    return InnerEdges(start, edge, source)


def find_rings(
    edges: Rows,
    opaque: NDArray[np.uint8] | None = None,
    alloc: Allocator | None = None,
) -> RingSet:
    """Finds every ring of two or more nodes; edges of a node to itself are ignored.

    Args:
        edges: node -> nodes it points at.
        opaque: node -> non-zero if no ring may lead through it; None for no such node.
        alloc: Where arrays come from.
    """
    alloc = alloc or Allocator()
    edge_start, edge_target = edges
    n = edges.n_rows
    opaque = np.zeros(n, np.uint8) if opaque is None else opaque
    ring_by_node = alloc.empty(n, np.int32)
    n_rings = _number_rings(
        edge_start, edge_target, opaque, ring_by_node, alloc.empty(n, np.int32), alloc.empty(n, np.int32)
    )
    _order_rings(ring_by_node, alloc.full(n_rings, -1, np.int32))
    node_start = alloc.zeros(n_rings + 1, np.int64)
    _count_members(ring_by_node, node_start)
    members = alloc.empty(int(node_start[-1]), np.int32)
    _list_members(ring_by_node, node_start, members)
    return RingSet(ring_by_node, node_start, members)


@helper
def _first_at(values: NDArray[np.int32], value: int) -> int:
    """Where `value` stands or would stand in ascending `values`."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@kernel(_jit.i64, _jit.i64, IN_I64, IN_I32, IN_I32, IN_I32, OUT_I64, OUT_I32)
def _close_cycle(
    origin: int,
    edge_start: NDArray[np.int64],
    edge_target: NDArray[np.int32],
    ring_by_node: NDArray[np.int32],
    members: NDArray[np.int32],
    came_by: NDArray[np.int64],
    queue: NDArray[np.int32],
) -> int:
    """Searches from `origin` until an edge comes back to it; returns that edge, or -1.

    `came_by` is zero before; then, for each member that was reached, 1 + the edge that reached it first.
    """
    ring = ring_by_node[origin]
    queue[0] = origin
    head = 0
    tail = 1
    while head < tail:
        node = queue[head]
        head += 1
        for edge in range(edge_start[node], edge_start[node + 1]):
            target = edge_target[edge]
            if target == node or ring_by_node[target] != ring:
                continue
            if target == origin:
                return edge
            local = _first_at(members, target)
            if came_by[local] == 0:
                came_by[local] = edge + 1
                queue[tail] = target
                tail += 1
    return -1


def shortest_cycle(rings: RingSet, edges: Rows, ring: int, origin: int) -> tuple[list[int], list[int]]:
    """A shortest cycle through a member of a ring: the nodes from `origin` on, and the edge that leaves each."""
    members = rings.members(ring)
    came_by = np.zeros(len(members), np.int64)  # memory that is not reached is not touched
    edge = -1
    if rings.ring_by_node[origin] == ring:
        edge = _close_cycle(origin, *edges, rings.ring_by_node, members, came_by, np.empty(len(members), np.int32))
    if edge < 0:
        raise ValueError(f"node {origin} is no member of ring {ring}")
    cycle_edges, nodes = [edge], [_source_of(edges, edge)]
    while nodes[-1] != origin:
        edge = int(came_by[np.searchsorted(members, nodes[-1])]) - 1
        cycle_edges.append(edge)
        nodes.append(_source_of(edges, edge))
    return nodes[::-1], cycle_edges[::-1]


def _source_of(edges: Rows, edge: int) -> int:
    """The node that an edge leaves."""
    return int(np.searchsorted(edges.start, edge, side="right")) - 1
