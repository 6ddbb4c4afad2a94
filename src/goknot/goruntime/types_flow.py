"""Names the type of every heap object that can be named, and says how sure each name is.

Go keeps no type with a small object. What it does keep: the type word of every interface, a type behind every larger
object with pointers (the malloc header, since Go 1.22), the entry of the function in every closure, the type that a
finalizer expects. From those, typed pointers lead to nearly all others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime import types as go
from goknot.kernels.type_flow import (
    MANY,
    MOST_SMALL_BYTES,
    N_SIZES,
    ONE,
    TYPE_SHIFT,
    prepare,
    read_out,
    renumber,
    spread,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from goknot.goruntime.pointers import EdgePlaces
    from goknot.goruntime.types_arrays import FlowArrays
    from goknot.goruntime.types_fields import Capture
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


@dataclass(frozen=True, slots=True)
class HeapTypes:
    """The outcome.

    Attributes:
        type_by_object: object -> index into `names`, or -1; int32.
        named_by_object: object -> NamedBy; uint8.
        names: type -> name with whole import paths; `[]T` for the memory behind a slice of T.
        flow_by_type: type -> its id in `FlowTypes`; int32.
        many_by_type: type -> whether it is memory behind a slice: values of the type one after another.
        places: Where each edge's pointer stands.
    """

    type_by_object: NDArray[np.int32]
    named_by_object: NDArray[np.uint8]
    names: tuple[str, ...]
    flow_by_type: NDArray[np.int32]
    many_by_type: NDArray[np.bool_]
    places: EdgePlaces


def name_objects(  # noqa: PLR0917 - a heap, and all that is known of it
    heap: FlowHeap,
    table: go.TypeTable,
    types: FlowTypes,
    functions: Functions,
    more: tuple[Seeds, ...] = (),
    captures: Callable[[int], list[Capture]] | None = None,
    into: NDArray[np.int32] | None = None,
) -> HeapTypes:
    """Types for the objects of `heap`.

    Args:
        heap: Objects and pointers.
        table: The program's types.
        types: What has been compiled of them; grows.
        functions: To know closures by the function they begin with.
        more: What else is known: typed variables, finalizers.
        captures: Entry of a function -> what its closures hold.
        into: Room for the result's `type_by_object`.
    """
    closures, closure_by_entry = _closures(heap, types, functions)
    known = [_headers(heap, types), _interfaces(heap, table, types), closures]
    known += [_channels(heap, table, types), *more]
    seeds = Seeds.joined(known)
    if captures is not None:
        said: dict[int, list[list[Capture]]] = {}
        for entry, closure in closure_by_entry.items():
            said.setdefault(closure, []).append(captures(entry))
        # All instances of a generic function have one name: `main.f[...].func1`; they may hold different things.
        types.set_captures({c: held[0] for c, held in said.items() if held[0] and held.count(held[0]) == len(held)})
    types.settle()
    receivers = _receivers(types)
    for closure, receiver in receivers:
        if not types.slots(closure):
            types.set_slots(closure, [(8, ONE, receiver)])
    arrays = types.arrays()
    flow, sizes = np.empty(len(heap.addr_by_object), np.int64), np.zeros(N_SIZES, np.int64)
    numbers = np.zeros((MOST_SMALL_BYTES >> 3) + 1, np.uint8)
    prepare(heap.bytes_by_object, heap.header_by_object, heap.noscan_by_object, numbers, sizes, flow)
    _spread(heap, arrays, seeds, sizes, flow)
    pooled = _pooled(heap, table, types, flow)
    if len(pooled.target):
        arrays = types.arrays()
        _spread(heap, arrays, pooled, sizes, flow)
    return _outcome(types, arrays, flow, heap.places, np.empty(len(flow), np.int32) if into is None else into)


def _spread(
    heap: FlowHeap, arrays: FlowArrays, seeds: Seeds, sizes: NDArray[np.int64], flow: NDArray[np.int64]
) -> None:
    places = (heap.places.word, heap.places.odd_edge, heap.places.odd_word, heap.places.odd_delta)
    spread(
        heap.edge_start, heap.edge_target, places, heap.bytes_by_object, sizes, arrays.size_by_type,
        arrays.class_by_type, arrays.header_class_by_type, arrays.open_by_type, arrays.rank_by_type,
        arrays.described_by_type * np.uint8(NamedBy.DWARF), arrays.other_by_type, arrays.slot_start, arrays.slot_kind,
        arrays.slot_arg, seeds.target, seeds.delta, seeds.kind, seeds.many, seeds.strength, seeds.source,
        np.empty(len(flow), np.int32), flow,
    )  # fmt: skip


def _outcome(
    types: FlowTypes, arrays: FlowArrays, flow: NDArray[np.int64], places: EdgePlaces, pair: NDArray[np.int32]
) -> HeapTypes:
    """Types by name: what DWARF and a descriptor call the same is the same; those of objects are put into `pair`."""
    source = np.empty(len(flow), np.uint8)
    used = np.zeros(2 * len(arrays.size_by_type), np.uint8)
    read_out(flow, arrays.rivalled_by_type.astype(np.uint8), int(NamedBy.INFERRED), pair, source, used)
    number_by_pair = np.full(len(used), -1, np.int32)
    number_by_name: dict[str, int] = {}
    firsts: list[int] = []
    for value in np.flatnonzero(used).tolist():
        name = types.qualified[value // 2]
        name = f"[]{name}" if value % 2 and not name.endswith(")") and name != "string" else name
        if name not in number_by_name:
            number_by_name[name] = len(firsts)
            firsts.append(value)
        number_by_pair[value] = number_by_name[name]
    chosen = np.array(firsts, np.int32)
    renumber(number_by_pair, pair)
    return HeapTypes(pair, source, tuple(number_by_name), chosen // 2, chosen % 2 == 1, places)


def _headers(heap: FlowHeap, types: FlowTypes) -> Seeds:
    objects = heap.header_object
    addresses, index = np.unique(heap.header_type_addr, return_inverse=True)
    ids = np.array([types.id_at(addr) for addr in addresses.tolist()], np.int32)[index]
    types.settle()
    arrays = types.arrays()
    with_header = heap.header_by_object[objects] != 0
    one = np.where(with_header, arrays.header_class_by_type[ids], arrays.class_by_type[ids])
    many = one != heap.bytes_by_object[objects]
    return Seeds.of(objects, heap.header_by_object[objects], ids, many=many, strength=STRENGTH_HEADER)


def _interfaces(heap: FlowHeap, table: go.TypeTable, types: FlowTypes) -> Seeds:
    """Every pointer behind a word that is a type or an itab."""
    low, high = (heap.addr_by_object[0], heap.addr_by_object[-1]) if len(heap.addr_by_object) else (0, 0)
    before = np.concatenate([heap.places.before_word, heap.before_by_root])
    chosen = np.flatnonzero((before != 0) & ((before < low) | (before > high)))
    ids, many = _boxed(before[chosen], table, types)
    target = np.concatenate([heap.edge_target[heap.places.before_edge], heap.root_target])[chosen]
    delta = np.concatenate([heap.places.delta_of(heap.places.before_edge), heap.root_delta])[chosen]
    return Seeds.of(target, delta, ids, many=many, strength=STRENGTH_WORD)


def _pooled(heap: FlowHeap, table: go.TypeTable, types: FlowTypes, flow: NDArray[np.int64]) -> Seeds:
    """What sync.Pools hold: `sync.eface` spells an interface as two unsafe pointers (sync/poolqueue.go)."""
    own = types.struct_id("sync.eface")
    low, high = np.int64(own + 1) << TYPE_SHIFT, np.int64(own + 2) << TYPE_SHIFT
    holders = np.flatnonzero((flow >= low) & (flow < high)) if own >= 0 else np.zeros(0, np.int64)
    starts, ends = heap.edge_start[holders], heap.edge_start[holders + 1]
    edges = np.concatenate([np.zeros(0, np.int64), *(np.arange(a, b) for a, b in zip(starts, ends, strict=True))])
    source, off = np.repeat(holders, ends - starts), heap.places.off_of(edges)
    data = (off - heap.header_by_object[source]) % 16 == 8
    edges, source, off = edges[data], source[data], off[data]
    words = heap.words_at(heap.addr_by_object[source] + off.astype(np.uint64) - np.uint64(8))
    ids, many = _boxed(words, table, types)
    return Seeds.of(heap.edge_target[edges], heap.places.delta_of(edges), ids, many=many, strength=STRENGTH_WORD)


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


def _closures(heap: FlowHeap, types: FlowTypes, functions: Functions) -> tuple[Seeds, dict[int, int]]:
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


def _channels(heap: FlowHeap, table: go.TypeTable, types: FlowTypes) -> Seeds:
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


_METHOD_VALUE = re.compile(r"func (.+)\.\(\*(.+)\)\.[^.()]+-fm")


def _receivers(types: FlowTypes) -> list[tuple[int, int]]:
    """(closure, type its second word points at) of method values: their name says whose method it is."""
    found = []
    by_name = types.id_by_name()
    for kind, name in enumerate(list(types.names)):
        method = _METHOD_VALUE.fullmatch(name)
        if method:
            owner = f"{method[1]}.{method[2]}"
            receiver = by_name.get(owner, -1) if owner in by_name else types.struct_id(owner)
            if receiver >= 0:
                found.append((kind, receiver))
    return found
