"""Who uses which dynamic symbol of an ELF file, through which relocations.

Source: the psABIs of amd64 and arm64 for the kinds; the System V ABI, chapter 5, for when they are applied.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.formats.elfdynamic import DynamicFile

NAMES = {
    62: {
        1: "R_X86_64_64", 2: "R_X86_64_PC32", 5: "R_X86_64_COPY", 6: "R_X86_64_GLOB_DAT", 7: "R_X86_64_JUMP_SLOT",
        8: "R_X86_64_RELATIVE", 16: "R_X86_64_DTPMOD64", 17: "R_X86_64_DTPOFF64", 18: "R_X86_64_TPOFF64",
        36: "R_X86_64_TLSDESC", 37: "R_X86_64_IRELATIVE",
    },
    183: {
        257: "R_AARCH64_ABS64", 1024: "R_AARCH64_COPY", 1025: "R_AARCH64_GLOB_DAT", 1026: "R_AARCH64_JUMP_SLOT",
        1027: "R_AARCH64_RELATIVE", 1028: "R_AARCH64_TLS_DTPMOD64", 1029: "R_AARCH64_TLS_DTPREL64",
        1030: "R_AARCH64_TLS_TPREL64", 1031: "R_AARCH64_TLSDESC", 1032: "R_AARCH64_IRELATIVE",
    },
}  # fmt: skip
JUMP_SLOT = {62: 7, 183: 1026}


class SymbolUses:
    """The relocations of a file by what they name and by where they are.

    Args:
        file: The file.

    Raises:
        InputError: The tables are truncated.
    """

    def __init__(self, file: DynamicFile) -> None:
        self._file = file
        self._names = NAMES.get(file.elf.machine, {})
        self._rows = file.relocations
        self._kind = (self._rows["info"] & np.uint64(0xFFFFFFFF)).astype(np.int64)
        self._number = (self._rows["info"] >> np.uint64(32)).astype(np.int64)

    @cached_property
    def _by_number(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(rank -> relocation, by symbol, then in the loader's order; rank -> symbol)."""
        order = np.argsort(self._number, kind="stable")
        return order, self._number[order]

    @cached_property
    def _by_place(self) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """(rank -> relocation, by address; rank -> address)."""
        order = np.argsort(self._rows["addr"], kind="stable")
        return order, self._rows["addr"][order]

    def of(self, number: int) -> list[tuple[str, int, int]]:
        """(kind, how many, first address) of the relocations that name a symbol, in the loader's order."""
        order, numbers = self._by_number
        first, end = np.searchsorted(numbers, [number, number + 1]).tolist()
        rows = order[first:end]
        found: dict[str, tuple[int, int]] = {}
        for kind, addr in zip(self._kind[rows].tolist(), self._rows["addr"][rows].tolist(), strict=True):
            n, at = found.get(self.name(kind), (0, addr))
            found[self.name(kind)] = (n + 1, at)
        return [(name, n, at) for name, (n, at) in found.items()]

    def at(self, addr: int) -> tuple[str, bytes, int] | None:
        """(kind, symbol's name, addend) of the relocation that fills the word at an address; None if none does."""
        order, places = self._by_place
        index = int(np.searchsorted(places, np.uint64(addr))) if 0 <= addr < 1 << 64 else len(places)
        if index >= len(places) or int(places[index]) != addr:
            return None
        row = int(order[index])
        number = int(self._number[row])
        known = 0 < number < len(self._file.symbols)
        name = self._file.name_at(int(self._file.symbols[number]["name"])) if known else b""
        return self.name(int(self._kind[row])), name, int(self._rows["addend"][row])

    def only_called(self, number: int) -> bool:
        """Whether all that names a symbol are slots of calls."""
        slot = self.name(JUMP_SLOT.get(self._file.elf.machine, -1))
        return [kind for kind, _, _ in self.of(number)] == [slot]

    def counts(self) -> dict[str, int]:
        """Kind -> how many, by kind."""
        kinds, n = np.unique(self._kind, return_counts=True)
        return {self.name(kind): many for kind, many in zip(kinds.tolist(), n.tolist(), strict=True)}

    def name(self, kind: int) -> str:
        """What the psABI calls a kind."""
        return self._names.get(kind, f"relocation {kind}")
