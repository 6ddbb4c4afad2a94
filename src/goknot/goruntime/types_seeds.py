"""What is known of single objects before types spread: seeds, from descriptors, variables, closures and channels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime import types as go
from goknot.kernels.type_flow import MANY, ONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from goknot.goruntime.pointers import EdgePlaces
    from goknot.goruntime.types_slots import FlowTypes

MAX_STATIC_ROUNDS = 64  # of pointers from data to data
STRENGTH_MANY, STRENGTH_CHANNEL, STRENGTH_ONE, STRENGTH_WORD, STRENGTH_HEADER = 2, 2, 3, 4, 5


class NamedBy(IntEnum):
    """Where an object's type comes from."""

    UNKNOWN = 0
    RUNTIME = 1  # what the runtime itself keeps, and typed pointers from there
    DWARF = 2  # variables and closures as the compiler describes them, and typed pointers from there
    INFERRED = 3  # a pointer says so, but a larger type that begins with this one would look the same


@dataclass(frozen=True, slots=True)
class FlowHeap:
    """A heap's objects and pointers, as type inference needs them; arrays as in `kernels.type_flow.spread`.

    Attributes:
        places: Where the edges' pointers stand.
        header_object: Objects whose malloc header or span names a type; int32.
        header_type_addr: That type's address, for each of those; uint64.
        words_at: addresses -> the words there (0 where there is nothing to read); uint64 both.
        holding: (offset, low, high, bytes) -> objects of at least so many bytes that hold, at that offset in their
            slot, a word of low to high; int32.
        root_target: root pointer -> object.
        root_delta: root pointer -> offset, in the object's slot, of where it points.
        before_by_root: root pointer -> the word before it, as for edges.
    """

    addr_by_object: NDArray[np.uint64]
    bytes_by_object: NDArray[np.int64]
    header_by_object: NDArray[np.uint8]
    noscan_by_object: NDArray[np.uint8]
    edge_start: NDArray[np.int64]
    edge_target: NDArray[np.int32]
    places: EdgePlaces
    header_object: NDArray[np.int32]
    header_type_addr: NDArray[np.uint64]
    words_at: Callable[[NDArray[np.uint64]], NDArray[np.uint64]]
    holding: Callable[[int, int, int, int], NDArray[np.int32]]
    root_target: NDArray[np.int32]
    root_delta: NDArray[np.int64]
    before_by_root: NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Seeds:
    """Statements about objects: `kernels.type_flow.spread`, seed_..."""

    target: NDArray[np.int32]
    delta: NDArray[np.int64]
    kind: NDArray[np.int32]
    many: NDArray[np.uint8]
    strength: NDArray[np.uint8]
    source: NDArray[np.uint8]

    @classmethod
    def of(
        cls,
        target: NDArray[np.integer],
        delta: NDArray[np.integer],
        kind: NDArray[np.integer],
        *,
        many: NDArray[np.integer],
        strength: int,
        source: NamedBy = NamedBy.RUNTIME,
    ) -> Seeds:
        """All of one strength and source; those without an object or a type (-1) fall away."""
        has = (kind >= 0) & (target >= 0)
        n_seeds = int(has.sum())
        return cls(
            target[has].astype(np.int32),
            delta[has].astype(np.int64),
            kind[has].astype(np.int32),
            many[has].astype(np.uint8),
            np.full(n_seeds, strength, np.uint8),
            np.full(n_seeds, source, np.uint8),
        )

    def chosen(self, which: NDArray[np.bool_]) -> Seeds:
        """Some of them."""
        return Seeds(
            self.target[which],
            self.delta[which],
            self.kind[which],
            self.many[which],
            self.strength[which],
            self.source[which],
        )

    @classmethod
    def joined(cls, parts: list[Seeds]) -> Seeds:
        """All parts, in their order."""
        return cls(
            np.concatenate([part.target for part in parts]),
            np.concatenate([part.delta for part in parts]),
            np.concatenate([part.kind for part in parts]),
            np.concatenate([part.many for part in parts]),
            np.concatenate([part.strength for part in parts]),
            np.concatenate([part.source for part in parts]),
        )


