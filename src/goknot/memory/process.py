"""A live process as an address space: stopped for as long as its memory is copied, then let go on, whatever happens."""

from __future__ import annotations

import errno
import os
import signal
import struct
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from goknot.errors import InputError
from goknot.formats.corenotes import REGISTERS, BackingFile, CoreThread
from goknot.formats.elf import ElfFile
from goknot.memory.copying import HELD, Mapping, ProcessCopy
from goknot.memory.mapped import FileLayers
from goknot.memory.registers import read_registers
from goknot.memory.source import MappedElf, Source
from goknot.memory.space import AddressSpace

if TYPE_CHECKING:
    from collections.abc import Iterator


MAX_MAPPING_BYTES = 1 << 42
STOP_SECONDS = 5.0
GRANT = (
    "run as the same user or root; where ptrace is restricted: CAP_SYS_PTRACE (docker: --cap-add SYS_PTRACE, "
    "kubectl debug --profile=sysadmin) or kernel.yama.ptrace_scope=0"
)


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
        files = _opened(f"/proc/{pid}/root", read_mappings(home))  # once it ends, its paths lead nowhere
        with (home / "mem").open("rb", buffering=0) as memory:
            copy = ProcessCopy(pid, memory.fileno(), _chosen(read_mappings(home)))
            if stop:
                copy.prepare()
            with _stopped(pid, home, stop, problems) as clock:
                mappings = read_mappings(home)
                n_lost = copy.take(_chosen(mappings))
                threads = _threads(home, arch, stop, problems)
    except PermissionError as denied:
        raise InputError(where, "may not be read", GRANT) from denied
    except (FileNotFoundError, ProcessLookupError) as gone:
        raise InputError(where, "is not there, or ended while it was read") from gone
    except OSError as failed:
        if failed.errno in (errno.EIO, errno.ESRCH):
            raise InputError(where, "ended while it was read") from failed
        raise InputError(where, f"cannot be read: {failed.strerror}") from failed
    except InputError as unreadable:
        if _state(home) in "ZX":
            raise InputError(where, "is not there, or ended while it was read") from unreadable
        raise
    if n_lost and _state(home) in "ZX":
        raise InputError(where, "ended while it was read")
    copied, stretches = copy.memory, copy.stretches
    if n_lost:
        problems.append(f"{n_lost} bytes of memory could not be read")
    if not stop:
        problems.append("the process ran while it was read: parts of the image may contradict each other")
    backing = [BackingFile(m.start_addr, m.end_addr, m.file_off, m.path) for m in mappings if m.inode]
    layers = FileLayers(where, AddressSpace([copied], stretches), backing, root=f"/proc/{pid}/root", opened=files)
    mapped = layers.executable(exe, auxv)
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


def _opened(root: str, mappings: list[Mapping]) -> dict[str, ElfFile]:
    """The ELF files behind a process's memory, by their path in it; what cannot be opened is told when it is wanted."""
    found = {}
    for path in sorted({mapping.path for mapping in mappings if mapping.inode and not mapping.file_off}):
        with suppress(InputError):
            found[path] = ElfFile(root + path)
    return found


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
    the process stays stopped; `copying.give_way` cuts the copy short for them.
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


def _state(home: Path) -> str:
    """State of a process or thread; X when it is gone."""
    try:
        return (home / "stat").read_bytes().rpartition(b")")[2].split()[0].decode()
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def _chosen(mappings: list[Mapping]) -> list[Mapping]:
    return [mapping for mapping in mappings if _wanted(mapping)]


def _wanted(mapping: Mapping) -> bool:
    """Private memory that the process can write; the rest is in the files, with the loader's work done over again."""
    if mapping.perms[0] != "r" or mapping.perms[3] != "p" or mapping.path in ("[vvar]", "[vsyscall]", "[vdso]"):
        return False
    return mapping.perms[1] == "w" and mapping.end_addr - mapping.start_addr <= MAX_MAPPING_BYTES


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
