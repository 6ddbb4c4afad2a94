"""A Go process image: every object, every pointer, every root, with the names a person understands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from goknot.goruntime.goroutines import Goroutine
    from goknot.goruntime.modules import Module
    from goknot.goruntime.pclntab import PclnTable
    from goknot.goruntime.pointers import EdgePlaces
    from goknot.goruntime.runtime_objects import RuntimeObjects
    from goknot.goruntime.specials import Special
    from goknot.goruntime.types import TypeTable
    from goknot.layouts.layout import Layout
    from goknot.memory.source import MappedElf
    from goknot.memory.space import AddressSpace
    from goknot.model.named_heap import LostVariable

    Int32s = NDArray[np.int32]
    Int64s = NDArray[np.int64]
    UInt8s = NDArray[np.uint8]
    UInt64s = NDArray[np.uint64]


class RootPlace(IntEnum):
    """Where a root's pointers stand."""

    DATA = 0
    BSS = 1
    FRAME = 2  # a goroutine's frame
    DEFER = 3  # a goroutine's defer records, panics and saved closure word
    REGISTERS = 4
    QUEUE = 5  # finalizers and cleanups queued to run
    RUNTIME = 6  # the runtime's other roots: plugins' type maps, ...
    TIMERS = 7  # pending timers, in each p's heap


@dataclass(frozen=True, slots=True)
class Root:
    """Pointers into the heap that stand in one variable, frame or record.

    Attributes:
        name: The variable `pkg.name`, the frame's function, or what the runtime calls it.
        module: The module of a variable; empty for others.
        goroutine: Index into the goroutines, or -1.
        where: `file:line` of a frame; empty for others.
        precise: False: every word that looks like a pointer was taken.
    """

    place: RootPlace
    name: str
    module: str = ""
    goroutine: int = -1
    where: str = ""
    precise: bool = True


@dataclass(frozen=True, slots=True)
class RootTable:
    """Roots and their pointers.

    Attributes:
        roots: root -> what it is.
        target_start: root -> its first pointer; n_roots + 1 entries, int64.
        target_object: pointer -> object; int32.
        target_off: pointer -> offset into that object; int64.
        place_addr: pointer -> address of the word that holds it; 0: a register. uint64.
        before: pointer -> the word before it, when that is no pointer's place (an interface's type word); else 0.
    """

    roots: tuple[Root, ...]
    target_start: Int64s
    target_object: Int32s
    target_off: Int64s
    place_addr: UInt64s
    before: UInt64s


@dataclass(frozen=True, slots=True)
class HeapImage:
    """What `open_core` and `open_process` give.

    Attributes:
        version: As Go says it: `go1.26.6`.
        arch: `amd64` or `arm64`.
        modules: The executable, then shared modules and plugins, in the runtime's order.
        layout_source: `table go1.26`, `DWARF of the executable`, or the nearest table, named as such.
        problems: What could not be read or is not certain; one sentence each.
        object_addr: object -> address; ascending, uint64.
        object_bytes: object -> size of its slot; int64.
        object_state: object -> model.heap.ObjectState; uint8.
        object_noscan: object -> 1 when it has no pointers; uint8.
        object_header_bytes: object -> 8 when a malloc header precedes the value, else 0; uint8.
        header_object: Objects whose malloc header or span names a type; ascending, int32.
        header_type_addr: That type's address, for each of those; uint64.
        edge_start: object -> its first edge; n_objects + 1 entries, int64.
        edge_target: edge -> object; by offset within the source, int32.
        resolve: pointer -> object it points into; -1 none, -2 a free slot.
        edge_places: Gives where each edge's pointer stands.
        holding: (offset, low, high, bytes) -> objects of at least so many bytes that hold, at that offset in their
            slot, a word of low to high; int32.
        roots: Roots and their pointers.
        goroutines: Those that are not dead.
        specials: Finalizers, cleanups, weak handles and others.
        runtime_objects: object -> 1 for the runtime's own structures (g, m, p, sudog, timers ...); uint8.
        scheduler: The same by kind: g, sudog, others.
        types: The program's types.
        functions: The program's functions.
        n_free_targets: Pointers of live objects into free slots: 0 in a consistent image.
        files: module -> its ELF file, None where that is not at hand.
        stopped_ms: How long the process was stopped; 0 for a core.
        lost: Variables that should be roots and are not.
    """

    version: str
    arch: str
    modules: tuple[Module, ...]
    layout: Layout
    layout_source: str
    problems: tuple[str, ...]
    space: AddressSpace
    object_addr: UInt64s
    object_bytes: Int64s
    object_state: UInt8s
    object_noscan: UInt8s
    object_header_bytes: UInt8s
    header_object: Int32s
    header_type_addr: UInt64s
    edge_start: Int64s
    edge_target: Int32s
    edge_places: Callable[[], EdgePlaces]
    resolve: Callable[[UInt64s], Int32s]
    holding: Callable[[int, int, int, int], Int32s]
    roots: RootTable
    goroutines: tuple[Goroutine, ...]
    specials: tuple[Special, ...]
    runtime_objects: UInt8s
    scheduler: RuntimeObjects
    types: TypeTable
    functions: PclnTable
    n_free_targets: int
    files: tuple[MappedElf | None, ...] = ()
    stopped_ms: float = 0.0
    lost: tuple[LostVariable, ...] = ()

    @property
    def n_objects(self) -> int:
        """How many objects there are, garbage waiting included."""
        return len(self.object_addr)

    @property
    def n_edges(self) -> int:
        """How many pointers between objects there are."""
        return len(self.edge_target)
