"""The scan of debugging entries against a naive walk, on Go's own files and on damaged ones."""

from __future__ import annotations

import zlib
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.builds import build
from support.dwarf_files import Sections, sections_of
from support.toolchains import QUICK_VERSIONS, VERSIONS

from goknot.errors import InputError
from goknot.formats.dwarf_entries import DwarfEntries
from goknot.kernels.dwarf_scan import BY_INDEX, COLUMNS, DAMAGED, DIRECT, SUBPROGRAM, VARIABLE, scan_entries

MATRIX = [v if v in QUICK_VERSIONS else pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS]
Row = tuple[int, int, int]


def _scan(entries: DwarfEntries) -> list[Row] | None:
    """(offset, tag, address as it is written) of each row; None for damaged files."""
    tables = entries.dwarf.tables()
    rows = np.zeros(COLUMNS * (len(tables.info) + 1), np.int64)
    n_rows = scan_entries(
        tables.info, tables.units, tables.code_start, tables.tag_by_code, tables.children_by_code,
        tables.attribute_start, tables.attributes, rows,
    )  # fmt: skip
    if n_rows == DAMAGED:
        return None
    found = []
    for off, tag, how, value in rows[: COLUMNS * n_rows].reshape(-1, COLUMNS).tolist():
        assert how in (DIRECT, BY_INDEX)
        found.append((off, tag, entries.address(off, value) if how == BY_INDEX else value))
    return found


def _walk(entries: DwarfEntries) -> list[Row]:
    """The same, entry by entry."""
    found = []
    for unit in entries.dwarf.units:
        for depth, entry in entries.subtree(unit.first):
            location, low = entry.values.get(0x02), entry.number(0x11)
            if depth == 1 and entry.tag == SUBPROGRAM and low >= 0:
                found.append((entry.off, entry.tag, low))
            elif depth == 1 and entry.tag == VARIABLE and isinstance(location, bytes) and location[:1] == b"\3":
                found.append((entry.off, entry.tag, int.from_bytes(location[1:9], "little")))
    return found


@pytest.mark.parametrize("version", MATRIX)
def test_rows_are_those_of_a_walk(version: str) -> None:
    entries = DwarfEntries(sections_of(build("symbols_oracle", version)))
    assert max(unit.end - unit.first for unit in entries.dwarf.units) > 10_000
    found = _scan(entries)
    assert found == _walk(entries)
    assert sum(tag == VARIABLE for _, tag, _ in found) > 200
    assert sum(tag == SUBPROGRAM for _, tag, _ in found) > 1000


def test_sections_compressed_the_old_way() -> None:
    """`.zdebug_...`, as Go wrote them before SHF_COMPRESSED and external linkers still may."""
    sections = sections_of(build("symbols_oracle", QUICK_VERSIONS[0])).contents
    old = {
        name.replace(".debug", ".zdebug"): b"ZLIB" + len(data).to_bytes(8, "big") + zlib.compress(data, 1)
        for name, data in sections.items()
    }
    assert _scan(DwarfEntries(Sections(old))) == _scan(DwarfEntries(Sections(sections)))
    damaged = {**old, ".zdebug_info": old[".zdebug_info"][:100] + bytes(100)}
    with pytest.raises(InputError):
        DwarfEntries(Sections(damaged))


@cache
def _small() -> dict[str, bytes]:
    """Two units of a real file: little enough to damage everywhere."""
    sections = sections_of(build("symbols_oracle", QUICK_VERSIONS[-1])).contents
    entries = DwarfEntries(Sections(sections))
    ends = [unit.end for unit in entries.dwarf.units]
    return {**sections, ".debug_info": sections[".debug_info"][: ends[1]]}


@settings(deadline=None, max_examples=300)
@given(
    places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4),
    name=st.sampled_from([".debug_info", ".debug_abbrev", ".debug_addr", ".debug_loclists"]),
    cut=st.floats(0, 1),
)
def test_damage_is_noticed_or_harmless(places: list[tuple[float, int]], name: str, cut: float) -> None:
    damaged = bytearray(_small()[name])
    for where, value in places:
        damaged[int(where * len(damaged))] = value
    if cut < 0.2:
        del damaged[int(5 * cut * len(damaged)) :]
    try:
        entries = DwarfEntries(Sections({**_small(), name: bytes(damaged)}))
        found = _scan(entries)
        for off, _, _ in (found or [])[:20]:
            for _, part in entries.subtree(off):
                entries.location(part, 0x02, 0x401000)
    except InputError:
        pass


@settings(deadline=None, max_examples=200)
@given(info=st.binary(max_size=400), abbrev=st.binary(max_size=120), version=st.sampled_from([4, 5]))
def test_anything_may_be_a_unit(info: bytes, abbrev: bytes, version: int) -> None:
    head = b"\1\x08\0\0\0\0" if version == 5 else b"\0\0\0\0\x08"
    unit = version.to_bytes(2, "little") + head + info
    sections = {".debug_info": len(unit).to_bytes(4, "little") + unit, ".debug_abbrev": abbrev}
    try:
        entries = DwarfEntries(Sections(sections))
        _scan(entries)
        _walk(entries)
    except InputError:
        pass
