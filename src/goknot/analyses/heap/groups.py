"""Rings that look alike, counted together, with one to show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.holders import HolderKind, Holders
from goknot.analyses.heap.tiers import edges_of
from goknot.analyses.heap.verdicts import Reason, RingVerdicts
from goknot.kernels.components import shortest_cycle
from goknot.kernels.folding import sum_by, sum_rows
from goknot.kernels.grouping import Signatures, group_rings
from goknot.model.heap import HeapGraph

if TYPE_CHECKING:
    from goknot.model.heap import Int32s, Int64s

UNKNOWN = "unknown"
_MOST_HOLDERS = 5
_MADE_BY_SPECIALS = (Reason.FINALIZER_IN_RING, Reason.CLEANUP_HOLDS_OBJECT)
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """A kind of pointer: from a type, by a field, to a type. Names only."""

    source: str
    field: str
    target: str


@dataclass(frozen=True, slots=True)
class Example:
    """One ring of a group.

    Attributes:
        ring: Its number among all rings.
        objects: All members, ascending; int32.
        cycle: A shortest cycle through the object of `special`, if a finalizer or cleanup makes the ring what it is,
            else through the first member of the least type name; its first object is not repeated.
        cycle_edges: The edge that leaves each object of `cycle`.
        retained_bytes: What goes when the ring goes.
        special: The finalizer or cleanup that makes it so, or -1.
    """

    ring: int
    objects: Int32s = field(compare=False)
    cycle: tuple[int, ...]
    cycle_edges: tuple[int, ...]
    retained_bytes: int
    special: int


@dataclass(frozen=True, slots=True)
class RingGroup:
    """Rings with the same reason and the same kinds of pointers.

    Attributes:
        links: The kinds of pointers it is made of, sorted: its signature.
        n_instances: How many rings.
        n_objects: Their members.
        own_bytes: Bytes of the members.
        retained_bytes: What goes when each ring goes, summed; a ring inside what another keeps counts in both.
        holders: What holds most of the instances, as (kind, holder, instances), most first.
        n_holders: How many different holders there are.
        example: Of those that the first of `holders` holds, the one that keeps least, the lowest address first.
    """

    reason: Reason
    links: tuple[Link, ...]
    n_instances: int
    n_objects: int
    own_bytes: int
    retained_bytes: int
    holders: tuple[tuple[HolderKind, int, int], ...]
    n_holders: int
    example: Example

    @property
    def key(self) -> tuple[str, ...]:
        """The signature as text: the same in another image of the program."""
        return tuple(f"{link.source}.{link.field}->{link.target}" for link in self.links)


def sign_rings(graph: HeapGraph, verdicts: RingVerdicts, field_by_edge: Int32s | None = None) -> Signatures:
    """The kinds of pointers that each ring is made of.

    Args:
        graph: The heap.
        verdicts: The rings and their reasons.
        field_by_edge: inner edge (`kernels.components.list_inner_edges`) -> field label, -1 where not known; None for
            no fields at all.
    """
    return group_rings(
        verdicts.rings,
        edges_of(graph),
        label_by_node=graph.type_by_object,
        class_by_ring=verdicts.reason_by_ring.astype(np.int32),
        field_by_edge=field_by_edge,
    )


def group_by_signature(
    graph: HeapGraph,
    holders: Holders,
    verdicts: RingVerdicts,
    found: Signatures,
    retained: Callable[[], Int64s],
    *,
    type_names: Sequence[str],
    field_names: Sequence[str] = (),
) -> tuple[RingGroup, ...]:
    """Groups all rings, worst reason first, then by retained bytes, then by signature.

    Args:
        graph: The heap.
        holders: Who holds what.
        verdicts: The rings and their reasons.
        found: See `sign_rings`.
        retained: Gives `dominance.retained_by_ring`; asked for last, as it may still be worked on.
        type_names: type -> name.
        field_names: field label -> name, indices folded.
    """
    rings = verdicts.rings
    n_groups = len(found.triple_start) - 1
    group = found.group_by_ring
    n_instances = np.bincount(group, minlength=n_groups)
    own = sum_rows(rings.node_start, rings.node, graph.bytes_by_object)
    least_types = [_least_type(found, index, type_names) for index in range(n_groups)]
    _, only = np.unique(group, return_index=True)
    cycles = {
        index: _cycle(graph, verdicts, int(only[index]), least_types[index])
        for index in np.flatnonzero(n_instances == 1).tolist()
    }
    retained_by_ring = retained()
    totals = [sum_by(group, values, n_groups) for values in (np.diff(rings.node_start), own, retained_by_ring)]
    by_group = np.lexsort((retained_by_ring, group))  # stable: rings are numbered by address
    start = np.concatenate(([0], np.cumsum(n_instances)))
    seeds = holders.seeds_of(rings.node[rings.node_start[:-1]])
    made = []
    for index in range(n_groups):
        instances = by_group[start[index] : start[index + 1]]
        triples = found.triple[found.triple_start[index] : found.triple_start[index + 1]]
        links = {
            Link(
                name_of(type_names, int(found.source_by_triple[triple])),
                name_of(field_names, int(found.field_by_triple[triple]), ""),
                name_of(type_names, int(found.target_by_triple[triple])),
            )
            for triple in triples
        }
        kept_by = _count_holders(holders, seeds[instances])
        ring = int(instances[_first_held(holders, seeds[instances], kept_by)])
        cycle = cycles[index] if index in cycles else _cycle(graph, verdicts, ring, least_types[index])
        if len(instances) == 1:  # many roots may hold one ring: named is the one whose path is shown
            kept_by = _count_holders(holders, holders.seeds_of(np.array(cycle[0][:1], np.int32)))
        made.append(
            RingGroup(
                Reason(int(verdicts.reason_by_ring[instances[0]])),
                tuple(sorted(links)),
                len(instances),
                int(totals[0][index]),
                int(totals[1][index]),
                int(totals[2][index]),
                tuple(kept_by[:_MOST_HOLDERS]),
                len(kept_by),
                _example(verdicts, ring, int(retained_by_ring[ring]), cycle),
            )
        )
    return tuple(sorted(made, key=lambda one: (one.reason, -one.retained_bytes, one.links)))


def name_of(names: Sequence[str], label: int, missing: str = UNKNOWN) -> str:
    """The name of a label; labels below 0 have none."""
    return missing if label < 0 else names[label]


def _count_holders(holders: Holders, seeds: Int32s) -> list[tuple[HolderKind, int, int]]:
    known, counts = np.unique(seeds[seeds >= 0], return_counts=True)
    total: dict[tuple[HolderKind, int], int] = {}
    for seed, count in zip(known.tolist(), counts.tolist(), strict=True):
        holder = HolderKind(int(holders.kind_by_seed[seed])), int(holders.holder_by_seed[seed])
        total[holder] = total.get(holder, 0) + count
    return sorted(
        ((kind, holder, count) for (kind, holder), count in total.items()), key=lambda one: (-one[2], one[:2])
    )


def _first_held(holders: Holders, seeds: Int32s, kept_by: Sequence[tuple[HolderKind, int, int]]) -> int:
    """The first of a group's instances that what holds most of them holds; 0 if nothing holds any."""
    if not kept_by:
        return 0
    kind, holder, _ = kept_by[0]
    known = np.maximum(seeds, 0)
    held = (seeds >= 0) & (holders.kind_by_seed[known] == int(kind)) & (holders.holder_by_seed[known] == holder)
    return int(np.argmax(held))