@dataclass(frozen=True, slots=True)
class Functions:
    """Where functions begin.

    Attributes:
        entry_addr: function -> its entry; ascending, uint64.
        name: function -> its name.
    """

    entry_addr: NDArray[np.uint64]
    name: Callable[[int], str]


def headers(heap: FlowHeap, types: FlowTypes) -> Seeds:
    """Every object whose malloc header or span names a type."""
    objects = heap.header_object
    addresses, index = np.unique(heap.header_type_addr, return_inverse=True)
    ids = np.array([types.id_at(addr) for addr in addresses.tolist()], np.int32)[index]
    types.settle()
    arrays = types.arrays()
    with_header = heap.header_by_object[objects] != 0
    one = np.where(with_header, arrays.header_class_by_type[ids], arrays.class_by_type[ids])
    many = one != heap.bytes_by_object[objects]
    return Seeds.of(objects, heap.header_by_object[objects], ids, many=many, strength=STRENGTH_HEADER)


def interfaces(heap: FlowHeap, table: go.TypeTable, types: FlowTypes) -> Seeds:
    """Every pointer behind a word that is a type or an itab."""
    low, high = (heap.addr_by_object[0], heap.addr_by_object[-1]) if len(heap.addr_by_object) else (0, 0)
    before = np.concatenate([heap.places.before_word, heap.before_by_root])
    chosen = np.flatnonzero((before != 0) & ((before < low) | (before > high)))
    ids, many = boxed(before[chosen], table, types)
    target = np.concatenate([heap.edge_target[heap.places.before_edge], heap.root_target])[chosen]
    delta = np.concatenate([heap.places.delta_of(heap.places.before_edge), heap.root_delta])[chosen]
    return Seeds.of(target, delta, ids, many=many, strength=STRENGTH_WORD)


def boxed(
    words: NDArray[np.uint64], table: go.TypeTable, types: FlowTypes
) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """What the data words behind type words point at: (type or -1, whether several)."""
    distinct, index = np.unique(words, return_inverse=True)
    boxed = [(-1, False)] * len(distinct)
    for at, word in enumerate(distinct.tolist()):
        # Itabs may lie among the types; the check of an itab's hash cannot pass by chance, so it goes first.
        found = table.type_of_itab(word) or (table.type_at(word) if table.in_sections(word) else None)
        if found is not None:
            boxed[at] = types.boxed(found)
    return (
        np.array([kind for kind, _ in boxed], np.int32)[index],
        np.array([several for _, several in boxed], np.uint8)[index],
    )


def variable_seeds(
    heap: FlowHeap,
    types: FlowTypes,
    variables: list[tuple[int, int]],
    resolve: Callable[[NDArray[np.uint64]], tuple[NDArray[np.int32], NDArray[np.int64]]],
    *,
    source: NamedBy = NamedBy.DWARF,
    is_static: Callable[[NDArray[np.uint64]], NDArray[np.bool_]] = lambda pointers: np.zeros(len(pointers), np.bool_),
) -> Seeds:
    """What typed memory outside the heap points at: package variables, and what they point at there.

    Args:
        heap: Gives the words.
        types: Compiled types; settled here.
        variables: (address, type id) of each.
        resolve: pointers -> (object or -1, offset in its slot).
        source: Who says so.
        is_static: pointers -> whether they point into the modules' data: what the linker laid out has types too.
    """
    types.settle()
    known: dict[int, int] = {}
    waiting, parts = variables, []
    for _ in range(MAX_STATIC_ROUNDS):
        places, kinds = _pointers_in(types, waiting)
        pointers = heap.words_at(np.array(places, np.uint64))
        target, delta = resolve(pointers)
        said = np.array(kinds, np.int64).reshape(-1, 2)
        for many, strength in ((0, STRENGTH_ONE), (1, STRENGTH_MANY)):
            chosen = np.where(said[:, 1] == many, said[:, 0], -1)
            parts.append(Seeds.of(target, delta, chosen, many=said[:, 1], strength=strength, source=source))
        outside = (target < 0) & (said[:, 1] == 0) & is_static(pointers)
        waiting = []
        for addr, kind in zip(pointers[outside].tolist(), said[outside, 0].tolist(), strict=True):
            if addr not in known:
                known[addr] = kind
                waiting.append((addr, kind))
        if not waiting:
            break
    return Seeds.joined(parts)


