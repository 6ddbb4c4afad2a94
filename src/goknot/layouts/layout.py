"""Where the runtime's structures keep their fields: one table per Go minor and architecture, made from Go's own DWARF.

`scripts/make_layouts.py` writes the tables. A field is asked for by name; whether a release has it is a question to the
table, never to a version number.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib import resources

from goknot.errors import GoknotError, InputError
from goknot.formats.dwarf import Dwarf, Member, Struct
from goknot.formats.elf import ElfFile

STRUCTS = (
    "internal/abi.Type", "internal/abi.ITab", "internal/abi.MapType", "internal/abi.SwissMapType",
    "internal/abi.OldMapType", "runtime.maptype", "runtime._defer", "runtime._panic", "runtime.g", "runtime.gobuf",
    "runtime.hchan", "runtime.heapArena", "runtime.m", "runtime.mcache", "runtime.mheap", "runtime.moduledata",
    "runtime.mspan", "runtime.p", "runtime.special", "runtime.specialCheckFinalizer", "runtime.specialCleanup",
    "runtime.specialWeakHandle", "runtime.specialfinalizer", "runtime.specialsTinyBlock", "runtime.stkframe",
    "runtime.sudog", "runtime.timer", "runtime.timers", "runtime.timeTimer", "runtime.finblock", "runtime.finBlock",
    "runtime.finalizer",
    "runtime.cleanupBlock", "runtime.cleanupBlockHeader", "runtime.cleanupFn", "runtime.xRegPerG", "runtime.xRegState",
    "runtime.spanInlineMarkBits", "runtime.waitq", "runtime.funcval",
    "runtime.stackObjectRecord", "runtime.maybeTraceablePtr", "runtime.maybeTraceableChan", "runtime.mSpanList",
    "runtime.semaRoot", "runtime.coro", "runtime.synctestBubble", "runtime.bubble", "internal/runtime/maps.Map",
)  # fmt: skip


class LayoutError(GoknotError):
    """A structure or field is not in the layout in use."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Offsets, sizes and constants of one release on one architecture.

    Attributes:
        go: The minor release it was made from, e.g. `1.26`.
        arch: `amd64` or `arm64`.
        structs: Name -> layout.
        constants: Name -> value, as in Go's sources (`_KindSpecialFinalizer`).
        wait_reasons: Index -> text (runtime/runtime2.go, `waitReasonStrings`).
    """

    go: str
    arch: str
    structs: dict[str, Struct]
    constants: dict[str, int]
    wait_reasons: tuple[str, ...]

    def has(self, name: str, member: str) -> bool:
        """Whether there is such a field."""
        return name in self.structs and member in self.structs[name].members

    def off(self, name: str, member: str) -> int:
        """Offset of a field.

        Raises:
            LayoutError: There is no such field.
        """
        return self._member(name, member).off

    def width(self, name: str, member: str) -> int:
        """Size of a field in bytes."""
        return self._member(name, member).n_bytes

    def size(self, name: str) -> int:
        """Size of a struct in bytes."""
        if name not in self.structs:
            raise LayoutError(f"the layout of Go {self.go} knows no {name}")
        return self.structs[name].n_bytes

    def first(self, name: str, *members: str) -> str:
        """The first of the field's names, as releases renamed it, that exists.

        Raises:
            LayoutError: There is none of them.
        """
        for member in members:
            if self.has(name, member):
                return member
        raise LayoutError(f"the layout of Go {self.go} knows no {name}.{members[0]}")

    def _member(self, name: str, member: str) -> Member:
        if not self.has(name, member):
            raise LayoutError(f"the layout of Go {self.go} knows no {name}.{member}")
        return self.structs[name].members[member]


def parse_minor(version: str) -> tuple[int, int] | None:
    """(1, 26) for `go1.26.6`; None for what names no release (a development version)."""
    found = re.match(r"(?:go)?(\d{1,3})\.(\d{1,4})", version)
    return (int(found[1]), int(found[2])) if found else None


def minors(arch: str) -> list[tuple[int, int]]:
    """The releases with a table for `arch`, ascending."""
    found = []
    for entry in resources.files("goknot.layouts").joinpath("tables").iterdir():
        name = re.fullmatch(rf"go(\d+)\.(\d+)-{arch}\.json", entry.name)
        if name:
            found.append((int(name[1]), int(name[2])))
    return sorted(found)


def load(minor: tuple[int, int], arch: str) -> Layout:
    """The table of a release."""
    name = f"go{minor[0]}.{minor[1]}-{arch}.json"
    return from_json(json.loads(resources.files("goknot.layouts").joinpath("tables", name).read_text("utf-8")))


def from_json(table: dict[str, object]) -> Layout:
    """A table as `scripts/make_layouts.py` writes it."""
    structs, constants, reasons = table["structs"], table["constants"], table["wait_reasons"]
    assert isinstance(structs, dict)
    assert isinstance(constants, dict)
    assert isinstance(reasons, list)
    return Layout(
        str(table["go"]),
        str(table["arch"]),
        {
            name: Struct(size, {member: Member(off, width) for member, (off, width) in members.items()})
            for name, (size, members) in structs.items()
        },
        dict(constants),
        tuple(reasons),
    )


def choose(version: str, arch: str) -> tuple[Layout, str]:
    """The table for a Go version, or the nearest one; and what to call it.

    Raises:
        InputError: There is no table for the architecture at all.
    """
    known = minors(arch)
    if not known:
        raise InputError(arch, "is an architecture without layout tables")
    wanted = parse_minor(version) or known[-1]
    nearest = min(known, key=lambda minor: (abs(minor[1] - wanted[1]) if minor[0] == wanted[0] else 1000, -minor[1]))
    name = f"table go{nearest[0]}.{nearest[1]}"
    if nearest == wanted and parse_minor(version):
        return load(nearest, arch), name
    return load(nearest, arch), f"{name}, the nearest to unknown {version!r}"


def from_dwarf(elf: ElfFile, near: Layout) -> Layout | None:
    """What the executable's own DWARF says, with the constants of the nearest table; None without DWARF."""
    structs = Dwarf(elf).structs(set(STRUCTS))
    if "runtime.mspan" not in structs:
        return None
    return Layout("of the executable", near.arch, structs, near.constants, near.wait_reasons)
