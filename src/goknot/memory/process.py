"""A live process as an address space: stopped for as long as its memory is copied, then let go on, whatever happens."""

from __future__ import annotations

import errno
import mmap
import os
import signal
import struct
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import InputError
from goknot.formats.corenotes import REGISTERS, BackingFile, CoreThread
from goknot.formats.elf import ElfFile
from goknot.memory.mapped import FileLayers
from goknot.memory.registers import read_registers
from goknot.memory.source import MappedElf, Source
from goknot.memory.space import AddressSpace, Stretch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
PRESENT_OR_SWAPPED = np.uint64(3 << 62)  # of a word of /proc/PID/pagemap
MAP_NORESERVE = 0x4000
MAX_MAPPING_BYTES = 1 << 42
MAX_COPY_BYTES = 1 << 45
PAGEMAP_CHUNK = 1 << 16
READ_CHUNK = 1 << 26
STOP_SECONDS = 5.0
HELD = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP}  # wait while a process is stopped
GRANT = (
    "run as the same user or root; where ptrace is restricted: CAP_SYS_PTRACE (docker: --cap-add SYS_PTRACE, "
    "kubectl debug --profile=sysadmin) or kernel.yama.ptrace_scope=0"
)


@dataclass(frozen=True, slots=True)
class Mapping:
    """A line of /proc/PID/maps."""

    start_addr: int
    end_addr: int
    perms: str
    file_off: int
    inode: int
    path: str


def open_live(pid: int, stop: bool) -> tuple[Source, float]:
    """Copies what a process can write; the files behind it are mapped.

    Args:
        pid: The process.
        stop: Stop it meanwhile; without, the copy may contradict itself.

    Returns:
        The memory, and for how many milliseconds the process was stopped.

    Raises:
        InputError: It is not there, ended meanwhile, or may not be read.
    """
    where, home = f"process {pid}", Path(f"/proc/{pid}")
    try:
        with (home / "exe").open("rb"):
            exe = ElfFile(str(home / "exe"))
        arch, auxv, name = exe.arch, _auxv(home), os.readlink(home / "exe")  # noqa: PTH115 - text, not resolved
        problems: list[str] = []
        with (home / "mem").open("rb", buffering=0) as memory, _stopped(pid, home, stop, problems) as clock:
            mappings = read_mappings(home)
            copied, stretches = _copy(home, memory.fileno(), mappings, problems)
            threads = _threads(home, arch, stop, problems)
    except PermissionError as denied:
        raise InputError(where, "may not be read", GRANT) from denied
    except (FileNotFoundError, ProcessLookupError) as gone:
        raise InputError(where, "is not there, or ended while it was read") from gone
    except OSError as failed:
        if failed.errno in (errno.EIO, errno.ESRCH):
            raise InputError(where, "ended while it was read") from failed
        raise InputError(where, f"cannot be read: {failed.strerror}") from failed
    if not stop:
        problems.append("the process ran while it was read: parts of the image may contradict each other")
    backing = [BackingFile(m.start_addr, m.end_addr, m.file_off, m.path) for m in mappings if m.inode]
    layers = FileLayers(where, AddressSpace([copied], stretches), backing, root=f"/proc/{pid}/root")
    mapped = layers.executable(str(home / "exe"), auxv)
    libraries = layers.libraries(mapped)
    if mapped is not None:  # as a core names it, not as it was opened
        mapped = MappedElf(mapped.elf, name.removesuffix(" (deleted)"), mapped.slide)
    problems += [p for p in layers.problems if "does not hold the build ID" not in p]  # the file is the running one
    source = Source(
        where,
        arch,
        layers.joined([copied], stretches),
        tuple((s.start_addr, s.end_addr) for s in stretches),
        mapped,
        libraries,
        tuple(backing),
        threads,
        tuple(problems),
    )
    return source, clock.milliseconds


def read_mappings(home: Path) -> list[Mapping]:
    """/proc/PID/maps."""
    found = []
    for line in (home / "maps").read_bytes().splitlines():
        span, perms, off, _, inode, *path = line.split(maxsplit=5)
        start, end = (int(number, 16) for number in span.split(b"-"))
        name = os.fsdecode(path[0]).removesuffix(" (deleted)") if path else ""
        found.append(Mapping(start, end, perms.decode(), int(off, 16), int(inode), name))
    return found


@dataclass(slots=True)
class _Clock:
    milliseconds: float = 0.0


@contextmanager
def _stopped(pid: int, home: Path, stop: bool, problems: list[str]) -> Iterator[_Clock]:
    """SIGSTOP until the block ends.

    Signals that would end goknot (or stop it: Ctrl-Z) wait meanwhile, so that no moment is left in which it goes and
    the process stays stopped; `_give_way` cuts the copy short for them.
    """
    clock = _Clock()
    if not stop:
        yield clock
        return
    if _state(home) == "T":
        problems.append("the process was stopped already, and stays so")
        yield clock
        return
    held = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    started = time.perf_counter()
    try:
        os.kill(pid, signal.SIGSTOP)
        try:
            deadline = time.monotonic() + STOP_SECONDS
            while any(_state(task) not in "TtZX" for task in (home / "task").iterdir()):
                if time.monotonic() > deadline:
                    problems.append(
                        "not every thread stopped within seconds: parts of the image may contradict each other"
                    )
                    break
                time.sleep(0.0005)
            yield clock
        finally:
            os.kill(pid, signal.SIGCONT)
            clock.milliseconds = (time.perf_counter() - started) * 1000
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _give_way() -> None:
    """Ends the copy when Ctrl-C or another held signal came; it strikes as soon as the process goes on."""
    if signal.sigpending() & HELD:
        raise KeyboardInterrupt


