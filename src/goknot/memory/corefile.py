"""A core as an address space: its segments, and under them the files that backed the process's memory."""

from __future__ import annotations

import struct

import numpy as np

from goknot.errors import InputError
from goknot.formats.corenotes import NT_AUXV, read_backing, read_threads
from goknot.formats.elf import ElfFile
from goknot.memory.mapped import FileLayers
from goknot.memory.source import Source
from goknot.memory.space import AddressSpace, Stretch


def open_core_file(core_path: str, exe_path: str | None) -> Source:
    """Maps a core and the files behind it; nothing is read yet.

    Raises:
        InputError: It is no core, is truncated, or the executable is another build.
    """
    core = ElfFile(core_path)
    if not core.is_core:
        raise InputError(
            core_path, "is not a core", "give the core, or the number of a process; --exe FILE names the executable"
        )
    arch = core.arch
    stretches = []
    for segment in core.segments:
        if segment.n_file_bytes:
            if segment.file_off + segment.n_file_bytes > len(core.data):
                raise InputError(
                    core_path,
                    f"is truncated: the memory at {segment.addr:#x} ends beyond the file",
                    "was the disk full, or RLIMIT_CORE too small?",
                )
            end = segment.addr + segment.n_file_bytes
            stretches.append(Stretch(segment.addr, end, 0, segment.file_off))
    if not stretches:
        raise InputError(core_path, "holds no memory", "see core(5), coredump_filter")
    own = [np.frombuffer(core.data, np.uint8)]
    backing = read_backing(core)
    layers = FileLayers(core_path, AddressSpace(own, stretches), backing)
    exe = layers.executable(exe_path, _auxv(core))
    libraries = layers.libraries(exe)
    writable = sorted((s.addr, s.addr + s.n_file_bytes) for s in core.segments if s.flags & 2 and s.n_file_bytes)
    return Source(
        core_path,
        arch,
        layers.joined(own, stretches),
        tuple(writable),
        exe,
        libraries,
        backing,
        read_threads(core),
        tuple(layers.problems),
    )


def _auxv(core: ElfFile) -> dict[int, int]:
    for note in core.notes:
        if note.kind == NT_AUXV and note.owner == b"CORE":
            body = core.bytes_at(note.body_off, note.n_bytes // 16 * 16)
            return dict(struct.iter_unpack("<QQ", body))
    return {}
