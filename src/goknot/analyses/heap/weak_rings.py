"""Weak-keyed maps whose values reach their keys: entries that never go.

A map from `weak.Pointer[K]` is meant to forget an entry when its key dies. When a value reaches a key, the map holds
the key, and the entry stays as long as the map.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.dominance import HeapTree
from goknot.analyses.heap.groups import name_of
from goknot.analyses.heap.holders import Holders, edge_between
from goknot.analyses.heap.tiers import Tier, edges_of, gather
from goknot.kernels.dominators import subtree_intervals
from goknot.kernels.memory import Allocator
from goknot.kernels.reach import path_to, spread
from goknot.kernels.rows import Rows
from goknot.kernels.subsets import sources_of
from goknot.model.heap import HeapGraph, ObjectFlag, SpecialKind

if TYPE_CHECKING:
    from goknot.model.heap import Int32s


@dataclass(frozen=True, slots=True)
class WeakGroup:
    """Keys that maps hold weakly by one word and firmly by another, by types.

    Attributes:
        map_type: Name of the storage's type.
        key_type: Name of the key's type.
        keys: The keys, ascending.
        retained_bytes: Bytes that go when the keys go, each for itself.
        storage: The example's map storage.
        path: From the storage to the example's key: how a value reaches it; as (object, edge that reaches it), without
            the storage.
    """

    map_type: str
    key_type: str
    keys: tuple[int, ...]
    retained_bytes: int
    storage: int
    path: tuple[tuple[int, int], ...]


def find_weak_rings(
    graph: HeapGraph,
    holders: Holders,
    heap: HeapTree,
    *,
    type_names: Sequence[str],
    alloc: Allocator | None = None,
) -> tuple[WeakGroup, ...]:
    """Finds weakly keyed storage that alone keeps its own keys alive; the most keys first, then by names.

    Only objects with `ObjectFlag.MAP` count as storage: a struct may well hold a pointer and a weak pointer to one
    object. A key that anything beside the map holds is no such key.
    """
    storage, keys = _weakly_held(graph, holders)
    if not len(keys):
        return ()
    first, size = subtree_intervals(heap.tree.idom_by_position, alloc)
    at_storage, at_key = heap.tree.position_by_node[storage], heap.tree.position_by_node[keys]
    below = first[at_key] - first[at_storage]
    inside = (at_storage >= 0) & (at_key >= 0) & (below > 0) & (below < size[at_storage])
    groups: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for key, holder in zip(keys[inside].tolist(), storage[inside].tolist(), strict=True):
        names = _type_of(graph, type_names, holder), _type_of(graph, type_names, key)
        groups.setdefault(names, []).append((key, holder))
    made = [_group(graph, heap, names, sorted(set(pairs)), alloc) for names, pairs in groups.items()]
    return tuple(sorted(made, key=lambda one: (-len(one.keys), one.map_type, one.key_type)))


def _weakly_held(graph: HeapGraph, holders: Holders) -> tuple[Int32s, Int32s]:
    """Pairs of map storage and a live object that it holds a weak handle of."""
    specials = graph.specials
    weak = np.flatnonzero(specials.kind_by_special == SpecialKind.WEAK_HANDLE)
    weak = weak[holders.tier_by_object[specials.object_by_special[weak]] < Tier.STUCK]
    owner, handle = gather(Rows(specials.target_start, specials.target_object), weak)
    source, held = sources_of(edges_of(graph), np.unique(handle))
    is_map = (graph.flags_by_object[source] & ObjectFlag.MAP) != 0
    source, held = source[is_map], held[is_map]
    order = np.argsort(handle, kind="stable")
    at = np.searchsorted(handle[order], held)
    return source, specials.object_by_special[weak[owner[order[at]]]]


def _type_of(graph: HeapGraph, type_names: Sequence[str], node: int) -> str:
    return name_of(type_names, int(graph.type_by_object[node]))


def _group(
    graph: HeapGraph, heap: HeapTree, names: tuple[str, str], pairs: list[tuple[int, int]], alloc: Allocator | None
) -> WeakGroup:
    key, storage = pairs[0]
    closed = np.where(graph.flags_by_object & (ObjectFlag.RUNTIME | ObjectFlag.GOROUTINE), 255, 0).astype(np.uint8)
    _, nodes = path_to(spread(edges_of(graph), [np.array([storage], np.int32)], closed, alloc), key)
    path = tuple((after, edge_between(graph, before, after)) for before, after in pairwise(nodes))
    keys = tuple(sorted({one for one, _ in pairs}))
    retained = int(heap.tree.retained(np.array(keys, np.int32)).sum())
    return WeakGroup(*names, keys, retained, storage, path)
