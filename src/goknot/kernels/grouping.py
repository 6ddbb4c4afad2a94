"""Rings that look alike: equal sets of (type, field, type) over their inner edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goknot.kernels import _jit
from goknot.kernels._jit import IN_I32, IN_I64, OUT_I32, OUT_I64, helper, kernel
from goknot.kernels.components import RingSet
from goknot.kernels.dominators import Dominated
from goknot.kernels.memory import Allocator
from goknot.kernels.rows import Rows

_FIRST_ROOM = 1 << 12
_PRIME = 1099511628211


@dataclass(frozen=True, slots=True)
class Signatures:
    """Rings by what they are made of.

    Attributes:
        group_by_ring: ring -> group; int32. Groups are numbered by their first ring.
        triple_start: group -> first of its triples; n_groups + 1 entries, int64.
        triple: group's triple -> triple; int32. In the order of first occurrence in the group's first ring.
        source_by_triple: triple -> label of the node the edge leaves; int32.
        field_by_triple: triple -> label of the edge; int32.
        target_by_triple: triple -> label of the node the edge enters; int32.
    """

    group_by_ring: NDArray[np.int32]
    triple_start: NDArray[np.int64]
    triple: NDArray[np.int32]
    source_by_triple: NDArray[np.int32]
    field_by_triple: NDArray[np.int32]
    target_by_triple: NDArray[np.int32]


@helper
def _mix(value: int) -> int:
    mixed = np.int64(value) * np.int64(-7046029254386353131)
    mixed ^= (mixed >> 29) & np.int64(0x7FFFFFFFF)
    mixed *= np.int64(-4658895280553007687)
    return int(mixed ^ ((mixed >> 32) & np.int64(0xFFFFFFFF)))


@kernel(_jit.i64, IN_I32, IN_I32, IN_I32, OUT_I32, OUT_I64, OUT_I32)
def _number_triples(
    source: NDArray[np.int32],
    field: NDArray[np.int32],
    target: NDArray[np.int32],
    triple_by_edge: NDArray[np.int32],
    first_edge: NDArray[np.int64],
    table: NDArray[np.int32],
) -> int:
    """edge -> triple and triple -> its first edge; returns how many triples, or -1 when `table` is too small.

    `table` holds -1s before; its length is a power of two.
    """
    n_triples = 0
    for edge in range(len(source)):
        slot = _mix(_mix(_mix(source[edge]) + field[edge]) + target[edge]) & (len(table) - 1)
        while table[slot] >= 0:
            other = first_edge[table[slot]]
            if source[other] == source[edge] and field[other] == field[edge] and target[other] == target[edge]:
                break
            slot = (slot + 1) & (len(table) - 1)
        if table[slot] < 0:
            if 2 * n_triples >= len(table):
                return -1
            first_edge[n_triples] = edge
            table[slot] = n_triples
            n_triples += 1
        triple_by_edge[edge] = table[slot]
    return n_triples


@kernel(_jit.i64, IN_I64, IN_I32, IN_I32, OUT_I32, OUT_I64, OUT_I64, OUT_I32, OUT_I64, OUT_I32, OUT_I32)
def _group(
    edge_start: NDArray[np.int64],
    triple_by_edge: NDArray[np.int32],
    class_by_ring: NDArray[np.int32],
    group_by_ring: NDArray[np.int32],
    last_ring: NDArray[np.int64],
    start: NDArray[np.int64],
    group_class: NDArray[np.int32],
    group_hash: NDArray[np.int64],
    pool: NDArray[np.int32],
    table: NDArray[np.int32],
) -> int:
    """ring -> group, and each group's triples; returns how many groups, or -1 when there is too little room.

    Equal hashes are only a hint: the sets are compared. `last_ring` and `table` hold -1s before.
    """
    n_groups = 0
    start[0] = 0
    for ring in range(len(class_by_ring)):
        mixed = _mix(class_by_ring[ring])
        n_distinct = 0
        free = start[n_groups]  # the ring's own set is written where the next group's would be
        for edge in range(edge_start[ring], edge_start[ring + 1]):
            triple = triple_by_edge[edge]
            if last_ring[triple] == ring:
                continue
            last_ring[triple] = ring
            mixed += _mix(triple + _PRIME)
            if free + n_distinct == len(pool):
                return -1
            pool[free + n_distinct] = triple
            n_distinct += 1
        slot = _mix(mixed) & (len(table) - 1)
        while table[slot] >= 0:
            group = table[slot]
            same = group_hash[group] == mixed and group_class[group] == class_by_ring[ring]
            same = same and start[group + 1] - start[group] == n_distinct
            index = start[group]
            while same and index < start[group + 1]:
                same = last_ring[pool[index]] == ring
                index += 1
            if same:
                break
            slot = (slot + 1) & (len(table) - 1)
        if table[slot] < 0:
            if 2 * n_groups >= len(table):
                return -1
            group_class[n_groups] = class_by_ring[ring]
            group_hash[n_groups] = mixed
            start[n_groups + 1] = free + n_distinct
            table[slot] = n_groups
            n_groups += 1
        group_by_ring[ring] = table[slot]
    return n_groups


def group_rings(
    edge_start: NDArray[np.int64],
    *,
    source_label: NDArray[np.int32],
    field_label: NDArray[np.int32],
    target_label: NDArray[np.int32],
    class_by_ring: NDArray[np.int32],
) -> Signatures:
    """Groups rings of one class whose inner edges have the same set of labels.

    Args:
        edge_start: ring -> index of its first inner edge; n_rings + 1 entries.
        source_label: inner edge -> label of the node it leaves.
        field_label: inner edge -> label of the edge.
        target_label: inner edge -> label of the node it enters.
        class_by_ring: ring -> what else must be equal, e.g. a code for its verdict.
    """
    triple_by_edge = np.empty(len(source_label), np.int32)
    n_triples, room = -1, _FIRST_ROOM
    while n_triples < 0:
        first_edge, table = np.empty(room, np.int64), np.full(2 * room, -1, np.int32)
        n_triples = _number_triples(source_label, field_label, target_label, triple_by_edge, first_edge, table)
        room *= 8
    n_groups, room = -1, _FIRST_ROOM
    group_by_ring = np.empty(len(class_by_ring), np.int32)
    while n_groups < 0:
        start, group_class, group_hash = (
            np.empty(room + 1, np.int64),
            np.empty(room, np.int32),
            np.empty(room, np.int64),
        )
        pool, table = np.empty(4 * room, np.int32), np.full(2 * room, -1, np.int32)
        last_ring = np.full(n_triples, -1, np.int64)
        n_groups = _group(
            edge_start,
            triple_by_edge,
            class_by_ring,
            group_by_ring,
            last_ring,
            start,
            group_class,
            group_hash,
            pool,
            table,
        )
        room *= 8
    first = first_edge[:n_triples]
    start = start[: n_groups + 1].copy()
    labels = source_label[first], field_label[first], target_label[first]
    return Signatures(group_by_ring, start, pool[: start[-1]].copy(), *labels)


@kernel(_jit.void, IN_I64, IN_I32, IN_I32, IN_I32, IN_I32, IN_I32, OUT_I32)
def _find_entries(
    node_start: NDArray[np.int64],
    members: NDArray[np.int32],
    ring_by_node: NDArray[np.int32],
    position: NDArray[np.int32],
    node_at: NDArray[np.int32],
    idom: NDArray[np.int32],
    entry: NDArray[np.int32],
) -> None:
    n = len(ring_by_node)
    for ring in range(len(node_start) - 1):
        n_entries = 0
        for index in range(node_start[ring], node_start[ring + 1]):
            node = members[index]
            here = position[node]
            if here < 0:
                n_entries = 2
                break
            above = node_at[idom[here]]
            if above >= n or ring_by_node[above] != ring:
                entry[ring] = node
                n_entries += 1
        if n_entries != 1:
            entry[ring] = -1


def single_entries(rings: RingSet, tree: Dominated) -> NDArray[np.int32]:
    """ring -> the member that dominates all others, or -1 if there is none; int32."""
    entry = np.empty(rings.n_rings, np.int32)
    _find_entries(
        rings.node_start,
        rings.node,
        rings.ring_by_node,
        tree.position_by_node,
        tree.node_by_position,
        tree.idom_by_position,
        entry,
    )
    return entry


@kernel(_jit.void, IN_I64, IN_I32, IN_I32, IN_I32, OUT_I32)
def _lead(
    edge_start: NDArray[np.int64],
    edge_target: NDArray[np.int32],
    ring_by_node: NDArray[np.int32],
    first_by_ring: NDArray[np.int32],
    led: NDArray[np.int32],
) -> None:
    for node in range(len(edge_start) - 1):
        for edge in range(edge_start[node], edge_start[node + 1]):
            target = edge_target[edge]
            ring = ring_by_node[target]
            outside = ring >= 0 and ring_by_node[node] != ring and first_by_ring[ring] >= 0
            led[edge] = first_by_ring[ring] if outside else target


def lead_into_rings(
    edges: Rows, ring_by_node: NDArray[np.int32], first_by_ring: NDArray[np.int32], alloc: Allocator | None = None
) -> Rows:
    """The graph with every edge that enters a ring led to one of its members.

    Args:
        edges: node -> nodes it points at.
        ring_by_node: node -> ring, or -1.
        first_by_ring: ring -> the member to lead to, or -1 to leave its edges as they are.
        alloc: Where arrays come from.
    """
    led = (alloc or Allocator()).empty(len(edges.target), np.int32)
    _lead(*edges, ring_by_node, first_by_ring, led)
    return Rows(edges.start, led)
