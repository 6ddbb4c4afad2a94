"""Finalizers and cleanups that can never run because what they hold reaches their object.

The collector marks what a special holds on every cycle, whether its object lives or not. So a special is *self-held*
when its object is reached from what it holds; unless something firmer lets go of the object first and clears the
special, it never runs. Whatever hangs on such a special is *stuck* with it. All of it is found as rings of a graph in
which specials are nodes: object -> special -> what the special holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.tiers import Tier, edges_of, expand_tiers, gather
from goknot.kernels.components import RingSet, find_rings
from goknot.kernels.memory import Allocator
from goknot.kernels.reach import flood, spread
from goknot.kernels.rows import Rows
from goknot.kernels.subsets import pairs_within, rows_of
from goknot.model.heap import HeapGraph, ObjectFlag, ObjectState, SpecialKind

if TYPE_CHECKING:
    import numpy.typing as npt

    from goknot.model.heap import Int32s, UInt8s

    Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class HeldSpecials:
    """Specials that hold their own object, and what that leads to.

    Attributes:
        is_self_held: special -> True if what it holds reaches its object.
        is_stuck: special -> True if nothing but stuck specials holds its object: it can never run.
        objects: node -> object; nodes from `len(objects)` on are the specials of `specials`.
        specials: special of the small graph -> special.
        edges: The small graph.
        rings: The rings of the small graph.
    """

    is_self_held: Bools
    is_stuck: Bools
    objects: Int32s
    specials: Int32s
    edges: Rows
    rings: RingSet


def _reach_of_words(graph: HeapGraph, tier_by_object: UInt8s, alloc: Allocator | None) -> Bools:
    """Objects reached from the words of finalizers and cleanups, never through the runtime's structures."""
    specials = graph.specials
    runs = np.flatnonzero(specials.kind_by_special != SpecialKind.WEAK_HANDLE)
    _, seeds = gather(Rows(specials.target_start, specials.target_object), runs)
    if not len(seeds):
        return np.zeros(graph.n_objects, np.bool_)
    mark = ((graph.flags_by_object & ObjectFlag.RUNTIME) != 0).astype(np.uint8) * np.uint8(2)
    mark[tier_by_object == Tier.GARBAGE] = 0
    plain = np.zeros(graph.n_objects, np.uint8)
    flood(edges_of(graph), seeds, mark, cut=plain, tier_by_node=plain, alloc=alloc)
    found: Bools = mark == 1
    return found


def _unheld(graph: HeapGraph, tier_by_object: UInt8s, tier_by_root: UInt8s, alloc: Allocator | None) -> Bools:
    """Objects that neither a tier run so far nor a pool nor the queues reach."""
    reached = tier_by_object != Tier.GARBAGE
    if reached.all():
        return np.zeros(graph.n_objects, np.bool_)
    mark = reached.astype(np.uint8)
    roots = graph.roots
    later = np.flatnonzero((tier_by_root == Tier.POOL) | (tier_by_root == Tier.QUEUE))
    _, from_roots = gather(Rows(roots.target_start, roots.target_object), later)
    closed = np.flatnonzero(reached & (expand_tiers(graph) == Tier.POOL))
    _, from_pools = gather(edges_of(graph), closed)
    plain = np.zeros(graph.n_objects, np.uint8)
    seeds = np.concatenate((from_roots, from_pools)).astype(np.int32, copy=False)
    flood(edges_of(graph), seeds, mark, cut=plain, tier_by_node=plain, alloc=alloc)
    unheld: Bools = mark == 0
    return unheld


def find_stuck(
    graph: HeapGraph, kept: Rows, tier_by_object: UInt8s, tier_by_root: UInt8s, alloc: Allocator | None = None
) -> HeldSpecials:
    """Finds self-held and stuck specials.

    Args:
        graph: The heap.
        kept: special -> objects it holds.
        tier_by_object: object -> Tier, for the tiers firmer than `STUCK`.
        tier_by_root: root -> Tier.
        alloc: Where arrays come from.
    """
    specials = graph.specials
    swept = graph.state_by_object[specials.object_by_special] == ObjectState.ALLOCATED
    unheld = _unheld(graph, tier_by_object, tier_by_root, alloc)
    of_unheld = unheld[specials.object_by_special] & swept
    inside = _reach_of_words(graph, tier_by_object, alloc)
    if not inside[specials.object_by_special].any():
        inside[:] = False  # no special's words reach an object with a special: only unheld finalizers matter
    _, seeds = gather(kept, np.flatnonzero(of_unheld))
    mark = (~unheld).astype(np.uint8)
    plain = np.zeros(graph.n_objects, np.uint8)
    inside[flood(edges_of(graph), seeds, mark, cut=plain, tier_by_node=plain, alloc=alloc)] = True
    objects = np.flatnonzero(inside).astype(np.int32)
    chosen = np.flatnonzero(swept & inside[specials.object_by_special]).astype(np.int32)
    edges = _small_graph(graph, kept, objects, chosen, alloc)
    rings = find_rings(edges, alloc=alloc)
    self_held = np.zeros(graph.n_specials, np.bool_)
    self_held[chosen] = rings.ring_by_node[len(objects) :] >= 0
    stuck = np.zeros(graph.n_specials, np.bool_)
    origin = np.flatnonzero((self_held & of_unheld)[chosen]) + len(objects)
    tiers = spread(edges, [origin.astype(np.int32)], np.zeros(edges.n_rows, np.uint8), alloc).tier_by_node
    stuck[chosen] = (tiers[len(objects) :] == 0) & of_unheld[chosen]
    return HeldSpecials(self_held, stuck, objects, chosen, edges, rings)


def _small_graph(graph: HeapGraph, kept: Rows, objects: Int32s, chosen: Int32s, alloc: Allocator | None) -> Rows:
    """object -> special -> what it holds, and the pointers between the objects."""
    after_by_object = np.zeros(graph.n_objects, np.int32)
    after_by_object[objects] = np.arange(1, len(objects) + 1, dtype=np.int32)
    source, target = pairs_within(edges_of(graph), objects, after_by_object, alloc)
    special_node = np.arange(len(chosen), dtype=np.int32) + np.int32(len(objects))
    owner, held = gather(kept, chosen)
    inside = after_by_object[held] > 0
    sources = (
        source,
        after_by_object[graph.specials.object_by_special[chosen]] - np.int32(1),
        special_node[owner[inside]],
    )
    targets = (target, special_node, after_by_object[held[inside]] - np.int32(1))
    return rows_of(len(objects) + len(chosen), np.concatenate(sources), np.concatenate(targets), alloc)
