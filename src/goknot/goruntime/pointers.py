"""Objects to edges."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime.heap import PAGE_BYTES
from goknot.kernels import pointer_scan as kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.goruntime.objects import Objects
    from goknot.memory.space import AddressSpace

    Int32s = NDArray[np.int32]
    Int64s = NDArray[np.int64]
    UInt32s = NDArray[np.uint32]
    UInt64s = NDArray[np.uint64]

PIECE_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class EdgePlaces:
    """Where each edge's pointer stands.

    Attributes:
        word: edge -> offset of the pointer in its object's slot, in words; uint32.
        delta: edge -> offset of where it points in the target's slot, in bytes; uint32, `kernel.FAR` for all beyond.
        before_edge: Edges whose pointer stands behind a word that is no pointer's place, as the type word of an
            interface, and no small number nor an address in the heap; ascending, int64.
        before_word: That word, for each of those; uint64.
    """

    word: UInt32s
    delta: UInt32s
    before_edge: Int64s
    before_word: UInt64s

    @property
    def off(self) -> Int64s:
        """edge -> offset of the pointer in its object's slot, in bytes; int64."""
        return self.word.astype(np.int64) * 8


@dataclass(frozen=True, slots=True)
class Edges:
    """Every pointer between objects; compressed sparse rows."""

    start: Int64s
    target: Int32s
    places: EdgePlaces
    n_free_targets: int


def scan_edges(space: AddressSpace, objects: Objects) -> Edges:
    """Follows every pointer of every object, piece by piece: what was read of a file is let go at once."""
    pieces, scanned = _pieces(objects), objects.mode_by_span != kernel.NOSCAN
    n_words_by_span = np.where(scanned, np.diff(objects.object_start) * objects.spans.elem_bytes // 8, 0)
    words = [int(n_words_by_span[first:last].sum()) for first, last in pieces]
    start = np.zeros(len(objects.addr) + 1, np.int64)
    # Reserved, not touched: shrunk below.
    target = np.empty(sum(words), np.int32)
    word, delta = np.empty(sum(words), np.uint32), np.empty(sum(words), np.uint32)
    before_edge, before_word = [np.zeros(0, np.int64)], [np.zeros(0, np.uint64)]
    n_edges, n_free = 0, 0
    for (first, last), n_words in zip(pieces, words, strict=True):
        edge, text = np.empty(n_words, np.int64), np.empty(n_words, np.uint64)
        n_edges, n_before, more = kernel.scan(
            space.main_words, objects.addr, objects.state, objects.object_start, objects.off_by_span,
            objects.mode_by_span, objects.bits_off_by_span, objects.header_by_span, objects.types, objects.arena_bits,
            objects.index, first, last, n_edges, start, (target, word, delta, edge, text),
        )  # fmt: skip
        n_free += more
        before_edge.append(edge[:n_before].copy())
        before_word.append(text[:n_before].copy())
        _let_go(space, objects, first, last)
    target.resize(n_edges, refcheck=False)
    word.resize(n_edges, refcheck=False)
    delta.resize(n_edges, refcheck=False)
    places = EdgePlaces(word, delta, np.concatenate(before_edge), np.concatenate(before_word))
    return Edges(start, target, places, n_free)


def holding(space: AddressSpace, objects: Objects, word_off: int, low: int, high: int) -> Int32s:
    """Objects that hold, at `word_off` in their slot, a word of `low` to `high`; ascending."""
    parts = [np.zeros(0, np.int32)]
    for first, last in _pieces(objects):
        found = np.empty(int(objects.object_start[last] - objects.object_start[first]), np.int32)
        n_found = kernel.holding(
            space.main_words, objects.addr, objects.object_start, objects.off_by_span, objects.spans.base,
            objects.spans.elem_bytes, first, last, word_off, np.uint64(low), np.uint64(high), found,
        )  # fmt: skip
        parts.append(found[:n_found].copy())
        _let_go(space, objects, first, last)
    return np.concatenate(parts)


def resolve(objects: Objects, pointers: UInt64s) -> Int32s:
    """pointer -> object it points into; -1 for none, -2 for a free slot."""
    found = np.empty(len(pointers), np.int32)
    kernel.resolve_all(np.ascontiguousarray(pointers, np.uint64), objects.index, found)
    return found


def _pieces(objects: Objects) -> list[tuple[int, int]]:
    """Ranges of spans, each about as large as `PIECE_BYTES` or a single span."""
    piece = np.cumsum(objects.spans.n_pages) * np.uint64(PAGE_BYTES) // np.uint64(PIECE_BYTES)
    cuts = [0, *(np.flatnonzero(np.diff(piece)) + 1).tolist(), len(piece)]
    return list(pairwise(cuts))


def _let_go(space: AddressSpace, objects: Objects, first: int, last: int) -> None:
    end = objects.off_by_span[last - 1] + int(objects.spans.n_pages[last - 1]) * PAGE_BYTES
    space.let_go(int(objects.off_by_span[first]), int(end))
