"""Debugging entries at a given place: nothing is read before it is asked for.

`tables` gives what `kernels.dwarf_scan` takes to list variables and functions; from there on every entry, its children
and its location are read by offset. DWARF 4 and 5, plain or compressed. Source: the DWARF 5 standard, sections 7.4, 7.5
and 7.7; section 7.7.3 of DWARF 4 for the older location lists.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from goknot.errors import InputError
from goknot.formats.dwarf import BLOCK_LENGTH, FIXED, FORM_ADDR, FORM_BLOCK, FORM_EXPRLOC, FORM_IMPLICIT, uleb
from goknot.formats.dwarf_locations import find_in_list, find_in_old_list, signed
from goknot.formats.elf import MAX_INFLATED_BYTES, c_string

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.formats.elf import Section

    Int64s = NDArray[np.int64]

AT_LOW_PC, AT_STR_OFFSETS_BASE, AT_ADDR_BASE, AT_LOCLISTS_BASE = 0x11, 0x72, 0x73, 0x8C
FORM_STRING, FORM_STRP, FORM_LINE_STRP, FORM_SDATA, FORM_REF_ADDR, FORM_LOCLISTX = 0x08, 0x0E, 0x1F, 0x0D, 0x10, 0x22
SECTION_OFFSETS = {0x0E, 0x17, 0x10, 0x1D, 0x1F}
UNIT_REFS = {0x11: 1, 0x12: 2, 0x13: 4, 0x14: 8}
ADDRX = {0x29: 1, 0x2A: 2, 0x2B: 3, 0x2C: 4}
FORM_ADDRX, FORM_STRX, FORM_REF_UDATA, FORM_UDATA, FORM_RNGLISTX, FORM_GNU_ADDRX = 0x1B, 0x1A, 0x15, 0x0F, 0x23, 0x1B01
VARINTS = {FORM_UDATA, FORM_SDATA, FORM_REF_UDATA, FORM_STRX, FORM_ADDRX, FORM_LOCLISTX, FORM_RNGLISTX}
# Lengths as kernels.dwarf_scan names them.
VARINT, STRING, ADDRESS, BLOCK_VARINT = -1, -2, -3, -4
BLOCK_BY_FORM = {0x0A: -5, 0x03: -6, 0x04: -7}
MAX_ABBREVS = 1 << 20  # of all tables, by their highest codes
MAX_SUBTREE = 1 << 16
DIRTY = (struct.error, IndexError, KeyError, OverflowError, ValueError)

Abbrev = tuple[int, bool, tuple[tuple[int, int, int], ...]]  # tag, children follow, (attribute, form, constant)...
Value = int | bytes | str


class SectionFile(Protocol):
    """A file with named sections: an `ElfFile`, or what is dressed as one."""

    @property
    def path(self) -> str:
        """What to call it in messages."""

    def sections(self) -> dict[str, Section]:
        """Sections by name."""

    def section_bytes(self, section: Section) -> bytes:
        """A section's content, inflated."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit's header."""

    start: int
    first: int
    end: int
    version: int
    abbrev_off: int
    address_bytes: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A debugging entry; values by attribute, as their forms say: number, text or block.

    Attributes:
        next_off: What follows: its first child when it has any.
    """

    off: int
    tag: int
    has_children: bool
    next_off: int
    values: dict[int, Value]
    listed: bool  # its location is a list

    def number(self, attribute: int, default: int = -1) -> int:
        """A number, or `default` where it has none."""
        value = self.values.get(attribute)
        return value if isinstance(value, int) else default

    def text(self, attribute: int) -> str:
        """A text, or nothing."""
        value = self.values.get(attribute)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class ScanTables:
    """Units and abbreviations as `kernels.dwarf_scan.scan_entries` takes them."""

    info: NDArray[np.uint8]
    units: Int64s
    code_start: Int64s
    tag_by_code: Int64s
    children_by_code: Int64s
    attribute_start: Int64s
    attributes: Int64s


