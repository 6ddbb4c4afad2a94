"""The records of a Go heap dump (runtime/heapdump.go), as they stand in the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Int32s = NDArray[np.int32]
    Int64s = NDArray[np.int64]
    UInt64s = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class DumpParams:
    """What kind of machine and Go wrote the dump."""

    big_endian: bool
    pointer_bytes: int
    arena_start_addr: int
    arena_end_addr: int
    arch: str
    version: str
    n_cpus: int


@dataclass(frozen=True, slots=True)
class DumpType:
    """A type that some itab names; the dump knows no others."""

    addr: int
    size_bytes: int
    name: str


@dataclass(frozen=True, slots=True)
class DumpMemory:
    """A stretch of memory with the places of the pointers in it.

    Attributes:
        addr: Where it lay.
        content_off: Where its bytes stand in the file.
        n_bytes: How many.
        field_off: pointer -> offset from `addr`; ascending within a data segment, uint64.
    """

    addr: int
    content_off: int
    n_bytes: int
    field_off: UInt64s


@dataclass(frozen=True, slots=True)
class DumpFrame:
    """A frame of a goroutine's stack; `memory.addr` is its sp, depth 0 the innermost."""

    depth: int
    child_sp_addr: int
    memory: DumpMemory
    entry_addr: int
    pc_addr: int
    continpc_addr: int
    name: str


@dataclass(frozen=True, slots=True)
class DumpDefer:
    """A defer record of a goroutine."""

    addr: int
    goroutine_addr: int
    sp_addr: int
    pc_addr: int
    fn_addr: int
    code_addr: int
    link_addr: int


@dataclass(frozen=True, slots=True)
class DumpPanic:
    """A panic record of a goroutine."""

    addr: int
    goroutine_addr: int
    type_addr: int
    data_addr: int
    link_addr: int


@dataclass(frozen=True, slots=True)
class DumpGoroutine:
    """A goroutine and its stack, innermost frame first."""

    addr: int
    sp_addr: int
    goid: int
    gopc_addr: int
    status: int
    is_system: bool
    wait_since_ns: int
    wait_reason: str
    ctxt_addr: int
    m_addr: int
    defer_addr: int
    panic_addr: int
    frames: list[DumpFrame] = field(default_factory=list)
    defers: list[DumpDefer] = field(default_factory=list)
    panics: list[DumpPanic] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DumpFinalizer:
    """A finalizer; `queued` when its object is dead and the call waits."""

    object_addr: int
    fn_addr: int
    code_addr: int
    parameter_type_addr: int
    object_type_addr: int
    queued: bool


@dataclass(frozen=True, slots=True)
class DumpRoot:
    """A root the runtime names itself."""

    description: str
    target_addr: int


@dataclass(frozen=True, slots=True)
class DumpAllocSite:
    """A bucket of the memory profile; `stack` innermost first as (function, file, line)."""

    addr: int
    size_bytes: int
    stack: tuple[tuple[str, str, int], ...]
    n_allocs: int
    n_frees: int


@dataclass(frozen=True, slots=True)
class DumpObjects:
    """Every slot the dump calls an object, in the dump's order.

    Attributes:
        addr: object -> address; uint64.
        n_bytes: object -> size of its slot; uint64.
        content_off: object -> where its bytes stand in the file; uint64.
        pattern: object -> index into `field_off_by_pattern`; int32.
        field_off_by_pattern: pattern -> offsets of the pointers in the object; uint64.
    """

    addr: UInt64s
    n_bytes: UInt64s
    content_off: UInt64s
    pattern: Int32s
    field_off_by_pattern: tuple[UInt64s, ...]


@dataclass(frozen=True, slots=True)
class HeapDump:
    """A whole dump; `file` gives the bytes that the offsets speak of.

    Attributes:
        path: As the user named it.
        file: The file's bytes (a memory map).
        data_segments: Initialised variables of the first module.
        bss_segments: Zeroed variables of the first module.
        type_by_itab: address of an itab -> address of its type.
        mem_stats: As in runtime.MemStats up to NumGC, PauseNs left out.
        sampled: (object address, alloc site address) of the objects the memory profile sampled.
    """

    path: str
    file: memoryview
    params: DumpParams
    objects: DumpObjects
    data_segments: tuple[DumpMemory, ...]
    bss_segments: tuple[DumpMemory, ...]
    goroutines: tuple[DumpGoroutine, ...]
    finalizers: tuple[DumpFinalizer, ...]
    roots: tuple[DumpRoot, ...]
    types: dict[int, DumpType]
    type_by_itab: dict[int, int]
    threads: tuple[tuple[int, int, int], ...]
    mem_stats: dict[str, int]
    alloc_sites: dict[int, DumpAllocSite]
    sampled: tuple[tuple[int, int], ...]
