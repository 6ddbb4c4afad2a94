"""Names the type of every heap object that can be named, and says how sure each name is.

From the little that Go keeps (`types_seeds`), and from what DWARF says of variables, typed pointers lead to nearly all
other objects.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime.types_seeds import (
    FlowHeap,
    Functions,
    NamedBy,
    Seeds,
    channel_seeds,
    closure_seeds,
    header_seeds,
    interface_seeds,
    pool_seeds,
)
from goknot.kernels.type_flow import ONE, prepare, read_out, renumber, spread

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from goknot.goruntime import types as go
    from goknot.goruntime.types_arrays import FlowArrays
    from goknot.goruntime.types_fields import Capture
    from goknot.goruntime.types_slots import FlowTypes


@dataclass(frozen=True, slots=True)
class FieldPlaces:
    """Where each edge's pointer stands and points; int32, or int64 where objects are huge.

    Attributes:
        off: edge -> offset of the pointer in its object's slot.
        delta: edge -> offset of where it points in the target's slot.
    """

    off: NDArray[np.integer]
    delta: NDArray[np.integer]


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
    places: FieldPlaces


def name_objects(  # noqa: PLR0917 - a heap, and all that is known of it
    heap: FlowHeap,
    table: go.TypeTable,
    types: FlowTypes,
    functions: Functions,
    more: tuple[Seeds, ...] = (),
    captures: Callable[[int], list[Capture]] | None = None,
) -> HeapTypes:
    """Types for the objects of `heap`.

    Args:
        heap: Objects and pointers.
        table: The program's types.
        types: What has been compiled of them; grows.
        functions: To know closures by the function they begin with.
        more: What else is known: typed variables, finalizers.
        captures: Entry of a function -> what its closures hold.
    """
    closures, closure_by_entry = closure_seeds(heap, types, functions)
    known = [header_seeds(heap, types), interface_seeds(heap, table, types), closures]
    known += [channel_seeds(heap, table, types), *more]
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
    flow = np.empty(2 * len(heap.addr_by_object), np.int64)
    prepare(heap.bytes_by_object, heap.header_by_object, heap.noscan_by_object, flow)
    _spread(heap, arrays, seeds, flow)
    pooled = pool_seeds(heap, table, types, flow)
    if len(pooled.target):
        arrays = types.arrays()
        _spread(heap, arrays, pooled, flow)
    return _outcome(types, arrays, flow, FieldPlaces(_narrow(heap.edge_off), _narrow(heap.edge_delta)))


def _spread(heap: FlowHeap, arrays: FlowArrays, seeds: Seeds, flow: NDArray[np.int64]) -> None:
    spread(
        heap.edge_start, heap.edge_target, heap.edge_off, heap.edge_delta, arrays.size_by_type, arrays.class_by_type,
        arrays.header_class_by_type, arrays.open_by_type, arrays.rank_by_type,
        arrays.described_by_type * np.uint8(NamedBy.DWARF), arrays.other_by_type, arrays.slot_start, arrays.slot_kind,
        arrays.slot_arg, seeds.target, seeds.delta, seeds.kind, seeds.many, seeds.strength, seeds.source,
        np.empty(len(flow) // 2, np.int32), flow,
    )  # fmt: skip


def _narrow(values: NDArray[np.int64]) -> NDArray[np.integer]:
    return values.astype(np.int32) if not len(values) or int(values.max()) < 1 << 31 else values


def _outcome(types: FlowTypes, arrays: FlowArrays, flow: NDArray[np.int64], places: FieldPlaces) -> HeapTypes:
    """Types by name: what DWARF and a descriptor call the same is the same."""
    pair, source = np.empty(len(flow) // 2, np.int32), np.empty(len(flow) // 2, np.uint8)
    used = np.zeros(2 * len(arrays.size_by_type) + 1, np.uint8)  # the last stands for "unknown"
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
