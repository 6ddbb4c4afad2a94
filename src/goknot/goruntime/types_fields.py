"""How the places in a type are called: `conn.rw`, `items[]`, `[value].next`, `captured+8`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from goknot.goruntime import types as go

if TYPE_CHECKING:
    from goknot.goruntime.types import GoField, GoType, TypeTable

MAX_DEPTH = 100
ENTRY_PARTS = {"key": "[key]", "keys": "[key]", "elem": "[value]", "elems": "[value]"}  # of groups and buckets
# What the runtime keeps maps and channels in: part -> offset -> field (internal/runtime/maps, runtime/map.go, chan.go).
SWISS = {"": {16: "dirPtr"}, "directory": {0: "[]"}, "table": {16: "groups"}}
CHANNEL = {16: "buf"}
OLD = {
    "": {16: "buckets", 24: "oldbuckets", 40: "extra"},
    "extra": {0: "overflow", 8: "oldoverflow", 16: "nextOverflow"},
    "overflow list": {0: "[]"},
    "overflow": {0: "[]"},
}


@dataclass(frozen=True, slots=True)
class Capture:
    """A captured variable: where it stands in the closure, and the address of its type (0: not known)."""

    off: int
    name: str
    type_addr: int


class FieldNames:
    """Spells places in a program's types."""

    def __init__(self, table: TypeTable) -> None:
        self._table = table

    def of(self, addr: int, off: int, before: str = "") -> str:
        """The way from the value whose type is at `addr` to the pointer at `off`; `[]` for an array's element."""
        found, path = self._table.type_at(addr), before
        for _ in range(MAX_DEPTH):
            if found is None or not 0 <= off < max(found.size_bytes, 1):
                return ""
            if found.kind == go.ARRAY:
                found, path = self._table.type_at(found.elem_addr), f"{path}[]"
                off = off % found.size_bytes if found and found.size_bytes else -1
            elif found.kind == go.STRUCT and found.pkg_path == "sync/atomic" and path:
                return path  # atomic.Pointer[T]: what it wraps has no name of its own
            elif found.kind == go.STRUCT:
                part = self._field(found, off)
                if part is None:
                    return ""
                found, path, off = self._table.type_at(part.type_addr), _joined(path, part.name), off - part.off
            else:
                return path or "(value)"
        return ""

    def entry(self, addr: int, off: int) -> str:
        """The same in a map's group or bucket: `[key]` or `[value]` and the way on, `overflow`."""
        path = self.of(addr, off)
        parts = path.split(".")
        for index, part in enumerate(parts[:2]):
            name = part.removesuffix("[]")
            if name in ENTRY_PARTS and (index == 1 or name.endswith("s")):
                inner = part[len(name) :] if index == 1 else part.removeprefix(name)[2:]
                return ".".join([ENTRY_PARTS[name] + inner, *parts[index + 1 :]])
        return path

    def internal(self, part: str, addr: int, off: int) -> str:
        """The runtime's own fields of what it makes for the map or channel type at `addr`."""
        owner = self._table.type_at(addr)
        if part == "channel" or (owner is not None and owner.kind == go.CHAN):
            return CHANNEL.get(off, "")
        return (SWISS if self._table.layout.swiss_maps else OLD).get(part, {}).get(off, "")

    def captured(self, captures: list[Capture], off: int) -> str:
        """A closure's captured variable, and the way on in it; `captured+8` where its name is not said."""
        for capture in reversed(captures):
            if capture.off > off:
                continue
            found = self._table.type_at(capture.type_addr) if capture.type_addr else None
            inner = self.of(capture.type_addr, off - capture.off) if found else ""
            if inner and capture.name:
                name = capture.name.removeprefix("&")
                return name if inner == "(value)" else _joined(name, inner)
        return f"captured+{off}"

    def _field(self, found: GoType, off: int) -> GoField | None:
        """The field that covers an offset: of those that begin at one place, the one that is not empty."""
        for part in reversed(found.fields):
            if part.off <= off:
                inner = self._table.type_at(part.type_addr)
                if inner is not None and off < part.off + inner.size_bytes:
                    return part
        return None


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path and not name.startswith("[") else path + name
