"""Through which field each pointer goes: `next`, `conn.rw`, `items[]`, `[value].next`.

Everything is decided once for each distinct place in a type; edges only look it up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from goknot.kernels.edge_fields import relabel, ring_places
from goknot.kernels.rows import Rows
from goknot.model.named_heap import EdgeFields

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.goruntime.image import HeapImage
    from goknot.goruntime.types_flow import HeapTypes
    from goknot.goruntime.types_slots import FlowTypes
    from goknot.kernels.components import RingSet
    from goknot.kernels.memory import Allocator

MAX_OPEN_WORDS = 1 << 20  # of a type without bounds: a place further on is not told from others


def fields_of(image: HeapImage, types: HeapTypes, flow: FlowTypes, edges: NDArray[np.int64]) -> EdgeFields:
    """Names the fields of some edges.

    Indices are folded: `items[]` for every element of an array field, `[]` alone for memory behind a slice; `[key]` and
    `[value]` for entries of maps; captured variables of closures by name where DWARF says it, else `captured+8`.

    Args:
        image: Where the edges are from.
        types: Its objects' types.
        flow: The compiled types.
        edges: Edges by number; int64.
    """
    source = np.searchsorted(image.edge_start, edges, side="right") - 1
    kinds, kind = np.unique(types.type_by_object[source], return_inverse=True)  # the types there are, mostly few
    off = types.places.off_of(edges) - image.object_header_bytes[source]
    sizes = np.array([flow.size_bytes(int(types.flow_by_type[one])) if one >= 0 else 0 for one in kinds], np.int64)
    folds = np.where(types.many_by_type[kinds] & (sizes > 0), sizes, np.int64(1) << 62) if len(types.names) else sizes
    known = kinds[kind] >= 0
    off[known] %= folds[kind[known]]
    start = np.concatenate(([0], np.cumsum(_words(kind[known], off[known], len(kinds)))))
    word = off >> 3
    known &= (off >= 0) & (word < np.diff(start)[kind])
    place = np.where(known, start[kind] + word, -1)
    used = np.zeros(int(start[-1]) + 1, np.bool_)
    used[place] = True
    label_by_place, names = _labels(types, flow, kinds, start, used[:-1])
    return EdgeFields(label_by_place[place], names, off)


def fields_of_rings(
    image: HeapImage, types: HeapTypes, flow: FlowTypes, rings: RingSet, alloc: Allocator | None = None
) -> EdgeFields:
    """The same for all inner edges of rings (`kernels.components.list_inner_edges`), which may be most of the heap's.

    Args:
        image: The heap.
        types: Its objects' types.
        flow: The compiled types.
        rings: Rings of its objects.
        alloc: Where arrays come from.

    Returns:
        Labels and names; no offsets.
    """
    sizes = np.array([flow.size_bytes(int(one)) for one in types.flow_by_type.tolist()], np.int64)
    found = ring_places(
        rings,
        Rows(image.edge_start, image.edge_target),
        (types.places.word, types.places.odd_edge, types.places.odd_word),
        type_by_node=types.type_by_object,
        header_by_node=image.object_header_bytes,
        fold_by_type=np.where(types.many_by_type & (sizes > 0), sizes, 0),
        most_words=MAX_OPEN_WORDS,
        alloc=alloc,
    )
    label_by_place, names = _labels(types, flow, np.arange(len(types.names)), found.start, found.is_used)
    relabel(found.place_by_edge, label_by_place)
    return EdgeFields(found.place_by_edge, names, np.zeros(0, np.int64))


def _labels(
    types: HeapTypes, flow: FlowTypes, kinds: NDArray[Any], start: NDArray[np.int64], used: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """place -> label, and the labels' names; one more place at the end, which has none.

    Args:
        types: Types of objects.
        flow: The compiled types.
        kinds: The types whose places these are, in their order.
        start: Of `kinds` -> first of its places.
        used: place -> whether it is asked for.
    """
    label_by_place = np.full(len(used) + 1, -1, np.int32)
    texts: dict[str, list[int]] = {}
    for at in np.flatnonzero(used).tolist():
        number = int(np.searchsorted(start, at, side="right")) - 1
        kind, off = int(kinds[number]), 8 * (at - int(start[number]))
        text = flow.field_at(int(types.flow_by_type[kind]), off, many=bool(types.many_by_type[kind]))
        if text:
            texts.setdefault(text, []).append(at)
    names = tuple(sorted(texts))
    for label, text in enumerate(names):
        label_by_place[texts[text]] = label
    return label_by_place, names


def _words(kind: NDArray[Any], off: NDArray[np.int64], n_types: int) -> NDArray[np.int64]:
    """type -> how many words of it any pointer stands in."""
    last = np.full(n_types, -1, np.int64)
    np.maximum.at(last, kind, off >> 3)
    return np.minimum(last + 1, MAX_OPEN_WORDS)
