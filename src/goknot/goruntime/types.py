"""Go's type descriptors (internal/abi/type.go), read from an address space.

The layout of `abi.Type` and of the descriptors built on it is the same from Go 1.21 to 1.27, but for map types: their
size, and whether they name a bucket (hmap) or a group (internal/runtime/maps), are given by `TypeLayout`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import GoknotError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Read = Callable[[int, int], bytes]  # (address, how many) -> that many bytes, or a GoknotError

# Kinds (internal/abi/type.go); those between are scalars.
BOOL, UINT8, UINTPTR, COMPLEX128, ARRAY, CHAN, FUNC, INTERFACE, MAP, POINTER, SLICE, STRING, STRUCT, UNSAFE_POINTER = (
    1, 8, 12, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
)  # fmt: skip
KIND_MASK = 31  # before Go 1.26 the bits above say how the value is stored
KIND_DIRECT = 1 << 5  # before Go 1.26
TFLAG_UNCOMMON, TFLAG_EXTRA_STAR, TFLAG_NAMED, TFLAG_DIRECT = 1, 2, 4, 32  # TFLAG_DIRECT from Go 1.26

TYPE_BYTES = 48
NAME_EMBEDDED = 8  # flag of a field's name
MAX_NAME_BYTES = 1 << 16
MAX_TYPE_BYTES = 1 << 40
MAX_FIELDS = 1 << 16


@dataclass(frozen=True, slots=True)
class TypeLayout:
    """Where releases differ.

    Attributes:
        map_type_bytes: Size of the map descriptor (`abi.MapType`, `abi.OldMapType`, `runtime.maptype`).
        swiss_maps: Maps are of internal/runtime/maps (Go 1.24 and later, unless built with noswissmap).
        channel_elem_off: Where a channel names its element type (`runtime.hchan.elemtype`).
        direct_in_tflag: A flag says that an interface holds the value itself (Go 1.26 and later); else a bit of kind.
    """

    map_type_bytes: int
    swiss_maps: bool
    channel_elem_off: int
    direct_in_tflag: bool


@dataclass(frozen=True, slots=True)
class TypeModule:
    """The stretch of one module that holds its type descriptors (`moduledata.types`, `etypes`)."""

    types_addr: int
    etypes_addr: int


@dataclass(frozen=True, slots=True)
class GoField:
    """A field of a struct type."""

    name: str
    off: int
    type_addr: int
    embedded: bool


@dataclass(frozen=True, slots=True)
class GoType:
    """A Go type.

    Attributes:
        pointer_bytes: Length of the prefix that can hold pointers; 0: it has none.
        name: As reflect prints it, packages by their last element, e.g. `*http.Server`.
        pkg_path: Import path of a named type's package, empty for others.
        direct: An interface holds such a value itself, not a pointer to it.
        elem_addr: Element type of arrays, channels, maps, pointers and slices; 0 for others.
        key_addr: Key type of maps; 0 for others.
        group_addr: What a map's memory is made of: groups of slots (swiss) or buckets; 0 for others.
        length: Of arrays.
        fields: Of structs.
    """

    addr: int
    size_bytes: int
    pointer_bytes: int
    kind: int
    name: str
    pkg_path: str
    direct: bool
    elem_addr: int = 0
    key_addr: int = 0
    group_addr: int = 0
    length: int = 0
    fields: tuple[GoField, ...] = ()

    @property
    def qualified_name(self) -> str:
        """The name with the whole import path where the descriptor has it: `net/http.Server`."""
        if not self.pkg_path:
            return self.name
        return f"{self.pkg_path}.{local_name(self.name)}"


def local_name(name: str) -> str:
    """What follows the package in a named type's name; dots in type arguments do not count."""
    depth = 0
    for index in range(len(name) - 1, -1, -1):
        letter = name[index]
        if letter == "]":
            depth += 1
        elif letter == "[":
            depth -= 1
        elif letter == "." and depth == 0:
            return name[index + 1 :]
    return name


