"""The relocations of a position independent file, as the dynamic loader applied them.

Cores may leave out what is read-only when they are taken, `.data.rel.ro` among it: Go keeps its types there. The file
has zeros in the places of pointers; the loader put them in.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import InputError
from goknot.formats.elf import ET_DYN
from goknot.formats.elfdynamic import ABSOLUTE, RELATIVE, STT_GNU_IFUNC, STT_TLS, DynamicFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from goknot.formats.elf import ElfFile

SHN_UNDEF, SHN_ABS = 0, 0xFFF1
Exports = dict[bytes, int]


def exports(elf: ElfFile, slide: int) -> Exports:
    """Names that the file's dynamic symbol table defines -> their addresses in memory."""
    file = DynamicFile(elf)
    rows = file.symbols
    kind = rows["info"] & 15
    defined = (rows["section"] != SHN_UNDEF) & (kind != STT_TLS) & (kind != STT_GNU_IFUNC)
    found: Exports = {}
    for name, section, addr in zip(
        *(rows[defined][column].tolist() for column in ("name", "section", "addr")), strict=True
    ):
        found.setdefault(file.name_at(name), addr + (0 if section == SHN_ABS else slide))
    return found


def relocated(elf: ElfFile, slide: int, before: Callable[[], Exports] = dict) -> NDArray[np.uint8]:
    """The file's bytes with its relocations applied; pages without any stay mapped.

    Args:
        elf: The file.
        slide: What is added to the file's own addresses.
        before: Gives the names that the loader finds elsewhere first: those of the executable (ELF, "Shared Object
            Dependencies"). Plugins name nearly all of their types, so asked for only where names are used.

    Raises:
        InputError: The relocations are truncated.
    """
    file = DynamicFile(elf)
    rows = file.relocations
    if not len(rows) or elf.kind != ET_DYN or elf.machine not in RELATIVE:
        return np.frombuffer(elf.data, np.uint8)
    kind = rows["info"] & np.uint64(0xFFFFFFFF)
    try:
        with Path(elf.path).open("rb") as opened:
            data = np.frombuffer(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY), np.uint8)
    except (OSError, ValueError) as failed:
        raise InputError(elf.path, f"cannot be read: {failed}") from failed
    relative = rows[kind == RELATIVE[elf.machine]]
    _put(elf, data, relative["addr"], (relative["addend"] + slide).astype(np.uint64))
    named = rows[np.isin(kind, ABSOLUTE[elf.machine])]
    if len(named):
        addr, known = _addresses(file, slide, before(), (named["info"] >> np.uint64(32)).astype(np.int64))
        _put(elf, data, named["addr"][known], addr[known] + named["addend"][known].astype(np.uint64))
    return data


def _put(elf: ElfFile, data: NDArray[np.uint8], places: NDArray[np.uint64], values: NDArray[np.uint64]) -> None:
    words = np.ndarray((len(data) - 7,), "<u8", data, strides=(1,))
    for segment in elf.segments:
        inside = (places >= segment.addr) & (places + np.uint64(8) <= segment.addr + segment.n_file_bytes)
        off = (places[inside] - np.uint64(segment.addr)).astype(np.int64) + segment.file_off
        fits = (off >= 0) & (off + 8 <= len(data))
        words[off[fits]] = values[inside][fits]


def _addresses(
    file: DynamicFile, slide: int, before: Exports, numbers: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """(address of each symbol, whether it is known), as the loader binds them."""
    symbols = file.symbols
    if file.binds_to_itself:
        before = {}
    by_number: dict[int, int] = {}
    for number in np.unique(numbers).tolist():
        if number >= len(symbols):
            continue
        row = symbols[number]
        found = before.get(file.name_at(int(row["name"]))) if number else None
        if found is None and row["section"] != SHN_UNDEF and (row["info"] & 15) not in (STT_TLS, STT_GNU_IFUNC):
            found = int(row["addr"]) + (0 if row["section"] == SHN_ABS else slide)
        if found is not None:
            by_number[number] = found
    known = np.array([number in by_number for number in numbers.tolist()], np.bool_)
    return np.array([by_number.get(number, 0) for number in numbers.tolist()], np.uint64), known
