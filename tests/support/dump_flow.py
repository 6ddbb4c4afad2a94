"""A heap dump and its executable as type inference takes them: no core, no runtime structures needed."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from goknot.errors import InputError
from goknot.formats.heapdump import read_heap_dump
from goknot.formats.heapdump_graph import heap_graph
from goknot.formats.heapdump_records import HeapDump
from goknot.goruntime.pointers import EdgePlaces
from goknot.goruntime.types import TypeLayout, TypeModule, TypeTable
from goknot.goruntime.types_seeds import FlowHeap, Functions
from goknot.kernels.pointer_scan import ODD
from support.toolchains import go_env, minor, toolchain


def type_layout(version: str) -> TypeLayout:
    """By hand, from Go's sources: what the layout tables say in earnest."""
    number = minor(version)
    return TypeLayout(
        88 if number < 24 else 112 if number < 27 else 136, number >= 24, 32 if number < 23 else 40, number >= 26
    )


class StaticImage:
    """The loaded segments of an executable that is not position independent, and a dump's objects over them."""

    def __init__(self, exe: Path, dump: HeapDump) -> None:
        data = exe.read_bytes()
        first, count = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
        self.parts: list[tuple[int, bytes]] = []
        for index in range(count):
            kind, _, off, addr, _, n_file, _, _ = struct.unpack_from("<IIQQQQQQ", data, first + 56 * index)
            if kind == 1:
                self.parts.append((addr, data[off : off + n_file]))
        for segment in (*dump.data_segments, *dump.bss_segments):
            memory = bytes(dump.file[segment.content_off : segment.content_off + segment.n_bytes])
            self.parts.insert(0, (segment.addr, memory))

    def read(self, addr: int, n_bytes: int) -> bytes:
        for start, data in self.parts:
            if start <= addr and addr + n_bytes <= start + len(data):
                return data[addr - start : addr - start + n_bytes]
        raise InputError("image", f"nothing at {addr:#x}")


def symbols(version: str, exe: Path) -> dict[str, tuple[int, str]]:
    """name -> (address, kind), from `go tool nm`."""
    go = toolchain(version)
    done = subprocess.run([go, "tool", "nm", exe], env=go_env(go), capture_output=True, text=True, check=True)
    found = {}
    for line in done.stdout.splitlines():
        addr, kind, name = line.split(maxsplit=2) if line[:16].strip() else ("0", *line.split(maxsplit=1))
        if kind != "U":
            found[name] = (int(addr, 16), kind)
    return found


def flow_of(version: str, exe: Path, dump_path: Path) -> tuple[FlowHeap, TypeTable, Functions]:
    """What `name_objects` takes, from a dump and an unstripped executable."""
    dump = read_heap_dump(str(dump_path))
    graph = heap_graph(dump)
    names = symbols(version, exe)
    image = StaticImage(exe, dump)
    module_words = struct.unpack("<64Q", image.read(names["runtime.firstmoduledata"][0], 512))
    end = module_words.index(names["runtime.etypes"][0])
    start = end - (2 if minor(version) >= 27 else 1)  # moduledata: types, (typedesclen,) etypes
    table = TypeTable([TypeModule(module_words[start], module_words[end])], image.read, type_layout(version))
    words = np.ndarray((len(dump.file) - 7,), "<u8", dump.file, strides=(1,))
    n_objects = len(graph.addr_by_object)
    content = dump.objects.content_off[graph.record_by_object]
    n_fields = np.array([len(off) for off in dump.objects.field_off_by_pattern])
    noscan = n_fields[dump.objects.pattern[graph.record_by_object]] == 0
    headed = (graph.bytes_by_object > 512) & (graph.bytes_by_object <= 32768) & ~noscan & (minor(version) >= 22)
    source = np.repeat(np.arange(n_objects), np.diff(graph.edge_start))
    off = graph.edge_off.astype(np.int64)
    place = content[source] + graph.edge_off
    pointers = words[place]
    field_sets = [set(field.tolist()) for field in dump.objects.field_off_by_pattern]
    pattern = dump.objects.pattern[graph.record_by_object][source]
    free = np.array([o - 8 not in field_sets[p] for o, p in zip(off.tolist(), pattern.tolist(), strict=True)], bool)
    free &= off >= 8
    before = np.where(free, words[np.where(free, place - np.uint64(8), place)], 0)

    memories = [*dump.data_segments, *dump.bss_segments, *(f.memory for g in dump.goroutines for f in g.frames)]
    starts = np.array([memory.addr for memory in memories], np.uint64)
    order = np.argsort(starts)

    def words_at(addresses: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """In objects, variables of the first module and frames; else 0."""
        found = np.zeros(len(addresses), np.uint64)
        holder = np.searchsorted(graph.addr_by_object, addresses, side="right") - 1
        inner = addresses - graph.addr_by_object[holder]
        inside = (holder >= 0) & (inner + np.uint64(8) <= graph.bytes_by_object[holder].astype(np.uint64))
        found[inside] = words[content[holder[inside]] + inner[inside]]
        for index in np.flatnonzero(~inside).tolist():
            addr = int(addresses[index])
            at = int(np.searchsorted(starts[order], addr, side="right")) - 1
            memory = memories[order[at]]
            if at >= 0 and addr + 8 <= memory.addr + memory.n_bytes:
                found[index] = words[memory.content_off + addr - memory.addr]
        return found

    def holding(word_off: int, low: int, high: int, n_bytes: int) -> NDArray[np.int32]:
        long = np.flatnonzero(graph.bytes_by_object >= max(n_bytes, word_off + 8))
        held = words_at(graph.addr_by_object[long] + np.uint64(word_off))
        return long[(held >= low) & (held <= high)].astype(np.int32)

    root_words = words_at(graph.roots.addr_by_root)
    places = {addr + off for m in memories for addr, off in ((m.addr, int(o)) for o in m.field_off)}
    lone = np.array([a >= 8 and a - 8 not in places for a in graph.roots.addr_by_root.tolist()], bool)
    root_before = words_at(graph.roots.addr_by_root - np.uint64(8)) * lone
    header_types = np.where(headed, words[content], 0).astype(np.uint64)
    delta = (pointers - graph.addr_by_object[graph.edge_target]).astype(np.int64)
    word, odd = (off // 8).astype(np.uint16), np.flatnonzero((delta != 0) | (off // 8 >= ODD))
    word[odd] = ODD
    heap = FlowHeap(
        addr_by_object=graph.addr_by_object,
        bytes_by_object=graph.bytes_by_object,
        header_by_object=np.where(headed, 8, 0).astype(np.uint8),
        noscan_by_object=noscan.astype(np.uint8),
        edge_start=graph.edge_start,
        edge_target=graph.edge_target,
        places=EdgePlaces(word, odd, off[odd] // 8, delta[odd], np.flatnonzero(before), before[before > 0]),
        words_at=words_at,
        holding=holding,
        root_target=graph.roots.target_by_root,
        root_delta=(root_words - graph.addr_by_object[graph.roots.target_by_root]).astype(np.int64),
        before_by_root=root_before,
        header_object=np.flatnonzero(header_types).astype(np.int32),
        header_type_addr=header_types[header_types > 0],
    )
    functions = sorted((addr, name) for name, (addr, kind) in names.items() if kind in "tT")
    entries = np.array([addr for addr, _ in functions], np.uint64)
    return heap, table, Functions(entries, lambda index: functions[index][1])
