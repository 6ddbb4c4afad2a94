"""Types as DWARF describes them, in the form of Go's own descriptors.

Where the program has a descriptor (DW_AT_go_runtime_type), that one is taken; else a `GoType` is made from the
debugging entries, at an address where no process has memory. Source: cmd/link/internal/ld/dwarf.go (`newtype`,
`synthesizemaptypes`, `synthesizechantypes`); cmd/internal/dwarf/dwarf.go for the attributes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from goknot.errors import InputError
from goknot.goruntime import types as go
from goknot.goruntime.types import GoField, GoType, local_name

if TYPE_CHECKING:
    from goknot.formats.dwarf_entries import DwarfEntries, Entry
    from goknot.goruntime.types import TypeTable

MADE_ADDR = 1 << 62
MODULE_BITS = 40
AT_NAME, AT_BYTE_SIZE, AT_TYPE, AT_COUNT, AT_UPPER, AT_MEMBER_OFF = 0x03, 0x0B, 0x49, 0x37, 0x2F, 0x38
AT_GO_KIND, AT_GO_KEY, AT_GO_ELEM, AT_GO_EMBEDDED, AT_GO_RUNTIME_TYPE, AT_GO_DICT_INDEX = (
    0x2900, 0x2901, 0x2902, 0x2903, 0x2904, 0x2906,
)  # fmt: skip
TAG_ARRAY, TAG_MEMBER, TAG_POINTER, TAG_TYPEDEF, TAG_SUBRANGE = 0x01, 0x0D, 0x0F, 0x16, 0x21
MAX_DEPTH = 40
_PATH = re.compile(r"[\w.~%-]+(?:/[\w.~%-]+)*/(?=[\w~%-])")
_NAMED = re.compile(r"[^\s*\[\](){}<>,]+\.[^\s*\[\](){}<>,.]+(?:\[.*\])?")
SHAPE = "go.shape."  # generic code is shared by all types of one shape: which one it was is not said


def made_by(addr: int) -> int:
    """The module whose DWARF describes the type at an address that `DwarfTypes` made up; -1 for others."""
    return (addr - MADE_ADDR) >> MODULE_BITS if addr >= MADE_ADDR else -1


class DwarfTypes:
    """Addresses of types for one file's debugging entries.

    Args:
        entries: The file's entries.
        table: The program's types; learns to find the made ones.
        module: Index of the module; keeps made addresses apart.
        types_addr: Where the module's descriptors begin: from Go 1.26 on the attribute counts from there.
        slide: What to add to the file's addresses.
    """

    def __init__(self, entries: DwarfEntries, table: TypeTable, module: int, types_addr: int, slide: int) -> None:
        self._entries, self._table = entries, table
        self._types_addr, self._slide = types_addr, slide
        self._start = MADE_ADDR + (module << MODULE_BITS)
        self._addr_by_off: dict[int, int] = {}
        self._depth = 0
        table.add_made(self._start, self._start + (1 << MODULE_BITS), self._make)

    def addr_of(self, off: int) -> int:
        """The address of the type that the entry at `off` describes; 0 where it is not certain."""
        known = self._addr_by_off.get(off)
        if known is None:
            self._addr_by_off[off] = 0  # what an alias of itself would find
            known = self._addr_by_off[off] = self._find(off)
        return known

    def _find(self, off: int) -> int:
        for _ in range(MAX_DEPTH):
            entry = self._entries.entry(off)
            if entry.number(AT_GO_DICT_INDEX) >= 0 or SHAPE in entry.text(AT_NAME):
                return 0
            own = self._described(entry)
            if own:
                return own
            if entry.number(AT_GO_KIND) > 0:
                return self._start + 8 * off
            if entry.tag != TAG_TYPEDEF or AT_TYPE not in entry.values:
                return 0
            off = entry.number(AT_TYPE)
        return 0

    def _described(self, entry: Entry) -> int:
        """The descriptor that the entry names, if that is what lies there."""
        said = entry.number(AT_GO_RUNTIME_TYPE, 0)
        kind = entry.number(AT_GO_KIND, 0) & go.KIND_MASK
        for addr in (said + self._slide, said + self._types_addr) if said > 0 else ():
            found = self._table.type_at(addr) if self._table.in_sections(addr) else None
            if found is None or found.kind != kind:
                continue
            n_bytes = entry.number(AT_BYTE_SIZE)
            if n_bytes >= 0 and n_bytes != found.size_bytes:
                continue
            name = _unescaped(entry.text(AT_NAME))
            if not _NAMED.fullmatch(name) or _short(name) == _short(found.qualified_name):
                return addr
        return 0

    def _make(self, addr: int) -> GoType | None:
        if self._depth > MAX_DEPTH:
            return None
        self._depth += 1
        try:
            return self._made(addr, self._entries.entry((addr - self._start) // 8))
        except InputError:
            return None
        finally:
            self._depth -= 1

    def _made(self, addr: int, entry: Entry) -> GoType | None:
        kind = entry.number(AT_GO_KIND) & go.KIND_MASK
        full = _unescaped(entry.text(AT_NAME))
        pkg_path = full.removesuffix(f".{local_name(full)}") if _NAMED.fullmatch(full) else ""
        name = f"{pkg_path.rpartition('/')[2]}.{local_name(full)}" if pkg_path else _short(full)
        size, pointers, elem, key, group, length = entry.number(AT_BYTE_SIZE), 0, 0, 0, 0, 0
        fields: tuple[GoField, ...] = ()
        direct = kind in (go.POINTER, go.MAP, go.CHAN, go.FUNC, go.UNSAFE_POINTER)
        if direct:
            size = pointers = 8
        if kind == go.POINTER:
            elem = self._part(entry, AT_TYPE)
        elif kind in (go.MAP, go.CHAN, go.SLICE):
            elem, key = self._part(entry, AT_GO_ELEM), self._part(entry, AT_GO_KEY)
            size, pointers = (24, 8) if kind == go.SLICE else (8, 8)
            group = self._group(entry) if kind == go.MAP else 0
        elif kind == go.STRING:
            size, pointers = 16, 8
        elif kind == go.INTERFACE:
            size, pointers = 16, 16
        elif kind == go.STRUCT:
            fields = self._fields(entry)
            pointers = self._pointer_bytes([(part.off, part.type_addr) for part in fields])
        elif kind == go.ARRAY:
            elem, length = self._part(entry, AT_TYPE), self._length(entry)
            found = self._table.type_at(elem)
            if found is None or length < 0:
                return None
            size = found.size_bytes * length
            pointers = found.size_bytes * (length - 1) + found.pointer_bytes if length and found.pointer_bytes else 0
        if not (go.BOOL <= kind <= go.UNSAFE_POINTER and 0 <= pointers <= size <= go.MAX_TYPE_BYTES):
            return None
        return GoType(addr, size, pointers, kind, name, pkg_path, direct, elem, key, group, length, fields)

    def _part(self, entry: Entry, attribute: int) -> int:
        off = entry.number(attribute)
        return self.addr_of(off) if off >= 0 else 0

    def _fields(self, entry: Entry) -> tuple[GoField, ...]:
        return tuple(
            GoField(
                _unescaped(part.text(AT_NAME)), part.number(AT_MEMBER_OFF, 0), self._part(part, AT_TYPE),
                part.number(AT_GO_EMBEDDED, 0) > 0,
            )
            for depth, part in self._entries.subtree(entry.off)
            if depth == 1 and part.tag == TAG_MEMBER
        )  # fmt: skip

    def _pointer_bytes(self, parts: list[tuple[int, int]]) -> int:
        last = 0
        for off, addr in parts:
            found = self._table.type_at(addr) if addr else None
            if found is None:
                return -1
            last = max(last, off + found.pointer_bytes if found.pointer_bytes else 0)
        return last

    def _length(self, entry: Entry) -> int:
        for _, part in self._entries.subtree(entry.off):
            if part.tag == TAG_SUBRANGE:
                return part.number(AT_COUNT) if AT_COUNT in part.values else part.number(AT_UPPER, -2) + 1
        return -1

    def _group(self, entry: Entry) -> int:
        """What a map's entries lie in: `map<K,V>.dirPtr` -> `table.groups` -> `data`, or `hash<K,V>.buckets`."""
        at: Entry | None = entry
        for path in ((), ("dirPtr", "buckets"), (), ("groups",), ("data",), ()):
            at = self._step(at, path) if at is not None else None
            if path == ("dirPtr", "buckets") and at is not None and at.text(AT_NAME).startswith("bucket<"):
                break
        return self.addr_of(at.off) if at is not None else 0

    def _step(self, entry: Entry, names: tuple[str, ...]) -> Entry | None:
        """The type of a member (of what a pointer or another name stands for)."""
        parts = [p for d, p in self._entries.subtree(entry.off) if d == 1 and p.text(AT_NAME) in names] if names else []
        part = parts[0] if parts else None if names else entry
        for _ in range(MAX_DEPTH):
            if part is None or AT_TYPE not in part.values:
                return None
            part = self._entries.entry(part.number(AT_TYPE))
            if part.tag not in (TAG_POINTER, TAG_TYPEDEF):
                return part
        return None


def _unescaped(name: str) -> str:
    """The linker writes dots of an import path's last element as %2e."""
    return name.replace("%2e", ".").replace("·", ".")


def _short(name: str) -> str:
    """With packages by their last element, as descriptors spell them."""
    return _PATH.sub("", name)