class TypeTable:
    """Types by the address of their descriptor; each is read once, and none is trusted.

    Args:
        modules: The modules' type sections; read whole at once.
        read: Reads memory; types made by reflect lie in the heap.
        layout: Where releases differ.

    Raises:
        GoknotError: A module's types cannot be read.
    """

    def __init__(self, modules: Sequence[TypeModule], read: Read, layout: TypeLayout) -> None:
        self.layout = layout
        self._read = read
        self._sections = [
            (module.types_addr, module.etypes_addr, read(module.types_addr, module.etypes_addr - module.types_addr))
            for module in modules
        ]
        self._known: dict[int, GoType | None] = {}
        self._made: list[tuple[int, int, Callable[[int], GoType | None]]] = []

    def add_made(self, start: int, end: int, make: Callable[[int], GoType | None]) -> None:
        """Types that DWARF describes: addresses from `start` to `end`, where no process has memory, are its names."""
        self._made.append((start, end, make))

    def type_at(self, addr: int) -> GoType | None:
        """The type whose descriptor is at `addr`; None when no sane descriptor is there."""
        if addr not in self._known:
            self._known[addr] = None  # what a type that contains itself would find
            try:
                self._known[addr] = self._make(addr) if addr >> 62 else self._parse(addr)
            except (GoknotError, struct.error, _NotATypeError):
                self._known[addr] = None
        return self._known[addr]

    def type_of_itab(self, addr: int) -> GoType | None:
        """The dynamic type that the itab at `addr` names (`abi.ITab`); None when there is no itab.

        An itab repeats the hash of its type: chance does not pass.
        """
        try:
            inter_addr, type_addr, hash_code = struct.unpack("<QQI", self._whole(addr, 20))
            inter, found = self.type_at(inter_addr), self.type_at(type_addr)
            if (
                found
                and inter
                and inter.kind == INTERFACE
                and self._whole(type_addr + 16, 4) == hash_code.to_bytes(4, "little")
            ):
                return found
        except (GoknotError, _NotATypeError):
            pass
        return None

    def full_name(self, found: GoType, depth: int = 0) -> str:
        """The name with whole import paths, also of what pointers, slices, maps and channels are made of."""
        elem = self.type_at(found.elem_addr) if found.elem_addr and not found.pkg_path and depth < 50 else None
        if elem is None:
            return found.qualified_name
        inner = self.full_name(elem, depth + 1)
        key = self.type_at(found.key_addr) if found.kind == MAP else None
        if key and found.name == f"map[{key.name}]{elem.name}":
            return f"map[{self.full_name(key, depth + 1)}]{inner}"
        if found.kind != MAP and found.name.endswith(elem.name):
            return found.name.removesuffix(elem.name) + inner
        return found.name

    def sections(self) -> list[tuple[int, int]]:
        """(start, end) of every module's types."""
        return [(start, end) for start, end, _ in self._sections]

    def words(self) -> list[tuple[int, NDArray[np.uint64]]]:
        """(start, words) of every module's types."""
        aligned = [(-(-start // 8) * 8, start, data) for start, _, data in self._sections]
        return [(at, np.frombuffer(d, "<u8", (len(d) - at + start) // 8, at - start)) for at, start, d in aligned]

    def in_sections(self, addr: int) -> bool:
        """Whether `addr` lies where the modules keep their types."""
        return any(start <= addr < end for start, end, _ in self._sections)

    def _make(self, addr: int) -> GoType | None:
        return next((make(addr) for start, end, make in self._made if start <= addr < end), None)

    def _bytes(self, addr: int, n_bytes: int) -> bytes:
        for start, end, data in self._sections:
            if start <= addr < end:
                return data[addr - start : addr - start + n_bytes]
        return self._read(addr, n_bytes)

    def _parse(self, addr: int) -> GoType:
        if addr <= 0 or addr % 8:
            raise _NotATypeError
        head = self._bytes(addr, TYPE_BYTES)
        size_bytes, pointer_bytes, _, tflag, align, field_align, kind_byte = struct.unpack_from("<QQIBBBB", head)
        str_off = struct.unpack_from("<i", head, 40)[0]
        kind = kind_byte & KIND_MASK
        sane = BOOL <= kind <= UNSAFE_POINTER and pointer_bytes <= size_bytes <= MAX_TYPE_BYTES
        if not (sane and pointer_bytes % 8 == 0 and 0 < align <= 64 and 0 < field_align <= 64):
            raise _NotATypeError
        name = self._name_at_offset(addr, str_off)
        if tflag & TFLAG_EXTRA_STAR:
            name = name[1:]
        direct = bool(tflag & TFLAG_DIRECT) if self.layout.direct_in_tflag else bool(kind_byte & KIND_DIRECT)
        elem_addr = key_addr = group_addr = length = 0
        fields: tuple[GoField, ...] = ()
        if kind in (POINTER, SLICE, CHAN, ARRAY):
            elem_addr = self._word(addr + 48)
            length = self._word(addr + 64) if kind == ARRAY else 0
        elif kind == MAP:
            key_addr, elem_addr, group_addr = struct.unpack("<QQQ", self._bytes(addr + 48, 24))
        elif kind == STRUCT:
            fields = self._fields(addr, size_bytes)
        pkg_path = self._pkg_path(addr, kind) if tflag & TFLAG_UNCOMMON and tflag & TFLAG_NAMED else ""
        return GoType(
            addr,
            size_bytes,
            pointer_bytes,
            kind,
            name,
            pkg_path,
            direct,
            elem_addr,
            key_addr,
            group_addr,
            length,
            fields,
        )

    def _word(self, addr: int) -> int:
        return int.from_bytes(self._whole(addr, 8), "little")

    def _whole(self, addr: int, n_bytes: int) -> bytes:
        data = self._bytes(addr, n_bytes)
        if len(data) != n_bytes:
            raise _NotATypeError
        return data

    def _fields(self, addr: int, size_bytes: int) -> tuple[GoField, ...]:
        first, n_fields = struct.unpack("<QQ", self._whole(addr + 56, 16))
        if n_fields > MAX_FIELDS:
            raise _NotATypeError
        data = self._whole(first, 24 * n_fields)
        fields = []
        for index in range(n_fields):
            name_addr, type_addr, off = struct.unpack_from("<QQQ", data, 24 * index)
            if off > size_bytes:
                raise _NotATypeError
            name, embedded = self._name(name_addr)
            fields.append(GoField(name, off, type_addr, embedded))
        return tuple(fields)

    def _pkg_path(self, addr: int, kind: int) -> str:
        """`abi.Type.Uncommon`: it follows the descriptor, whose size depends on the kind."""
        sizes = {STRUCT: 80, POINTER: 56, FUNC: 56, SLICE: 56, ARRAY: 72, CHAN: 64, INTERFACE: 80}
        size = self.layout.map_type_bytes if kind == MAP else sizes.get(kind, TYPE_BYTES)
        pkg_off = struct.unpack("<i", self._whole(addr + size, 4))[0]
        return self._name_at_offset(addr, pkg_off) if pkg_off else ""

    def _name_at_offset(self, addr: int, off: int) -> str:
        """`resolveNameOff`: offsets count from the types of the module that holds the descriptor."""
        for start, end, _ in self._sections:
            if start <= addr < end and 0 < off < end - start:
                return self._name(start + off)[0]
        raise _NotATypeError  # made by reflect: its names are in a map of the runtime's

    def _name(self, addr: int) -> tuple[str, bool]:
        """`abi.Name`: a byte of flags, the length as a varint, the text."""
        if not addr:
            return "", False
        head = self._bytes(addr, 4)
        n_bytes, shift, at = 0, 0, 1
        while True:
            if at >= len(head):
                raise _NotATypeError
            n_bytes |= (head[at] & 0x7F) << shift
            at += 1
            if head[at - 1] < 0x80:
                break
            shift += 7
        if n_bytes > MAX_NAME_BYTES:
            raise _NotATypeError
        return self._whole(addr + at, n_bytes).decode("utf-8", "backslashreplace"), bool(head[0] & NAME_EMBEDDED)


class _NotATypeError(Exception):
    """What lies there is no type descriptor."""
