"""Finalizers and cleanups queued to run: roots in memory of the runtime's own (runtime/mfinal.go, mcleanup.go).

The lists are found by the shape of their blocks among the variables, so stripped programs have them too. Only blocks
that hold something count: what is empty holds no roots, and cannot be told from other zeros.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime.heap import variable_ranges
from goknot.goruntime.pointers import resolve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.goruntime.modules import Module
    from goknot.goruntime.objects import Objects
    from goknot.layouts.layout import Layout
    from goknot.memory.space import AddressSpace

    Bools = NDArray[np.bool_]
    UInt64s = NDArray[np.uint64]

MAX_BLOCKS = 1 << 20
MAX_RESULT_BYTES = 1 << 20
U8, LOW32 = np.uint64(8), np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class _Blocks:
    """How blocks of one kind are laid out.

    Attributes:
        functions: Offsets in an entry of words that point at a function value.
        pointers: Offsets of the words that the collector scans.
        result: Offset of the size of a finalizer's results, or -1.
    """

    name: str
    link_off: int
    count_off: int
    first_off: int
    entry_bytes: int
    capacity: int
    functions: tuple[int, ...]
    pointers: tuple[int, ...]
    result: int


def queued(
    space: AddressSpace, layout: Layout, modules: tuple[Module, ...], objects: Objects
) -> list[tuple[str, UInt64s]]:
    """(what it is, addresses of the words that are roots) of each queue that holds anything."""
    heads = _pointers(space, modules[0])
    heads = heads[resolve(objects, heads) == -1]  # blocks lie outside of the heap
    found = []
    for blocks in (_finalizers(layout), _cleanups(layout)):
        if blocks is not None:
            places = _places(space, modules, blocks, heads)
            if len(places):
                found.append((blocks.name, places))
    return found


def _finalizers(layout: Layout) -> _Blocks:
    structure = "runtime.finBlock" if "runtime.finBlock" in layout.structs else "runtime.finblock"
    entry = "runtime.finalizer"
    entry_bytes = layout.size(entry)
    off = {name: layout.off(entry, name) for name in ("fn", "arg", "nret", "fint", "ot")}
    return _Blocks(
        "finalizers queued to run",
        layout.off(structure, "alllink"),
        layout.off(structure, "cnt"),
        layout.off(structure, "fin"),
        entry_bytes,
        layout.width(structure, "fin") // entry_bytes,
        (off["fn"],),
        (off["fn"], off["arg"], off["fint"], off["ot"]),
        off["nret"],
    )


def _cleanups(layout: Layout) -> _Blocks | None:
    """None before Go 1.25: cleanups were queued as finalizers. An entry was a function value before Go 1.26."""
    structure, header, entry = "runtime.cleanupBlock", "runtime.cleanupBlockHeader", "runtime.cleanupFn"
    if structure not in layout.structs:
        return None
    first = layout.off(structure, "cleanupBlockHeader")
    entry_bytes = layout.size(entry) if entry in layout.structs else 8
    return _Blocks(
        "cleanups queued to run",
        first + layout.off(header, "alllink"),
        first + layout.off(header, "n"),
        layout.off(structure, "cleanups"),
        entry_bytes,
        layout.width(structure, "cleanups") // entry_bytes,
        (layout.off(entry, "call"), layout.off(entry, "fn")) if entry in layout.structs else (0,),
        tuple(range(0, entry_bytes, 8)),
        -1,
    )


def _pointers(space: AddressSpace, module: Module) -> UInt64s:
    """What variables of the runtime's module point at."""
    parts = [np.zeros(0, np.uint64)]
    for start, end in variable_ranges(module):
        if end - start >= 8 and space.has(start, end - start):
            words = space.words(start, (end - start) // 8)
            parts.append(words[(words > 4096) & (words % U8 == 0)])
    return np.unique(np.concatenate(parts))


def _places(space: AddressSpace, modules: tuple[Module, ...], blocks: _Blocks, heads: UInt64s) -> UInt64s:
    """Follows all lists at once, as long as what is met looks like a block; full blocks are judged each by itself."""
    at, met = heads, set(heads.tolist())
    for _ in range(MAX_BLOCKS):
        links = space.words_at(at[_like_block(space, blocks, at)] + np.uint64(blocks.link_off))
        fresh = set(links[links > 0].tolist()) - met
        if not fresh:
            break
        met |= fresh
        at = np.array(sorted(fresh), np.uint64)
    seen = np.array(sorted(met), np.uint64)
    full = seen[_like_block(space, blocks, seen) & (_counts(space, blocks, seen) > 0)]
    full = full[_entries_right(space, modules, blocks, full)]
    counts = _counts(space, blocks, full)
    return np.sort(np.concatenate([_words(blocks, full, counts, off) for off in blocks.pointers]))


def _counts(space: AddressSpace, blocks: _Blocks, at: UInt64s) -> NDArray[np.int64]:
    return (space.words_at(at + np.uint64(blocks.count_off)) & LOW32).astype(np.int64)


def _words(blocks: _Blocks, at: UInt64s, counts: NDArray[np.int64], off: int) -> UInt64s:
    """Where the word at `off` of each entry is; block after block."""
    inner = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    entry = (inner * blocks.entry_bytes + blocks.first_off + off).astype(np.uint64)
    return np.repeat(at, counts) + entry


def _like_block(space: AddressSpace, blocks: _Blocks, at: UInt64s) -> Bools:
    """The count fits, the four bytes behind it are padding, and the link is none or a pointer."""
    count = space.words_at(at + np.uint64(blocks.count_off))
    link = space.words_at(at + np.uint64(blocks.link_off))
    like: Bools = (count <= np.uint64(blocks.capacity)) & (link % U8 == 0) & ((link == 0) | (link > 4096))
    return like


def _entries_right(space: AddressSpace, modules: tuple[Module, ...], blocks: _Blocks, at: UInt64s) -> Bools:
    """Whether every entry of each block names functions of the program; what ran already is zero."""
    counts = _counts(space, blocks, at)
    total = int(counts.sum())
    right, ran = np.ones(total, np.bool_), np.ones(total, np.bool_)
    for off in blocks.functions:
        values = space.words_at(_words(blocks, at, counts, off))
        entry = space.words_at(values)
        inside = np.zeros(total, np.bool_)
        for module in modules:
            inside |= (entry >= np.uint64(module.text_addr)) & (entry < np.uint64(module.etext_addr))
        right &= inside & (values % U8 == 0)
        ran &= values == 0
    if blocks.result >= 0:
        right &= space.words_at(_words(blocks, at, counts, blocks.result)) <= MAX_RESULT_BYTES
    ends = np.concatenate(([0], np.cumsum(counts)))
    n_wrong = np.diff(np.concatenate(([0], np.cumsum(~right & ~ran)))[ends])
    n_waiting = np.diff(np.concatenate(([0], np.cumsum(right)))[ends])
    judged: Bools = (n_wrong == 0) & (n_waiting > 0)
    return judged
