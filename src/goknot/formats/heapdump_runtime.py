"""The runtime's own objects in a heap dump, which has no types: told by their shape and by who names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.formats.heapdump_graph import dump_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.formats.heapdump_graph import DumpGraph
    from goknot.formats.heapdump_records import HeapDump, Int32s, Int64s, UInt64s

    Bools = NDArray[np.bool_]

MIN_P_BYTES = 4096  # runtime.p carries its run queue of 256 words and its buffers
MAX_PS = 1 << 16
MIN_HEADED_BYTES = 512  # Go 1.22 and later: above this a word stands before the value (runtime/malloc.go)
MALLOC_HEADER_BYTES = 8
SUDOG_BYTES = range(72, 160)  # slots of it, from Go 1.21 to 1.27
MAX_P_STATUS = 4  # _Pdead
MIN_OWN_POINTERS = 2  # a p's deferpool and sudogcache begin in the p itself (runtime/proc.go, (*p).init)


@dataclass(frozen=True, slots=True)
class DumpRuntime:
    """The runtime's own objects; int32 each, ascending.

    Attributes:
        goroutines: The `g` of every goroutine that is not dead.
        sudogs: What stands for a goroutine in a channel's queue.
        threads: Every `m`.
        processors: Every `p`.
        timers: What the `p`s point at and the runtime's other structures are not: their heaps of timers.
        lists: Arrays of the runtime that list those (runtime.allgs, runtime.allp).
    """

    goroutines: Int32s
    sudogs: Int32s
    threads: Int32s
    processors: Int32s
    timers: Int32s
    lists: Int32s


def find_runtime(dump: HeapDump, graph: DumpGraph) -> DumpRuntime:
    """Finds them; empty arrays where there are none."""
    edges = _Edges(dump, graph)
    goroutines = _objects_at(graph, [goroutine.addr for goroutine in dump.goroutines])
    threads = _objects_at(
        graph, [addr for addr, _, _ in dump.threads] + [goroutine.m_addr for goroutine in dump.goroutines]
    )
    processors, allp = _processors(dump, graph, edges)
    own = np.concatenate((goroutines, threads, processors))
    # Nothing but the runtime points to a g: a sudog begins with it (runtime/runtime2.go), runtime.allgs lists all.
    to_g = (edges.delta == 0) & np.isin(graph.edge_target, goroutines) & ~np.isin(edges.source, own)
    n_bytes = graph.bytes_by_object[edges.source]
    as_sudog = to_g & (graph.edge_off == 0) & (n_bytes >= SUDOG_BYTES.start) & (n_bytes < SUDOG_BYTES.stop)
    sudogs = np.unique(edges.source[as_sudog]).astype(np.int32)
    lists = np.setdiff1d(np.concatenate((edges.source[to_g], allp)), sudogs).astype(np.int32)
    own = np.concatenate((own, sudogs, lists))
    below = graph.edge_target[np.isin(edges.source, processors)]
    return DumpRuntime(goroutines, sudogs, threads, processors, np.setdiff1d(below, own).astype(np.int32), lists)


class _Edges:
    """What a graph leaves out of its edges.

    Attributes:
        source: edge -> object it leaves; int64.
        delta: edge -> how far into its target it points; uint64.
    """

    def __init__(self, dump: HeapDump, graph: DumpGraph) -> None:
        self.source: Int64s = np.repeat(np.arange(len(graph.addr_by_object)), np.diff(graph.edge_start))
        place = dump.objects.content_off[graph.record_by_object[self.source]] + graph.edge_off
        words = dump_words(dump)
        self.delta: UInt64s = words[place].astype(np.uint64) - graph.addr_by_object[graph.edge_target]


def _objects_at(graph: DumpGraph, addresses: list[int]) -> Int32s:
    """The objects that begin at some of `addresses`, or a malloc header before."""
    wanted = np.unique(np.array(addresses, np.uint64))
    headed = (graph.bytes_by_object > MIN_HEADED_BYTES) & np.isin(
        graph.addr_by_object + np.uint64(MALLOC_HEADER_BYTES), wanted
    )
    return np.flatnonzero(np.isin(graph.addr_by_object, wanted) | headed).astype(np.int32)


def _processors(dump: HeapDump, graph: DumpGraph, edges: _Edges) -> tuple[Int32s, Int64s]:
    """Objects that stand at the place of their own number in an array and point into themselves; and such arrays.

    Either may lie behind a malloc header: a word more.
    """
    word_bytes = dump.params.pointer_bytes
    target = graph.edge_target
    large = np.flatnonzero((graph.bytes_by_object[target] >= MIN_P_BYTES) & (edges.delta <= MALLOC_HEADER_BYTES))
    content = dump.objects.content_off[graph.record_by_object[target[large]]] + edges.delta[large]
    order = ">" if dump.params.big_endian else "<"
    halves = np.ndarray((max(0, len(dump.file) - 3),), f"{order}u4", dump.file, strides=(1,))
    own_number, status = (
        halves[content],
        halves[content + np.uint64(4)],
    )  # runtime.p begins with id int32, status uint32
    at = own_number.astype(np.uint64) * np.uint64(word_bytes)
    off = graph.edge_off[large]
    stands = ((off == at) | (off == at + np.uint64(MALLOC_HEADER_BYTES))) & (own_number < MAX_PS)
    words = dump_words(dump)
    found = []
    large = large[stands & (status <= MAX_P_STATUS)]
    for one in np.unique(target[large]).tolist():
        record = int(graph.record_by_object[one])
        places = dump.objects.field_off_by_pattern[int(dump.objects.pattern[record])] + dump.objects.content_off[record]
        pointers = words[places].astype(np.uint64)
        inside = pointers - graph.addr_by_object[one] < np.uint64(int(graph.bytes_by_object[one]))
        if int(inside.sum()) >= MIN_OWN_POINTERS:
            found.append(one)
    return np.array(found, np.int32), edges.source[large[np.isin(target[large], found)]]
