"""A lean reader of DWARF 4 and 5, for what Go writes: structs by name, with offsets and sizes of their fields.

pyelftools needs seconds for what this reads in a fraction: attributes are skipped by form, most without decoding, and
whole units are left out where none of the wanted names can be in them. Source: the DWARF 5 standard, sections 7.4 to
7.5; cmd/internal/dwarf/dwarf.go for what Go uses of it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from goknot.errors import InputError
from goknot.formats.elf import c_string

if TYPE_CHECKING:
    from collections.abc import Iterator

    from goknot.formats.elf import ElfFile

TAG_MEMBER, TAG_COMPILE_UNIT, TAG_STRUCT, TAG_TYPEDEF, TAG_BASE, TAG_ARRAY = 0x0D, 0x11, 0x13, 0x16, 0x24, 0x01
TAG_POINTER, TAG_SUBROUTINE, TAG_VARIABLE, TAG_SUBRANGE = 0x0F, 0x15, 0x34, 0x21
AT_NAME, AT_BYTE_SIZE, AT_MEMBER_OFF, AT_TYPE, AT_LOCATION, AT_COUNT = 0x03, 0x0B, 0x38, 0x49, 0x02, 0x37
AT_STR_OFFSETS_BASE = 0x72
FIXED = {
    0x0B: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x0C: 1, 0x19: 0, 0x11: 1, 0x12: 2, 0x13: 4, 0x14: 8, 0x20: 8, 0x1E: 16,
    0x25: 1, 0x26: 2, 0x27: 3, 0x28: 4, 0x29: 1, 0x2A: 2, 0x2B: 3, 0x2C: 4, 0x1C: 4, 0x24: 8,
}  # fmt: skip
OFFSETS = {0x0E, 0x17, 0x10, 0x1D, 0x1F}  # strp, sec_offset, ref_addr, strp_sup, line_strp
VARINTS = {0x0F, 0x0D, 0x15, 0x1A, 0x1B, 0x22, 0x23}
BLOCK_LENGTH = {0x0A: 1, 0x03: 2, 0x04: 4}
FORM_STRING, FORM_STRP, FORM_LINE_STRP, FORM_IMPLICIT, FORM_ADDR = 0x08, 0x0E, 0x1F, 0x21, 0x01
FORM_BLOCK, FORM_EXPRLOC, FORM_REF_ADDR = 0x09, 0x18, 0x10
REFS = {0x11, 0x12, 0x13, 0x14, 0x15}  # relative to the unit
CONSTANTS = {0x0B: "<B", 0x05: "<H", 0x06: "<I", 0x07: "<Q", 0x11: "<B", 0x12: "<H", 0x13: "<I", 0x14: "<Q"}
WANTED = {AT_NAME, AT_BYTE_SIZE, AT_MEMBER_OFF, AT_TYPE, AT_COUNT, AT_LOCATION}
MAX_DEPTH = 64


@dataclass(slots=True)
class Die:
    """A debugging entry that matters here."""

    off: int
    tag: int
    name: str
    n_bytes: int | None
    type_off: int
    member_off: int
    location: bytes
    count: int
    children: list[Die] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Member:
    """A field: where it is and how large."""

    off: int
    n_bytes: int


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct's layout."""

    n_bytes: int
    members: dict[str, Member]


Abbrevs = dict[int, tuple[int, bool, tuple[tuple[int, int, int], ...]]]


