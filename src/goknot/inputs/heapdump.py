"""The heap in a file that `debug.WriteHeapDump` wrote: Go's own word, which is not the whole story (`problems`)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from goknot.formats.heapdump import read_heap_dump
from goknot.formats.heapdump_graph import heap_graph
from goknot.formats.heapdump_runtime import find_runtime
from goknot.inputs.heapdump_exe import DumpExe
from goknot.inputs.heapdump_roots import collect_roots
from goknot.inputs.heapdump_types import name_types
from goknot.model.heap import (
    Block,
    HeapGoroutines,
    HeapGraph,
    HeapSpecials,
    ObjectFlag,
    SpecialKind,
)
from goknot.model.named_heap import EdgeFields, FrameName, GoroutineName, NamedHeap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.formats.heapdump_graph import DumpGraph
    from goknot.formats.heapdump_records import DumpGoroutine, HeapDump
    from goknot.formats.heapdump_runtime import DumpRuntime
    from goknot.model.heap import Int32s, Int64s

STATUS = {1: "runnable", 2: "running", 3: "syscall", 4: "waiting", 9: "preempted", 10: "leaked"}
NO_GOROUTINES = "a heap dump does not say what a goroutine waits on: none is called blocked for ever"
NO_CLEANUPS = (
    "a heap dump holds neither cleanups nor weak handles nor queued cleanups: what only they hold looks unreachable, "
    "and a ring that a cleanup keeps for ever is not told"
)
NO_STACK_OBJECTS = (
    "a heap dump leaves out variables on the stack whose address is taken: what only they hold looks unreachable"
)
NO_NAMES = "a heap dump names no variables and hardly any types: --exe FILE, the executable with symbols, names more"


def read_dump(path: Path, exe: Path | None) -> NamedHeap:
    """Reads a heap dump; with the executable, variables and the types behind interfaces have names.

    Raises:
        InputError: It is truncated or contradicts itself, or the executable is of another build.
    """
    dump = read_heap_dump(str(path))
    symbols = DumpExe(exe, dump) if exe else None
    found = heap_graph(dump)
    runtime = find_runtime(dump, found)
    types = name_types(dump, found, runtime, symbols)
    kept = _Kept(found)
    roots = collect_roots(dump, found, kept.object_by_found, runtime, symbols)
    edge_start, edge_target, edge_off = kept.edges(found)
    goroutines, stacks = _goroutines(dump, found, kept)
    specials, special_names = _specials(dump, found, kept, symbols)
    n_pointers = np.array([len(off) for off in dump.objects.field_off_by_pattern], np.int64)
    noscan = n_pointers[dump.objects.pattern[found.record_by_object[kept.found_by_object]]] == 0
    graph = HeapGraph(
        addr_by_object=found.addr_by_object[kept.found_by_object],
        bytes_by_object=found.bytes_by_object[kept.found_by_object],
        state_by_object=np.zeros(len(kept.found_by_object), np.uint8),  # a dump is written after all is swept
        flags_by_object=_flags(runtime, len(found.addr_by_object))[kept.found_by_object],
        type_by_object=types.type_by_object[kept.found_by_object],
        edge_start=edge_start,
        edge_target=edge_target,
        roots=roots.arrays,
        specials=specials,
        goroutines=goroutines,
    )
    return NamedHeap(
        kind="heapdump",
        path=str(path),
        go=dump.params.version,
        graph=graph,
        type_names=types.names,
        named_by_object=types.named_by_object[kept.found_by_object],
        noscan_by_object=noscan.astype(np.uint8),
        roots=roots.names,
        goroutines=tuple(_goroutine(goroutine) for goroutine in dump.goroutines),
        stack_names=stacks,
        special_name=lambda number: special_names[number],
        fields_of=lambda edges: _fields(edge_off, edges),
        problems=_problems(dump, symbols),
        details={"arch": dump.params.arch},
    )


class _Kept:
    """The objects of a dump that are objects, numbered anew.

    Attributes:
        found_by_object: object -> its number in the dump's graph; int64.
        object_by_found: The other way, -1 for what is none; int32.
    """

    def __init__(self, found: DumpGraph) -> None:
        self.found_by_object: Int64s = np.flatnonzero(~found.phantom_by_object)
        self.object_by_found: Int32s = np.full(len(found.addr_by_object), -1, np.int32)
        self.object_by_found[self.found_by_object] = np.arange(len(self.found_by_object), dtype=np.int32)

    def edges(self, found: DumpGraph) -> tuple[Int64s, Int32s, Int64s]:
        """Starts, targets and offsets of the pointers between them."""
        source = np.repeat(self.object_by_found, np.diff(found.edge_start))
        target = self.object_by_found[found.edge_target]
        seen = (source >= 0) & (target >= 0)
        start = np.zeros(len(self.found_by_object) + 1, np.int64)
        np.cumsum(np.bincount(source[seen], minlength=len(self.found_by_object)), out=start[1:])
        return start, target[seen], found.edge_off[seen].astype(np.int64)


def _flags(runtime: DumpRuntime, n_found: int) -> NDArray[np.uint8]:
    flags = np.zeros(n_found, np.uint8)
    for objects in (runtime.goroutines, runtime.sudogs):
        flags[objects] |= np.uint8(ObjectFlag.RUNTIME | ObjectFlag.GOROUTINE)
    for objects in (runtime.threads, runtime.processors, runtime.timers, runtime.lists):
        flags[objects] |= np.uint8(ObjectFlag.RUNTIME)
    return flags


def _goroutines(dump: HeapDump, found: DumpGraph, kept: _Kept) -> tuple[HeapGoroutines, tuple[tuple[str, ...], ...]]:
    """None waits for anything, as far as a dump can tell."""
    n = len(dump.goroutines)
    addrs = np.array([goroutine.addr for goroutine in dump.goroutines], np.uint64)
    at = np.searchsorted(found.addr_by_object, addrs).clip(0, max(0, len(found.addr_by_object) - 1))
    objects = np.full(n, -1, np.int32)
    if len(found.addr_by_object):
        there = found.addr_by_object[at] == addrs
        objects[there] = kept.object_by_found[at[there]]
    ids: dict[tuple[str, ...], int] = {}
    stacks = [ids.setdefault(tuple(frame.name for frame in one.frames), len(ids)) for one in dump.goroutines]
    arrays = HeapGoroutines(
        np.array([goroutine.goid for goroutine in dump.goroutines], np.uint64).astype(np.int64),
        objects,
        np.full(n, Block.NONE, np.uint8),
        np.array(stacks, np.int32),
        np.zeros(n + 1, np.int64),
        np.zeros(0, np.int32),
    )
    return arrays, tuple(ids)


def _goroutine(goroutine: DumpGoroutine) -> GoroutineName:
    status = STATUS.get(goroutine.status & 0xFFF, f"status {goroutine.status}")
    return GoroutineName(
        goroutine.goid, status, goroutine.wait_reason, tuple(FrameName(frame.name) for frame in goroutine.frames)
    )


def _specials(
    dump: HeapDump, found: DumpGraph, kept: _Kept, exe: DumpExe | None
) -> tuple[HeapSpecials, tuple[str, ...]]:
    """The finalizers that wait for their object."""
    objects, functions, names = [], [], []
    code_addrs = [finalizer.code_addr for finalizer in dump.finalizers if not finalizer.queued]
    rows = zip(found.finalizer_object.tolist(), found.finalizer_fn_object.tolist(), code_addrs, strict=True)
    for owner, function, code_addr in rows:
        if owner < 0 or kept.object_by_found[owner] < 0:
            continue
        objects.append(int(kept.object_by_found[owner]))
        target = int(kept.object_by_found[function]) if function >= 0 else -1
        functions.append([target] if target >= 0 else [])
        name = exe.function(code_addr) if exe is not None else ""
        names.append(f"finalizer {name}" if name else "finalizer")
    start = np.cumsum([0, *(len(row) for row in functions)]).astype(np.int64)
    arrays = HeapSpecials(
        np.full(len(objects), SpecialKind.FINALIZER, np.uint8),
        np.array(objects, np.int32),
        start,
        np.array([one for row in functions for one in row], np.int32),
    )
    return arrays, tuple(names)


def _fields(edge_off: Int64s, edges: NDArray[np.int64]) -> EdgeFields:
    """Fields by offset: a dump has no names for them."""
    off = edge_off[edges]
    known, label = np.unique(off, return_inverse=True)
    return EdgeFields(label.astype(np.int32), tuple(f"+{one}" for one in known.tolist()), off)


def _problems(dump: HeapDump, exe: DumpExe | None) -> tuple[str, ...]:
    minor = re.match(r"go1\.(\d{1,4})", dump.params.version)
    said = [NO_GOROUTINES, NO_STACK_OBJECTS]
    if minor is None or int(minor[1]) >= 23:  # weak handles came with 1.23, cleanups with 1.24
        said.append(NO_CLEANUPS)
    if exe is None or exe.is_stripped:
        said.append(NO_NAMES)
    return tuple(said)
