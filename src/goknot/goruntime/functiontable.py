"""All functions of a module at once: entries and names, as arrays (runtime/symtab.go, `functab` and `_func`)."""

from __future__ import annotations

from fnmatch import translate
from re import compile as pattern
from typing import TYPE_CHECKING

import numpy as np

from goknot.memory.space import MissingMemoryError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from goknot.goruntime.modules import Module
    from goknot.memory.space import AddressSpace

MAX_SECTIONS = 1 << 16


class FunctionTable:
    """The functions of one module, ascending by address.

    Args:
        space: The image's memory.
        module: The module.

    Raises:
        MissingMemoryError: Its tables are not all there.
    """

    def __init__(self, space: AddressSpace, module: Module) -> None:
        raw = np.frombuffer(space.read(module.ftab.addr, 8 * module.ftab.n - 4), "<u4")
        self._names = space.read(module.funcnametab.addr, module.funcnametab.n)
        text_off, func_off = raw[0::2].astype(np.uint64), raw[1::2].astype(np.uint64)
        heads = space.words_at(np.uint64(module.pclntable.addr) + func_off)
        # function -> address of its first instruction; one more at the end: where the last one ends
        self.entry_by_function = _addresses(space, module, text_off)
        # function -> offset of its name
        self.name_off_by_function = (heads >> np.uint64(32)).astype(np.int64)

    def __len__(self) -> int:
        """How many functions there are."""
        return len(self.name_off_by_function)

    def name(self, function: int) -> str:
        """The function's name."""
        return self._text(int(self.name_off_by_function[function]))

    def bounds(self, function: int) -> tuple[int, int]:
        """(first address, where the next function begins)."""
        return int(self.entry_by_function[function]), int(self.entry_by_function[function + 1])

    def find(self, addr: int) -> int:
        """The function whose code covers an address, or -1."""
        if not 0 <= addr < 1 << 64:
            return -1
        index = int(np.searchsorted(self.entry_by_function, np.uint64(addr), side="right")) - 1
        return index if index < len(self) else -1

    def named(self, wanted: str) -> list[int]:
        """The functions of a name, or whose names match a pattern with `*` or `?`; ascending by address."""
        if "*" in wanted or "?" in wanted:
            fits = pattern(translate(wanted.replace("[", "[[]"))).match
            return [index for index in range(len(self)) if fits(self.name(index))]
        offs = list(self._places(wanted))
        return np.flatnonzero(np.isin(self.name_off_by_function, offs)).tolist() if offs else []

    def beginning(self, prefix: str) -> list[str]:
        """Names of functions that begin so, sorted."""
        found = []
        needle = b"\0" + prefix.encode()
        at = self._names.find(needle)
        while at >= 0:
            found.append(at + 1)
            at = self._names.find(needle, at + 1)
        offs = np.array(found, np.int64)
        used = offs[np.isin(offs, self.name_off_by_function)] if found else offs
        return sorted({self._text(off) for off in used.tolist()})

    def mentions(self, wanted: str) -> bool:
        """Whether the table of names holds a name: that of a function, or of one that was inlined everywhere."""
        return next(self._places(wanted), None) is not None

    def _places(self, wanted: str) -> Iterator[int]:
        """Offsets at which the name stands in the table, whole."""
        needle = wanted.encode("utf-8", "surrogateescape") + b"\0"
        at = self._names.find(needle)
        while at >= 0:
            if not at or not self._names[at - 1]:
                yield at
            at = self._names.find(needle, at + 1)

    def _text(self, off: int) -> str:
        end = self._names.find(b"\0", off)
        return self._names[off : end if end >= 0 else len(self._names)].decode("utf-8", "backslashreplace")


def _addresses(space: AddressSpace, module: Module, off: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """`textAddr`: offsets count through all text sections; large programs on some machines have several."""
    n = module.textsectmap.n
    if n <= 1:
        return off + np.uint64(module.text_addr)
    if n > MAX_SECTIONS:
        raise MissingMemoryError(f"{n} sections of text make no sense")
    rows = np.frombuffer(space.read(module.textsectmap.addr, 24 * n), "<u8").reshape(n, 3)
    index = np.searchsorted(rows[:, 0], off, side="right") - 1
    index = np.maximum(index, 0)
    addresses: NDArray[np.uint64] = off - rows[index, 0] + rows[index, 2]
    return addresses