def _state(home: Path) -> str:
    """State of a process or thread; X when it is gone."""
    try:
        return (home / "stat").read_bytes().rpartition(b")")[2].split()[0].decode()
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def _wanted(mapping: Mapping) -> bool:
    """Private memory that the process can write; the rest is in the files, with the loader's work done over again."""
    if mapping.perms[0] != "r" or mapping.perms[3] != "p" or mapping.path in ("[vvar]", "[vsyscall]", "[vdso]"):
        return False
    return mapping.perms[1] == "w" and mapping.end_addr - mapping.start_addr <= MAX_MAPPING_BYTES


def _copy(
    home: Path, memory: int, mappings: list[Mapping], problems: list[str]
) -> tuple[NDArray[np.uint8], list[Stretch]]:
    """One buffer for all mappings; pages that the process never touched cost nothing here either."""
    chosen = [mapping for mapping in mappings if _wanted(mapping)]
    total = sum(mapping.end_addr - mapping.start_addr for mapping in chosen)
    if not total or total > MAX_COPY_BYTES:
        raise InputError(str(home), f"maps {total} bytes of writable memory; that is no Go process")
    buffer = mmap.mmap(-1, total, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE)
    view, stretches, off, n_lost = memoryview(buffer), [], 0, 0
    with (home / "pagemap").open("rb", buffering=0) as pagemap:
        for mapping in chosen:
            n_bytes = mapping.end_addr - mapping.start_addr
            for start, end in _touched(pagemap.fileno(), mapping):
                n_lost += _read(memory, view, start, end, off + start - mapping.start_addr)
            stretches.append(Stretch(mapping.start_addr, mapping.end_addr, 0, off))
            off += n_bytes
    if n_lost:
        problems.append(f"{n_lost} bytes of memory could not be read")
    return np.frombuffer(buffer, np.uint8), stretches


def _read(memory: int, view: memoryview, start: int, end: int, off: int) -> int:
    """Copies [start, end) to `off`; returns how much could not be read."""
    at = start
    while at < end:
        _give_way()
        n_bytes = min(end - at, READ_CHUNK)
        target = view[off + at - start : off + at - start + n_bytes]
        try:
            n_read = os.preadv(memory, [target], at)
        except OSError as failed:
            if failed.errno != errno.EIO:
                raise
            n_read = 0
        if not n_read:
            return end - at
        at += n_read
    return 0


def _touched(pagemap: int, mapping: Mapping) -> Iterator[tuple[int, int]]:
    """Runs of pages that hold anything; of what a file backs, all."""
    if mapping.inode:
        yield mapping.start_addr, mapping.end_addr
        return
    first, n_pages = mapping.start_addr // PAGE_BYTES, (mapping.end_addr - mapping.start_addr) // PAGE_BYTES
    for chunk in range(0, n_pages, PAGEMAP_CHUNK):
        data = os.pread(pagemap, 8 * min(PAGEMAP_CHUNK, n_pages - chunk), 8 * (first + chunk))
        used = (np.frombuffer(data, np.uint64) & PRESENT_OR_SWAPPED) != 0
        edges = np.flatnonzero(np.diff(np.concatenate(([False], used, [False])).astype(np.int8)))
        base = mapping.start_addr + chunk * PAGE_BYTES
        for start, end in edges.reshape(-1, 2).tolist():
            yield base + start * PAGE_BYTES, base + end * PAGE_BYTES


def _threads(home: Path, arch: str, stopped: bool, problems: list[str]) -> tuple[CoreThread, ...]:
    """Registers by ptrace; else what /proc/PID/task/TID/syscall tells: where a thread stands, a call's arguments."""
    tids = sorted(int(task.name) for task in (home / "task").iterdir())
    known = read_registers(tids, arch) if stopped else {}
    n_registers, sp, pc, _ = REGISTERS[arch]
    found, n_dark = [], 0
    for tid in tids:
        registers = list(known.get(tid, ()))
        if not registers:
            try:
                fields = (home / "task" / str(tid) / "syscall").read_bytes().split()
            except (PermissionError, FileNotFoundError, ProcessLookupError):
                fields = []
            if len(fields) < 3:
                n_dark += 1
                continue
            words = [int(field, 16) for field in fields[1:]]
            registers = [0] * n_registers
            registers[: len(words) - 2] = words[:-2]
            registers[sp], registers[pc] = words[-2], words[-1]
        found.append(CoreThread(tid, registers[sp], registers[pc], tuple(registers)))
    if len(known) < len(tids):
        problems.append(f"registers of {len(tids) - len(known)} threads were not read: what only they hold seems free")
    if n_dark:
        problems.append(f"where {n_dark} threads stand is not known: goroutines that run there are scanned whole")
    return tuple(found)


def _auxv(home: Path) -> dict[int, int]:
    data = (home / "auxv").read_bytes()
    return dict(struct.iter_unpack("<QQ", data[: len(data) // 16 * 16]))
