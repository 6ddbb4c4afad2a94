"""A heap as plain arrays: what the heap analyses take, and all they know of a process.

Objects, types, roots, specials and goroutines are numbers here; whoever builds the arrays keeps the names.
All arrays are one-dimensional, C-contiguous and aligned; analyses never write to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Int32s = NDArray[np.int32]
    Int64s = NDArray[np.int64]
    UInt8s = NDArray[np.uint8]
    UInt64s = NDArray[np.uint64]

NO_ID = -1  # "none" wherever an array holds ids


class ObjectState(IntEnum):
    """What the allocator says of an object."""

    ALLOCATED = 0
    WAITING = 1  # garbage: unmarked in a span that is not swept yet


class ObjectFlag(IntFlag):
    """What must be known of an object to read rings and paths as a person would."""

    RUNTIME = 1  # the runtime's own structure (p, m, g, sudog, ...): rings never lead through it
    GOROUTINE = 2  # a g or a sudog (set RUNTIME too): leak search never passes through it
    POOL = 4  # storage of a sync.Pool (local and victim arrays, chains): emptied by the collector itself
    CGO_HANDLE = 8  # storage of cgo.Handle's table, when no root of that kind stands for it
    MAP = 16  # storage of a map's entries (groups, buckets, trie entries): may hold weak keys beside strong values


class RootKind(IntEnum):
    """Where a root lies."""

    DATA = 0  # a module's initialised variable
    BSS = 1  # a module's zeroed variable
    STACK = 2  # a goroutine's frame, defer record or saved closure word
    REGISTERS = 3  # a thread's registers
    TIMER = 4  # a pending timer
    CGO_HANDLE = 5  # the table of cgo.Handle
    POOL = 6  # the lists of all sync.Pools
    QUEUE = 7  # finalizers and cleanups queued to run
    RUNTIME = 8  # any other of the runtime's own roots
    OTHER = 9


class SpecialKind(IntEnum):
    """What the runtime noted about an object (runtime/mheap.go, `_KindSpecial...`)."""

    FINALIZER = 0
    CLEANUP = 1
    WEAK_HANDLE = 2
    OTHER = 3


class Block(IntEnum):
    """Whether a goroutine waits for something that only memory can bring."""

    NONE = 0  # runs, can run, sleeps, waits for the system, or is the runtime's own: its stack is a root
    ON_OBJECTS = 1  # waits on channels, semaphores or conditions: see `wait_object_by_wait`
    FOREVER = 2  # nil channel or empty select: nothing can wake it


@dataclass(frozen=True, slots=True)
class HeapRoots:
    """The roots, save goroutine machinery reached through `HeapGoroutines` and save specials.

    Attributes:
        kind_by_root: root -> RootKind; uint8.
        goroutine_by_root: root -> goroutine whose stack it is, or -1; int32.
        target_start: root -> first of its targets; n_roots + 1 entries, int64.
        target_object: target -> object; int32.
    """

    kind_by_root: UInt8s
    goroutine_by_root: Int32s
    target_start: Int64s
    target_object: Int32s


@dataclass(frozen=True, slots=True)
class HeapSpecials:
    """Finalizers, cleanups and weak handles.

    Attributes:
        kind_by_special: special -> SpecialKind; uint8.
        object_by_special: special -> the object it is set on; int32.
        target_start: special -> first of its targets; n_specials + 1 entries, int64.
        target_object: target -> object the special's own words hold: the function's closure, a cleanup's argument, the
            handle of a weak pointer; int32. What a finalizer's object points to is not listed: the analyses know.
    """

    kind_by_special: UInt8s
    object_by_special: Int32s
    target_start: Int64s
    target_object: Int32s


@dataclass(frozen=True, slots=True)
class HeapGoroutines:
    """The goroutines that are not dead.

    Attributes:
        goid_by_goroutine: goroutine -> Go's number for it; int64.
        object_by_goroutine: goroutine -> its `g` as an object, or -1; int32.
        block_by_goroutine: goroutine -> Block; uint8.
        stack_by_goroutine: goroutine -> id of its sequence of function names; equal stacks share an id; int32.
        wait_start: goroutine -> first of its waits; n_goroutines + 1 entries, int64.
        wait_object_by_wait: wait -> object that holds the channel, semaphore or condition; -1 when that lies outside
            the heap (or is not known), which counts as reachable; int32.
    """

    goid_by_goroutine: Int64s
    object_by_goroutine: Int32s
    block_by_goroutine: UInt8s
    stack_by_goroutine: Int32s
    wait_start: Int64s
    wait_object_by_wait: Int32s


@dataclass(frozen=True, slots=True)
class HeapGraph:
    """Every object, every pointer, and what the collector starts from.

    Attributes:
        addr_by_object: object -> address; ascending, uint64.
        bytes_by_object: object -> size of its slot; int64.
        state_by_object: object -> ObjectState; uint8.
        flags_by_object: object -> ObjectFlag bits; uint8.
        type_by_object: object -> type id, or -1 when unknown; int32.
        edge_start: object -> index of its first edge; n_objects + 1 entries, int64.
        edge_target: edge -> object it points into; in the order of the pointer's offset, int32.
    """

    addr_by_object: UInt64s
    bytes_by_object: Int64s
    state_by_object: UInt8s
    flags_by_object: UInt8s
    type_by_object: Int32s
    edge_start: Int64s
    edge_target: Int32s
    roots: HeapRoots
    specials: HeapSpecials
    goroutines: HeapGoroutines

    @property
    def n_objects(self) -> int:
        """How many objects there are, garbage waiting included."""
        return len(self.edge_start) - 1

    @property
    def n_edges(self) -> int:
        """How many pointers between objects there are."""
        return len(self.edge_target)

    @property
    def n_roots(self) -> int:
        """How many roots there are."""
        return len(self.roots.kind_by_root)

    @property
    def n_specials(self) -> int:
        """How many specials there are."""
        return len(self.specials.kind_by_special)

    @property
    def n_goroutines(self) -> int:
        """How many goroutines there are."""
        return len(self.goroutines.goid_by_goroutine)
