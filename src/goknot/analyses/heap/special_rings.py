"""Specials whose own words reach their object: cleanups and finalizers that capture what they wait for.

Such a knot needs no ring of objects: object -> cleanup -> closure -> object. Knots whose specials all lie on rings of
objects are left to `verdicts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.dominance import HeapTree, retained_by_set
from goknot.analyses.heap.groups import Link, name_of
from goknot.analyses.heap.holders import Holders
from goknot.analyses.heap.verdicts import HELD, Reason, RingVerdicts, reasons_of_tiers
from goknot.kernels.components import shortest_cycle
from goknot.kernels.grouping import group_rings
from goknot.kernels.memory import Allocator
from goknot.model.heap import NO_ID, HeapGraph, SpecialKind

if TYPE_CHECKING:
    from goknot.model.heap import Int32s, UInt8s

NAME_BY_KIND = {kind: kind.name.lower().replace("_", " ") for kind in SpecialKind}


@dataclass(frozen=True, slots=True)
class SpecialStep:
    """A member of a knot of specials: an object, or a special."""

    is_special: bool
    id: int


@dataclass(frozen=True, slots=True)
class SpecialGroup:
    """Knots of specials that look alike.

    Attributes:
        reason: Why they have their verdict, as for rings of objects (`RingVerdicts`).
        links: The kinds of steps they are made of, sorted; specials stand by their kind's name.
        n_instances: How many knots.
        cycle: A shortest cycle of the example through its first special, which comes first.
        objects: The objects of the example, ascending.
        retained_bytes: What goes when the objects of the example go; exact.
    """

    reason: Reason
    links: tuple[Link, ...]
    n_instances: int
    cycle: tuple[SpecialStep, ...]
    objects: tuple[int, ...]
    retained_bytes: int


def group_special_rings(
    graph: HeapGraph,
    holders: Holders,
    verdicts: RingVerdicts,
    heap: HeapTree,
    *,
    type_names: Sequence[str],
    alloc: Allocator | None = None,
) -> tuple[SpecialGroup, ...]:
    """Groups knots of specials, worst reason first, then the most, then by links.

    Args:
        graph: The heap.
        holders: Who holds what, and the graph of specials.
        verdicts: The rings of objects.
        heap: The dominator tree.
        type_names: type -> name.
        alloc: Where arrays come from.
    """
    held = holders.specials
    rings, n_objects = held.rings, len(held.objects)
    chosen = _rings_to_show(graph, holders, verdicts)
    if not len(chosen):
        return ()
    kinds = graph.specials.kind_by_special[held.specials].astype(np.int32)
    labels = np.concatenate((graph.type_by_object[held.objects], kinds + np.int32(len(type_names))))
    names = [*type_names, *(NAME_BY_KIND[kind] for kind in SpecialKind)]
    reasons = _reasons(graph, holders, chosen)
    class_by_ring = np.full(rings.n_rings, NO_ID, np.int32)
    class_by_ring[chosen] = reasons
    found = group_rings(rings, held.edges, label_by_node=labels, class_by_ring=class_by_ring)
    groups = []
    for group in np.unique(found.group_by_ring[chosen]).tolist():
        instances = chosen[found.group_by_ring[chosen] == group]
        triples = found.triple[found.triple_start[group] : found.triple_start[group + 1]]
        links = {
            Link(name_of(names, int(found.source_by_triple[one])), "", name_of(names, int(found.target_by_triple[one])))
            for one in triples
        }
        first = int(instances[0])
        members = rings.node[rings.node_start[first] : rings.node_start[first + 1]]
        objects = held.objects[members[members < n_objects]]
        origin = int(members[members >= n_objects][0])
        cycle, _ = shortest_cycle(rings, held.edges, first, origin)
        steps = [SpecialStep(node >= n_objects, _id_of(held.objects, held.specials, node)) for node in cycle]
        _, retained = retained_by_set(heap, holders, objects, alloc)
        reason = Reason(int(class_by_ring[first]))
        kept = tuple(objects.tolist())
        groups.append(SpecialGroup(reason, tuple(sorted(links)), len(instances), tuple(steps), kept, retained))
    return tuple(sorted(groups, key=lambda one: (one.reason, -one.n_instances, one.links)))


def _id_of(objects: Int32s, specials: Int32s, node: int) -> int:
    return int(objects[node]) if node < len(objects) else int(specials[node - len(objects)])


def _rings_to_show(graph: HeapGraph, holders: Holders, verdicts: RingVerdicts) -> Int32s:
    """The rings of the small graph with a special whose object lies on no ring of objects."""
    held = holders.specials
    ring = held.rings.ring_by_node[len(held.objects) :]
    alone = verdicts.rings.ring_by_node[graph.specials.object_by_special[held.specials]] < 0
    return np.unique(ring[alone & (ring >= 0)]).astype(np.int32)


def _reasons(graph: HeapGraph, holders: Holders, chosen: Int32s) -> UInt8s:
    held = holders.specials
    rings = held.rings
    members = rings.node[rings.node_start[chosen]]  # objects come before specials
    reasons = reasons_of_tiers(holders.tier_by_object[held.objects[members]])
    ring = rings.ring_by_node[len(held.objects) :]
    finalizer = graph.specials.kind_by_special[held.specials] == SpecialKind.FINALIZER
    with_finalizer = np.isin(chosen, ring[finalizer])
    stuck = np.isin(reasons, HELD)
    reasons[stuck & with_finalizer] = Reason.FINALIZER_IN_RING
    reasons[stuck & ~with_finalizer] = Reason.CLEANUP_HOLDS_OBJECT
    return reasons
