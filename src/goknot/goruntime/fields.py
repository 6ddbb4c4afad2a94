"""Through which field each pointer goes: `next`, `conn.rw`, `items[]`, `[value].next`.

Everything is decided once for each distinct place in a type; edges only look it up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.goruntime.image import HeapImage
    from goknot.goruntime.types_flow import HeapTypes
    from goknot.goruntime.types_slots import FlowTypes

LARGE_BYTES = 4096
MAX_OPEN_WORDS = 1 << 20  # of a large type, or one without bounds: places further on have no label


@dataclass(frozen=True, slots=True)
class EdgeFields:
    """The fields that edges go through.

    Attributes:
        label_by_edge: edge asked for -> index into `names`, or -1 where the object's type does not say; int32.
        names: Each once; ascending.
        off_by_edge: edge asked for -> offset of the pointer within the value (element of an array), its header not
            counted; int64.
    """

    label_by_edge: NDArray[np.int32]
    names: tuple[str, ...]
    off_by_edge: NDArray[np.int64]


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
    kind = types.type_by_object[source]
    off = types.places.off[edges].astype(np.int64)
    off -= image.object_header_bytes[source]
    if not len(types.names):
        return EdgeFields(np.full(len(edges), -1, np.int32), (), off)
    flow_ids = types.flow_by_type.tolist()
    sizes = np.array([flow.size_bytes(one) for one in flow_ids], np.int64)
    folds = np.where(types.many_by_type & (sizes > 0), sizes, np.int64(1) << 62)
    known = kind >= 0
    beyond = np.flatnonzero(known & (off >= folds[kind]))
    off[beyond] %= folds[kind[beyond]]
    loose = np.array([flow.is_open(one) for one in flow_ids], np.bool_) | (sizes > LARGE_BYTES)
    bounds = np.where(loose, 0, (sizes + 7) >> 3)  # of the others as far as pointers stand
    open_edges = np.flatnonzero(known & loose[kind])
    np.maximum.at(bounds, kind[open_edges], np.minimum((off[open_edges] >> 3) + 1, MAX_OPEN_WORDS))
    start = np.concatenate(([0], np.cumsum(bounds)))
    word = off >> 3
    known &= (off >= 0) & (word < bounds[kind])
    place = np.where(known, start[kind] + word, -1)
    used = np.zeros(int(start[-1]) + 1, np.bool_)
    used[place] = True
    label_by_place = np.full(len(used), -1, np.int32)
    texts: dict[str, list[int]] = {}
    for at in np.flatnonzero(used[:-1]).tolist():
        number = int(np.searchsorted(start, at, side="right")) - 1
        many = bool(types.many_by_type[number])
        text = flow.field_at(int(types.flow_by_type[number]), 8 * (at - int(start[number])), many=many)
        if text:
            texts.setdefault(text, []).append(at)
    names = tuple(sorted(texts))
    for label, text in enumerate(names):
        label_by_place[texts[text]] = label
    return EdgeFields(label_by_place[place], names, off)
