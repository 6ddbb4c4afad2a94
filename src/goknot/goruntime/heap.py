"""The allocator's own tables: `runtime.mheap_` found by structure, spans read in bulk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from goknot.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from goknot.goruntime.modules import Module
    from goknot.layouts.layout import Layout
    from goknot.memory.source import Source
    from goknot.memory.space import AddressSpace

    Int64s = NDArray[np.int64]
    UInt8s = NDArray[np.uint8]
    UInt64s = NDArray[np.uint64]

PAGE_BYTES, ARENA_BYTES, PAGES_PER_ARENA = 8192, 1 << 26, 8192
# runtime/malloc.go, arenaBaseOffset: amd64's addresses are signed 48-bit numbers
ARENA_BASE = {"amd64": 0xFFFF800000000000, "arm64": 0}
IN_USE, MANUAL = 1, 2  # runtime/mheap.go, mSpanState
HEAP, SPAN = "runtime.mheap", "runtime.mspan"
MAX_SPANS = 1 << 28
MAX_SPAN_PAGES = 1 << 35
N_SAMPLE = 64


@dataclass(frozen=True, slots=True)
class Spans:
    """Spans, ascending by address; index -> value, as `runtime.mspan` has it."""

    struct_addr: UInt64s
    base: UInt64s
    n_pages: UInt64s
    elem_bytes: Int64s
    nelems: Int64s
    freeindex: Int64s
    alloc_bits_addr: UInt64s
    mark_bits_addr: UInt64s
    sweepgen: Int64s
    noscan: UInt8s
    size_class: UInt8s
    large_type_addr: UInt64s
    specials_addr: UInt64s


@dataclass(frozen=True, slots=True)
class GoHeap:
    """`runtime.mheap_`."""

    addr: int
    sweepgen: int
    in_use: Spans
    n_skipped: int


def heap_arena_addr(space: AddressSpace, layout: Layout, arch: str, heap_addr: int, addr: int) -> int:
    """Address of the `heapArena` for a heap address; 0 when there is none (mheap.arenas, one level on Linux)."""
    table = space.word(heap_addr + layout.off(HEAP, "arenas"))
    index = ((addr - ARENA_BASE[arch]) & ((1 << 64) - 1)) // ARENA_BYTES
    return space.word(table + 8 * index) if table and index < 1 << 22 else 0


def find_heap(source: Source, layout: Layout, modules: tuple[Module, ...]) -> GoHeap:
    """Finds `mheap_` among the variables by the shape of `allspans`, confirmed by `arenas`.

    Raises:
        InputError: There is none: a damaged image, an unknown release, or memory left out of the core.
    """
    space = source.space
    allspans_off = layout.off(HEAP, "allspans")
    confirmed = []
    for addr, spans_addr, n_spans in pointer_slices(space, modules):
        heap_addr = addr - allspans_off
        pointers = space.words_at(
            np.uint64(spans_addr) + np.arange(min(n_spans, N_SAMPLE), dtype=np.uint64) * np.uint64(8)
        )
        if _spans_confirmed(space, layout, source.arch, heap_addr, pointers):
            confirmed.append((heap_addr, spans_addr, n_spans))
    if not confirmed:
        raise InputError(
            source.where,
            "the heap's tables are not where Go keeps them",
            "the core may lack anonymous memory (coredump_filter), or this release of Go is not known",
        )
    heap_addr, spans_addr, n_spans = max(confirmed, key=lambda found: found[2])
    sweepgen = space.number(heap_addr + layout.off(HEAP, "sweepgen"), 4)
    pointers = space.words(spans_addr, n_spans)
    spans, n_skipped = _read_spans(space, layout, pointers)
    return GoHeap(heap_addr, sweepgen, spans, n_skipped)


def variable_ranges(module: Module) -> list[tuple[int, int]]:
    """A module's variables, with and without pointers."""
    return sorted({module.noptrdata, module.data, module.bss, module.noptrbss})


