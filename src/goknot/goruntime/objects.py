"""Spans to objects: which slots are taken, which wait to be swept, and where each one's pointer mask is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import InputError
from goknot.goruntime.heap import ARENA_BYTES, PAGE_BYTES, PAGES_PER_ARENA, GoHeap, Spans, heap_arena_addr
from goknot.kernels import pointer_scan as kernel
from goknot.kernels.memory import Allocator
from goknot.memory.space import MissingMemoryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from goknot.goruntime.gcmask import MaskReader
    from goknot.layouts.layout import Layout
    from goknot.memory.source import Source

    Bools = NDArray[np.bool_]
    Int32s = NDArray[np.int32]
    Int64s = NDArray[np.int64]
    UInt8s = NDArray[np.uint8]
    UInt64s = NDArray[np.uint64]

SMALL_BYTES = 512  # gc.MinSizeForMallocHeader: up to it masks lie in the span
ARENA = "runtime.heapArena"
INLINE_MARKS = "runtime.spanInlineMarkBits"
MAX_ARENAS = 1 << 22
MAX_INLINE_SLOTS = 63 * 8  # spanInlineMarkBits.marks
Types = tuple["Int64s", "Int32s", "Int64s", "Int64s", "Int64s", "UInt64s"]
Index = tuple["UInt64s", "Int32s", "Int64s", "UInt64s", "Int32s"]


@dataclass(frozen=True, slots=True)
class Objects:
    """Every object, and what a scan of their pointers needs.

    Attributes:
        index: Address to object, as `kernels.pointer_scan` takes it.
        object_start: span -> its first object; n_spans + 1 entries, int64.
        off_by_span: span -> where it begins in the space's first backing; int64.
        noscan, header_bytes, header_object, header_type_addr: See `goruntime.image.HeapImage`.
        mode_by_span, bits_off_by_span, header_by_span, types, arena_bits: See `kernels.pointer_scan.scan`.
        problems: What was left out.
    """

    spans: Spans
    index: Index
    addr: UInt64s
    n_bytes: Int64s
    state: UInt8s
    object_start: Int64s
    off_by_span: Int64s
    noscan: UInt8s
    header_bytes: UInt8s
    header_object: Int32s
    header_type_addr: UInt64s
    mode_by_span: UInt8s
    bits_off_by_span: Int64s
    header_by_span: UInt8s
    types: Types
    arena_bits: tuple[UInt64s, UInt8s]
    problems: tuple[str, ...]


def _in_two(n_items: int, middle: int, work: Callable[[int, int], object]) -> None:
    """Does the items before `middle` in this thread and the others in a second."""
    with ThreadPoolExecutor(1) as second:
        rest = second.submit(work, middle, n_items)
        work(0, middle)
        rest.result()


@dataclass(frozen=True, slots=True)
class _Placed:
    """Spans whose memory the image holds, and where."""

    spans: Spans
    off: Int64s
    alloc_off: Int64s
    mark_off: Int64s
    inline_marks: Bools


def read_objects(
    source: Source, layout: Layout, heap: GoHeap, masks: MaskReader, alloc: Allocator | None = None
) -> Objects:
    """Lists the objects of all spans in use.

    Raises:
        InputError: None of the heap's memory is in the image.
    """
    alloc = alloc or Allocator()
    placed, problems = _place(source, layout, heap)
    spans = placed.spans
    slot_start = np.concatenate(([0], np.cumsum(spans.nelems))).astype(np.int64)
    if slot_start[-1] >= 1 << 31:
        raise InputError(source.where, f"has room for {slot_start[-1]} objects; more than 2^31 are not supported")
    states, starts = alloc.zeros(int(slot_start[-1]), np.uint8), slot_start[:-1].copy()
    n_by_span = np.empty(len(starts), np.int64)
    middle = int(np.searchsorted(starts, slot_start[-1] // 2))
    where = source.space.main, placed.alloc_off, placed.mark_off, spans.freeindex, spans.nelems, starts
    _in_two(len(starts), middle, lambda first, last: kernel.slot_states(first, last, *where, states, n_by_span))
    object_start = np.concatenate(([0], np.cumsum(n_by_span)))
    n_objects = int(object_start[-1])
    object_by_slot = alloc.empty(len(states), np.int32)
    addr, n_bytes = alloc.empty(n_objects, np.uint64), alloc.empty(n_objects, np.int64)
    state = alloc.empty(n_objects, np.uint8)
    slots = states, spans.base, spans.elem_bytes, spans.nelems, starts, object_start
    known = object_by_slot, addr, n_bytes, state
    _in_two(len(starts), middle, lambda first, last: kernel.number_objects(first, last, *slots, *known))
    mode, bits_off = _mask_places(layout, placed)
    first_addr, span_by_page, page_start, arena_addrs = _page_table(source, layout, heap, spans)
    is_typed = mode == kernel.TYPED
    header = (is_typed & (spans.size_class > 0)).astype(np.uint8) * np.uint8(8)
    typed = np.flatnonzero(np.repeat(is_typed, n_by_span))
    typed_start = np.concatenate(([0], np.cumsum(np.where(is_typed, n_by_span, 0))[:-1])).astype(np.int64)
    of_typed = np.repeat(np.flatnonzero(is_typed), n_by_span[is_typed])
    named, named_addr, types, more = _types_of(source, spans, typed, of_typed, addr, masks)
    problems += more
    arena_bits = _arena_bits(source, layout, arena_addrs)
    index = (np.array([first_addr], np.uint64), span_by_page, page_start, _rows(spans, starts), object_by_slot)
    noscan = np.repeat((mode == kernel.NOSCAN).astype(np.uint8), n_by_span)
    return Objects(
        spans, index, addr, n_bytes, state, object_start, placed.off, noscan, np.repeat(header, n_by_span), named,
        named_addr, mode, bits_off, header, (typed_start, *types), arena_bits, tuple(problems),
    )  # fmt: skip


def _taken(spans: Spans, chosen: Bools) -> Spans:
    return Spans(**{name: getattr(spans, name)[chosen] for name in Spans.__dataclass_fields__})


def _place(source: Source, layout: Layout, heap: GoHeap) -> tuple[_Placed, list[str]]:
    """Finds the spans' memory and bitmaps; what is not there is left out and said."""
    space, spans = source.space, heap.in_use
    problems = [f"{heap.n_skipped} spans make no sense and are left out"] if heap.n_skipped else []
    off = space.main_offsets(spans.base, spans.n_pages * np.uint64(PAGE_BYTES))
    bitmap_bytes = ((spans.nelems + 7) // 8).astype(np.uint64)
    alloc_off = space.main_offsets(spans.alloc_bits_addr, bitmap_bytes)
    mark_off = space.main_offsets(spans.mark_bits_addr, bitmap_bytes)
    there = (off >= 0) & (alloc_off >= 0)
    if not there.any():
        raise InputError(
            source.where, "does not hold the heap's memory", "see core(5): coredump_filter must include bit 0"
        )
    if not there.all():
        problems.append(f"the memory of {int((~there).sum())} of {len(there)} spans is not in the image; left out")
    spans, off, alloc_off, mark_off = _taken(spans, there), off[there], alloc_off[there], mark_off[there]
    inline = _inline_marks(source, layout, heap, spans) & (spans.nelems <= MAX_INLINE_SLOTS)
    mark_addr = spans.mark_bits_addr
    if inline.any():
        n_bytes, marks_off = _inline_layout(layout)
        from_start = spans.n_pages * np.uint64(PAGE_BYTES) - np.uint64(n_bytes - marks_off)
        mark_addr = np.where(inline, spans.base + from_start, mark_addr)
    unswept, moved = _unswept(source, heap, spans, mark_addr, inline)
    inline_off = off + (mark_addr - spans.base).astype(np.int64)
    mark_off = np.where(unswept, np.where(inline & ~moved, inline_off, mark_off), -1)
    return _Placed(spans, off, alloc_off, mark_off, inline), problems


def _unswept(source: Source, heap: GoHeap, spans: Spans, mark_addr: UInt64s, inline: Bools) -> tuple[Bools, Bools]:
    """runtime/mheap.go, `mspan.sweepgen`: h-2 needs sweeping, h+1 too (cached since before the cycle).

    h-1 is being swept (mgcsweep.go, `sweepLocked.sweep`): first inline marks move to gcmarkBits, then gcmarkBits become
    the allocBits and freeindex starts anew. Returns which spans are unswept, and which have their marks moved already.
    """
    age = (spans.sweepgen - heap.sweepgen).astype(np.int32)  # wraps, as Go's uint32
    unswept: Bools = (age == -2) | (age == 1) | (age == -1)
    moved = np.zeros(len(age), np.bool_)
    for index in np.flatnonzero(age == -1).tolist():
        n_bytes = (int(spans.nelems[index]) + 7) // 8
        in_bitmap = any(source.space.read(int(spans.mark_bits_addr[index]), n_bytes))
        in_span = inline[index] and any(source.space.read(int(mark_addr[index]), n_bytes))
        moved[index] = in_bitmap and inline[index]
        if not spans.freeindex[index] and not in_bitmap and not in_span:
            unswept[index] = False
    return unswept, moved


def _inline_marks(source: Source, layout: Layout, heap: GoHeap, spans: Spans) -> Bools:
    """Green Tea (Go 1.26, an experiment in 1.25): `heapArena.pageUseSpanInlineMarkBits`."""
    inline = np.zeros(len(spans.base), np.bool_)
    if not layout.has(ARENA, "pageUseSpanInlineMarkBits"):
        return inline
    bits_off = layout.off(ARENA, "pageUseSpanInlineMarkBits")
    arena_by_span = spans.base // np.uint64(ARENA_BYTES)
    for arena in np.unique(arena_by_span).tolist():
        at = heap_arena_addr(source.space, layout, source.arch, heap.addr, arena * ARENA_BYTES)
        data = source.space.read(at + bits_off, PAGES_PER_ARENA // 8) if at else bytes(PAGES_PER_ARENA // 8)
        flags = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little").astype(np.bool_)
        chosen = arena_by_span == arena
        inline[chosen] = flags[(spans.base[chosen] % np.uint64(ARENA_BYTES) // np.uint64(PAGE_BYTES)).astype(np.int64)]
    return inline


def _inline_layout(layout: Layout) -> tuple[int, int]:
    """(size, offset of the marks) of `spanInlineMarkBits`; the table of Go 1.25 was made without the experiment."""
    if INLINE_MARKS in layout.structs:
        return layout.size(INLINE_MARKS), layout.off(INLINE_MARKS, "marks")
    return 128, 64


def _mask_places(layout: Layout, placed: _Placed) -> tuple[UInt8s, Int64s]:
    """span -> where its objects' masks are (runtime/mbitmap.go; in the arena before Go 1.22)."""
    spans = placed.spans
    scan = spans.noscan == 0
    mode = np.zeros(len(spans.base), np.uint8)
    span_bytes = spans.n_pages.astype(np.int64) * PAGE_BYTES
    bits_off = placed.off + span_bytes - span_bytes // 64
    if layout.has(ARENA, "bitmap"):
        mode[scan] = kernel.ARENA_BITS
        return mode, bits_off
    small = spans.elem_bytes <= SMALL_BYTES
    mode[scan & small] = kernel.INLINE_BITS
    mode[scan & ~small] = kernel.TYPED
    if placed.inline_marks.any():
        bits_off = bits_off - np.where(placed.inline_marks, _inline_layout(layout)[0], 0)
    return mode, bits_off


def _page_table(source: Source, layout: Layout, heap: GoHeap, spans: Spans) -> tuple[int, Int32s, Int64s, list[int]]:
    """(first arena, page -> span, arena -> its first page or -1, addresses of the arenas' structures)."""
    first_addr = int(spans.base[0]) // ARENA_BYTES * ARENA_BYTES
    end_addr = int(spans.base[-1] + spans.n_pages[-1] * np.uint64(PAGE_BYTES))
    n_arenas = -(-(end_addr - first_addr) // ARENA_BYTES)
    if n_arenas > MAX_ARENAS:
        raise InputError(source.where, "is damaged: the heap's addresses are too far apart")
    n_pages = spans.n_pages.astype(np.int64)
    total = int(n_pages.sum())
    away = ((spans.base - np.uint64(first_addr)) // np.uint64(PAGE_BYTES)).astype(np.int64)
    pages = np.repeat(away - np.concatenate(([0], np.cumsum(n_pages)[:-1])), n_pages) + np.arange(total)
    present = np.unique(pages // PAGES_PER_ARENA)
    page_start = np.full(n_arenas, -1, np.int64)
    page_start[present] = np.arange(len(present)) * PAGES_PER_ARENA
    span_by_page = np.full(len(present) * PAGES_PER_ARENA, -1, np.int32)
    where = page_start[pages // PAGES_PER_ARENA] + pages % PAGES_PER_ARENA
    span_by_page[where] = np.repeat(np.arange(len(spans.base), dtype=np.int32), n_pages)
    addrs = [
        heap_arena_addr(source.space, layout, source.arch, heap.addr, first_addr + arena * ARENA_BYTES)
        for arena in present.tolist()
    ]
    return first_addr, span_by_page, page_start, addrs


def _rows(spans: Spans, slot_start: Int64s) -> UInt64s:
    """What `kernels.pointer_scan.resolve_all` needs of each span, side by side in memory."""
    rows = np.zeros((len(spans.base), kernel.ROW), np.uint64)
    rows[:, kernel.BASE] = spans.base
    # mspan.divMul: division as multiplication; 0 where there is one slot.
    magic = np.uint64((1 << 32) - 1) // spans.elem_bytes.astype(np.uint64) + np.uint64(1)
    rows[:, kernel.DIVISOR] = np.where(spans.nelems == 1, np.uint64(0), magic)
    rows[:, kernel.NELEMS] = spans.nelems
    rows[:, kernel.SLOT_START] = slot_start
    rows[:, kernel.ELEM_BYTES] = spans.elem_bytes
    return rows.reshape(-1)


def _types_of(  # noqa: PLR0917 - columns of one table
    source: Source, spans: Spans, typed: Int64s, span_by_typed: Int64s, addr: UInt64s, masks: MaskReader
) -> tuple[Int32s, UInt64s, tuple[Int32s, Int64s, Int64s, Int64s, UInt64s], list[str]]:
    """Types that malloc headers and large spans name, by whom, and their masks."""
    with_header = spans.size_class[span_by_typed] > 0
    named = np.where(with_header, source.space.words_at(addr[typed]), spans.large_type_addr[span_by_typed])
    unique, which = np.unique(named, return_inverse=True)
    table, sane = masks.masks(unique)
    type_by_typed = np.where(sane[which], which, -1).astype(np.int32)
    n_bad = int((~sane[which] & (named != 0)).sum())
    problems = [f"the type of {n_bad} objects makes no sense; their pointers are left out"] if n_bad else []
    good = sane[which] & (named != 0)
    types = (type_by_typed, table.words, table.ptr_words, table.first_bit, table.bits)
    return typed[good].astype(np.int32), named[good], types, problems


def _arena_bits(source: Source, layout: Layout, arena_addrs: list[int]) -> tuple[UInt64s, UInt8s]:
    """Go 1.21: `heapArena.bitmap` and `noMorePtrs` of all arenas, one after the other."""
    if not layout.has(ARENA, "bitmap"):
        return np.zeros(0, np.uint64), np.zeros(0, np.uint8)
    bitmaps, no_more = [], []
    for addr in arena_addrs:
        n_bytes, n_flags = layout.width(ARENA, "bitmap"), layout.width(ARENA, "noMorePtrs")
        try:
            bitmaps.append(source.space.words(addr + layout.off(ARENA, "bitmap"), n_bytes // 8))
            flags = source.space.read(addr + layout.off(ARENA, "noMorePtrs"), n_flags)
        except MissingMemoryError as missing:
            raise InputError(source.where, f"does not hold the heap's bitmaps: {missing.what}") from missing
        no_more.append(np.frombuffer(flags, np.uint8))
    return np.concatenate(bitmaps), np.concatenate(no_more)
