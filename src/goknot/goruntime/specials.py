"""What the runtime noted about objects: finalizers, cleanups, weak handles and the rest (runtime/mheap.go)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.memory.space import MissingMemoryError

if TYPE_CHECKING:
    from goknot.goruntime.heap import Spans
    from goknot.layouts.layout import Layout
    from goknot.memory.space import AddressSpace

SPECIAL = "runtime.special"
FINALIZER, CLEANUP, WEAK_HANDLE = "finalizer", "cleanup", "weak handle"
# kind -> (constant, structure, members that the collector scans as roots)
KINDS = {
    FINALIZER: ("_KindSpecialFinalizer", "runtime.specialfinalizer", ("fn",)),
    CLEANUP: ("_KindSpecialCleanup", "runtime.specialCleanup", ("fn", "cleanup")),
    WEAK_HANDLE: ("_KindSpecialWeakHandle", "runtime.specialWeakHandle", ("handle",)),
}
MAX_SPECIALS = 1 << 28


@dataclass(frozen=True, slots=True)
class Special:
    """One special.

    Attributes:
        kind: `finalizer`, `cleanup`, `weak handle`, or the runtime's name of another kind.
        object_addr: Start of the slot of the object it is set on.
        word_addr: Where its own pointers stand: the function, a cleanup's argument, a weak pointer's handle.
        type_addr: Of a finalizer, the pointer type that its function expects; else 0.
    """

    kind: str
    object_addr: int
    word_addr: tuple[int, ...]
    type_addr: int = 0


def read_specials(space: AddressSpace, layout: Layout, spans: Spans) -> tuple[tuple[Special, ...], list[str]]:
    """Every special of every span in use, by the object's address; and what was wrong."""
    at, span = spans.specials_addr, np.arange(len(spans.base))
    addr_parts, span_parts = [], []
    seen = 0
    problems = []
    while True:
        has = at != 0
        at, span = at[has], span[has]
        seen += len(at)
        if not len(at):
            break
        if seen > MAX_SPECIALS:
            problems.append("lists of specials do not end; the rest is left out")
            break
        addr_parts.append(at)
        span_parts.append(span)
        at = space.words_at(at + np.uint64(layout.off(SPECIAL, "next")))
    if not addr_parts:
        return (), problems
    addr, span = np.concatenate(addr_parts), np.concatenate(span_parts)
    off_width = layout.width(SPECIAL, "offset")
    off = space.words_at(addr + np.uint64(layout.off(SPECIAL, "offset")))
    off &= np.uint64((1 << 8 * off_width) - 1 if off_width < 8 else (1 << 64) - 1)
    kind = space.words_at(addr + np.uint64(layout.off(SPECIAL, "kind"))) & np.uint64(0xFF)
    elem_bytes = spans.elem_bytes[span].astype(np.uint64)
    object_addr = spans.base[span] + off // elem_bytes * elem_bytes
    known = {layout.constants[entry[0]]: name for name, entry in KINDS.items() if entry[0] in layout.constants}
    others = {value: name for name, value in layout.constants.items() if name.startswith("_KindSpecial")}
    found = []
    for index in np.lexsort((addr, object_addr)).tolist():
        name = known.get(int(kind[index]))
        if name is None:
            label = others.get(int(kind[index]), f"kind {int(kind[index])}").removeprefix("_KindSpecial").lower()
            found.append(Special(label, int(object_addr[index]), ()))
            continue
        try:
            found.append(_special(space, layout, name, int(addr[index]), int(object_addr[index])))
        except MissingMemoryError as missing:
            problems.append(f"a {name} at {int(object_addr[index]):#x} cannot be read: {missing.what}")
    return tuple(found), problems


def _special(space: AddressSpace, layout: Layout, name: str, addr: int, object_addr: int) -> Special:
    structure, members = KINDS[name][1:]
    words: list[int] = []
    for member in members:
        if layout.has(structure, member):
            first = addr + layout.off(structure, member)
            words.extend(range(first, first + layout.width(structure, member), 8))
    type_addr = space.word(addr + layout.off(structure, "ot")) if name == FINALIZER else 0
    return Special(name, object_addr, tuple(words), type_addr)