def pointer_slices(space: AddressSpace, modules: tuple[Module, ...]) -> Iterator[tuple[int, int, int]]:
    """(address, first element, length) of what looks like a slice of pointers among the variables."""
    for module in modules:
        for start, end in variable_ranges(module):
            if end - start < 24 or not space.has(start, end - start):
                continue
            words = space.words(start, (end - start) // 8)
            first, length, capacity = words[:-2], words[1:-1], words[2:]
            good = (length > 0) & (length <= capacity) & (capacity < MAX_SPANS) & (first % np.uint64(8) == 0)
            good &= first >= 4096
            for index in np.flatnonzero(good).tolist():
                yield start + 8 * index, int(first[index]), int(length[index])


def _spans_confirmed(space: AddressSpace, layout: Layout, arch: str, heap_addr: int, pointers: UInt64s) -> bool:
    if not (pointers > 4096).all() or (pointers % np.uint64(8)).any():
        return False
    base = space.words_at(pointers + np.uint64(layout.off(SPAN, "startAddr")))
    n_pages = space.words_at(pointers + np.uint64(layout.off(SPAN, "npages")))
    state = space.words_at(pointers + np.uint64(layout.off(SPAN, "state"))) & np.uint64(0xFF)
    sane = (base % np.uint64(PAGE_BYTES) == 0) & (n_pages < MAX_SPAN_PAGES) & (state <= MANUAL)
    used = np.flatnonzero(sane & (state == IN_USE) & (base > 0))
    if not sane.all() or not len(used):
        return False
    for index in used[:8].tolist():
        at = int(base[index])
        words = np.array([heap_addr + layout.off(HEAP, "arenas")], np.uint64)
        if not space.words_at(words)[0] or not space.has(int(space.words_at(words)[0]), 8):
            return False
        arena = heap_arena_addr(space, layout, arch, heap_addr, at)
        place = arena + layout.off("runtime.heapArena", "spans") + 8 * (at % ARENA_BYTES // PAGE_BYTES)
        if not arena or int(space.words_at(np.array([place], np.uint64))[0]) != int(pointers[index]):
            return False
    return True


class _Structs:
    """Many `mspan` side by side; quicker where all lie in the space's first backing, as they do as a rule."""

    def __init__(self, space: AddressSpace, layout: Layout, addr: UInt64s, off: Int64s | None = None) -> None:
        self._space, self._layout, self.addr = space, layout, addr
        if off is None:
            off = space.main_offsets(addr, np.full(len(addr), layout.size(SPAN) + 8, np.uint64))
        self._off, self._in_main = off, bool(len(off) and (off >= 0).all())

    def column(self, name: str) -> UInt64s:
        """One member of each."""
        member_off, width = self._layout.off(SPAN, name), self._layout.width(SPAN, name)
        if self._in_main:
            words = self._space.main_words[self._off + member_off]
        else:
            words = self._space.words_at(self.addr + np.uint64(member_off))
        return words if width >= 8 else words & np.uint64((1 << 8 * width) - 1)

    def chosen(self, which: NDArray[Any]) -> _Structs:
        """Some of them."""
        return _Structs(self._space, self._layout, self.addr[which], self._off[which])


def _read_spans(space: AddressSpace, layout: Layout, pointers: UInt64s) -> tuple[Spans, int]:
    """Spans in use, and how many entries made no sense."""
    structs = _Structs(space, layout, pointers)
    structs = structs.chosen(structs.column("state") == IN_USE)
    column = structs.column
    base, n_pages, elem_bytes, nelems = column("startAddr"), column("npages"), column("elemsize"), column("nelems")
    inside = n_pages * np.uint64(PAGE_BYTES)
    sane = (base % np.uint64(PAGE_BYTES) == 0) & (base > 0) & (n_pages > 0) & (n_pages < MAX_SPAN_PAGES)
    sane &= (elem_bytes >= 8) & (elem_bytes % np.uint64(8) == 0) & (elem_bytes <= inside) & (nelems > 0)
    sane &= nelems <= inside // np.maximum(elem_bytes, np.uint64(1))
    n_skipped = int((~sane).sum())
    structs = structs.chosen(sane)
    structs = structs.chosen(np.argsort(structs.column("startAddr"), kind="stable"))
    column = structs.column
    base = column("startAddr")
    overlap = np.zeros(len(base), np.bool_)
    ends = np.maximum.accumulate(base + column("npages") * np.uint64(PAGE_BYTES))
    overlap[1:] = base[1:] < ends[:-1]
    structs, n_skipped = structs.chosen(~overlap), n_skipped + int(overlap.sum())
    column, pointers = structs.column, structs.addr
    span_class = column("spanclass").astype(np.uint8)
    large = column("largeType") if layout.has(SPAN, "largeType") else np.zeros(len(pointers), np.uint64)
    return Spans(
        struct_addr=pointers,
        base=column("startAddr"),
        n_pages=column("npages"),
        elem_bytes=column("elemsize").astype(np.int64),
        nelems=column("nelems").astype(np.int64),
        freeindex=column("freeindex").astype(np.int64),
        alloc_bits_addr=column("allocBits"),
        mark_bits_addr=column("gcmarkBits"),
        sweepgen=column("sweepgen").astype(np.int64),
        noscan=span_class & np.uint8(1),
        size_class=span_class >> np.uint8(1),
        large_type_addr=large,
        specials_addr=column("specials"),
    ), n_skipped
