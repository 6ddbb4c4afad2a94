"""Rings that look alike: equal sets of (type, field, type) over their inner edges."""

# ruff: noqa: PLR0915, PLR0917  (kernels take arrays one by one and are one loop each)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goknot.kernels import _jit
from goknot.kernels._jit import IN_I32, IN_I64, OUT_I32, helper, kernel
from goknot.kernels.components import RingSet
from goknot.kernels.dominators import Dominated
from goknot.kernels.memory import Allocator
from goknot.kernels.rows import Rows

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


@kernel(_jit.tuple_of(OUT_I32, OUT_I32, OUT_I32, OUT_I32), IN_I32, IN_I32, IN_I32)
def _number_triples(
    source: NDArray[np.int32], field: NDArray[np.int32], target: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """edge -> triple, and the three labels of each triple."""
    triple_by_edge = np.empty(len(source), np.int32)
    first_edge = np.empty(64, np.int64)
    table = np.full(256, -1, np.int32)
    n_triples = 0
    for edge in range(len(source)):
        mixed = _mix(_mix(_mix(source[edge]) + field[edge]) + target[edge])
        slot = mixed & (len(table) - 1)
        while table[slot] >= 0:
            other = first_edge[table[slot]]
            if source[other] == source[edge] and field[other] == field[edge] and target[other] == target[edge]:
                break
            slot = (slot + 1) & (len(table) - 1)
        if table[slot] < 0:
            if n_triples == len(first_edge):
                first_edge = np.concatenate((first_edge, np.empty(n_triples, np.int64)))
            first_edge[n_triples] = edge
            table[slot] = n_triples
            n_triples += 1
        triple_by_edge[edge] = table[slot]
        if 2 * n_triples > len(table):
            table = np.full(2 * len(table), -1, np.int32)
            for triple in range(n_triples):
                other = first_edge[triple]
                slot = _mix(_mix(_mix(source[other]) + field[other]) + target[other]) & (len(table) - 1)
                while table[slot] >= 0:
                    slot = (slot + 1) & (len(table) - 1)
                table[slot] = triple
    first_edge = first_edge[:n_triples]
    return triple_by_edge, source[first_edge], field[first_edge], target[first_edge]


@kernel(_jit.tuple_of(OUT_I32, _jit.OUT_I64, OUT_I32), IN_I64, IN_I32, IN_I32, _jit.i64)
def _group(
    edge_start: NDArray[np.int64], triple_by_edge: NDArray[np.int32], class_by_ring: NDArray[np.int32], n_triples: int
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]]:
    """ring -> group, and each group's triples. Equal hashes are only a hint: the sets are compared."""
    n_rings = len(class_by_ring)
    group_by_ring = np.empty(n_rings, np.int32)
    last_ring = np.full(n_triples, -1, np.int64)
    start = np.zeros(64, np.int64)
    group_class = np.empty(64, np.int32)
    group_hash = np.empty(64, np.int64)
    pool = np.empty(256, np.int32)
    table = np.full(256, -1, np.int32)
    n_groups = 0
    for ring in range(n_rings):
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
                pool = np.concatenate((pool, np.empty(len(pool), np.int32)))
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
            if n_groups + 1 == len(start):
                start = np.concatenate((start, np.zeros(len(start), np.int64)))
                group_class = np.concatenate((group_class, np.empty(len(group_class), np.int32)))
                group_hash = np.concatenate((group_hash, np.empty(len(group_hash), np.int64)))
            group_class[n_groups] = class_by_ring[ring]
            group_hash[n_groups] = mixed
            start[n_groups + 1] = free + n_distinct
            table[slot] = n_groups
            n_groups += 1
        group_by_ring[ring] = table[slot]
        if 2 * n_groups > len(table):
            table = np.full(2 * len(table), -1, np.int32)
            for group in range(n_groups):
                slot = _mix(group_hash[group]) & (len(table) - 1)
                while table[slot] >= 0:
                    slot = (slot + 1) & (len(table) - 1)
                table[slot] = group
    return group_by_ring, start[: n_groups + 1].copy(), pool[: start[n_groups]].copy()


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
    triple_by_edge, source, field, target = _number_triples(source_label, field_label, target_label)
    group_by_ring, start, pool = _group(edge_start, triple_by_edge, class_by_ring, len(source))
    return Signatures(group_by_ring, start, pool, source, field, target)


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