def _pointers_in(types: FlowTypes, variables: list[tuple[int, int]]) -> tuple[list[int], list[tuple[int, int]]]:
    """(addresses of typed pointers, what each points at: type and whether to several)."""
    types.settle()
    places: list[int] = []
    kinds: list[tuple[int, int]] = []
    for addr, kind in variables:
        for word, says, arg in types.slots(kind):
            if says in (ONE, MANY) and arg >= 0:
                places.append(addr + 8 * word)
                kinds.append((arg, int(says == MANY)))
    return places, kinds


def finalizer_seeds(
    types: FlowTypes, table: go.TypeTable, targets: list[int], deltas: list[int], types_at: list[int]
) -> Seeds:
    """What finalizers say of their objects: `specialfinalizer.ot` (runtime/mfinal.go) is a pointer to the type.

    Args:
        types: Compiled types; grows.
        table: The program's types.
        targets: finalizer -> object.
        deltas: finalizer -> offset of what it is set on in the object's slot.
        types_at: finalizer -> address of its `ot`.
    """
    ids = []
    for addr in types_at:
        pointer = table.type_at(addr)
        ids.append(types.id_at(pointer.elem_addr) if pointer and pointer.kind == go.POINTER else -1)
    nothing = np.zeros(len(ids), np.int64)
    kinds, places = np.array(ids, np.int32), np.array(deltas, np.int64)
    return Seeds.of(np.array(targets, np.int32), places, kinds, many=nothing, strength=STRENGTH_WORD)


def closures(heap: FlowHeap, types: FlowTypes, functions: Functions) -> tuple[Seeds, dict[int, int]]:
    """Every object that begins with the entry of a function; and the closures' types by entry."""
    entries = functions.entry_addr
    if not len(entries):
        return Seeds.of(*(np.zeros(0, np.int32),) * 3, many=np.zeros(0, np.int32), strength=0), {}
    objects = heap.holding(0, int(entries[0]), int(entries[-1]), 8)
    objects = objects[heap.header_by_object[objects] == 0]
    words = heap.words_at(heap.addr_by_object[objects])
    at = np.searchsorted(entries, words)
    hit = entries[at] == words
    objects, at = objects[hit], at[hit]
    which, index = np.unique(at, return_inverse=True)
    known = [types.function_id(functions.name(function)) for function in which.tolist()]
    ids, nothing = np.array(known, np.int32)[index], np.zeros(len(objects), np.int64)
    by_entry = dict(zip(entries[which].tolist(), known, strict=True))
    return Seeds.of(objects, nothing, ids, many=nothing, strength=STRENGTH_WORD), by_entry


def channels(heap: FlowHeap, table: go.TypeTable, types: FlowTypes) -> Seeds:
    """Every object that looks like a channel (runtime/chan.go): it names a type whose size it repeats."""
    off = table.layout.channel_elem_off
    # Behind elemtype: sendx, recvx, recvq, sendq, lock.
    found_by_section = [heap.holding(off, start, end - 1, off + 56) for start, end in table.sections()]
    large = np.unique(np.concatenate([np.zeros(0, np.int32), *found_by_section]))
    addresses = heap.addr_by_object[large]
    words = heap.words_at(addresses + np.uint64(off))
    distinct, index = np.unique(words, return_inverse=True)
    found = [table.type_at(word) for word in distinct.tolist()]
    size = np.array([elem.size_bytes if elem else -1 for elem in found], np.int64)[index]
    qcount, dataqsiz = heap.words_at(addresses), heap.words_at(addresses + np.uint64(8))
    elem_size = (heap.words_at(addresses + np.uint64(24)) & np.uint64(0xFFFF)).astype(np.int64)
    ids = np.array([types.channel_of(word) for word in distinct.tolist()], np.int32)[index]
    ids[(elem_size != size) | (qcount > dataqsiz)] = -1
    nothing = np.zeros(len(large), np.int64)
    return Seeds.of(large, nothing, ids, many=nothing, strength=STRENGTH_CHANNEL)
