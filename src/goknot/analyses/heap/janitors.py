"""Goroutines that keep the very object whose finalizer or cleanup would end them.

A cache starts a goroutine that cleans it until a channel is closed, and sets a finalizer on itself that closes the
channel. The goroutine's stack holds the cache, so the finalizer never runs: the janitor keeps the house for ever.
Such a goroutine can be woken (by its ticker), so it is not one of the leaked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.dominance import HeapTree, NodeKind, retained_by_set
from goknot.analyses.heap.holders import Holders
from goknot.analyses.heap.verdicts import RingVerdicts
from goknot.kernels.memory import Allocator
from goknot.model.heap import NO_ID, Block, HeapGraph, SpecialKind

if TYPE_CHECKING:
    from goknot.model.heap import Int32s, Int64s

_MAX_CLIMB = 10_000  # steps up the dominator tree: a channel or a handle lies near its goroutine
_MAX_SEARCH = 2_000  # objects looked at between the object and the channel


@dataclass(frozen=True, slots=True)
class Janitor:
    """A goroutine, the object that it alone keeps, and the channel that only the object's special would use.

    Attributes:
        goroutine: Index of the goroutine.
        special: The finalizer or cleanup that cannot run.
        object: What it is set on.
        wait: What the goroutine waits on and only it keeps.
        path: From the object (or a word of the special) to `wait`.
    """

    goroutine: int
    special: int
    object: int
    wait: int
    path: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class JanitorGroup:
    """Janitors with the same stack whose objects have the same type and kind of special, in order of their numbers.

    Attributes:
        janitors: They, ascending by Go's number of the goroutine.
        retained_bytes: What goes when all their objects go; exact.
    """

    janitors: tuple[Janitor, ...]
    retained_bytes: int


def group_janitors(
    graph: HeapGraph, holders: Holders, verdicts: RingVerdicts, heap: HeapTree, alloc: Allocator | None = None
) -> tuple[JanitorGroup, ...]:
    """Groups janitors: those that keep most first, then the larger group, then the lower number.

    Args:
        graph: The heap.
        holders: Who holds what.
        verdicts: The rings of objects: what lies on one is told there.
        heap: The dominator tree.
        alloc: Where arrays come from.
    """
    goroutines, specials = graph.goroutines, graph.specials
    groups: dict[tuple[int, int, int], list[Janitor]] = {}
    for one in sorted(
        _janitors(graph, holders, verdicts, heap), key=lambda j: int(goroutines.goid_by_goroutine[j.goroutine])
    ):
        stack = int(goroutines.stack_by_goroutine[one.goroutine])
        kind = int(specials.kind_by_special[one.special])
        groups.setdefault((stack, int(graph.type_by_object[one.object]), kind), []).append(one)
    found = []
    for members in groups.values():
        objects = np.unique([one.object for one in members]).astype(np.int32)
        # their goroutines go with them: what only these hold is no longer held
        own = np.isin(graph.roots.goroutine_by_root, [one.goroutine for one in members])
        _, retained = retained_by_set(heap, holders, objects, alloc, np.flatnonzero(own))
        found.append(JanitorGroup(tuple(members), retained))
    goids = goroutines.goid_by_goroutine
    order = lambda one: (-one.retained_bytes, -len(one.janitors), int(goids[one.janitors[0].goroutine]))  # noqa: E731
    return tuple(sorted(found, key=order))


def _janitors(graph: HeapGraph, holders: Holders, verdicts: RingVerdicts, heap: HeapTree) -> list[Janitor]:
    specials, goroutines = graph.specials, graph.goroutines
    runs = np.isin(specials.kind_by_special, (SpecialKind.FINALIZER, SpecialKind.CLEANUP))
    chosen = np.flatnonzero(runs & (verdicts.rings.ring_by_node[specials.object_by_special] < 0))
    keeper = _keepers(heap, specials.object_by_special[chosen])
    waiting = np.flatnonzero((goroutines.block_by_goroutine == Block.ON_OBJECTS) & holders.leaked.is_live)
    known = np.isin(keeper, waiting)
    waits_by_goroutine = {int(one): _own_waits(graph, heap, int(one)) for one in np.unique(keeper[known])}
    found = []
    for special, goroutine in zip(chosen[known].tolist(), keeper[known].tolist(), strict=True):
        waits = waits_by_goroutine[goroutine]
        path = _way(graph, special, waits) if waits else ()
        if path:
            found.append(Janitor(goroutine, special, int(specials.object_by_special[special]), path[-1], path))
    return found


def _keepers(heap: HeapTree, objects: Int32s) -> Int64s:
    """The goroutine that alone keeps each object, or -1."""
    first, last = heap.node_of(NodeKind.GOROUTINE), heap.node_of(NodeKind.ROOT)
    tree, n_objects = heap.tree, heap.graph.n_objects
    keeper = np.full(len(objects), NO_ID, np.int64)
    position = tree.position_by_node[objects].astype(np.int64)
    for _ in range(_MAX_CLIMB):
        climbing = np.flatnonzero(position > 0)
        if not len(climbing):
            break
        position[climbing] = tree.idom_by_position[position[climbing]]
        node = tree.node_by_position[position[climbing]]
        is_goroutine = (node >= first) & (node < last)
        keeper[climbing[is_goroutine]] = node[is_goroutine] - first
        position[climbing[is_goroutine | ((node >= n_objects) & (node < first))]] = NO_ID
    return keeper


def _own_waits(graph: HeapGraph, heap: HeapTree, goroutine: int) -> frozenset[int]:
    """What a goroutine waits on and alone keeps."""
    first, last = graph.goroutines.wait_start[goroutine : goroutine + 2]
    waits = np.unique(graph.goroutines.wait_object_by_wait[first:last])
    waits = waits[waits != NO_ID]
    return frozenset(waits[_keepers(heap, waits) == goroutine].tolist())


def _way(graph: HeapGraph, special: int, waits: frozenset[int]) -> tuple[int, ...]:
    """A shortest way from a special's object, or from one of its own words, to one of `waits`."""
    specials = graph.specials
    first, last = specials.target_start[special : special + 2]
    starts = [int(specials.object_by_special[special]), *sorted(set(specials.target_object[first:last].tolist()))]
    came_from = dict.fromkeys(starts, NO_ID)
    queue = list(came_from)
    for one in queue:
        if one in waits:
            path = [one]
            while came_from[path[-1]] != NO_ID:
                path.append(came_from[path[-1]])
            return tuple(reversed(path))
        if len(came_from) < _MAX_SEARCH:
            for target in graph.edge_target[graph.edge_start[one] : graph.edge_start[one + 1]].tolist():
                if target not in came_from:
                    came_from[target] = one
                    queue.append(target)
    return ()
