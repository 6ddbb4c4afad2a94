"""Objects to edges."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from goknot.goruntime.heap import PAGE_BYTES
from goknot.kernels import pointer_scan as kernel
from goknot.kernels.memory import Allocator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.goruntime.objects import Objects
    from goknot.memory.space import AddressSpace

    Int32s = NDArray[np.int32]
    Int64s = NDArray[np.int64]
    UInt16s = NDArray[np.uint16]
    UInt64s = NDArray[np.uint64]

PIECE_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class EdgePlaces:
    """Where each edge's pointer stands.

    Attributes:
        word: edge -> offset of the pointer in its object's slot, in words, when it points at the begin of its target's
            slot; else, and where that does not fit, `kernels.pointer_scan.ODD`; uint16.
        odd_edge: The edges marked so; ascending, int64.
        odd_word: Offset of the pointer in words, for each of those; int64.
        odd_delta: Offset of where it points in the target's slot, for each of those; int64.
        before_edge: Edges whose pointer stands behind a word that is no pointer's place, as the type word of an
            interface, and no small number nor an address in the heap; ascending, int64.
        before_word: That word, for each of those; uint64.
    """

    word: UInt16s
    odd_edge: Int64s
    odd_word: Int64s
    odd_delta: Int64s
    before_edge: Int64s
    before_word: UInt64s

    @property
    def off(self) -> Int64s:
        """edge -> offset of the pointer in its object's slot, in bytes; int64."""
        words = self.word.astype(np.int64)
        words[self.odd_edge] = self.odd_word
        return words * 8

    @property
    def delta(self) -> Int64s:
        """edge -> offset of where it points in the target's slot, in bytes; int64."""
        deltas = np.zeros(len(self.word), np.int64)
        deltas[self.odd_edge] = self.odd_delta
        return deltas

    def off_of(self, edges: Int64s) -> Int64s:
        """`off` for some edges."""
        words = self.word[edges].astype(np.int64)
        odd = np.flatnonzero(words == kernel.ODD)
        words[odd] = self.odd_word[np.searchsorted(self.odd_edge, edges[odd])]
        return words * 8

    def delta_of(self, edges: Int64s) -> Int64s:
        """`delta` for some edges."""
        deltas = np.zeros(len(edges), np.int64)
        odd = np.flatnonzero(self.word[edges] == kernel.ODD)
        deltas[odd] = self.odd_delta[np.searchsorted(self.odd_edge, edges[odd])]
        return deltas


@dataclass(frozen=True, slots=True)
class Edges:
    """Every pointer between objects; compressed sparse rows."""

    start: Int64s
    target: Int32s
    places: EdgePlaces
    n_free_targets: int


