"""Mach-O files of 64-bit little-endian machines: segments, sections, libraries; nothing is trusted.

Source: mach-o/loader.h, mach-o/fat.h, mach-o/fixup-chains.h of Apple's cctools; debug/macho of Go.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from goknot.errors import InputError
from goknot.formats.elf import c_string
from goknot.formats.objectfile import ObjectFile, Part, part

MAGIC_64, MAGIC_FAT = b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"
ARCH_BY_CPU = {0x01000007: "amd64", 0x0100000C: "arm64"}
KIND_BY_TYPE = {1: "object file", 2: "executable", 6: "shared library", 8: "shared library"}
LC_SYMTAB, LC_SEGMENT_64, LC_CHAINED_FIXUPS = 0x2, 0x19, 0x80000034
LIBRARY_COMMANDS = (0xC, 0x80000018, 0x8000001F)  # LC_LOAD_DYLIB, _WEAK_DYLIB, LC_REEXPORT_DYLIB
MH_PIE, WRITE, EXECUTE, ZERO_FILL = 0x200000, 2, 4, (1, 12, 18)
MAX_COMMANDS, MAX_FAT = 1 << 16, 64


@dataclass(frozen=True, slots=True)
class _Commands:
    segments: list[Part]
    sections: dict[str, Part]
    libraries: list[str]
    n_symbols: int
    fixups: tuple[int, int]


def read_macho(path: str, data: memoryview) -> ObjectFile:
    """Reads the headers; of a universal file those of the first part for amd64 or arm64.

    Raises:
        InputError: The file is damaged, or for another machine.
    """
    problems: list[str] = []
    if bytes(data[:4]) == MAGIC_FAT:
        data, others = _slice(path, data)
        problems += [f"a universal file: the part for {others[0]} is read, not that for {o}" for o in others[1:]]
    try:
        _, cpu, _, kind, n_commands, n_bytes, flags, _ = struct.unpack_from("<8I", data)
        arch = ARCH_BY_CPU.get(cpu)
        if arch is None:
            raise InputError(path, f"is a Mach-O file for CPU {cpu:#x}", "amd64 and arm64 are supported")
        found = _commands(path, data, n_commands, min(len(data), 32 + n_bytes))
    except struct.error as bad:
        raise InputError(path, "is truncated or damaged: its Mach-O header is not all there") from bad
    return ObjectFile(
        path=path,
        format="macho",
        arch=arch,
        kind=KIND_BY_TYPE.get(kind, "file of unknown type"),
        data=data,
        parts=tuple(sorted(found.segments, key=lambda one: one.addr)),
        sections=found.sections,
        moves=bool(flags & MH_PIE) or kind == 6,
        has_symbols=found.n_symbols > 0,
        libraries=tuple(found.libraries),
        fixups=found.fixups,
        problems=tuple(problems),
    )


def _slice(path: str, data: memoryview) -> tuple[memoryview, list[str]]:
    """(the part for a machine that is known, the architectures, its own first)."""
    try:
        n = struct.unpack_from(">I", data, 4)[0]
        if n > MAX_FAT:  # a Java class file begins alike
            raise InputError(path, "is no Mach-O file", "it may be a Java class file")
        rows = [struct.unpack_from(">5I", data, 8 + 20 * index) for index in range(n)]
    except struct.error as bad:
        raise InputError(path, "is truncated or damaged: its universal header is not all there") from bad
    known = [(ARCH_BY_CPU[cpu], off, size) for cpu, _, off, size, _ in rows if cpu in ARCH_BY_CPU]
    for arch, off, size in known:
        if bytes(data[off : off + 4]) == MAGIC_64:
            return data[off : off + size], [arch, *(other for other, _, _ in known if other != arch)]
    raise InputError(path, "is a universal file without a part that can be read", "amd64 and arm64 are supported")


def _commands(path: str, data: memoryview, n: int, end: int) -> _Commands:
    if n > MAX_COMMANDS:
        raise InputError(path, "is damaged: its number of load commands makes no sense")
    segments: list[Part] = []
    sections: dict[str, Part] = {}
    libraries: list[str] = []
    n_symbols, fixups, at = 0, (0, 0), 32
    for _ in range(n):
        command, n_bytes = struct.unpack_from("<II", data, at)
        if n_bytes < 8 or at + n_bytes > end:
            raise InputError(path, "is truncated or damaged: a load command runs beyond its table")
        if command == LC_SEGMENT_64:
            segments.append(_segment(data, at, n_bytes, sections))
        elif command == LC_SYMTAB:
            n_symbols = struct.unpack_from("<I", data, at + 12)[0]
        elif command in LIBRARY_COMMANDS:
            body = bytes(data[at : at + n_bytes])
            libraries.append(c_string(body, struct.unpack_from("<I", body, 8)[0]))
        elif command == LC_CHAINED_FIXUPS:
            fixups = struct.unpack_from("<II", data, at + 8)
        at += n_bytes
    return _Commands([s for s in segments if s.name != "__PAGEZERO"], sections, libraries, n_symbols, fixups)


def _segment(data: memoryview, at: int, n_bytes: int, sections: dict[str, Part]) -> Part:
    name, addr, size, off, n_file, _, protection, n, _ = struct.unpack_from("<16sQQQQIIII", data, at + 8)
    writable, executable = bool(protection & WRITE), bool(protection & EXECUTE)
    for index in range(min(n, (n_bytes - 72) // 80)):
        row = struct.unpack_from("<16s16sQQIIIIIIII", data, at + 72 + 80 * index)
        n_section = 0 if row[8] & 0xFF in ZERO_FILL else row[3]
        label = _text(row[0])
        sections.setdefault(label, part(data, label, row[2], row[3], row[4], n_section, writable, executable))
    return part(data, _text(name), addr, size, off, n_file, writable, executable)


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")
