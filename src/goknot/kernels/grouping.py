"""Rings that look alike: equal sets of (type, field, type) over their inner edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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


_TRIPLES = _jit.tuple_of(OUT_I32, OUT_I32, OUT_I32, OUT_I64, OUT_I32)
_GROUPS = _jit.tuple_of(OUT_I64, OUT_I32, OUT_I64, OUT_I32, OUT_I32)


@helper
def _triple_of(
    source: int,
    field: int,
    target: int,
    n_triples: int,
    sources: NDArray[np.int32],
    fields: NDArray[np.int32],
    targets: NDArray[np.int32],
    last_ring: NDArray[np.int64],
    table: NDArray[np.int32],
) -> int:
    """The number of a triple, `n_triples` when it is new (and then noted), or -1 when the table is too small."""
    slot = _mix(_mix(_mix(source) + field) + target) & (len(table) - 1)
    while table[slot] >= 0:
        found = table[slot]
        if sources[found] == source and fields[found] == field and targets[found] == target:
            return int(found)
        slot = (slot + 1) & (len(table) - 1)
    if 2 * n_triples >= len(table):
        return -1
    sources[n_triples], fields[n_triples], targets[n_triples] = source, field, target
    last_ring[n_triples] = -1
    table[slot] = n_triples
    return n_triples


@kernel(
    _jit.tuple_of(_jit.i64, _jit.i64),
    *(IN_I64, IN_I32, IN_I32, IN_I64, IN_I32, IN_I32, IN_I32, IN_I32, OUT_I32, _TRIPLES, _GROUPS),
)
def _group(
    edge_start: NDArray[np.int64],
    edge_target: NDArray[np.int32],
    ring_by_node: NDArray[np.int32],
    node_start: NDArray[np.int64],
    members: NDArray[np.int32],
    label_by_node: NDArray[np.int32],
    field_by_edge: NDArray[np.int32],
    class_by_ring: NDArray[np.int32],
    group_by_ring: NDArray[np.int32],
    triples: Any,
    groups: Any,
) -> tuple[int, int]:
    """ring -> group, and each group's triples; returns how many groups and triples, -1 where there is too little room.

    Equal hashes are only a hint: the sets are compared. Both tables hold -1s before; their length is a power of two.
    """
    sources, fields, targets, last_ring, triple_table = triples
    start, group_class, group_hash, pool, table = groups
    n_groups, n_triples, n_inner = 0, 0, 0
    start[0] = 0
    for ring in range(len(class_by_ring)):
        mixed = _mix(class_by_ring[ring])
        n_distinct = 0
        free = start[n_groups]  # the ring's own set is written where the next group's would be
        before, before_source, before_field, before_target = -1, 0, 0, 0
        for index in range(node_start[ring], node_start[ring + 1]):
            node = members[index]
            for edge in range(edge_start[node], edge_start[node + 1]):
                target = edge_target[edge]
                if target == node or ring_by_node[target] != ring:
                    continue
                field = field_by_edge[n_inner] if len(field_by_edge) else -1
                n_inner += 1
                one, other = label_by_node[node], label_by_node[target]
                if before >= 0 and one == before_source and field == before_field and other == before_target:
                    continue  # one of many alike
                triple = _triple_of(one, field, other, n_triples, sources, fields, targets, last_ring, triple_table)
                if triple < 0:
                    return n_groups, -1
                before, before_source, before_field, before_target = triple, one, field, other
                n_triples = max(n_triples, triple + 1)
                if last_ring[triple] == ring:
                    continue
                last_ring[triple] = ring
                mixed += _mix(triple + _PRIME)
                if free + n_distinct == len(pool):
                    return -1, n_triples
                pool[free + n_distinct] = triple
                n_distinct += 1
        slot = _mix(mixed) & (len(table) - 1)
        while table[slot] >= 0:
            group = table[slot]
            same = group_hash[group] == mixed and group_class[group] == class_by_ring[ring]
            same = same and start[group + 1] - start[group] == n_distinct
            at = start[group]
            while same and at < start[group + 1]:
                same = last_ring[pool[at]] == ring
                at += 1
            if same:
                break
            slot = (slot + 1) & (len(table) - 1)
        if table[slot] < 0:
            if 2 * n_groups >= len(table):
                return -1, n_triples
            group_class[n_groups] = class_by_ring[ring]
            group_hash[n_groups] = mixed
            start[n_groups + 1] = free + n_distinct
            table[slot] = n_groups
            n_groups += 1
        group_by_ring[ring] = table[slot]
    return n_groups, n_triples


def group_rings(
    rings: RingSet,
    edges: Rows,
    *,
    label_by_node: NDArray[np.int32],
    class_by_ring: NDArray[np.int32],
    field_by_edge: NDArray[np.int32] | None = None,
) -> Signatures:
    """Groups rings of one class whose inner edges have the same set of labels.

    Args:
        rings: The rings.
        edges: What they were found by.
        label_by_node: node -> label, of edges that leave it and that enter it.
        class_by_ring: ring -> what else must be equal, e.g. a code for its verdict.
        field_by_edge: inner edge (`list_inner_edges`) -> label of the edge; None for no labels, which are then -1.
    """
    fields = np.empty(0, np.int32) if field_by_edge is None else field_by_edge
    group_by_ring = np.empty(rings.n_rings, np.int32)
    n_groups, n_triples, room, triple_room = -1, -1, _FIRST_ROOM, _FIRST_ROOM
    while True:
        sources, names, targets = (np.empty(triple_room, np.int32) for _ in range(3))
        triple_table = np.full(2 * triple_room, -1, np.int32)
        start, group_hash = np.empty(room + 1, np.int64), np.empty(room, np.int64)
        pool, table = np.empty(4 * room, np.int32), np.full(2 * room, -1, np.int32)
        n_groups, n_triples = _group(
            *edges,
            rings.ring_by_node,
            rings.node_start,
            rings.node,
            label_by_node,
            fields,
            class_by_ring,
            group_by_ring,
            (sources, names, targets, np.empty(triple_room, np.int64), triple_table),
            (start, np.empty(room, np.int32), group_hash, pool, table),
        )
        if n_groups >= 0 and n_triples >= 0:
            break
        room, triple_room = room * (8 if n_groups < 0 else 1), triple_room * (8 if n_triples < 0 else 1)
    start = start[: n_groups + 1].copy()
    labels = sources[:n_triples], names[:n_triples], targets[:n_triples]
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
