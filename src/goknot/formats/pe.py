"""PE files (Windows) of 64-bit machines: sections, imported libraries; nothing is trusted.

Source: the PE format specification (Microsoft); debug/pe of Go.
"""

from __future__ import annotations

import struct

from goknot.errors import InputError
from goknot.formats.elf import c_string
from goknot.formats.objectfile import ObjectFile, Part, part

ARCH_BY_MACHINE = {0x8664: "amd64", 0xAA64: "arm64"}
PE32_PLUS, DLL, DYNAMIC_BASE, NO_RELOCATIONS = 0x20B, 0x2000, 0x40, 0x1
EXECUTE, WRITE = 0x20000000, 0x80000000
SYMBOL_BYTES, MAX_STRINGS, MAX_LIBRARIES = 18, 1 << 26, 4096


def read_pe(path: str, data: memoryview) -> ObjectFile:
    """Reads the headers.

    Raises:
        InputError: It is no PE file, damaged, or for another machine.
    """
    try:
        at = struct.unpack_from("<I", data, 0x3C)[0]
        if bytes(data[at : at + 4]) != b"PE\0\0":
            raise InputError(path, "is a program for DOS, or damaged: it has no PE header")
        machine, n_sections, _, symbols, n_symbols, n_optional, flags = struct.unpack_from("<HHIIIHH", data, at + 4)
        arch = ARCH_BY_MACHINE.get(machine)
        if arch is None:
            raise InputError(path, f"is a PE file for machine {machine:#x}", "amd64 and arm64 are supported")
        optional = at + 24
        if n_optional < 112 or struct.unpack_from("<H", data, optional)[0] != PE32_PLUS:
            raise InputError(path, "is no 64-bit PE file", "amd64 and arm64 are supported")
        base = struct.unpack_from("<Q", data, optional + 24)[0]
        loads = struct.unpack_from("<H", data, optional + 70)[0]
        strings = _strings(data, symbols + SYMBOL_BYTES * n_symbols) if symbols else b""
        parts = [_section(data, optional + n_optional + 40 * i, base, strings) for i in range(n_sections)]
        imports = struct.unpack_from("<I", data, optional + 120)[0] if n_optional >= 128 else 0
    except struct.error as bad:
        raise InputError(path, "is truncated or damaged: its PE headers are not all there") from bad
    sections: dict[str, Part] = {}
    for one in parts:
        sections.setdefault(one.name, one)
    return ObjectFile(
        path=path,
        format="pe",
        arch=arch,
        kind="shared library" if flags & DLL else "executable",
        data=data,
        parts=tuple(sorted(parts, key=lambda one: one.addr)),
        sections=sections,
        moves=bool(loads & DYNAMIC_BASE) and not flags & NO_RELOCATIONS,
        has_symbols=n_symbols > 0,
        libraries=_libraries(data, parts, base, imports) if imports else (),
    )


def _strings(data: memoryview, at: int) -> bytes:
    """The string table; its length counts itself."""
    if at + 4 > len(data):
        return b""
    n_bytes = struct.unpack_from("<I", data, at)[0]
    return bytes(data[at : at + min(n_bytes, MAX_STRINGS)])


def _section(data: memoryview, at: int, base: int, strings: bytes) -> Part:
    raw, n_bytes, addr, n_file, off, _, _, _, _, flags = struct.unpack_from("<8sIIIIIIHHI", data, at)
    name = raw.rstrip(b"\0").decode("utf-8", "backslashreplace")
    if name[:1] == "/" and name[1:].isascii() and name[1:].isdigit():
        name = c_string(strings, int(name[1:]))
    return part(data, name, base + addr, n_bytes or n_file, off, n_file, bool(flags & WRITE), bool(flags & EXECUTE))


def _libraries(data: memoryview, parts: list[Part], base: int, directory: int) -> tuple[str, ...]:
    """Names in the import directory (IMAGE_IMPORT_DESCRIPTOR, up to a row of zeros)."""
    found: list[str] = []
    for index in range(MAX_LIBRARIES):
        row = _at(data, parts, base + directory + 20 * index, 20)
        if len(row) < 20 or not any(row):
            break
        name = c_string(_at(data, parts, base + struct.unpack_from("<I", row, 12)[0], 256), 0)
        if name:
            found.append(name)
    return tuple(found)


def _at(data: memoryview, parts: list[Part], addr: int, n_bytes: int) -> bytes:
    """What the file holds at an address, up to the section's end."""
    for one in parts:
        skip = addr - one.addr
        if 0 <= skip < one.n_file_bytes:
            return bytes(data[one.file_off + skip : one.file_off + min(skip + n_bytes, one.n_file_bytes)])
    return b""