class DwarfEntries:
    """The debugging entries of one file; without DWARF there are none.

    Args:
        elf: The file.

    Raises:
        InputError: From here and every method: the DWARF is damaged.
    """

    def __init__(self, elf: SectionFile) -> None:
        self._elf = elf
        self._sections = elf.sections()
        self.info = self._content("info")
        self._abbrevs: dict[int, dict[int, Abbrev]] = {}
        self._n_abbrevs = 0
        self._bases: dict[int, dict[int, Value]] = {}
        self.units = self._read_units()
        self._starts = [unit.start for unit in self.units]

    def tables(self) -> ScanTables:
        """Units and abbreviations as plain arrays."""
        offsets = sorted({unit.abbrev_off for unit in self.units})
        index = {off: number for number, off in enumerate(offsets)}
        units = [n for u in self.units for n in (u.first, u.end, index[u.abbrev_off], u.address_bytes)]
        start, tags, children, firsts = [0], list[int](), list[int](), list[int]()
        attributes: list[int] = []
        for off in offsets:
            table = self._table(off)
            for code in range(max(table, default=0) + 1):
                tag, has_children, pairs = table.get(code, (0, False, ()))
                tags.append(tag)
                children.append(int(has_children))
                firsts.append(len(attributes) // 2)
                for attribute, form, _ in pairs:
                    attributes += [attribute, self._form_bytes(form)]
            start.append(len(tags))
        firsts.append(len(attributes) // 2)
        parts = (units, start, tags, children, firsts, attributes)
        return ScanTables(np.frombuffer(self.info, np.uint8), *(np.array(part, np.int64) for part in parts))

    def entry(self, off: int) -> Entry:
        """The entry at an offset of `.debug_info`."""
        try:
            return self._entry(self._unit(off), off)
        except DIRTY as bad:
            raise self._damaged(bad) from bad

    def subtree(self, off: int) -> Iterator[tuple[int, Entry]]:
        """What lies below an entry, in order: (1 for a child, 2 for a grandchild ..., the entry)."""
        try:
            unit = self._unit(off)
            top = self._entry(unit, off)
            depth, at = int(top.has_children), top.next_off
            for _ in range(MAX_SUBTREE):
                if not depth or at >= unit.end:
                    return
                if self.info[at] == 0:
                    depth, at = depth - 1, at + 1
                    continue
                found = self._entry(unit, at)
                yield depth, found
                depth, at = depth + found.has_children, found.next_off
        except DIRTY as bad:
            raise self._damaged(bad) from bad

    def address(self, off: int, index: int) -> int:
        """What the unit of the entry at `off` calls address `index` (`.debug_addr`)."""
        try:
            return self._indexed(self._unit(off), index)
        except DIRTY as bad:
            raise self._damaged(bad) from bad

    def location(self, entry: Entry, attribute: int, pc: int) -> bytes:
        """The expression that says where a variable is at `pc`; empty where it is nowhere.

        Args:
            entry: A variable or parameter.
            attribute: DW_AT_location.
            pc: An address as linked.
        """
        value = entry.values.get(attribute)
        if isinstance(value, bytes):
            return value
        if not isinstance(value, int) or not entry.listed:
            return b""
        try:
            unit = self._unit(entry.off)
            base = self._base(unit, AT_LOW_PC)
            if unit.version < 5:
                return find_in_old_list(self._old_lists, value, pc, base)
            return find_in_list(self._lists, value, pc, base, unit.address_bytes, lambda n: self._indexed(unit, n))
        except DIRTY as bad:
            raise self._damaged(bad) from bad

    def unit_entry(self, off: int) -> Entry:
        """The first entry of the unit that the entry at `off` is in."""
        try:
            unit = self._unit(off)
            return self._entry(unit, unit.first)
        except DIRTY as bad:
            raise self._damaged(bad) from bad

    def _damaged(self, bad: Exception) -> InputError:
        return InputError(self._elf.path, f"has damaged debugging information ({bad})")

    def _content(self, name: str) -> bytes:
        plain, old = self._sections.get(f".debug_{name}"), self._sections.get(f".zdebug_{name}")
        if plain is not None:
            return self._elf.section_bytes(plain)
        if old is None:
            return b""
        data = self._elf.section_bytes(old)
        n_bytes = int.from_bytes(data[4:12], "big")
        if data[:4] != b"ZLIB" or n_bytes > MAX_INFLATED_BYTES:
            raise self._damaged(ValueError(f"section {old.name}"))
        try:
            return zlib.decompressobj().decompress(data[12:], n_bytes)
        except zlib.error as bad:
            raise self._damaged(bad) from bad

    @cached_property
    def _abbrev_data(self) -> bytes:
        return self._content("abbrev")

    @cached_property
    def _strings(self) -> bytes:
        return self._content("str")

    @cached_property
    def _line_strings(self) -> bytes:
        return self._content("line_str")

    @cached_property
    def _addresses(self) -> bytes:
        return self._content("addr")

    @cached_property
    def _lists(self) -> bytes:
        return self._content("loclists")

    @cached_property
    def _old_lists(self) -> bytes:
        return self._content("loc")

    def _read_units(self) -> list[Unit]:
        units, at = [], 0
        while at + 11 <= len(self.info):
            n_unit, version = struct.unpack_from("<IH", self.info, at)
            end = at + 4 + n_unit
            if n_unit >= 0xFFFFFFF0 or not 2 <= version <= 5 or end > len(self.info) or n_unit < 7:
                raise self._damaged(ValueError(f"unit at {at:#x}"))
            if version >= 5:
                kind, address_bytes, abbrev_off = struct.unpack_from("<BBI", self.info, at + 6)
                first = at + (12 if kind in (1, 3) else 20 if kind in (4, 5) else 24)
            else:
                abbrev_off, address_bytes = struct.unpack_from("<IB", self.info, at + 6)
                first = at + 11
            if address_bytes not in (4, 8):
                raise self._damaged(ValueError(f"unit at {at:#x}"))
            units.append(Unit(at, first, end, version, abbrev_off, address_bytes))
            at = end
        return units

    def _unit(self, off: int) -> Unit:
        index = bisect_right(self._starts, off) - 1
        if index < 0 or not self.units[index].first <= off < self.units[index].end:
            raise IndexError(f"no entry at {off:#x}")
        return self.units[index]

    def _table(self, off: int) -> dict[int, Abbrev]:
        if off not in self._abbrevs:
            try:
                self._abbrevs[off] = self._read_table(off)
            except DIRTY as bad:
                raise self._damaged(bad) from bad
        return self._abbrevs[off]

    def _read_table(self, at: int) -> dict[int, Abbrev]:
        table: dict[int, Abbrev] = {}
        data = self._abbrev_data
        highest = 0
        while True:
            code, at = uleb(data, at)
            if not code:
                break
            self._n_abbrevs += max(1, code - highest)
            highest = max(highest, code)
            if self._n_abbrevs > MAX_ABBREVS:
                raise IndexError("too many abbreviations")
            tag, at = uleb(data, at)
            has_children, at = data[at] == 1, at + 1
            attributes = []
            while True:
                attribute, at = uleb(data, at)
                form, at = uleb(data, at)
                constant = 0
                if form == FORM_IMPLICIT:
                    constant, at = uleb(data, at)
                if not attribute and not form:
                    break
                attributes.append((attribute, form, constant))
            table[code] = (tag, has_children, tuple(attributes))
        return table

    def _form_bytes(self, form: int) -> int:
        if form in FIXED:
            return FIXED[form]
        if form in SECTION_OFFSETS:
            return 4
        if form in VARINTS:
            return VARINT
        known = {FORM_ADDR: ADDRESS, FORM_STRING: STRING, FORM_BLOCK: BLOCK_VARINT, FORM_EXPRLOC: BLOCK_VARINT}
        known |= {FORM_IMPLICIT: 0} | BLOCK_BY_FORM
        if form not in known:
            raise self._damaged(ValueError(f"form {form:#x}"))
        return known[form]

    def _entry(self, unit: Unit, off: int) -> Entry:
        code, at = uleb(self.info, off)
        tag, has_children, attributes = self._table(unit.abbrev_off)[code]
        values: dict[int, Value] = {}
        listed = False
        for attribute, form, constant in attributes:
            value, at = self._value(unit, form, constant, at)
            values[attribute] = value
            listed |= attribute == 0x02 and form in (0x17, 0x06, FORM_LOCLISTX)
            if at > unit.end:
                raise IndexError(f"an entry at {off:#x} is cut off")
        return Entry(off, tag, has_children, at, values, listed)

    def _value(self, unit: Unit, form: int, constant: int, at: int) -> tuple[Value, int]:  # noqa: PLR0911
        info = self.info
        if form in UNIT_REFS:
            width = UNIT_REFS[form]
            return unit.start + int.from_bytes(info[at : at + width], "little"), at + width
        if form in ADDRX:
            width = ADDRX[form]
            return self._indexed(unit, int.from_bytes(info[at : at + width], "little")), at + width
        if form == FORM_ADDR:
            return int.from_bytes(info[at : at + unit.address_bytes], "little"), at + unit.address_bytes
        if form == FORM_STRING:
            end = info.index(b"\0", at, unit.end)
            return info[at:end].decode("utf-8", "backslashreplace"), end + 1
        if form in (FORM_STRP, FORM_LINE_STRP):
            strings = self._strings if form == FORM_STRP else self._line_strings
            return c_string(strings, struct.unpack_from("<I", info, at)[0]), at + 4
        if form in (FORM_EXPRLOC, FORM_BLOCK) or form in BLOCK_LENGTH:
            if form in BLOCK_LENGTH:
                n_bytes = int.from_bytes(info[at : at + BLOCK_LENGTH[form]], "little")
                at += BLOCK_LENGTH[form]
            else:
                n_bytes, at = uleb(info, at)
            return info[at : at + n_bytes], at + n_bytes
        if form in VARINTS:
            return self._varint(unit, form, at)
        if form == FORM_IMPLICIT:
            return constant, at
        n_bytes = self._form_bytes(form)
        if form == 0x19:  # flag_present
            return 1, at
        return int.from_bytes(info[at : at + n_bytes], "little"), at + n_bytes

    def _varint(self, unit: Unit, form: int, at: int) -> tuple[Value, int]:
        value, after = uleb(self.info, at)
        if form == FORM_SDATA:
            return signed(value, after - at), after
        if form == FORM_REF_UDATA:
            return unit.start + value, after
        if form == FORM_ADDRX:
            return self._indexed(unit, value), after
        if form == FORM_LOCLISTX:
            base = self._base(unit, AT_LOCLISTS_BASE)
            return base + struct.unpack_from("<I", self._lists, base + 4 * value)[0], after
        return value, after

    def _base(self, unit: Unit, attribute: int) -> int:
        """An attribute of the unit's own entry; read without those that need it."""
        if unit.start not in self._bases:
            self._bases[unit.start] = {}  # what its own values refer to
            code, at = uleb(self.info, unit.first)
            found: dict[int, Value] = {}
            for known, form, constant in self._table(unit.abbrev_off)[code][2]:
                if known == AT_ADDR_BASE:
                    found[known] = struct.unpack_from("<I", self.info, at)[0]
                at = self._value(unit, 0x0F if form == FORM_ADDRX else form, constant, at)[1]
            self._bases[unit.start] = found
            self._bases[unit.start] = self._entry(unit, unit.first).values
        value = self._bases[unit.start].get(attribute, 0)
        return value if isinstance(value, int) else 0

    def _indexed(self, unit: Unit, index: int) -> int:
        base = self._base(unit, AT_ADDR_BASE) or 8
        form = "<Q" if unit.address_bytes == 8 else "<I"
        return int(struct.unpack_from(form, self._addresses, base + unit.address_bytes * index)[0])
