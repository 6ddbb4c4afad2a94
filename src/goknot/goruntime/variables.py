"""What DWARF says of memory: package variables, captured variables of closures, variables of frames.

Nothing here is needed to read an image; where a file has no DWARF, nothing is said. A statement is made only where it
is certain: locations that depend on the program counter count at that counter alone, and variables of generic code,
whose types are not said, do not count. Source: cmd/compile/internal/dwarfgen; DWARF 5, 2.5 and 2.6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import InputError
from goknot.formats.dwarf import uleb
from goknot.formats.dwarf_entries import DwarfEntries, Entry
from goknot.formats.dwarf_locations import signed
from goknot.goruntime.types_fields import Capture
from goknot.goruntime.variables_types import AT_TYPE, DwarfTypes
from goknot.kernels.dwarf_scan import BY_INDEX, COLUMNS, DAMAGED, VARIABLE, scan_entries

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.goruntime.modules import Module
    from goknot.goruntime.types import TypeTable
    from goknot.memory.source import MappedElf

AT_LOCATION, AT_NAME, AT_PRODUCER, AT_HIGH_PC, AT_ORIGIN, AT_CLOSURE_OFF = 0x02, 0x03, 0x25, 0x12, 0x31, 0x2907
TAG_PARAMETER, TAG_VARIABLE, TAG_UNIT = 0x05, 0x34, 0x11
OP_PLUS, OP_PLUS_UCONST, OP_CONSTS, OP_FBREG, OP_PIECE, OP_CFA = 0x22, 0x23, 0x11, 0x91, 0x93, 0x9C
OP_REGISTERS = range(0x50, 0x70)
USUAL_ENTRY_BYTES = 100  # of .debug_info for each variable or function; more are found in a second pass


@dataclass(frozen=True, slots=True)
class Local:
    """A variable of a frame, or a piece of one.

    Attributes:
        off: From the frame's end (the canonical frame address).
        inner_off: Which byte of the variable stands there.
        n_bytes: How many of its bytes do; -1: all.
        type_addr: Its type.
    """

    name: str
    off: int
    inner_off: int
    n_bytes: int
    type_addr: int


class Variables:
    """The variables of one module, as its file's DWARF describes them.

    Args:
        mapped: The file.
        module: The module.
        number: Its index.
        table: The program's types; learns those that only DWARF describes.

    Raises:
        InputError: From here and every method: the DWARF is damaged.
    """

    def __init__(self, mapped: MappedElf, module: Module, number: int, table: TypeTable) -> None:
        self._slide = mapped.slide
        self._entries = DwarfEntries(mapped.elf)
        self._path = mapped.path
        self._types = DwarfTypes(self._entries, table, number, module.types[0], mapped.slide)
        rows = self._scan()
        addrs = np.array(
            [v if how != BY_INDEX else self._entries.address(off, v) for off, _, how, v in rows.tolist()], np.int64
        )
        self._module = module
        self._offs, self._is_variable = rows[:, 0], rows[:, 1] == VARIABLE
        self._addrs = addrs + mapped.slide
        chosen = np.flatnonzero(~self._is_variable)
        order = chosen[np.argsort(self._addrs[chosen], kind="stable")]
        self._function_addr, self._function_off = self._addrs[order], self._offs[order]
        self._optimised: dict[int, bool] = {}

    @property
    def is_empty(self) -> bool:
        """Whether the file has no DWARF."""
        return not len(self._offs)

    def package_variables(self) -> list[tuple[int, int]]:
        """(address, address of its type) of those that the collector scans."""
        found = []
        ranges = (self._module.data, self._module.bss)
        scanned = np.zeros(len(self._addrs), np.bool_)
        for start, end in ranges:
            scanned |= (self._addrs >= start) & (self._addrs < end)
        for index in np.flatnonzero(scanned & self._is_variable).tolist():
            entry = self._entries.entry(int(self._offs[index]))
            type_addr = self._type(entry)
            if type_addr:
                found.append((int(self._addrs[index]), type_addr))
        return found

    def captures(self, entry_addr: int) -> list[Capture]:
        """What closures of the function at `entry_addr` hold, where that is said (Go 1.23 and later)."""
        found = []
        for depth, part in self._parts(entry_addr):
            off = part.number(AT_CLOSURE_OFF)
            if depth == 1 and off > 0 and off % 8 == 0:
                type_addr = self._type(part)
                name = self._text(part)
                found.append(Capture(off, name, type_addr))
        return found

    def locals_at(self, pc: int) -> list[Local]:
        """The variables that stand in the frame of the function that is at `pc`."""
        index = int(np.searchsorted(self._function_addr, pc, side="right")) - 1
        if index < 0:
            return []
        entry_addr = int(self._function_addr[index])
        top = self._entries.entry(int(self._function_off[index]))
        high = top.number(AT_HIGH_PC, 0)
        if pc - entry_addr >= (high - entry_addr + self._slide if high >= entry_addr - self._slide else high):
            return []
        found: list[Local] = []
        for depth, part in self._entries.subtree(top.off):
            if part.tag not in (TAG_PARAMETER, TAG_VARIABLE) or AT_LOCATION not in part.values:
                continue
            fixed = not part.listed
            if fixed and (depth > 1 or (part.tag == TAG_VARIABLE and self._is_optimised(part.off))):
                continue  # the compiler may have given its place to another one by now
            pieces = frame_pieces(self._entries.location(part, AT_LOCATION, pc - self._slide))
            type_addr = self._type(part) if pieces else 0
            if type_addr:
                name = self._text(part)
                found += [Local(name, off, inner, n_bytes, type_addr) for off, inner, n_bytes in pieces]
        return found

    def _scan(self) -> NDArray[np.int64]:
        tables = self._entries.dwarf.tables()
        if not len(tables.units):
            return np.zeros((0, COLUMNS), np.int64)
        room = len(tables.info) // USUAL_ENTRY_BYTES + 1
        while True:
            rows = np.empty(COLUMNS * room, np.int64)
            n_rows = scan_entries(
                tables.info, tables.units, tables.code_start, tables.tag_by_code, tables.children_by_code,
                tables.attribute_start, tables.attributes, rows,
            )  # fmt: skip
            if n_rows == DAMAGED:
                raise InputError(self._path, "has damaged debugging information")
            if n_rows <= room:
                break
            room = n_rows
        return rows[: COLUMNS * n_rows].reshape(-1, COLUMNS).copy()

    def _parts(self, entry_addr: int) -> list[tuple[int, Entry]]:
        index = int(np.searchsorted(self._function_addr, entry_addr))
        if index == len(self._function_addr) or self._function_addr[index] != entry_addr:
            return []
        return list(self._entries.subtree(int(self._function_off[index])))

    def _origin(self, entry: Entry) -> Entry:
        off = entry.number(AT_ORIGIN)
        return self._entries.entry(off) if off >= 0 else entry

    def _type(self, entry: Entry) -> int:
        off = entry.number(AT_TYPE)
        if off < 0:
            off = self._origin(entry).number(AT_TYPE)
        return self._types.addr_of(off) if off >= 0 else 0

    def _text(self, entry: Entry) -> str:
        return entry.text(AT_NAME) or self._origin(entry).text(AT_NAME)

    def _is_optimised(self, off: int) -> bool:
        unit = self._entries.unit_entry(off)
        if unit.off not in self._optimised:
            self._optimised[unit.off] = "-N" not in unit.text(AT_PRODUCER).split()
        return self._optimised[unit.off]


def frame_pieces(expression: bytes) -> list[tuple[int, int, int]]:
    """(offset from the frame's end, which byte of the variable, how many or -1: all) of what lies in the frame.

    Whatever else an expression may say, registers included, gives nothing.
    """
    found: list[tuple[int, int, int]] = []
    at, inner, where = 0, 0, None
    pushed = 0
    try:
        while at < len(expression):
            op = expression[at]
            at += 1
            if op == OP_FBREG:
                value, after = uleb(expression, at)
                where, at = signed(value, after - at), after
            elif op == OP_CFA:
                where = 0
            elif op == OP_CONSTS:
                value, after = uleb(expression, at)
                pushed, at = signed(value, after - at), after
            elif op == OP_PLUS and where is not None:
                where += pushed
            elif op == OP_PLUS_UCONST and where is not None:
                value, at = uleb(expression, at)
                where += value
            elif op in OP_REGISTERS:
                where = None
            elif op == OP_PIECE:
                n_bytes, at = uleb(expression, at)
                if where is not None:
                    found.append((where, inner, n_bytes))
                inner, where = inner + n_bytes, None
            else:
                return []
    except IndexError:
        return []
    return [(where, inner, -1)] if where is not None and not found and not inner else found
