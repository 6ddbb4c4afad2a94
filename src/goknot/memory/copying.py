"""A copy of what a process can write, made so that the process stands still for the copying alone."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import InputError
from goknot.memory.space import Stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
PRESENT_OR_SWAPPED = np.uint64(3 << 62)  # of a word of /proc/PID/pagemap
MAP_NORESERVE, MADV_POPULATE_WRITE = 0x4000, 23
MAX_COPY_BYTES = 1 << 45
MAX_SPARE_BYTES = 1 << 30
PAGEMAP_CHUNK = 1 << 16
READ_CHUNK = 1 << 26
HELD = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP}  # wait while a process is stopped


@dataclass(frozen=True, slots=True)
class Mapping:
    """A line of /proc/PID/maps."""

    start_addr: int
    end_addr: int
    perms: str
    file_off: int
    inode: int
    path: str

    @property
    def n_bytes(self) -> int:
        """Its length."""
        return self.end_addr - self.start_addr


class ProcessCopy:
    """One buffer for all mappings; pages that the process never touched cost nothing here either.

    Getting fresh memory takes several times as long as copying into it: `prepare` does that while the process runs.

    Args:
        pid: The process.
        memory: Its /proc/PID/mem, opened.
        mappings: What is to be copied, as it is now.

    Raises:
        InputError: They are larger than any Go process's.
    """

    def __init__(self, pid: int, memory: int, mappings: Sequence[Mapping]) -> None:
        self._memory = memory
        self._home = Path(f"/proc/{pid}")
        self._vector = _vector_read(pid)
        self._mappings = mappings
        self._reserve(mappings)
        self.stretches: list[Stretch] = []

    def _reserve(self, mappings: Sequence[Mapping]) -> None:
        """Addresses, not memory: each mapping's, with room to grow, and some for new ones."""
        total = sum(mapping.n_bytes for mapping in mappings)
        if not total or total > MAX_COPY_BYTES:
            raise InputError(str(self._home), f"maps {total} bytes of writable memory; that is no Go process")
        self._places: dict[int, tuple[int, int]] = {}  # start address -> (offset, room)
        self._n_placed = 0
        spare = sum(min(mapping.n_bytes, MAX_SPARE_BYTES) for mapping in mappings)
        n_bytes = total + spare + MAX_SPARE_BYTES
        self._buffer = mmap.mmap(-1, n_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE)
        if hasattr(mmap, "MADV_HUGEPAGE"):
            self._buffer.madvise(mmap.MADV_HUGEPAGE)
        for mapping in mappings:
            self._place(mapping, mapping.n_bytes + min(mapping.n_bytes, MAX_SPARE_BYTES))

    def _place(self, mapping: Mapping, room: int) -> int:
        """Where a mapping goes, -1 when there is no room for it."""
        off, there = self._places.get(mapping.start_addr, (-1, 0))
        if mapping.n_bytes <= there:
            return off
        off = self._n_placed
        if off + room > len(self._buffer):
            return -1
        self._places[mapping.start_addr] = (off, room)
        self._n_placed += room
        return off

    def prepare(self) -> None:
        """Fills the buffer with memory for what the process has touched so far."""
        for start, end, off in self._runs(self._mappings):
            try:
                self._buffer.madvise(MADV_POPULATE_WRITE, off // PAGE_BYTES * PAGE_BYTES, end - start)
            except OSError as refused:
                if refused.errno == errno.EINVAL:  # Linux before 5.14: slower, no worse
                    return
                raise

    def take(self, mappings: Sequence[Mapping]) -> int:
        """Copies; returns how many bytes could not be read."""
        if any(self._place(mapping, mapping.n_bytes) < 0 for mapping in mappings):
            self._reserve(mappings)  # it has grown by more than it was
        n_lost = 0
        view = memoryview(self._buffer)
        for start, end, off in self._runs(mappings):
            n_lost += self._read(view, start, end, off)
        places = [(mapping, self._places[mapping.start_addr][0]) for mapping in mappings]
        self.stretches = [Stretch(mapping.start_addr, mapping.end_addr, 0, off) for mapping, off in places]
        return n_lost

    @property
    def memory(self) -> NDArray[np.uint8]:
        """The buffer, for `stretches`."""
        return np.frombuffer(self._buffer, np.uint8)

    def _runs(self, mappings: Sequence[Mapping]) -> Iterator[tuple[int, int, int]]:
        """(start, end, offset in the buffer) of what holds anything."""
        with (self._home / "pagemap").open("rb", buffering=0) as pagemap:
            for mapping in mappings:
                off = self._places[mapping.start_addr][0]
                for start, end in _touched(pagemap.fileno(), mapping):
                    yield start, end, off + start - mapping.start_addr

    def _read(self, view: memoryview, start: int, end: int, off: int) -> int:
        """Copies [start, end) to `off`; returns how much could not be read."""
        at = start
        while at < end:
            give_way()
            n_bytes = min(end - at, READ_CHUNK)
            target = view[off + at - start : off + at - start + n_bytes]
            n_read = self._vector(target, at)
            if n_read <= 0:
                n_read = _plain_read(self._memory, target, at)
            if not n_read:
                return end - at
            at += n_read
        return 0


class _IoVec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("n_bytes", ctypes.c_size_t)]


def _vector_read(pid: int) -> Callable[[memoryview, int], int]:
    """process_vm_readv(2): half the time of /proc/PID/mem, but forbidden in some containers; then it reads nothing."""
    call = getattr(ctypes.CDLL(None), "process_vm_readv", None)
    if call is None:
        return lambda target, addr: 0
    call.restype = ctypes.c_ssize_t
    call.argtypes = (ctypes.c_int, *(ctypes.c_void_p, ctypes.c_ulong) * 2, ctypes.c_ulong)

    def read(target: memoryview, addr: int) -> int:
        own = _IoVec(ctypes.addressof(ctypes.c_char.from_buffer(target)), len(target))
        other = _IoVec(addr, len(target))
        return int(call(pid, ctypes.byref(own), 1, ctypes.byref(other), 1, 0))

    return read


def _plain_read(memory: int, target: memoryview, addr: int) -> int:
    try:
        return os.preadv(memory, [target], addr)
    except OSError as failed:
        if failed.errno != errno.EIO:
            raise
        return 0


def _touched(pagemap: int, mapping: Mapping) -> Iterator[tuple[int, int]]:
    """Runs of pages that hold anything; of what a file backs, all."""
    if mapping.inode:
        yield mapping.start_addr, mapping.end_addr
        return
    first, n_pages = mapping.start_addr // PAGE_BYTES, mapping.n_bytes // PAGE_BYTES
    for chunk in range(0, n_pages, PAGEMAP_CHUNK):
        data = os.pread(pagemap, 8 * min(PAGEMAP_CHUNK, n_pages - chunk), 8 * (first + chunk))
        used = (np.frombuffer(data, np.uint64) & PRESENT_OR_SWAPPED) != 0
        edges = np.flatnonzero(np.diff(np.concatenate(([False], used, [False])).astype(np.int8)))
        base = mapping.start_addr + chunk * PAGE_BYTES
        for start, end in edges.reshape(-1, 2).tolist():
            yield base + start * PAGE_BYTES, base + end * PAGE_BYTES


def give_way() -> None:
    """Ends the copy when Ctrl-C or another held signal came; it strikes as soon as the process goes on."""
    if signal.sigpending() & HELD:
        raise KeyboardInterrupt
