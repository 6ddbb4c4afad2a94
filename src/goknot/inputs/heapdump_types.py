"""Types of a heap dump's objects, as far as it goes: what interfaces and closures say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.formats.heapdump_graph import dump_words
from goknot.model.named_heap import NAMED_BY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.formats.heapdump_graph import DumpGraph
    from goknot.formats.heapdump_records import DumpMemory, HeapDump
    from goknot.formats.heapdump_runtime import DumpRuntime
    from goknot.inputs.heapdump_exe import DumpExe
    from goknot.model.heap import Int32s, UInt8s, UInt64s

RUNTIME, INFERRED = NAMED_BY.index("runtime"), NAMED_BY.index("inferred")
HIDDEN = ("map[", "func(", "chan ", "chan<- ", "<-chan ", "unsafe.Pointer")  # such a value is a pointer to other things


@dataclass(frozen=True, slots=True)
class DumpTypes:
    """Names of types.

    Attributes:
        names: type -> name.
        type_by_object: object -> type or -1; int32.
        named_by_object: object -> index into `NAMED_BY`; uint8.
    """

    names: tuple[str, ...]
    type_by_object: Int32s
    named_by_object: UInt8s


class _Namer:
    def __init__(self, n_objects: int) -> None:
        self.ids: dict[str, int] = {}
        self.type_by_object = np.full(n_objects, -1, np.int32)
        self.named_by_object = np.zeros(n_objects, np.uint8)

    def name(self, objects: NDArray[np.integer], name: str, source: int) -> None:
        """Names what has no name yet."""
        fresh = objects[self.type_by_object[objects] < 0]
        self.type_by_object[fresh] = self.ids.setdefault(name, len(self.ids))
        self.named_by_object[fresh] = source


def name_types(dump: HeapDump, graph: DumpGraph, runtime: DumpRuntime, exe: DumpExe | None) -> DumpTypes:
    """Names what can be named for certain; of two names for one object the first stands."""
    namer = _Namer(len(graph.addr_by_object))
    own = {
        "runtime.g": runtime.goroutines,
        "runtime.sudog": runtime.sudogs,
        "runtime.m": runtime.threads,
        "runtime.p": runtime.processors,
    }
    for name, objects in own.items():
        namer.name(objects, name, INFERRED)
    _by_interfaces(dump, graph, namer, exe)
    if exe is not None and not exe.is_stripped:
        _closures(dump, graph, namer, exe)
    return DumpTypes(tuple(namer.ids), namer.type_by_object, namer.named_by_object)


def _by_interfaces(dump: HeapDump, graph: DumpGraph, namer: _Namer, exe: DumpExe | None) -> None:
    """A pointer right after the address of an itab, or of a type that some itab names, is an interface's value."""
    meant = _meant(dump, exe)
    if not meant:
        return
    keys = np.array(sorted(meant), np.uint64)
    before, data = _interface_words(dump, graph)
    place = np.searchsorted(keys, before).clip(0, len(keys) - 1)
    known = keys[place] == before
    place, data = place[known], data[known]
    at = np.searchsorted(graph.addr_by_object, data)
    exact = (at < len(graph.addr_by_object)) & (graph.addr_by_object[at.clip(0, len(graph.addr_by_object) - 1)] == data)
    place, objects = place[exact], at[exact]
    for one in np.unique(place).tolist():
        name, n_bytes = meant[int(keys[one])]
        mine = np.unique(objects[place == one])
        namer.name(mine[graph.bytes_by_object[mine] >= n_bytes], name, RUNTIME)


def _meant(dump: HeapDump, exe: DumpExe | None) -> dict[int, tuple[str, int]]:
    """First word of an interface -> (type of what its second points at, its least size)."""
    by_type: dict[int, tuple[str, int]] = {}
    for type_addr in dump.type_by_itab.values():
        kind = dump.types.get(type_addr)
        if kind is None:
            continue
        name = kind.name
        if name.endswith("."):  # so it names a pointer type (runtime/heapdump.go, dumptype)
            name = exe.pointer_type(kind) if exe is not None else ""
        if name.startswith("*"):
            by_type[type_addr] = name[1:], 0
        elif name and not name.startswith(HIDDEN) and kind.size_bytes > dump.params.pointer_bytes:
            by_type[type_addr] = name, kind.size_bytes  # one word or less may be the pointer itself
    by_itab = {itab: by_type[kind] for itab, kind in dump.type_by_itab.items() if kind in by_type}
    return by_type | by_itab


def _interface_words(dump: HeapDump, graph: DumpGraph) -> tuple[UInt64s, UInt64s]:
    """(the word before a pointer, the pointer), of objects and of variables and frames."""
    word_bytes = dump.params.pointer_bytes
    words = dump_words(dump)
    source = np.repeat(np.arange(len(graph.addr_by_object)), np.diff(graph.edge_start))
    places = [(dump.objects.content_off[graph.record_by_object[source]] + graph.edge_off)[graph.edge_off >= word_bytes]]
    places += [_places(segment, word_bytes) for segment in (*dump.data_segments, *dump.bss_segments)]
    places += [_places(frame.memory, word_bytes) for goroutine in dump.goroutines for frame in goroutine.frames]
    place = np.concatenate(places).astype(np.int64)
    return words[place - word_bytes].astype(np.uint64), words[place].astype(np.uint64)


def _places(memory: DumpMemory, word_bytes: int) -> UInt64s:
    return memory.field_off[memory.field_off >= word_bytes] + np.uint64(memory.content_off)


def _closures(dump: HeapDump, graph: DumpGraph, namer: _Namer, exe: DumpExe) -> None:
    """An object with pointers that begins with a function's entry."""
    starts_with_pointer = np.array(
        [len(off) > 0 and off[0] == 0 for off in dump.objects.field_off_by_pattern], np.bool_
    )
    has_pointers = np.array([len(off) > 0 for off in dump.objects.field_off_by_pattern], np.bool_)
    record = graph.record_by_object
    pattern = dump.objects.pattern[record]
    chosen = np.flatnonzero(has_pointers[pattern] & ~starts_with_pointer[pattern] & (namer.type_by_object < 0))
    chosen = chosen[graph.bytes_by_object[chosen] >= dump.params.pointer_bytes]
    entries = dump_words(dump)[dump.objects.content_off[record[chosen]].astype(np.int64)].astype(np.uint64)
    for entry in np.unique(entries).tolist():
        if name := exe.function(entry):
            namer.name(chosen[entries == np.uint64(entry)], f"func {name}", RUNTIME)
