"""Functions of a module by program counter: names, lines, stack maps (runtime/symtab.go; survives stripping)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.formats.elf import c_string
from goknot.goruntime.filenames import goroot_of, portable
from goknot.memory.space import MissingMemoryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.goruntime.modules import Module
    from goknot.goruntime.types_seeds import Functions
    from goknot.memory.space import AddressSpace

FUNC_BYTES = 44  # runtime._func, the same since Go 1.20
TOP_FRAME, SP_WRITE = 1, 2
NO_FUNCDATA = 0xFFFFFFFF
ARGS_UNKNOWN = -0x80000000
PCDATA_STACK_MAP = 1
ARGS_MAPS, LOCALS_MAPS, STACK_OBJECTS, INLINE_TREE = 0, 1, 2, 3
INLINE_INDEX = 2  # PCDATA_InlTreeIndex
INLINED_BYTES, MAX_INLINED = 16, 64  # runtime/symtabinl.go, inlinedCall: funcID, nameOff, parentPc, startLine
MAX_STEPS = 1 << 20
MAX_OFF = (1 << 32) - 1
MAX_MAP_WORDS = 1 << 24


@dataclass(frozen=True, slots=True)
class Function:
    """A function as `runtime._func` describes it.

    Attributes:
        pcdata: Offsets of its tables in pctab.
        funcdata: Addresses, 0 where it has none.
    """

    module: Module
    entry_addr: int
    name: str
    args_bytes: int
    deferreturn_off: int
    pcsp: int
    pcfile: int
    pcln: int
    cu_off: int
    flag: int
    pcdata: tuple[int, ...]
    funcdata: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StackObject:
    """A variable on the stack whose address is taken.

    Attributes:
        off: From varp when negative, else from argp.
        pointer_offs: Offsets of its pointers.
    """

    off: int
    n_bytes: int
    pointer_offs: tuple[int, ...]


class PclnTable:
    """Looks functions up; every table is read when it is first needed, every answer kept.

    Args:
        space: The image's memory.
        modules: All modules.
    """

    def __init__(self, space: AddressSpace, modules: tuple[Module, ...]) -> None:
        self._space, self._modules = space, modules
        self._entries: dict[int, NDArray[np.uint32]] = {}
        self._tables: dict[tuple[int, str], bytes] = {}
        self._goroots: dict[int, str] = {}
        self._functions: dict[tuple[int, int], Function] = {}
        self._values: dict[tuple[int, int, int], int] = {}
        self._objects: dict[int, tuple[StackObject, ...]] = {}
        self._bitmaps: dict[tuple[int, int], tuple[int, ...]] = {}

    def find(self, pc: int) -> Function | None:
        """The function at a program counter; None outside of Go's code."""
        for module in self._modules:
            if module.text_addr <= pc < module.etext_addr:
                offs, functions = self._ftab(module)
                off = np.uint32(min(pc - module.text_addr, MAX_OFF))  # of the table's type: else it would be copied
                index = int(np.searchsorted(offs[:-1], off, side="right")) - 1
                return self._function(module, int(functions[index])) if index >= 0 else None
        return None

    def entries(self) -> Functions:
        """All functions' entries with their names."""
        from goknot.goruntime.types_seeds import Functions  # noqa: PLC0415 (numba, which other questions do not need)

        parts = [self._ftab(module)[:, :-1] for module in self._modules]
        addrs = [
            part[0].astype(np.uint64) + np.uint64(m.text_addr) for part, m in zip(parts, self._modules, strict=True)
        ]
        offs = np.concatenate([part[1] for part in parts])
        owners = np.concatenate([np.full(part.shape[1], i) for i, part in enumerate(parts)])
        addr = np.concatenate(addrs)
        order = np.argsort(addr, kind="stable")

        def name(index: int) -> str:
            at = int(order[index])
            return self._function(self._modules[int(owners[at])], int(offs[at])).name

        return Functions(addr[order], name)

    def sp_delta(self, function: Function, pc: int) -> int:
        """How far the stack pointer is below the frame's end."""
        return self._value(function, function.pcsp, pc)

    def stack_map_index(self, function: Function, pc: int) -> int:
        """PCDATA_StackMapIndex."""
        if len(function.pcdata) <= PCDATA_STACK_MAP:
            return -1
        return self._value(function, function.pcdata[PCDATA_STACK_MAP], pc)

    def line(self, function: Function, pc: int) -> str:
        """`file:line` of an instruction, the file as `filenames.portable` has it; empty where it is not said."""
        number = self._value(function, function.pcfile, pc)
        line = self._value(function, function.pcln, pc)
        cutab = self._table(function.module, "cutab")
        at = 4 * (function.cu_off + number)
        if number < 0 or function.cu_off == NO_FUNCDATA or at + 4 > len(cutab):
            return ""
        off = struct.unpack_from("<I", cutab, at)[0]
        file = c_string(self._table(function.module, "filetab"), off) if off != NO_FUNCDATA else ""
        return f"{portable(file, self._goroot(function.module))}:{line}" if file else ""

    def calls(self, function: Function, pc: int) -> tuple[tuple[str, str], ...]:
        """(function, `file:line`) of an instruction: what was inlined there, innermost first, then the function itself.

        runtime/symtabinl.go, `inlineUnwinder`. The tree survives stripping.
        """
        found: list[tuple[str, str]] = []
        tree = function.funcdata[INLINE_TREE] if len(function.funcdata) > INLINE_TREE else 0
        for _ in range(MAX_INLINED if tree and len(function.pcdata) > INLINE_INDEX else 0):
            index = self._value(function, function.pcdata[INLINE_INDEX], pc)
            if index < 0:
                break
            data = self._space.read(tree + index * INLINED_BYTES, INLINED_BYTES)
            name_off, parent_pc = struct.unpack_from("<ii", data, 4)
            found.append((c_string(self._table(function.module, "funcnametab"), name_off), self.line(function, pc)))
            pc = function.entry_addr + parent_pc
        return (*found, (function.name, self.line(function, pc)))

    def bitmap(self, function: Function, which: int, index: int) -> tuple[int, tuple[int, ...]] | None:
        """(number of words, those that are pointers) of ARGS_MAPS or LOCALS_MAPS; None where there is no such map."""
        addr = function.funcdata[which] if len(function.funcdata) > which else 0
        if not addr:
            return None
        count, n_bits = struct.unpack("<ii", self._space.read(addr, 8))
        if not 0 <= index < count or not 0 <= n_bits <= MAX_MAP_WORDS:
            return None
        key = (addr, index)
        if key not in self._bitmaps:
            n_bytes = (n_bits + 7) // 8
            self._bitmaps[key] = _bits(self._space.read(addr + 8 + index * n_bytes, n_bytes), n_bits)
        return n_bits, self._bitmaps[key]

    def stack_objects(self, function: Function) -> tuple[StackObject, ...]:
        """FUNCDATA_StackObjects."""
        addr = function.funcdata[STACK_OBJECTS] if len(function.funcdata) > STACK_OBJECTS else 0
        if not addr:
            return ()
        if addr not in self._objects:
            count = min(self._space.word(addr), 1 << 16)
            data = self._space.read(addr + 8, 16 * count)
            self._objects[addr] = tuple(
                self._stack_object(function.module, *row) for row in struct.iter_unpack("<iiiI", data)
            )
        return self._objects[addr]

    def _stack_object(self, module: Module, off: int, n_bytes: int, ptr_bytes: int, gcdata_off: int) -> StackObject:
        """A negative length says GC program (before Go 1.24): such objects are huge; every word of theirs is taken."""
        if ptr_bytes < 0:
            return StackObject(off, n_bytes, tuple(range(0, -ptr_bytes, 8)))
        n_words = ptr_bytes // 8
        data = self._space.read(module.rodata_addr + gcdata_off, (n_words + 7) // 8)
        return StackObject(off, n_bytes, tuple(8 * bit for bit in _bits(data, n_words)))

    def _goroot(self, module: Module) -> str:
        if module.addr not in self._goroots:
            self._goroots[module.addr] = goroot_of(self._table(module, "filetab"))
        return self._goroots[module.addr]

    def _ftab(self, module: Module) -> NDArray[np.uint32]:
        """Two rows: offsets of entries in text, offsets of what describes them."""
        if module.addr not in self._entries:
            data = self._space.read(module.ftab.addr, 8 * module.ftab.n)
            self._entries[module.addr] = np.ascontiguousarray(np.frombuffer(data, "<u4").reshape(-1, 2).T)
        return self._entries[module.addr]

    def _table(self, module: Module, name: str) -> bytes:
        key = (module.addr, name)
        if key not in self._tables:
            table = getattr(module, name)
            self._tables[key] = self._space.read(table.addr, table.n * (4 if name == "cutab" else 1))
        return self._tables[key]

    def _function(self, module: Module, off: int) -> Function:
        key = (module.addr, off)
        if key not in self._functions:
            table = self._table(module, "pclntable")
            if off + FUNC_BYTES > len(table):
                raise MissingMemoryError(f"function table entry {off} of module {module.name!r} is not there")
            head = struct.unpack_from("<IiiIIIIIIiBBBB", table, off)
            n_pcdata, n_funcdata = head[7], head[13]
            if off + FUNC_BYTES + 4 * (n_pcdata + n_funcdata) > len(table):
                raise MissingMemoryError(f"function table entry {off} of module {module.name!r} is cut off")
            rest = struct.unpack_from(f"<{n_pcdata + n_funcdata}I", table, off + FUNC_BYTES)
            self._functions[key] = Function(
                module,
                module.text_addr + head[0],
                c_string(self._table(module, "funcnametab"), head[1]),
                args_bytes=head[2],
                deferreturn_off=head[3],
                pcsp=head[4],
                pcfile=head[5],
                pcln=head[6],
                cu_off=head[8],
                flag=head[11],
                pcdata=rest[:n_pcdata],
                funcdata=tuple(0 if o == NO_FUNCDATA else module.gofunc_addr + o for o in rest[n_pcdata:]),
            )
        return self._functions[key]

    def _value(self, function: Function, off: int, pc: int) -> int:
        """runtime/symtab.go, `pcvalue`: value deltas in zigzag, address deltas in quanta; -1 where there is none."""
        key = (function.entry_addr, off, pc)
        if key in self._values:
            return self._values[key]
        found = -1
        if off:
            data = self._table(function.module, "pctab")
            at, value, start = off, -1, function.entry_addr
            for _ in range(MAX_STEPS):
                if at >= len(data):
                    break
                delta, at = _varint(data, at)
                if not delta and start != function.entry_addr:
                    break
                value += -((delta + 1) >> 1) if delta & 1 else delta >> 1
                step, at = _varint(data, at)
                start += step * function.module.quantum
                if pc < start:
                    found = value
                    break
        self._values[key] = found
        return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    return value, at


def _bits(data: bytes, n_bits: int) -> tuple[int, ...]:
    return tuple(index for index in range(n_bits) if data[index >> 3] >> (index & 7) & 1)
