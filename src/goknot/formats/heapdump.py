"""Reads what `debug.WriteHeapDump` writes: Go's own word on its objects, pointers, stacks and finalizers.

The format has not changed since Go 1.7 (runtime/heapdump.go and its design page go15heapdump): a header line, then
records of a tag and unsigned varints. It holds no weak handles, no cleanups, only the types that itabs name, and
only the first module's variables.

Known flaw of the writer, Go 1.22 and later: it lists slots at the tail of a span that the span's own bitmaps occupy
(it counts npages*8192/size of them, runtime/mheap.go fewer); `heapdump_graph` finds them.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import InputError
from goknot.formats.heapdump_cursor import Cursor, field_offsets
from goknot.formats.heapdump_header import HEADER, is_heap_dump
from goknot.formats.heapdump_objects import ObjectReader
from goknot.formats.heapdump_records import (
    DumpAllocSite,
    DumpDefer,
    DumpFinalizer,
    DumpFrame,
    DumpGoroutine,
    DumpMemory,
    DumpPanic,
    DumpParams,
    DumpRoot,
    DumpType,
    HeapDump,
)

if TYPE_CHECKING:
    from collections.abc import Callable


# fmt: off
_STATS = (
    "Alloc", "TotalAlloc", "Sys", "Lookups", "Mallocs", "Frees", "HeapAlloc", "HeapSys", "HeapIdle", "HeapInuse",
    "HeapReleased", "HeapObjects", "StackInuse", "StackSys", "MSpanInuse", "MSpanSys", "MCacheInuse", "MCacheSys",
    "BuckHashSys", "GCSys", "OtherSys", "NextGC", "LastGC", "PauseTotalNs",
)
# fmt: on
_N_PAUSES = 256


def read_heap_dump(path: str) -> HeapDump:
    """Reads the heap dump at `path`; memory stays within a small multiple of the file's size.

    Raises:
        InputError: It is no heap dump, or ends early, or contradicts itself; the message names the byte.
    """
    try:
        with Path(path).open("rb") as file:
            if not is_heap_dump(file.read(len(HEADER))):
                raise InputError(path, "is not a heap dump", "goknot heap reads what debug.WriteHeapDump wrote")
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    return _Reader(path, mapped).read()


class _Reader(Cursor):
    def __init__(self, path: str, data: mmap.mmap) -> None:
        super().__init__(path, data, len(HEADER))
        self.params: DumpParams | None = None
        self.data_segments: list[DumpMemory] = []
        self.bss_segments: list[DumpMemory] = []
        self.goroutines: list[DumpGoroutine] = []
        self.finalizers: list[DumpFinalizer] = []
        self.roots: list[DumpRoot] = []
        self.types: dict[int, DumpType] = {}
        self.type_by_itab: dict[int, int] = {}
        self.threads: list[tuple[int, int, int]] = []
        self.mem_stats: dict[str, int] = {}
        self.alloc_sites: dict[int, DumpAllocSite] = {}
        self.sampled: list[tuple[int, int]] = []
        self.objects = ObjectReader(self)

    def read(self) -> HeapDump:
        readers: dict[int, Callable[[], None]] = {
            1: self._objects,
            2: lambda: self.roots.append(DumpRoot(self.text(), self.number())),
            3: self._type,
            4: self._goroutine,
            5: self._frame,
            6: self._params,
            7: lambda: self._finalizer(queued=False),
            8: lambda: self.type_by_itab.update({self.number(): self.number()}),
            9: lambda: self.threads.append((self.number(), self.number(), self.number())),
            10: self._mem_stats,
            11: lambda: self._finalizer(queued=True),
            12: lambda: self.data_segments.append(self._segment()),
            13: lambda: self.bss_segments.append(self._segment()),
            14: self._defer,
            15: self._panic,
            16: self._alloc_site,
            17: lambda: self.sampled.append((self.number(), self.number())),
        }
        while tag := self._tag():
            read = readers.get(tag)
            if read is None:
                self.pos -= 1
                self.fail(f"there is no record of kind {tag}")
            read()
        if self.params is None:
            self.fail("there is no params record")
        return HeapDump(
            path=self.path,
            file=memoryview(self.data),
            params=self.params,
            objects=self.objects.result(),
            data_segments=tuple(self.data_segments),
            bss_segments=tuple(self.bss_segments),
            goroutines=tuple(self.goroutines),
            finalizers=tuple(self.finalizers),
            roots=tuple(self.roots),
            types=self.types,
            type_by_itab=self.type_by_itab,
            threads=tuple(self.threads),
            mem_stats=self.mem_stats,
            alloc_sites=self.alloc_sites,
            sampled=tuple(self.sampled),
        )

    def _tag(self) -> int:
        tag = self.number()
        if self.params is None and tag != 6:
            self.fail("the first record is not the params record")
        return tag

    def _objects(self) -> None:
        assert self.params
        self.objects.read(self.params.pointer_bytes)

    def _segment(self) -> DumpMemory:
        return self._memory(self.number(), *self.memory_range())

    def _memory(self, addr: int, start: int, n_bytes: int) -> DumpMemory:
        assert self.params
        at = self.pos
        offsets = field_offsets(self.fields())
        if len(offsets) and int(offsets.max()) + self.params.pointer_bytes > n_bytes:
            self.pos = at
            self.fail("a pointer lies outside its memory")
        return DumpMemory(addr, start, n_bytes, offsets)

    def _type(self) -> None:
        addr, size_bytes, name = self.number(), self.number(), self.text()
        self.number()  # whether interfaces hold a pointer to it: implied by its kind
        self.types[addr] = DumpType(addr, size_bytes, name)

    def _params(self) -> None:
        big_endian, pointer_bytes = bool(self.number()), self.number()
        if pointer_bytes not in (4, 8):
            self.fail(f"pointers of {pointer_bytes} bytes")
        arena = (self.number(), self.number())
        self.params = DumpParams(big_endian, pointer_bytes, *arena, self.text(), self.text(), self.number())

    def _goroutine(self) -> None:
        addr, sp_addr, goid, gopc_addr, status = (self.number() for _ in range(5))
        is_system = bool(self.number())
        self.number()  # "is background": always false
        wait_since_ns, wait_reason = self.number(), self.text()
        words = (self.number(), self.number(), self.number(), self.number())
        self.goroutines.append(
            DumpGoroutine(addr, sp_addr, goid, gopc_addr, status, is_system, wait_since_ns, wait_reason, *words)
        )

    def _running(self) -> DumpGoroutine:
        if not self.goroutines:
            self.fail("a frame comes before any goroutine")
        return self.goroutines[-1]

    def _frame(self) -> None:
        sp_addr, depth, child_sp_addr = self.number(), self.number(), self.number()
        memory = self.memory_range()
        entry_addr, pc_addr, continpc_addr, name = self.number(), self.number(), self.number(), self.text()
        frame = DumpFrame(
            depth, child_sp_addr, self._frame_memory(sp_addr, *memory), entry_addr, pc_addr, continpc_addr, name
        )
        self._running().frames.append(frame)

    def _frame_memory(self, addr: int, start: int, n_bytes: int) -> DumpMemory:
        """Fields of a frame's outgoing arguments may lie outside it: `dumpframe` counts them from the child's frame."""
        assert self.params
        offsets = field_offsets(self.fields())
        inside = offsets < np.uint64(max(0, n_bytes - self.params.pointer_bytes + 1))
        return DumpMemory(addr, start, n_bytes, offsets[inside])

    def _defer(self) -> None:
        self._running().defers.append(DumpDefer(*(self.number() for _ in range(7))))

    def _panic(self) -> None:
        addr, goroutine_addr, type_addr, data_addr, _, link_addr = (self.number() for _ in range(6))
        self._running().panics.append(DumpPanic(addr, goroutine_addr, type_addr, data_addr, link_addr))

    def _finalizer(self, *, queued: bool) -> None:
        words = (self.number(), self.number(), self.number(), self.number(), self.number())
        self.finalizers.append(DumpFinalizer(*words, queued))

    def _mem_stats(self) -> None:
        stats = {name: self.number() for name in _STATS}
        for _ in range(_N_PAUSES):
            self.number()
        self.mem_stats = stats | {"NumGC": self.number()}

    def _alloc_site(self) -> None:
        addr, size_bytes, n_frames = self.number(), self.number(), self.number()
        if n_frames > len(self.data) - self.pos:
            self.cut_short()
        stack = tuple((self.text(), self.text(), self.number()) for _ in range(n_frames))
        self.alloc_sites[addr] = DumpAllocSite(addr, size_bytes, stack, self.number(), self.number())