class Dwarf:
    """The debugging entries of one file.

    Args:
        elf: The file; without DWARF nothing is found in it.

    Raises:
        InputError: Its DWARF is damaged.
    """

    def __init__(self, elf: ElfFile) -> None:
        self.path = elf.path
        sections = elf.sections()

        def content(name: str) -> bytes:
            found = sections.get(name)
            return elf.section_bytes(found) if found else b""

        self.info, self.abbrev = content(".debug_info"), content(".debug_abbrev")
        self.strings, self.line_strings = content(".debug_str"), content(".debug_line_str")
        self._abbrevs: dict[int, Abbrevs] = {}

    def structs(self, names: set[str]) -> dict[str, Struct]:
        """Layouts of the structs with these names; those that are not described are left out."""
        by_off: dict[int, Die] = {}
        wanted: dict[str, Die] = {}
        for die in self.dies():
            by_off[die.off] = die
            if die.tag == TAG_STRUCT and die.name in names:
                wanted.setdefault(die.name, die)
        found = {}
        for name, die in sorted(wanted.items()):
            members = {
                child.name: Member(child.member_off, _size(by_off, child.type_off))
                for child in die.children
                if child.tag == TAG_MEMBER
            }
            found[name] = Struct(die.n_bytes or 0, members)
        return found

    def dies(self) -> Iterator[Die]:
        """Types and variables of all units, members and bounds as their children."""
        try:
            yield from self._dies()
        except (struct.error, IndexError, KeyError) as bad:
            raise InputError(self.path, f"has damaged debugging information ({bad})") from bad

    def _dies(self) -> Iterator[Die]:
        at = 0
        while at + 11 <= len(self.info):
            n_unit, version = struct.unpack_from("<IH", self.info, at)
            if n_unit >= 0xFFFFFFF0 or not 2 <= version <= 5:
                raise InputError(self.path, f"has debugging information of unknown kind (DWARF {version})")
            end = at + 4 + n_unit
            if version >= 5:
                address_bytes, abbrev_off = struct.unpack_from("<BI", self.info, at + 7)
                first = at + 12
            else:
                abbrev_off, address_bytes = struct.unpack_from("<IB", self.info, at + 6)
                first = at + 11
            yield from self._unit(at, first, end, self._abbrevs_at(abbrev_off), address_bytes)
            at = end

    def _abbrevs_at(self, off: int) -> Abbrevs:
        if off in self._abbrevs:
            return self._abbrevs[off]
        table: Abbrevs = {}
        at, data = off, self.abbrev
        while True:
            code, at = uleb(data, at)
            if not code:
                break
            tag, at = uleb(data, at)
            has_children = data[at] == 1
            at += 1
            attributes = []
            while True:
                attribute, at = uleb(data, at)
                form, at = uleb(data, at)
                implicit = 0
                if form == FORM_IMPLICIT:
                    implicit, at = uleb(data, at)
                if not attribute and not form:
                    break
                attributes.append((attribute, form, implicit))
            table[code] = (tag, has_children, tuple(attributes))
        self._abbrevs[off] = table
        return table

    def _unit(self, unit: int, at: int, end: int, abbrevs: Abbrevs, address_bytes: int) -> Iterator[Die]:
        info = self.info
        stack: list[Die | None] = []
        while at < end:
            off = at
            code, at = uleb(info, at)
            if not code:
                if not stack:
                    break
                stack.pop()
                continue
            tag, has_children, attributes = abbrevs[code]
            values: dict[int, tuple[int, int]] = {}
            for attribute, form, _ in attributes:
                if attribute in WANTED:
                    values[attribute] = (form, at)
                at = self._skip(form, at, address_bytes)
            interesting = tag in (
                TAG_STRUCT, TAG_TYPEDEF, TAG_BASE, TAG_ARRAY, TAG_POINTER, TAG_SUBROUTINE, TAG_MEMBER, TAG_SUBRANGE,
                TAG_VARIABLE,
            )  # fmt: skip
            die = self._die(unit, off, tag, values) if interesting else None
            parent = stack[-1] if stack else None
            if die is not None and parent is not None and tag in (TAG_MEMBER, TAG_SUBRANGE):
                parent.children.append(die)
            elif die is not None and len(stack) <= 1:
                yield die
            if has_children:
                stack.append(die)

    def _die(self, unit: int, off: int, tag: int, values: dict[int, tuple[int, int]]) -> Die:
        def number(attribute: int, default: int) -> int:
            if attribute not in values:
                return default
            form, at = values[attribute]
            if form in CONSTANTS:
                return int(struct.unpack_from(CONSTANTS[form], self.info, at)[0])
            return uleb(self.info, at)[0] if form in VARINTS else default

        type_off = -1
        if AT_TYPE in values:
            form, at = values[AT_TYPE]
            if form == FORM_REF_ADDR:
                type_off = struct.unpack_from("<I", self.info, at)[0]
            elif form in REFS:
                type_off = unit + number(AT_TYPE, 0)
        n_bytes = number(AT_BYTE_SIZE, -1)
        location = self._block(*values[AT_LOCATION]) if AT_LOCATION in values else b""
        name = self._text(*values[AT_NAME]) if AT_NAME in values else ""
        member_off, count = number(AT_MEMBER_OFF, 0), number(AT_COUNT, -1)
        return Die(off, tag, name, None if n_bytes < 0 else n_bytes, type_off, member_off, location, count)

    def _text(self, form: int, at: int) -> str:
        if form == FORM_STRING:
            return c_string(self.info, at)
        if form in (FORM_STRP, FORM_LINE_STRP):
            strings = self.strings if form == FORM_STRP else self.line_strings
            return c_string(strings, struct.unpack_from("<I", self.info, at)[0])
        return ""

    def _block(self, form: int, at: int) -> bytes:
        if form in (FORM_BLOCK, FORM_EXPRLOC):
            n_bytes, at = uleb(self.info, at)
        elif form in BLOCK_LENGTH:
            width = BLOCK_LENGTH[form]
            n_bytes = int.from_bytes(self.info[at : at + width], "little")
            at += width
        else:
            return b""
        return self.info[at : at + n_bytes]

    def _skip(self, form: int, at: int, address_bytes: int) -> int:  # noqa: PLR0911 - one line for each form
        fixed = FIXED.get(form)
        if fixed is not None:
            return at + fixed
        if form in OFFSETS:
            return at + 4
        if form in VARINTS:
            return uleb(self.info, at)[1]
        if form == FORM_ADDR:
            return at + address_bytes
        if form == FORM_STRING:
            return self.info.index(b"\0", at) + 1
        if form in (FORM_BLOCK, FORM_EXPRLOC):
            n_bytes, at = uleb(self.info, at)
            return at + n_bytes
        if form in BLOCK_LENGTH:
            width = BLOCK_LENGTH[form]
            return at + width + int.from_bytes(self.info[at : at + width], "little")
        if form == FORM_IMPLICIT:
            return at
        raise InputError(self.path, f"has debugging information of unknown form {form:#x}")


def uleb(data: bytes, at: int) -> tuple[int, int]:
    """(value, what follows) of an unsigned LEB128 number."""
    byte = data[at]
    at += 1
    if byte < 0x80:
        return byte, at
    value, shift = byte & 0x7F, 7
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _size(by_off: dict[int, Die], off: int) -> int:
    """Size of the type at `off`; 0 where it is not described."""
    times = 1
    for _ in range(MAX_DEPTH):
        die = by_off.get(off)
        if die is None:
            return 0
        if die.n_bytes is not None:
            return die.n_bytes * times
        if die.tag in (TAG_POINTER, TAG_SUBROUTINE):
            return 8 * times
        if die.tag == TAG_ARRAY:
            times *= max(0, die.children[0].count) if die.children else 0
        off = die.type_off
    return 0