def _least_type(found: Signatures, group: int, type_names: Sequence[str]) -> int:
    """The first type by name among a group's members: every member has an edge inside."""
    triples = found.triple[found.triple_start[group] : found.triple_start[group + 1]]
    labels = {int(label) for label in found.source_by_triple[triples]}
    return min(labels, key=lambda label: (label < 0, name_of(type_names, label)))


def _cycle(graph: HeapGraph, verdicts: RingVerdicts, ring: int, least_type: int) -> tuple[list[int], list[int]]:
    """A shortest cycle of a ring, and the edge that leaves each object of it."""
    rings, special = verdicts.rings, int(verdicts.special_by_ring[ring])
    if special >= 0 and verdicts.reason_by_ring[ring] in _MADE_BY_SPECIALS:
        origin = int(graph.specials.object_by_special[special])
    else:
        origin = _first_of_type(graph, rings.members(ring), least_type)
    return shortest_cycle(rings, edges_of(graph), ring, origin)


def _example(verdicts: RingVerdicts, ring: int, retained_bytes: int, cycle: tuple[list[int], list[int]]) -> Example:
    special = int(verdicts.special_by_ring[ring])
    return Example(ring, verdicts.rings.members(ring), tuple(cycle[0]), tuple(cycle[1]), retained_bytes, special)


def _first_of_type(graph: HeapGraph, members: Int32s, label: int) -> int:
    """The first member of a type that a member has; looked for piece by piece, as it is mostly near."""
    for start in range(0, len(members), _PIECE):
        piece = members[start : start + _PIECE]
        found = np.flatnonzero(graph.type_by_object[piece] == label)
        if len(found):
            return int(piece[found[0]])
    raise ValueError(f"no member has type {label}")
