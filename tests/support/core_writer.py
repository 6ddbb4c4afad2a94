"""An ELF core of a live process, written with nothing but Python: ptrace for registers, /proc for everything else.

Like the kernel's: one PT_LOAD a mapping; what a file backs read-only is left to the file (save its first page, which
holds the build ID); NT_PRSTATUS a thread, NT_PRPSINFO, NT_AUXV, NT_FILE. Pages of zeros are holes in the file.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

PAGE = os.sysconf("SC_PAGE_SIZE")
ZEROS = bytes(PAGE)
PTRACE_DETACH, PTRACE_GETREGSET, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4204, 0x4206, 0x4207
WALL = 0x40000000  # __WALL of waitpid: threads too
NT_PRSTATUS, NT_PRPSINFO, NT_AUXV, NT_FILE = 1, 3, 6, 0x46494C45
PT_LOAD, PT_NOTE = 1, 4
PRESENT_OR_SWAPPED = 3 << 62  # of a /proc/PID/pagemap word
MACHINE = {"x86_64": (62, 27 * 8), "aarch64": (183, 34 * 8)}  # e_machine, bytes of general registers

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_libc.ptrace.restype = ctypes.c_long


@dataclass(frozen=True, slots=True)
class Mapping:
    """A line of /proc/PID/maps."""

    start: int
    end: int
    perms: str
    file_off: int
    inode: int
    path: str

    @property
    def n_dumped_bytes(self) -> int:
        """How much of it the core holds."""
        if self.perms[0] != "r" or self.path in ("[vvar]", "[vsyscall]", "[vvar_vclock]"):
            return 0
        if self.inode and self.perms[1] != "w":
            return PAGE if self.file_off == 0 else 0
        return self.end - self.start


def write_core(pid: int, core: Path) -> None:
    """Stops every thread of `pid`, writes its core to `core`, and lets it run on.

    Raises:
        PermissionError: The system denies ptrace.
    """
    with _stopped(pid) as threads, Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        registers = {thread: _registers(thread) for thread in threads}
        mappings = _mappings(pid)
        notes = _notes(pid, registers, mappings)
        with core.open("wb") as out:
            first = _write_headers(out, mappings, notes)
            for mapping in mappings:
                _write_pages(out, first, pid, memory, mapping)
                first += mapping.n_dumped_bytes
            out.truncate(first)


def _ptrace(request: int, thread: int, address: int = 0, data: int = 0) -> None:
    if _libc.ptrace(request, thread, address, data) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace {request:#x}: {os.strerror(number)}")


@contextmanager
def _stopped(pid: int) -> Iterator[list[int]]:
    threads: list[int] = []
    try:
        while fresh := {int(name) for name in os.listdir(f"/proc/{pid}/task")} - set(threads):  # noqa: PTH208
            for thread in sorted(fresh):
                try:
                    _ptrace(PTRACE_SEIZE, thread)
                except ProcessLookupError:
                    continue  # the thread ended between the listing and now
                threads.append(thread)
                _ptrace(PTRACE_INTERRUPT, thread)
                os.waitpid(thread, WALL)
        yield threads
    finally:
        for thread in threads:
            _ptrace(PTRACE_DETACH, thread)


class _Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("n_bytes", ctypes.c_size_t)]


def _registers(thread: int) -> bytes:
    n_bytes = MACHINE[platform.machine()][1]
    buffer = ctypes.create_string_buffer(n_bytes)
    vector = _Iovec(ctypes.addressof(buffer), n_bytes)
    _ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, ctypes.addressof(vector))
    return buffer.raw


def _mappings(pid: int) -> list[Mapping]:
    mappings = []
    for line in Path(f"/proc/{pid}/maps").read_text(errors="surrogateescape").splitlines():
        span, perms, file_off, _, inode, *path = line.split(maxsplit=5)
        start, end = (int(number, 16) for number in span.split("-"))
        if not (path and path[0] == "[vsyscall]"):
            mappings.append(Mapping(start, end, perms, int(file_off, 16), int(inode), path[0] if path else ""))
    return mappings


def _note(kind: int, body: bytes) -> bytes:
    return struct.pack("<III8s", 5, len(body), kind, b"CORE") + body + bytes(-len(body) % 4)


def _notes(pid: int, registers: dict[int, bytes], mappings: list[Mapping]) -> bytes:
    notes = []
    for thread, words in registers.items():
        head = struct.pack("<iiihxxQQiiii", signal.SIGSTOP, 0, 0, signal.SIGSTOP, 0, 0, thread, os.getppid(), pid, pid)
        notes.append(_note(NT_PRSTATUS, head + bytes(64) + words + bytes(8)))
        if thread == pid:
            name = Path(f"/proc/{pid}/comm").read_bytes().strip()
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
            info = struct.pack(
                "<bcbbxxxxQIIiiii16s80s", 0, b"T", 0, 0, 0, 0, 0, pid, os.getppid(), pid, pid, name, command
            )
            notes.append(_note(NT_PRPSINFO, info))
    notes.append(_note(NT_AUXV, Path(f"/proc/{pid}/auxv").read_bytes()))
    backed = [mapping for mapping in mappings if mapping.inode]
    table = b"".join(struct.pack("<QQQ", m.start, m.end, m.file_off // PAGE) for m in backed)
    paths = b"".join(os.fsencode(m.path) + b"\0" for m in backed)
    notes.append(_note(NT_FILE, struct.pack("<QQ", len(backed), PAGE) + table + paths))
    return b"".join(notes)


def _write_headers(out: BinaryIO, mappings: list[Mapping], notes: bytes) -> int:
    machine = MACHINE[platform.machine()][0]
    n_headers = 1 + len(mappings)
    notes_off = 64 + 56 * n_headers
    first = -(-(notes_off + len(notes)) // PAGE) * PAGE
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    out.write(ident + struct.pack("<HHIQQQIHHHHHH", 4, machine, 1, 0, 64, 0, 0, 64, 56, n_headers, 0, 0, 0))
    out.write(struct.pack("<IIQQQQQQ", PT_NOTE, 0, notes_off, 0, 0, len(notes), 0, 4))
    file_off = first
    for m in mappings:
        flags = sum(bit for bit, letter in ((4, "r"), (2, "w"), (1, "x")) if letter in m.perms)
        sizes = (m.n_dumped_bytes, m.end - m.start)
        out.write(struct.pack("<IIQQQQQQ", PT_LOAD, flags, file_off, m.start, 0, *sizes, PAGE))
        file_off += m.n_dumped_bytes
    out.write(notes)
    return first


def _write_pages(out: BinaryIO, file_off: int, pid: int, memory: BinaryIO, mapping: Mapping) -> None:
    for start, end in _touched(pid, mapping):
        at = start
        memory.seek(at)
        out.seek(file_off + at - mapping.start)
        while at < end:
            data = memory.read(min(end - at, 1 << 24))
            if not data:
                raise OSError(f"{pid}: nothing to read at {at:#x} of {mapping}")
            _write_sparse(out, data)
            at += len(data)


def _write_sparse(out: BinaryIO, data: bytes) -> None:
    """Writes the runs of pages that are not all zero, and skips the others: transparent huge pages are mostly zero."""
    run_off = off = 0
    while off < len(data):
        if data[off : off + PAGE] == ZEROS:
            out.write(data[run_off:off])
            out.seek(PAGE, os.SEEK_CUR)
            run_off = off + PAGE
        off += PAGE
    out.write(data[run_off:])


def _touched(pid: int, mapping: Mapping) -> list[tuple[int, int]]:
    n_pages = mapping.n_dumped_bytes // PAGE
    if mapping.inode or mapping.path == "[vdso]":
        return [(mapping.start, mapping.start + n_pages * PAGE)] if n_pages else []
    with Path(f"/proc/{pid}/pagemap").open("rb") as pagemap:
        pagemap.seek(mapping.start // PAGE * 8)
        words = memoryview(pagemap.read(n_pages * 8)).cast("Q")
    runs: list[tuple[int, int]] = []
    for index, word in enumerate(words):
        if word & PRESENT_OR_SWAPPED:
            page_addr = mapping.start + index * PAGE
            if runs and runs[-1][1] == page_addr:
                runs[-1] = (runs[-1][0], page_addr + PAGE)
            else:
                runs.append((page_addr, page_addr + PAGE))
    return runs
