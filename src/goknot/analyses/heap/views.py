"""Questions about one type or one object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.dominance import HeapTree, retained_by_set
from goknot.analyses.heap.holders import Holders, Hop
from goknot.analyses.heap.tiers import Tier
from goknot.kernels.memory import Allocator
from goknot.model.heap import HeapGraph

if TYPE_CHECKING:
    from goknot.model.heap import Int32s


@dataclass(frozen=True, slots=True)
class SetSizes:
    """What a set of objects weighs.

    Attributes:
        n_objects: The reachable objects of the set.
        own_bytes: Their own sizes.
        n_retained: Objects that go when all of them go, they included.
        retained_bytes: The bytes of those.
    """

    n_objects: int
    own_bytes: int
    n_retained: int
    retained_bytes: int


def objects_of_type(graph: HeapGraph, label: int) -> Int32s:
    """The objects of a type, garbage included, ascending."""
    return np.flatnonzero(graph.type_by_object == label).astype(np.int32)


def weigh(holders: Holders, heap: HeapTree, objects: Int32s, alloc: Allocator | None = None) -> SetSizes:
    """What goes when all reachable ones of `objects` go; exact."""
    live = objects[holders.tier_by_object[objects] != Tier.GARBAGE]
    n_retained, retained = retained_by_set(heap, holders, live, alloc) if len(live) else (0, 0)
    return SetSizes(len(live), int(heap.graph.bytes_by_object[live].sum()), n_retained, retained)


def object_at(graph: HeapGraph, address: int) -> int:
    """The object whose slot holds an address, or -1."""
    if not 0 <= address < 1 << 64:
        return -1
    index = int(np.searchsorted(graph.addr_by_object, np.uint64(address), side="right")) - 1
    inside = index >= 0 and address - int(graph.addr_by_object[index]) < int(graph.bytes_by_object[index])
    return index if inside else -1


def nearest_of(holders: Holders, objects: Int32s) -> int:
    """Of `objects` the one that is held most firmly, then by the shortest path; -1 if all are garbage."""
    wanted = np.zeros(len(holders.tier_by_object), np.bool_)
    wanted[objects] = True
    order = holders.found.order
    reached = np.flatnonzero(wanted[order])
    return int(order[reached[0]]) if len(reached) else -1


def path_to_type(graph: HeapGraph, holders: Holders, label: int) -> tuple[Hop, ...]:
    """The shortest path to any object of a type; empty if none is reachable."""
    nearest = nearest_of(holders, objects_of_type(graph, label))
    return holders.path(nearest) if nearest >= 0 else ()
