"""Units and abbreviations of debugging information: what says how entries are to be read.

`DwarfUnits.tables` gives them as `kernels.dwarf_scan` takes them. DWARF 4 and 5, plain or compressed. Source: the DWARF
5 standard, sections 7.4 and 7.5.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from goknot.errors import InputError
from goknot.formats.dwarf import FIXED, FORM_ADDR, FORM_BLOCK, FORM_EXPRLOC, FORM_IMPLICIT, uleb
from goknot.formats.elf import MAX_INFLATED_BYTES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.formats.elf import Section

    Int64s = NDArray[np.int64]

FORM_STRING, FORM_SDATA, FORM_LOCLISTX = 0x08, 0x0D, 0x22
FORM_ADDRX, FORM_STRX, FORM_REF_UDATA, FORM_UDATA, FORM_RNGLISTX = 0x1B, 0x1A, 0x15, 0x0F, 0x23
VARINTS = {FORM_UDATA, FORM_SDATA, FORM_REF_UDATA, FORM_STRX, FORM_ADDRX, FORM_LOCLISTX, FORM_RNGLISTX}
SECTION_OFFSETS = {0x0E, 0x17, 0x10, 0x1D, 0x1F}
# Lengths as kernels.dwarf_scan names them.
VARINT, STRING, ADDRESS, BLOCK_VARINT = -1, -2, -3, -4
BLOCK_BY_FORM = {0x0A: -5, 0x03: -6, 0x04: -7}
MAX_ABBREVS = 1 << 20  # of all tables, by their highest codes
DIRTY = (struct.error, IndexError, KeyError, OverflowError, ValueError)

Abbrev = tuple[int, bool, tuple[tuple[int, int, int], ...]]  # tag, children follow, (attribute, form, constant)...


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
class ScanTables:
    """Units and abbreviations as `kernels.dwarf_scan.scan_entries` takes them."""

    info: NDArray[np.uint8]
    units: Int64s
    code_start: Int64s
    tag_by_code: Int64s
    children_by_code: Int64s
    attribute_start: Int64s
    attributes: Int64s


class DwarfUnits:
    """The units of one file; without DWARF there are none.

    Args:
        elf: The file.

    Attributes:
        info: `.debug_info`, inflated.
        units: In the order of the file.

    Raises:
        InputError: From here and every method but `unit`: the DWARF is damaged.
    """

    def __init__(self, elf: SectionFile) -> None:
        self._elf = elf
        self._sections = elf.sections()
        self.info = self.content("info")
        self._abbrevs: dict[int, dict[int, Abbrev]] = {}
        self._n_abbrevs = 0
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
            table = self.table(off)
            for code in range(max(table, default=0) + 1):
                tag, has_children, pairs = table.get(code, (0, False, ()))
                tags.append(tag)
                children.append(int(has_children))
                firsts.append(len(attributes) // 2)
                for attribute, form, _ in pairs:
                    attributes += [attribute, self.form_bytes(form)]
            start.append(len(tags))
        firsts.append(len(attributes) // 2)
        parts = (units, start, tags, children, firsts, attributes)
        return ScanTables(np.frombuffer(self.info, np.uint8), *(np.array(part, np.int64) for part in parts))

    def unit(self, off: int) -> Unit:
        """The unit that an entry is in.

        Raises:
            IndexError: There is no entry at the offset.
        """
        index = bisect_right(self._starts, off) - 1
        if index < 0 or not self.units[index].first <= off < self.units[index].end:
            raise IndexError(f"no entry at {off:#x}")
        return self.units[index]

    def damaged(self, bad: Exception) -> InputError:
        """What to raise when reading fails."""
        return InputError(self._elf.path, f"has damaged debugging information ({bad})")

    def content(self, name: str) -> bytes:
        """A `.debug_` section, inflated; empty if there is none."""
        plain, old = self._sections.get(f".debug_{name}"), self._sections.get(f".zdebug_{name}")
        if plain is not None:
            return self._elf.section_bytes(plain)
        if old is None:
            return b""
        data = self._elf.section_bytes(old)
        n_bytes = int.from_bytes(data[4:12], "big")
        if data[:4] != b"ZLIB" or n_bytes > MAX_INFLATED_BYTES:
            raise self.damaged(ValueError(f"section {old.name}"))
        try:
            return zlib.decompressobj().decompress(data[12:], n_bytes)
        except zlib.error as bad:
            raise self.damaged(bad) from bad

    @cached_property
    def _abbrev_data(self) -> bytes:
        return self.content("abbrev")

    def _read_units(self) -> list[Unit]:
        units, at = [], 0
        while at + 11 <= len(self.info):
            n_unit, version = struct.unpack_from("<IH", self.info, at)
            end = at + 4 + n_unit
            if n_unit >= 0xFFFFFFF0 or not 2 <= version <= 5 or end > len(self.info) or n_unit < 7:
                raise self.damaged(ValueError(f"unit at {at:#x}"))
            if version >= 5:
                kind, address_bytes, abbrev_off = struct.unpack_from("<BBI", self.info, at + 6)
                first = at + (12 if kind in (1, 3) else 20 if kind in (4, 5) else 24)
            else:
                abbrev_off, address_bytes = struct.unpack_from("<IB", self.info, at + 6)
                first = at + 11
            if address_bytes not in (4, 8):
                raise self.damaged(ValueError(f"unit at {at:#x}"))
            units.append(Unit(at, first, end, version, abbrev_off, address_bytes))
            at = end
        return units

    def table(self, off: int) -> dict[int, Abbrev]:
        """The abbreviations at an offset of `.debug_abbrev`, by code."""
        if off not in self._abbrevs:
            try:
                self._abbrevs[off] = self._read_table(off)
            except DIRTY as bad:
                raise self.damaged(bad) from bad
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

    def form_bytes(self, form: int) -> int:
        """How many bytes a form takes; negative as `kernels.dwarf_scan` names what has no fixed length."""
        if form in FIXED:
            return FIXED[form]
        if form in SECTION_OFFSETS:
            return 4
        if form in VARINTS:
            return VARINT
        known = {FORM_ADDR: ADDRESS, FORM_STRING: STRING, FORM_BLOCK: BLOCK_VARINT, FORM_EXPRLOC: BLOCK_VARINT}
        known |= {FORM_IMPLICIT: 0} | BLOCK_BY_FORM
        if form not in known:
            raise self.damaged(ValueError(f"form {form:#x}"))
        return known[form]
