"""Names the type of every heap object that can be named, and says how sure each name is.

Go keeps no type with a small object. What it does keep: the type word of every interface, a type behind every larger
object with pointers (the malloc header, since Go 1.22), the entry of the function in every closure, the type that a
finalizer expects. From those, typed pointers lead to nearly all others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime.types_seeds import (
    STRENGTH_WORD,
    FlowHeap,
    Functions,
    NamedBy,
    Seeds,
    boxed,
    channels,
    closures,
    headers,
    interfaces,
)
from goknot.kernels.type_flow import (
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
    from goknot.goruntime.types import TypeTable
    from goknot.goruntime.types_arrays import FlowArrays
    from goknot.goruntime.types_fields import Capture
    from goknot.goruntime.types_slots import FlowTypes


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
    table: TypeTable,
    types: FlowTypes,
    functions: Functions,
    known: tuple[Seeds, ...] = (),
    captures: Callable[[int], list[Capture]] | None = None,
    later: Callable[[NDArray[np.bool_], NDArray[np.int32]], Seeds] | None = None,
    into: NDArray[np.int32] | None = None,
) -> HeapTypes:
    """Types for the objects of `heap`.

    Args:
        heap: Objects and pointers.
        table: The program's types.
        types: What has been compiled of them; grows.
        functions: To know closures by the function they begin with.
        known: What else is known: typed variables, finalizers.
        captures: Entry of a function -> what its closures hold.
        later: (object -> whether it has a type by now, closures) -> what else can be said.
        into: Room for the result's `type_by_object`.
    """
    functional, closure_by_entry = closures(heap, types, functions)
    found = [headers(heap, types), interfaces(heap, table, types), functional]
    seeds = Seeds.joined([*found, channels(heap, table, types), *known])
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
    more = _pooled(heap, table, types, flow)
    if later is not None:
        more = Seeds.joined([more, later(flow >> TYPE_SHIFT != 0, functional.target)])
    if len(more.target):
        arrays = types.arrays()
        _spread(heap, arrays, more, sizes, flow)
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
        if value % 2:
            name = f"[]{name}" if not name.endswith(")") and name != "string" else name
        elif name.startswith("[]"):
            name += " (header)"  # pointer, length and capacity, apart from the memory that they are of
        if name not in number_by_name:
            number_by_name[name] = len(firsts)
            firsts.append(value)
        number_by_pair[value] = number_by_name[name]
    chosen = np.array(firsts, np.int32)
    renumber(number_by_pair, pair)
    return HeapTypes(pair, source, tuple(number_by_name), chosen // 2, chosen % 2 == 1, places)


def _pooled(heap: FlowHeap, table: TypeTable, types: FlowTypes, flow: NDArray[np.int64]) -> Seeds:
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
    ids, many = boxed(words, table, types)
    return Seeds.of(heap.edge_target[edges], heap.places.delta_of(edges), ids, many=many, strength=STRENGTH_WORD)


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
