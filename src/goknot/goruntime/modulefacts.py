"""What else a moduledata says: exports, package hashes, how many types and itabs (runtime/symtab.go, `moduledata`)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goknot.errors import GoknotError
from goknot.goruntime import types as go
from goknot.goruntime.filemodule import moduledata_bytes
from goknot.goruntime.gcmask import type_table
from goknot.goruntime.modules import DATA

if TYPE_CHECKING:
    from goknot.goruntime.filemodule import FileModule
    from goknot.goruntime.types import TypeTable
    from goknot.memory.fileimage import FileImage

HASH_BYTES = 40  # modulehash: modulename, linktimehash, runtimehash
MAX_ROWS, MAX_TEXT_BYTES = 1 << 16, 1 << 16
UNCOMMON_BYTES, METHOD_BYTES, ITAB_BYTES = 16, 16, 32  # internal/abi: UncommonType, Method, ITab with one method


@dataclass(frozen=True, slots=True)
class Export:
    """An entry of `moduledata.ptab`: what plugin.Lookup finds; its type as reflect prints it, empty if unreadable."""

    name: str
    type_name: str
    is_function: bool


@dataclass(frozen=True, slots=True)
class ModuleHash:
    """A package that a plugin was linked against: its hash then; where the hash lies that it is compared with."""

    package: str
    linked: bytes


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each the module lists; None where its tables cannot be walked."""

    types: int | None
    itabs: int | None
    init_tasks: int | None


class FactsReader:
    """Reads them.

    Args:
        image: The file.
        found: Its module.

    Raises:
        GoknotError: Its types or moduledata cannot be read.
    """

    def __init__(self, image: FileImage, found: FileModule) -> None:
        self._space, self._layout, self._module = image.space, found.layout, found.module
        self._raw = moduledata_bytes(image, found)

    @property
    def has_main(self) -> bool:
        """Whether it holds the program's main function."""
        return bool(self._raw[self._layout.off(DATA, "hasmain")])

    def text(self, field: str) -> str:
        """A string field, e.g. `pluginpath`, `modulename`."""
        return self._string(self._word(field), self._word(field, 8)).decode("utf-8", "backslashreplace")

    def counts(self) -> Counts:
        """Types and itabs: until Go 1.26 slices of them, from 1.27 stretches that are walked."""
        tasks = self._word("inittasks", 8) if self._layout.has(DATA, "inittasks") else None
        if self._layout.has(DATA, "typelinks"):
            return Counts(self._word("typelinks", 8), self._word("itablinks", 8), tasks)
        if not self._layout.has(DATA, "typedesclen"):
            return Counts(None, None, tasks)
        try:
            return Counts(self._n_types(), self._n_itabs(), tasks)
        except (GoknotError, struct.error):
            return Counts(None, None, tasks)

    def exports(self) -> list[Export]:
        """moduledata.ptab (runtime/plugin.go, `plugin_lastmoduleinit`), by name.

        Raises:
            GoknotError: The table is damaged.
        """
        n = min(self._word("ptab", 8), MAX_ROWS)
        if not n:
            return []
        table = type_table(self._space, self._layout, (self._module,))
        rows = struct.iter_unpack("<ii", self._space.read(self._word("ptab"), 8 * n))
        return sorted((self._export(table, *row) for row in rows), key=lambda one: one.name)

    def hashes(self) -> list[ModuleHash]:
        """moduledata.pkghashes, in the order in which plugin.Open compares them.

        Raises:
            GoknotError: The table is damaged.
        """
        n = min(self._word("pkghashes", 8), MAX_ROWS)
        data = self._space.read(self._word("pkghashes"), HASH_BYTES * n) if n else b""
        rows = struct.iter_unpack("<QQQQQ", data)
        return [
            ModuleHash(self._string(name, n_name).decode("utf-8", "backslashreplace"), self._string(linked, n_linked))
            for name, n_name, linked, n_linked, _ in rows
        ]

    def _export(self, table: TypeTable, name_off: int, type_off: int) -> Export:
        types = self._module.types[0]
        found = table.type_at(types + type_off)
        is_function = found is not None and found.kind == go.FUNC
        text = table.full_name(found) if found else ""
        # of a variable the type listed is that of its address, which Lookup returns
        return Export(self._name(types + name_off), text if is_function else text.removeprefix("*"), is_function)

    def _name(self, addr: int) -> str:
        """`abi.Name`."""
        at, n_bytes, shift = addr + 1, 0, 0
        while shift < 21:
            byte = self._space.number(at, 1)
            at, n_bytes, shift = at + 1, n_bytes | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                break
        return self._space.read(at, n_bytes).decode("utf-8", "backslashreplace")

    def _word(self, field: str, more: int = 0) -> int:
        at = self._layout.off(DATA, field) + more
        return int.from_bytes(self._raw[at : at + 8], "little")

    def _string(self, addr: int, n_bytes: int) -> bytes:
        return self._space.read(addr, n_bytes) if 0 < n_bytes <= MAX_TEXT_BYTES else b""

    def _n_types(self) -> int:
        """runtime/type.go, `moduleTypelinks`: descriptors stand one behind the other."""
        start, n = self._module.types[0], self._word("typedesclen")
        data = self._space.read(start, n) if n <= self._module.types[1] - start else b""
        count, at = 0, 8
        while at < len(data):
            at += -(-self._descriptor_bytes(data, at) // 8) * 8
            count += 1
        return count

    def _descriptor_bytes(self, data: bytes, at: int) -> int:
        """internal/abi/type.go, `DescriptorSize`."""
        tflag, kind = data[at + 20], data[at + 23] & go.KIND_MASK
        size = {
            go.ARRAY: 72, go.CHAN: 64, go.FUNC: 56, go.INTERFACE: 80, go.POINTER: 56, go.SLICE: 56, go.STRUCT: 80,
            go.MAP: self._layout.size("internal/abi.MapType") if kind == go.MAP else 0,
        }.get(kind, go.TYPE_BYTES)  # fmt: skip
        if not go.BOOL <= kind <= go.UNSAFE_POINTER:
            raise GoknotError(f"there is no type descriptor at {self._module.types[0] + at:#x}")
        more = 0
        if kind == go.FUNC:
            n_in, n_out = struct.unpack_from("<HH", data, at + 48)
            more = 8 * (n_in + (n_out & 0x7FFF))  # the highest bit: variadic
        elif kind == go.INTERFACE:
            more = 8 * int(struct.unpack_from("<Q", data, at + 64)[0])
        elif kind == go.STRUCT:
            more = 24 * int(struct.unpack_from("<Q", data, at + 64)[0])
        if tflag & go.TFLAG_UNCOMMON:
            more += UNCOMMON_BYTES + METHOD_BYTES * int(struct.unpack_from("<H", data, at + size + 4)[0])
        return size + more

    def _n_itabs(self) -> int:
        """runtime/iface.go, `addModuleItabs`; internal/abi/iface.go, `ITab.Size`."""
        at = self._module.types[0] + self._word("itaboffset")
        end = at + self._word("itabsize")
        count = 0
        while at < end:
            interface_addr, _, _, first = self._space.words(at, 4).tolist()
            n_methods = min(self._space.word(interface_addr + 64), MAX_ROWS) if first else 1
            at += ITAB_BYTES + 8 * max(n_methods - 1, 0)
            count += 1
        return count
