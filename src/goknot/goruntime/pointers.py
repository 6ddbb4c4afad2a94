"""Objects to edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.kernels import pointer_scan as kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.goruntime.objects import Objects
    from goknot.memory.space import AddressSpace

    Int32s = NDArray[np.int32]
    Int64s = NDArray[np.int64]
    UInt64s = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class EdgePlaces:
    """Where each edge's pointer stands.

    Attributes:
        off: edge -> offset of the pointer in its object's slot; int64.
        delta: edge -> offset of where it points in the target's slot; int64.
        before: edge -> the word before it, when that is no pointer's place (an interface's type word); else 0.
    """

    off: Int64s
    delta: Int64s
    before: UInt64s


@dataclass(frozen=True, slots=True)
class Edges:
    """Every pointer between objects; compressed sparse rows."""

    start: Int64s
    target: Int32s
    n_free_targets: int


def scan_edges(space: AddressSpace, objects: Objects) -> Edges:
    """Follows every pointer of every object."""
    none = np.zeros(0, np.int64)
    start = np.empty(len(objects.addr) + 1, np.int64)
    target = np.empty(objects.n_scan_words, np.int32)  # reserved, not touched: shrunk below
    n_edges, n_free = _scan(space, objects, start, (target, none, none.view(np.uint64), none.view(np.uint64)))
    target.resize(n_edges, refcheck=False)
    return Edges(start, target, n_free)


def scan_places(space: AddressSpace, objects: Objects, edges: Edges) -> EdgePlaces:
    """The same scan again, for what is seldom needed."""
    n_edges = len(edges.target)
    start = np.empty(len(objects.addr) + 1, np.int64)
    target, off = np.empty(n_edges, np.int32), np.empty(n_edges, np.int64)
    pointer, before = np.empty(n_edges, np.uint64), np.empty(n_edges, np.uint64)
    if n_edges:
        _scan(space, objects, start, (target, off, pointer, before))
    return EdgePlaces(off, (pointer - objects.addr[edges.target]).astype(np.int64), before)


def resolve(objects: Objects, pointers: UInt64s) -> Int32s:
    """pointer -> object it points into; -1 for none, -2 for a free slot."""
    found = np.empty(len(pointers), np.int32)
    kernel.resolve_all(np.ascontiguousarray(pointers, np.uint64), objects.index, found)
    return found


def _scan(
    space: AddressSpace, objects: Objects, start: Int64s, out: tuple[Int32s, Int64s, UInt64s, UInt64s]
) -> tuple[int, int]:
    n_edges, n_free = kernel.scan(
        space.main_words, objects.addr, objects.n_bytes, objects.state, objects.off_by_object, objects.span_by_object,
        objects.mode_by_span, objects.bits_off_by_span, objects.type_by_object, objects.header_bytes,
        objects.types, objects.arena_bits, objects.index, start, out,
    )  # fmt: skip
    return int(n_edges), int(n_free)
