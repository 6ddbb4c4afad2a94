"""What a core's notes say: threads with their registers, files that back its memory.

Source: Linux, fs/binfmt_elf.c (`elf_core_dump`, `fill_files_note`), include/uapi/linux/elfcore.h.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goknot.errors import InputError

if TYPE_CHECKING:
    from goknot.formats.elf import ElfFile

NT_PRSTATUS, NT_AUXV, NT_FILE = 1, 6, 0x46494C45
REGISTERS_OFF = 112  # elf_prstatus.pr_reg on 64-bit machines
# arch -> (number of general registers, index of the stack pointer, of the program counter, of the thread base or -1)
REGISTERS = {"amd64": (27, 19, 16, 21), "arm64": (34, 31, 32, -1)}
MAX_FILES = 1 << 20


@dataclass(frozen=True, slots=True)
class CoreThread:
    """A thread as the core has it.

    Attributes:
        registers: Its general registers, in the order of the kernel's `user_regs_struct`.
    """

    tid: int
    sp_addr: int
    pc_addr: int
    registers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BackingFile:
    """A stretch of memory that a file backs."""

    start_addr: int
    end_addr: int
    file_off: int
    path: str


def read_threads(core: ElfFile) -> tuple[CoreThread, ...]:
    """Every thread of the core, in the core's order; threads with damaged notes raise.

    Raises:
        InputError: A thread's note is too short.
    """
    n_registers, sp, pc, _ = REGISTERS[core.arch]
    threads = []
    for note in core.notes:
        if note.kind == NT_PRSTATUS and note.owner == b"CORE":
            if note.n_bytes < REGISTERS_OFF + 8 * n_registers:
                raise InputError(core.path, "is damaged: a thread's registers are not all there")
            body = core.bytes_at(note.body_off, note.n_bytes)
            registers = struct.unpack_from(f"<{n_registers}Q", body, REGISTERS_OFF)
            tid = struct.unpack_from("<i", body, 32)[0]
            threads.append(CoreThread(tid, registers[sp], registers[pc], registers))
    return tuple(threads)


def read_backing(core: ElfFile) -> tuple[BackingFile, ...]:
    """What NT_FILE says, by address.

    Raises:
        InputError: The note is damaged.
    """
    for note in core.notes:
        if note.kind == NT_FILE and note.owner == b"CORE":
            body = core.bytes_at(note.body_off, note.n_bytes)
            if len(body) < 16:
                raise InputError(core.path, "is damaged: its list of files is too short")
            count, page_bytes = struct.unpack_from("<QQ", body)
            if count > MAX_FILES or 16 + 24 * count > len(body):
                raise InputError(core.path, "is damaged: its list of files is too short")
            names = body[16 + 24 * count :].split(b"\0")
            if len(names) < count:
                raise InputError(core.path, "is damaged: its list of files lacks names")
            rows = [struct.unpack_from("<QQQ", body, 16 + 24 * index) for index in range(count)]
            return tuple(
                sorted(
                    (
                        BackingFile(start, end, page * page_bytes, name.decode("utf-8", "surrogateescape"))
                        for (start, end, page), name in zip(rows, names, strict=False)
                    ),
                    key=lambda backing: backing.start_addr,
                )
            )
    return ()
