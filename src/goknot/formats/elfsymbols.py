"""The symbol table of an ELF file, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.formats.elf import c_string

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.formats.elf import ElfFile

STT_OBJECT, STT_FUNC = 1, 2
SYMBOL = np.dtype([("name", "<u4"), ("info", "u1"), ("other", "u1"), ("section", "<u2"), ("addr", "<u8"), ("n", "<u8")])


@dataclass(frozen=True, slots=True)
class Symbols:
    """Named variables or functions, by address.

    Attributes:
        addr: symbol -> address as linked; ascending, uint64.
        n_bytes: symbol -> size, 0 where the linker left it out; uint64.
        name_off: symbol -> offset of its name; uint32.
    """

    addr: NDArray[np.uint64]
    n_bytes: NDArray[np.uint64]
    name_off: NDArray[np.uint32]
    strings: bytes

    def name(self, symbol: int) -> str:
        """The symbol's name."""
        return c_string(self.strings, int(self.name_off[symbol]))

    def numbered(self, name: str) -> int:
        """The symbol of a name, or -1."""
        off = (b"\0" + self.strings).find(b"\0" + name.encode() + b"\0")
        found = np.flatnonzero(self.name_off == off)
        return int(found[0]) if off >= 0 and len(found) else -1

    def find(self, addr: int) -> int:
        """The symbol that covers `addr`, or -1."""
        index = int(np.searchsorted(self.addr, np.uint64(addr), side="right")) - 1
        if index < 0:
            return -1
        n_bytes = int(self.n_bytes[index])
        return index if not n_bytes or addr - int(self.addr[index]) < n_bytes else -1


def read_variables(elf: ElfFile) -> Symbols | None:
    """The variables that the file's symbol table names; None in a stripped file.

    Raises:
        InputError: The table is truncated or damaged.
    """
    return _read(elf, STT_OBJECT)


def read_functions(elf: ElfFile) -> Symbols | None:
    """The functions that the file's symbol table names; None in a stripped file.

    Raises:
        InputError: The table is truncated or damaged.
    """
    return _read(elf, STT_FUNC)


def read_exported(elf: ElfFile) -> Symbols | None:
    """The variables that other files can bind to: hosts of plugins and plugins keep all of theirs, stripped too.

    Raises:
        InputError: The table is truncated or damaged.
    """
    return _read(elf, STT_OBJECT, ".dynsym", ".dynstr")


def _read(elf: ElfFile, kind: int, table_name: str = ".symtab", strings_name: str = ".strtab") -> Symbols | None:
    sections = elf.sections()
    table, strings = sections.get(table_name), sections.get(strings_name)
    if table is None or strings is None:
        return None
    data = elf.section_bytes(table)
    rows = np.frombuffer(data, SYMBOL, len(data) // SYMBOL.itemsize)
    rows = rows[((rows["info"] & 15) == kind) & (rows["section"] != 0)]
    # Of several at one address the longest, then the first in the file, names it.
    rows = rows[np.lexsort((-rows["n"].astype(np.int64), rows["addr"]))]
    if len(rows):
        rows = rows[np.concatenate(([True], rows["addr"][1:] != rows["addr"][:-1]))]
    return Symbols(
        np.ascontiguousarray(rows["addr"]),
        np.ascontiguousarray(rows["n"]),
        np.ascontiguousarray(rows["name"]),
        elf.section_bytes(strings),
    )