def scan_edges(space: AddressSpace, objects: Objects, alloc: Allocator | None = None) -> Edges:
    """Follows every pointer of every object, piece by piece: what was read of a file is let go at once.

    Without a limit of memory two threads do it, each half of the words.
    """
    alloc = alloc or Allocator()
    pieces, scanned = _pieces(objects), objects.mode_by_span != kernel.NOSCAN
    n_words_by_span = np.where(scanned, np.diff(objects.object_start) * objects.spans.elem_bytes // 8, 0)
    words = np.array([n_words_by_span[first:last].sum() for first, last in pieces], np.int64)
    start = alloc.zeros(len(objects.addr) + 1, np.int64)
    if alloc.limit_bytes is not None:
        room = _count_edges(space, objects, start)
        target, word = alloc.empty(room, np.int32), alloc.empty(room, np.uint16)
        return _joined([_scan_pieces(space, objects, pieces, words, (0, start, target, word))], start, target, word)
    total = int(words.sum())  # every word might be a pointer: reserved, not touched, and shrunk below
    target, word = np.empty(total, np.int32), np.empty(total, np.uint16)
    middle = int(np.searchsorted(np.cumsum(words), total // 2)) + 1
    with ThreadPoolExecutor(1) as second:
        arrays = start, target, word
        behind = int(words[:middle].sum())
        rest = second.submit(_scan_pieces, space, objects, pieces[middle:], words[middle:], (behind, *arrays))
        parts = [_scan_pieces(space, objects, pieces[:middle], words[:middle], (0, *arrays)), rest.result()]
    if middle < len(pieces):
        border = int(objects.object_start[pieces[middle][0]])
        _close_gap(parts, border, *arrays)
    for array in (target, word):
        array.resize(sum(part.end - part.first for part in parts), refcheck=False)
    return _joined(parts, *arrays)


@dataclass(slots=True)
class _Part:
    """The edges of some pieces.

    Attributes:
        first, end: Their numbers.
        lists: Those of `EdgePlaces`, in their order from `odd_edge` on.
        n_free: Pointers into free slots.
    """

    first: int
    end: int
    lists: list[NDArray[Any]]
    n_free: int


def _scan_pieces(
    space: AddressSpace, objects: Objects, pieces: list[tuple[int, int]], words: Int64s, into: tuple[Any, ...]
) -> _Part:
    """Edges of some pieces, written `into` (start, target, word) from a given number on, which comes first in it."""
    at, start, target, word = into
    kinds = (np.int64, np.int64, np.int64, np.int64, np.uint64)
    lists: list[list[NDArray[Any]]] = [[np.zeros(0, kind)] for kind in kinds]
    n_edges, n_free = at, 0
    for (first, last), n_words in zip(pieces, words.tolist(), strict=True):
        room = tuple(np.empty(n_words, kind) for kind in kinds)
        n_edges, n_odd, n_before, more = _scan(
            space, objects, (first, last), n_edges=n_edges, start=start, target=target, places=(word, *room)
        )
        n_free += more
        for part, listed, length in zip(lists, room, (n_odd, n_odd, n_odd, n_before, n_before), strict=True):
            part.append(listed[:length].copy())
        _let_go(space, objects, first, last)
    return _Part(at, n_edges, [np.concatenate(part) for part in lists], n_free)


def _close_gap(parts: list[_Part], border: int, start: Int64s, target: Int32s, word: UInt16s) -> None:
    """Moves the second part's edges up to the first's; its objects begin at `border`."""
    first, second = parts
    gap, n_edges = second.first - first.end, second.end - second.first
    for array in (target, word):
        array[first.end : first.end + n_edges] = array[second.first : second.end]
    start[border + 1 :] -= gap
    start[border] = first.end  # both parts wrote it
    second.lists[0] -= gap
    second.lists[3] -= gap


def _joined(parts: list[_Part], start: Int64s, target: Int32s, word: UInt16s) -> Edges:
    n_edges = sum(part.end - part.first for part in parts)
    lists = [np.concatenate(lists) for lists in zip(*(part.lists for part in parts), strict=True)]
    return Edges(start, target[:n_edges], EdgePlaces(word[:n_edges], *lists), sum(part.n_free for part in parts))


def _scan(
    space: AddressSpace,
    objects: Objects,
    spans: tuple[int, int],
    *,
    n_edges: int,
    start: Int64s,
    target: Int32s,
    places: tuple[NDArray[Any], ...],
) -> tuple[int, int, int, int]:
    """See `kernels.pointer_scan.scan`."""
    n_edges, n_odd, n_before, n_free = kernel.scan(
        space.main_words, objects.addr, objects.state, objects.object_start, objects.off_by_span, objects.mode_by_span,
        objects.bits_off_by_span, objects.header_by_span, objects.types, objects.arena_bits, objects.index, *spans,
        n_edges, start, target, places,
    )  # fmt: skip
    return int(n_edges), int(n_odd), int(n_before), int(n_free)


def _count_edges(space: AddressSpace, objects: Objects, start: Int64s) -> int:
    """How many edges there are at most: those to free slots and to the object itself are still among them."""
    n_edges, long = 0, np.zeros(0, np.int64)
    nowhere = (np.zeros(0, np.uint16), long, long, long, long, np.zeros(0, np.uint64))
    for piece in _pieces(objects):
        n_edges, *_ = _scan(
            space, objects, piece, n_edges=n_edges, start=start, target=np.zeros(0, np.int32), places=nowhere
        )
        _let_go(space, objects, *piece)
    return n_edges


def holding(  # noqa: PLR0917 - what `HeapImage.holding` takes
    space: AddressSpace, objects: Objects, word_off: int, low: int, high: int, n_bytes: int
) -> Int32s:
    """Objects of at least `n_bytes` that hold, at `word_off` in their slot, a word of `low` to `high`; ascending."""
    parts = [np.zeros(0, np.int32)]
    for first, last in _pieces(objects):
        if (objects.spans.elem_bytes[first:last] < n_bytes).all():
            continue
        found = np.empty(int(objects.object_start[last] - objects.object_start[first]), np.int32)
        n_found = kernel.holding(
            space.main_words, objects.addr, objects.object_start, objects.off_by_span, objects.spans.base,
            objects.spans.elem_bytes, first, last, max(n_bytes, word_off + 8), word_off, np.uint64(low),
            np.uint64(high), found,
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
