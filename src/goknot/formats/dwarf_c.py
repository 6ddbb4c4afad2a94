"""Functions and structs that cgo hands to C, as the C compiler's debugging information says them (DWARF 4 and 5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from goknot.formats.cgoheader import Prototype, spelled
from goknot.formats.cshapes import MAX_TEXT, POINTER, UNKNOWN, VOID, Shape, StructField, array_of, integer, struct_text
from goknot.formats.dwarf_entries import DwarfEntries

if TYPE_CHECKING:
    from collections.abc import Collection

    from goknot.formats.dwarf_entries import Entry
    from goknot.formats.dwarf_units import SectionFile

SUBPROGRAM, PARAMETER, TYPEDEF, STRUCT, BASE, POINTER_TYPE = 0x2E, 0x05, 0x16, 0x13, 0x24, 0x0F
ARRAY, SUBRANGE, ENUM, MEMBER, QUALIFIERS = 0x01, 0x21, 0x04, 0x0D, (0x26, 0x35, 0x37, 0x47)
AT_NAME, AT_BYTES, AT_UPPER, AT_COUNT, AT_OFF, AT_ENCODING, AT_TYPE = 0x03, 0x0B, 0x2F, 0x37, 0x38, 0x3E, 0x49
FLOAT, COMPLEX, SIGNED = (4,), (3,), (5, 6, 13)
MAX_DEPTH = 64
EXPORTS_FILE = "_cgo_export.c"


@dataclass(slots=True)
class CDeclarations:
    """What the compiled `_cgo_export.c` declares.

    Attributes:
        shapes: Types of functions' results and parameters, and structs -> what they look like.
        fields: Struct -> its fields in order.
    """

    prototypes: dict[str, Prototype] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    fields: dict[str, tuple[StructField, ...]] = field(default_factory=dict)


def c_declarations(file: SectionFile, functions: Collection[str]) -> CDeclarations:
    """Functions of these names and the structs beside them; nothing without debugging information.

    Raises:
        InputError: It is damaged.
    """
    entries = DwarfEntries(file)
    reader = _Reader(entries)
    for unit in entries.dwarf.units:
        top = entries.entry(unit.first)
        if top.text(AT_NAME).rpartition("/")[2] == EXPORTS_FILE:
            reader.read(top.off, frozenset(functions))
    return reader.found


class _Reader:
    def __init__(self, entries: DwarfEntries) -> None:
        self.entries = entries
        self.found = CDeclarations()
        self.shapes: dict[int, Shape] = {}  # offset of an entry -> its shape

    def read(self, unit: int, functions: frozenset[str]) -> None:
        current, result, parameters = "", "", list[str]()
        for depth, entry in self.entries.subtree(unit):
            if depth == 1:
                self._close(current, result, parameters)
                name, current = entry.text(AT_NAME), ""
                if entry.tag == SUBPROGRAM and name in functions:
                    current, result, parameters = name, self._type(entry), []
                elif entry.tag in (TYPEDEF, STRUCT) and name:
                    self._struct(entry, name)
            elif depth == 2 and entry.tag == PARAMETER and current:
                parameters.append(self._type(entry))
        self._close(current, result, parameters)

    def _close(self, name: str, result: str, parameters: list[str]) -> None:
        if name:
            self.found.prototypes.setdefault(name, Prototype(name, result, tuple(parameters)))

    def _type(self, entry: Entry) -> str:
        off = entry.number(AT_TYPE)
        name = spelled(self._name(off, 0))
        self.found.shapes.setdefault(name, self._shape(off))
        return name

    def _struct(self, entry: Entry, name: str) -> None:
        label = name if entry.tag == TYPEDEF else f"struct {name}"
        for _ in range(MAX_DEPTH):
            if entry.tag == STRUCT or entry.number(AT_TYPE) < 0:
                break
            entry = self.entries.entry(entry.number(AT_TYPE))
        if entry.tag == STRUCT:
            self.found.shapes.setdefault(label, self._shape(entry.off))
            members = self._members(entry.off)
            self.found.fields.setdefault(label, tuple(self._field(one) for one in members))

    def _field(self, member: Entry) -> StructField:
        return member.text(AT_NAME), member.number(AT_OFF, 0), self._shape(member.number(AT_TYPE)).text

    def _members(self, off: int) -> list[Entry]:
        return [one for depth, one in self.entries.subtree(off) if depth == 1 and one.tag == MEMBER]

    def _name(self, off: int, depth: int) -> str:
        if off < 0 or depth > MAX_DEPTH:
            return "void" if off < 0 else "?"
        entry = self.entries.entry(off)
        if entry.tag == POINTER_TYPE:
            return f"{self._name(entry.number(AT_TYPE), depth + 1)} *"
        if entry.tag in QUALIFIERS:
            return self._name(entry.number(AT_TYPE), depth + 1)
        prefix = {STRUCT: "struct ", ENUM: "enum "}.get(entry.tag, "")
        return prefix + (entry.text(AT_NAME) or "?")

    def _shape(self, off: int) -> Shape:
        if off < 0:
            return VOID
        if off not in self.shapes:
            self.shapes[off] = UNKNOWN  # what a type that contains itself would find
            self.shapes[off] = self._made(self.entries.entry(off))
        return self.shapes[off]

    def _made(self, entry: Entry) -> Shape:
        n_bytes = entry.number(AT_BYTES, 0)
        if entry.tag == TYPEDEF or entry.tag in QUALIFIERS:
            return self._shape(entry.number(AT_TYPE))
        if entry.tag == ARRAY:
            return self._array(entry, self._shape(entry.number(AT_TYPE)))
        if entry.tag == STRUCT:
            parts = [(one.number(AT_OFF, 0), self._shape(one.number(AT_TYPE))) for one in self._members(entry.off)]
            text = struct_text([(off, shape.text) for off, shape in parts])
            return Shape(text, n_bytes) if len(text) <= MAX_TEXT else UNKNOWN
        if entry.tag == BASE:
            return _base(n_bytes, entry.number(AT_ENCODING, 0))
        return {POINTER_TYPE: POINTER, ENUM: integer(n_bytes, False)}.get(entry.tag, UNKNOWN)

    def _array(self, entry: Entry, element: Shape) -> Shape:
        counts = [
            one.number(AT_COUNT, one.number(AT_UPPER, -1) + 1)
            for depth, one in self.entries.subtree(entry.off)
            if depth == 1 and one.tag == SUBRANGE
        ]
        for n in reversed(counts):
            element = array_of(n, element)
        return element


def _base(n_bytes: int, encoding: int) -> Shape:
    if encoding in FLOAT:
        return Shape(f"f{8 * n_bytes}", n_bytes, n_bytes)
    if encoding in COMPLEX:
        return Shape(f"c{8 * n_bytes}", n_bytes, n_bytes // 2)
    return integer(n_bytes, encoding in SIGNED)
