"""Through which place of a type each inner edge of a ring leaves its object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goknot.kernels import _jit
from goknot.kernels._jit import IN_I32, IN_I64, IN_U8, IN_U16, OUT_I32, OUT_I64, OUT_U8, helper, kernel, tuple_of
from goknot.kernels.components import RingSet
from goknot.kernels.memory import Allocator
from goknot.kernels.pointer_scan import ODD, odd_at
from goknot.kernels.rows import Rows

_PLACES = tuple_of(IN_U16, IN_I64, IN_I64)
_TYPES = tuple_of(IN_I32, IN_U8, IN_I64)


@dataclass(frozen=True, slots=True)
class RingPlaces:
    """Places in types, numbered type by type, word by word.

    Attributes:
        place_by_edge: inner edge (`components.list_inner_edges`) -> place, or -1 when the object's type is not known
            or has no such word; int32.
        start: type -> its first place; n_types + 1 entries, int64.
        is_used: place -> whether an inner edge leaves through it; bool.
    """

    place_by_edge: NDArray[np.int32]
    start: NDArray[np.int64]
    is_used: NDArray[np.bool_]


# Tuples are taken apart once, before the loops: each time costs the counting of their arrays' references.
@helper
def _word_at(word: int, header_bytes: int, fold: int) -> int:
    """The word of the type in which a pointer stands, or -1."""
    off = 8 * word - header_bytes
    if off < 0:
        return -1
    if fold > 0:
        off %= fold
    return off >> 3


@kernel(_jit.i64, IN_I64, IN_I32, IN_I32, IN_I64, IN_I32, _PLACES, _TYPES, OUT_I64)
def _last_words(
    edge_start: NDArray[np.int64],
    edge_target: NDArray[np.int32],
    ring_by_node: NDArray[np.int32],
    node_start: NDArray[np.int64],
    members: NDArray[np.int32],
    places: Any,
    types: Any,
    last: NDArray[np.int64],
) -> int:
    """type -> the last word that an inner edge leaves through (`last` holds -1s before); returns how many edges."""
    word_by_edge, odd_edge, odd_word = places
    type_by_node, header_by_node, fold_by_type = types
    n_inner = 0
    for ring in range(len(node_start) - 1):
        for index in range(node_start[ring], node_start[ring + 1]):
            node = members[index]
            kind = type_by_node[node]
            for edge in range(edge_start[node], edge_start[node + 1]):
                if edge_target[edge] == node or ring_by_node[edge_target[edge]] != ring:
                    continue
                n_inner += 1
                if kind < 0:
                    continue
                word = int(word_by_edge[edge])
                if word == ODD:
                    word = int(odd_word[odd_at(odd_edge, edge)])
                last[kind] = max(last[kind], _word_at(word, int(header_by_node[node]), fold_by_type[kind]))
    return n_inner


@kernel(_jit.void, IN_I64, IN_I32, IN_I32, IN_I64, IN_I32, _PLACES, _TYPES, IN_I64, OUT_I32, OUT_U8)
def _number_places(
    edge_start: NDArray[np.int64],
    edge_target: NDArray[np.int32],
    ring_by_node: NDArray[np.int32],
    node_start: NDArray[np.int64],
    members: NDArray[np.int32],
    places: Any,
    types: Any,
    start: NDArray[np.int64],
    place_by_edge: NDArray[np.int32],
    is_used: NDArray[np.uint8],
) -> None:
    word_by_edge, odd_edge, odd_word = places
    type_by_node, header_by_node, fold_by_type = types
    n_inner = 0
    for ring in range(len(node_start) - 1):
        for index in range(node_start[ring], node_start[ring + 1]):
            node = members[index]
            kind = type_by_node[node]
            for edge in range(edge_start[node], edge_start[node + 1]):
                if edge_target[edge] == node or ring_by_node[edge_target[edge]] != ring:
                    continue
                place_by_edge[n_inner] = -1
                n_inner += 1
                if kind < 0:
                    continue
                word = int(word_by_edge[edge])
                if word == ODD:
                    word = int(odd_word[odd_at(odd_edge, edge)])
                word = _word_at(word, int(header_by_node[node]), fold_by_type[kind])
                if word >= 0 and start[kind] + word < start[kind + 1]:
                    place_by_edge[n_inner - 1] = start[kind] + word
                    is_used[start[kind] + word] = 1


def ring_places(
    rings: RingSet,
    edges: Rows,
    places: tuple[NDArray[np.uint16], NDArray[np.int64], NDArray[np.int64]],
    *,
    type_by_node: NDArray[np.int32],
    header_by_node: NDArray[np.uint8],
    fold_by_type: NDArray[np.int64],
    most_words: int,
    alloc: Allocator | None = None,
) -> RingPlaces:
    """Finds the places of all inner edges.

    Args:
        rings: The rings.
        edges: What they were found by.
        places: (word, odd_edge, odd_word) of the edges, as `pointer_scan.scan` gives them.
        type_by_node: node -> type, or -1.
        header_by_node: node -> bytes before the value.
        fold_by_type: type -> size of one value where several follow one another, else 0.
        most_words: Places of a type further on than this are not told from others: -1.
        alloc: Where arrays come from.
    """
    known = (*edges, rings.ring_by_node, rings.node_start, rings.node, places)
    types = (type_by_node, header_by_node, fold_by_type)
    last = np.full(len(fold_by_type), -1, np.int64)
    n_inner = _last_words(*known, types, last)
    start = np.concatenate((np.zeros(1, np.int64), np.cumsum(np.minimum(last + 1, most_words))))
    place_by_edge, is_used = (alloc or Allocator()).empty(n_inner, np.int32), np.zeros(int(start[-1]), np.uint8)
    _number_places(*known, types, start, place_by_edge, is_used)
    return RingPlaces(place_by_edge, start, is_used.astype(np.bool_))


@kernel(_jit.void, OUT_I32, IN_I32)
def _relabel(values: NDArray[np.int32], label: NDArray[np.int32]) -> None:
    for index in range(len(values)):
        if values[index] >= 0:
            values[index] = label[values[index]]


def relabel(values: NDArray[np.int32], label: NDArray[np.int32]) -> None:
    """Puts a label in the place of every number; -1 stays."""
    _relabel(values, label)
