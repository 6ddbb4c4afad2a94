"""What is known of objects before types flow along pointers, and who says so.

Go keeps no type with a small object. What it does keep: the type word of every interface, a type behind every larger
object with pointers (the malloc header, since Go 1.22), the entry of the function in every closure, the type that a
finalizer expects, the element type of every channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime import types as go
from goknot.kernels.type_flow import MANY, ONE, TYPE_SHIFT

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

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
        before_by_edge: edge -> the word before the pointer in the same object, when that word is no pointer's place;
            else 0. The collector does not count the type word of an interface as a pointer; uint64.
        header_type_by_object: object -> address of the type its malloc header or its span names, or 0; uint64.
        words_at: addresses -> the words there (0 where there is nothing to read); uint64 both.
        first_words: The first word of each object's slot; asked of `words_at` when None.
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
    edge_off: NDArray[np.int64]
    edge_delta: NDArray[np.int64]
    before_by_edge: NDArray[np.uint64]
    header_type_by_object: NDArray[np.uint64]
    words_at: Callable[[NDArray[np.uint64]], NDArray[np.uint64]]
    root_target: NDArray[np.int32]
    root_delta: NDArray[np.int64]
    before_by_root: NDArray[np.uint64]
    first_words: Callable[[], NDArray[np.uint64]] | None = None


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


def header_seeds(heap: FlowHeap, types: FlowTypes) -> Seeds:
    """What malloc headers and spans of large objects name."""
    objects = np.flatnonzero(heap.header_type_by_object)
    addresses, index = np.unique(heap.header_type_by_object[objects], return_inverse=True)
    ids = np.array([types.id_at(addr) for addr in addresses.tolist()], np.int32)[index]
    types.settle()
    arrays = types.arrays()
    with_header = heap.header_by_object[objects] != 0
    one = np.where(with_header, arrays.header_class_by_type[ids], arrays.class_by_type[ids])
    many = one != heap.bytes_by_object[objects]
    return Seeds.of(objects, heap.header_by_object[objects], ids, many=many, strength=STRENGTH_HEADER)


def interface_seeds(heap: FlowHeap, table: go.TypeTable, types: FlowTypes) -> Seeds:
    """Every pointer behind a word that is a type or an itab."""
    low, high = (heap.addr_by_object[0], heap.addr_by_object[-1]) if len(heap.addr_by_object) else (0, 0)
    parts = []
    for before, target, delta in (
        (heap.before_by_edge, heap.edge_target, heap.edge_delta),
        (heap.before_by_root, heap.root_target, heap.root_delta),
    ):
        chosen = np.flatnonzero(before)
        words = before[chosen]
        outside = (words < low) | (words > high)
        chosen, words = chosen[outside], words[outside]
        ids, many = _boxed(words, table, types)
        parts.append(Seeds.of(target[chosen], delta[chosen], ids, many=many, strength=STRENGTH_WORD))
    return Seeds.joined(parts)


def _boxed(
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


def closure_seeds(heap: FlowHeap, types: FlowTypes, functions: Functions) -> tuple[Seeds, dict[int, int]]:
    """Every object that begins with the entry of a function; and the closures' types by entry."""
    entries = functions.entry_addr
    if not len(entries):
        return Seeds.of(*(np.zeros(0, np.int32),) * 3, many=np.zeros(0, np.int32), strength=0), {}
    words = heap.first_words() if heap.first_words else heap.words_at(heap.addr_by_object)
    objects = np.flatnonzero((words >= entries[0]) & (words <= entries[-1]) & (heap.header_by_object == 0))
    at = np.searchsorted(entries, words[objects])
    hit = entries[at] == words[objects]
    objects, at = objects[hit], at[hit]
    which, index = np.unique(at, return_inverse=True)
    known = [types.function_id(functions.name(function)) for function in which.tolist()]
    ids, nothing = np.array(known, np.int32)[index], np.zeros(len(objects), np.int64)
    by_entry = dict(zip(entries[which].tolist(), known, strict=True))
    return Seeds.of(objects, nothing, ids, many=nothing, strength=STRENGTH_WORD), by_entry


def channel_seeds(heap: FlowHeap, table: go.TypeTable, types: FlowTypes) -> Seeds:
    """Every object that looks like a channel (runtime/chan.go): it names a type whose size it repeats."""
    off = table.layout.channel_elem_off
    large = np.flatnonzero(heap.bytes_by_object >= off + 56)  # behind elemtype: sendx, recvx, recvq, sendq, lock
    addresses = heap.addr_by_object[large]
    words = heap.words_at(addresses + np.uint64(off))
    inside = np.zeros(len(words), np.bool_)
    for start, end in table.sections():
        inside |= (words >= start) & (words < end)
    large, addresses, words = large[inside], addresses[inside], words[inside]
    distinct, index = np.unique(words, return_inverse=True)
    found = [table.type_at(word) for word in distinct.tolist()]
    size = np.array([elem.size_bytes if elem else -1 for elem in found], np.int64)[index]
    qcount, dataqsiz = heap.words_at(addresses), heap.words_at(addresses + np.uint64(8))
    elem_size = (heap.words_at(addresses + np.uint64(24)) & np.uint64(0xFFFF)).astype(np.int64)
    ids = np.array([types.channel_of(word) for word in distinct.tolist()], np.int32)[index]
    ids[(elem_size != size) | (qcount > dataqsiz)] = -1
    nothing = np.zeros(len(large), np.int64)
    return Seeds.of(large, nothing, ids, many=nothing, strength=STRENGTH_CHANNEL)


def pool_seeds(heap: FlowHeap, table: go.TypeTable, types: FlowTypes, flow: NDArray[np.int64]) -> Seeds:
    """What sync.Pools hold: `sync.eface` spells an interface as two unsafe pointers (sync/poolqueue.go)."""
    own = types.struct_id("sync.eface")
    low, high = np.int64(own) << TYPE_SHIFT, np.int64(own + 1) << TYPE_SHIFT
    holders = np.flatnonzero((flow[1::2] >= low) & (flow[1::2] < high)) if own >= 0 else np.zeros(0, np.int64)
    starts, ends = heap.edge_start[holders], heap.edge_start[holders + 1]
    edges = np.concatenate([np.zeros(0, np.int64), *(np.arange(a, b) for a, b in zip(starts, ends, strict=True))])
    source = np.repeat(holders, ends - starts)
    inner = heap.edge_off[edges] - heap.header_by_object[source]
    edges, source = edges[inner % 16 == 8], source[inner % 16 == 8]
    before = heap.words_at(heap.addr_by_object[source] + heap.edge_off[edges].astype(np.uint64) - np.uint64(8))
    kinds, many = _boxed(before, table, types)
    return Seeds.of(heap.edge_target[edges], heap.edge_delta[edges], kinds, many=many, strength=STRENGTH_WORD)
