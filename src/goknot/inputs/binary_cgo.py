"""What C can call in a Go binary, compared with the header that C was compiled with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from goknot.formats.cgoheader import CgoHeader
from goknot.formats.cshapes import UNKNOWN, Shape, StructField, struct_text
from goknot.formats.dwarf_c import CDeclarations
from goknot.model.binary import CgoExport, CgoFacts, CgoLayout

if TYPE_CHECKING:
    from collections.abc import Callable

    from goknot.formats.cgoheader import Prototype

GO_SIDE = re.compile(r"_cgoexp_[0-9a-f]+_(\w+)\Z")  # cmd/cgo/out.go, `writeExports`
# What Go itself means by the three types (runtime/string.go, slice.go, runtime2.go `iface`): 64-bit machines.
RUNTIME_LAYOUTS = {
    "GoString": (("p", 0, "ptr"), ("n", 8, "i64")),
    "GoSlice": (("data", 0, "ptr"), ("len", 8, "i64"), ("cap", 16, "i64")),
    "GoInterface": (("t", 0, "ptr"), ("v", 8, "ptr")),
}


@dataclass(frozen=True, slots=True)
class CgoSide:
    """What the binary says.

    Attributes:
        go_symbols: Name of the C side -> the function on the Go side.
        for_others: Whether other files are to call it: a library, not a program that its own C calls back.
        address: Address of an exported C function, 0 if it is not exported; None where symbols are not read.
        inner: Address of a C function that only the linker's symbol table names, or 0.
        declared: What debugging information says.
    """

    go_symbols: dict[str, str]
    for_others: bool
    address: Callable[[str], int] | None
    inner: Callable[[str], int]
    declared: CDeclarations = field(default_factory=CDeclarations)


def go_side(names: list[str]) -> dict[str, str]:
    """Names of C functions -> their Go side, from the names of all functions that begin with `_cgoexp_`."""
    return {match[1]: name for name in names if (match := GO_SIDE.match(name))}


def cgo_facts(side: CgoSide, header: CgoHeader | None, header_path: str) -> CgoFacts:
    """The exports, and the structs that pass between both sides."""
    asked = header.prototypes if header else {}
    names = sorted({*side.go_symbols, *asked})
    exports = tuple(_export(side, header, name, asked.get(name)) for name in names)
    wanted = {"GoString", "GoSlice", "GoInterface"} if names else set()
    wanted |= {name for name in side.declared.fields if name.endswith("_return")}
    wanted |= {name for name in (header.structs if header else ()) if name.endswith("_return")}
    layouts = tuple(_layout(side.declared, header, name) for name in sorted(wanted))
    return CgoFacts(exports, layouts, header_path)


def _export(side: CgoSide, header: CgoHeader | None, name: str, asked: Prototype | None) -> CgoExport:
    here = side.declared.prototypes.get(name)
    addr = side.address(name) if side.address else 0
    exported = bool(addr) if side.address else None
    inner = 0 if addr else side.inner(name)
    differences = []
    if name not in side.go_symbols:
        differences.append("the header declares it, the binary has no such export: the header is of another build")
    elif exported is False and side.for_others:
        where = f"only inside, at {inner:#x}" if inner else "not found"
        differences.append(f"the C side is no dynamic symbol ({where}): other files cannot call it")
    if header is not None and asked is None:
        differences.append("the header does not declare it: the header is of another build")
    if header is not None and asked is not None and here is not None:
        differences += _differences(here, asked, header, side.declared)
    return CgoExport(
        name=name,
        go_symbol=side.go_symbols.get(name, ""),
        addr=addr or inner,
        exported=exported,
        signature=here.text if here else "",
        header_signature=asked.text if asked else "",
        differences=tuple(differences),
    )


def _differences(here: Prototype, asked: Prototype, header: CgoHeader, declared: CDeclarations) -> list[str]:
    """Where types are not equal in memory; types of unknown shape must have equal names."""
    if len(here.parameters) != len(asked.parameters):
        return [f"{len(asked.parameters)} parameters in the header, {len(here.parameters)} here"]
    labels = ["the result", *(f"parameter {index + 1}" for index in range(len(here.parameters)))]
    pairs = zip(labels, (here.result, *here.parameters), (asked.result, *asked.parameters), strict=True)
    return [
        f"{label} is {theirs} in the header, {ours} here"
        for label, ours, theirs in pairs
        if not _equal(declared.shapes.get(ours, UNKNOWN), header.shape(theirs), ours == theirs)
    ]


def _equal(here: Shape, there: Shape, same_name: bool) -> bool:
    if here.is_known and there.is_known:
        return here.text == there.text and here.n_bytes == there.n_bytes
    return same_name


def _layout(declared: CDeclarations, header: CgoHeader | None, name: str) -> CgoLayout:
    fields: tuple[StructField, ...] | None
    if name in declared.fields:
        fields, shape, source = declared.fields[name], declared.shapes[name], "debugging information"
    elif name in RUNTIME_LAYOUTS:
        fields, source = RUNTIME_LAYOUTS[name], "Go's runtime"
        shape = Shape(struct_text([(off, text) for _, off, text in fields]), 8 * len(fields))
    else:
        fields, shape, source = None, UNKNOWN, "not said"
    theirs = header.fields(name) if header else None
    there = header.shape(name) if header else UNKNOWN
    placed = _placed(theirs) if theirs is not None else None
    agrees = header is None or _equal(shape, there, fields is None)
    return CgoLayout(name, fields, shape.n_bytes, placed, there.n_bytes, source, agrees)


def _placed(fields: tuple[tuple[str, Shape], ...]) -> tuple[StructField, ...]:
    """Offsets of a struct's fields, each at its natural alignment."""
    found, at = [], 0
    for name, shape in fields:
        at = -(-at // shape.align) * shape.align
        found.append((name, at, shape.text))
        at += shape.n_bytes or 0
    return tuple(found)
