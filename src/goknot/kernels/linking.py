"""Makes an image of a compiled kernel: machine code that runs wherever it is put, with nothing left to fill in.

Reads what LLVM emits for x86-64 (`reloc="pic"`, small code model): an ELF object whose sections refer to each other by
distance alone.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_NULL_CALLS = ("NRT_MemInfo_call_dtor",)  # of arrays that numba owns; none of those come into a kernel
_TRAP = b"\x0f\x0b".ljust(16, b"\xcc")  # ud2
_ALLOC, _PROGBITS, _SYMTAB, _RELA = 2, 1, 2, 4
_PC32, _PLT32 = 2, 4
_SECTION, _SYMBOL, _RELOCATION = struct.Struct("<IIQQQQIIQQ"), struct.Struct("<IBBHQQ"), struct.Struct("<QQq")


class UnlinkableError(Exception):
    """The object needs what is not in it."""


@dataclass(frozen=True, slots=True)
class _Section:
    kind: int
    flags: int
    off: int
    n_bytes: int
    link: int
    info: int
    align: int
    entry_bytes: int


def link(elf: bytes, entry: str) -> tuple[bytes, int]:
    """Lays an object's sections one after the other and puts the distances in.

    Args:
        elf: A relocatable object.
        entry: The function that is called from outside.

    Returns:
        The image, and where in it the entry is.

    Raises:
        UnlinkableError: It refers to what is not in it.
    """
    sections = _sections(elf)
    image, start = bytearray(_TRAP), {}
    for number, section in enumerate(sections):
        if section.kind == _PROGBITS and section.flags & _ALLOC:
            image += bytes(-len(image) % max(section.align, 1))
            start[number] = len(image)
            image += elf[section.off : section.off + section.n_bytes]
    table = next(section for section in sections if section.kind == _SYMTAB)
    names = sections[table.link]
    place: dict[int, int] = {}
    entry_at = -1
    for number, row in enumerate(range(table.off, table.off + table.n_bytes, _SYMBOL.size)):
        name_off, _, _, section_number, value, _ = _SYMBOL.unpack_from(elf, row)
        begin = names.off + name_off
        name = elf[begin : elf.index(b"\0", begin)].decode()
        if section_number in start:
            place[number] = start[section_number] + value
        elif name in _NULL_CALLS:
            place[number] = 0
        if name == entry:
            entry_at = place.get(number, -1)
    if entry_at < 0:
        raise UnlinkableError(f"{entry} is not there")
    for section in sections:
        if section.kind == _RELA and section.info in start:
            _relocate(image, elf, section, start[section.info], place)
    return bytes(image), entry_at


def _sections(elf: bytes) -> list[_Section]:
    off, n_sections = struct.unpack_from("<Q", elf, 40)[0], struct.unpack_from("<H", elf, 60)[0]
    found = []
    for number in range(n_sections):
        _, kind, flags, _, at, n_bytes, linked, info, align, entry_bytes = _SECTION.unpack_from(
            elf, off + number * _SECTION.size
        )
        found.append(_Section(kind, flags, at, n_bytes, linked, info, align, entry_bytes))
    return found


def _relocate(image: bytearray, elf: bytes, section: _Section, start: int, place: dict[int, int]) -> None:
    for row in range(section.off, section.off + section.n_bytes, _RELOCATION.size):
        off, info, addend = _RELOCATION.unpack_from(elf, row)
        symbol, kind = info >> 32, info & 0xFFFFFFFF
        if kind not in (_PC32, _PLT32) or symbol not in place:
            raise UnlinkableError(f"symbol {symbol} by relocation {kind}")
        struct.pack_into("<i", image, start + off, place[symbol] + addend - (start + off))
