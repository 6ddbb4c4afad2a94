"""Debugging entries at a given place: nothing is read before it is asked for.

`DwarfUnits.tables` gives what `kernels.dwarf_scan` takes to list variables and functions; from there on entries, their
children and locations are read by offset. DWARF 4 and 5. Source: the DWARF 5 standard, sections 7.5 and 7.7; section
7.7.3 of DWARF 4 for the older location lists.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from goknot.formats.dwarf import BLOCK_LENGTH, FORM_ADDR, FORM_BLOCK, FORM_EXPRLOC, FORM_IMPLICIT, uleb
from goknot.formats.dwarf_locations import find_in_list, find_in_old_list, signed
from goknot.formats.dwarf_units import (
    DIRTY,
    FORM_ADDRX,
    FORM_LOCLISTX,
    FORM_REF_UDATA,
    FORM_SDATA,
    FORM_STRING,
    VARINTS,
    DwarfUnits,
    SectionFile,
    Unit,
)
from goknot.formats.elf import c_string

AT_LOW_PC, AT_ADDR_BASE, AT_LOCLISTS_BASE = 0x11, 0x73, 0x8C
FORM_STRP, FORM_LINE_STRP = 0x0E, 0x1F
UNIT_REFS = {0x11: 1, 0x12: 2, 0x13: 4, 0x14: 8}
ADDRX = {0x29: 1, 0x2A: 2, 0x2B: 3, 0x2C: 4}
MAX_SUBTREE = 1 << 16

Value = int | bytes | str


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


class DwarfEntries:
    """The debugging entries of one file; without DWARF there are none.

    Args:
        elf: The file.

    Attributes:
        dwarf: Its units and abbreviations.
        info: `.debug_info`.

    Raises:
        InputError: From here and every method: the DWARF is damaged.
    """

    def __init__(self, elf: SectionFile) -> None:
        self.dwarf = DwarfUnits(elf)
        self.info = self.dwarf.info
        self._bases: dict[int, dict[int, Value]] = {}

    def entry(self, off: int) -> Entry:
        """The entry at an offset of `.debug_info`."""
        try:
            return self._entry(self.dwarf.unit(off), off)
        except DIRTY as bad:
            raise self.dwarf.damaged(bad) from bad

    def subtree(self, off: int) -> Iterator[tuple[int, Entry]]:
        """What lies below an entry, in order: (1 for a child, 2 for a grandchild ..., the entry)."""
        try:
            unit = self.dwarf.unit(off)
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
            raise self.dwarf.damaged(bad) from bad

    def address(self, off: int, index: int) -> int:
        """What the unit of the entry at `off` calls address `index` (`.debug_addr`)."""
        try:
            return self._indexed(self.dwarf.unit(off), index)
        except DIRTY as bad:
            raise self.dwarf.damaged(bad) from bad

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
            unit = self.dwarf.unit(entry.off)
            base = self._base(unit, AT_LOW_PC)
            if unit.version < 5:
                return find_in_old_list(self._old_lists, value, pc, base)
            return find_in_list(self._lists, value, pc, base, unit.address_bytes, lambda n: self._indexed(unit, n))
        except DIRTY as bad:
            raise self.dwarf.damaged(bad) from bad

    def unit_entry(self, off: int) -> Entry:
        """The first entry of the unit that the entry at `off` is in."""
        try:
            unit = self.dwarf.unit(off)
            return self._entry(unit, unit.first)
        except DIRTY as bad:
            raise self.dwarf.damaged(bad) from bad

    @cached_property
    def _strings(self) -> bytes:
        return self.dwarf.content("str")

    @cached_property
    def _line_strings(self) -> bytes:
        return self.dwarf.content("line_str")

    @cached_property
    def _addresses(self) -> bytes:
        return self.dwarf.content("addr")

    @cached_property
    def _lists(self) -> bytes:
        return self.dwarf.content("loclists")

    @cached_property
    def _old_lists(self) -> bytes:
        return self.dwarf.content("loc")

    def _entry(self, unit: Unit, off: int) -> Entry:
        code, at = uleb(self.info, off)
        tag, has_children, attributes = self.dwarf.table(unit.abbrev_off)[code]
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
        n_bytes = self.dwarf.form_bytes(form)
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
            for known, form, constant in self.dwarf.table(unit.abbrev_off)[code][2]:
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
