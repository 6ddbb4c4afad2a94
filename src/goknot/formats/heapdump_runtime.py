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
MAX_P_STATUS = 4  # _Pdead
N_P_BUFFERS = 2  # a p's deferpool and sudogcache begin in the p itself (runtime/proc.go, (*p).init)


@dataclass(frozen=True, slots=True)
class DumpRuntime:
    """The runtime's own objects; int32 each, ascending.

    Attributes:
        goroutines: The `g` of every goroutine that is not dead.
        sudogs: What stands for a goroutine in a channel's queue.
        threads: Every `m`.
        processors: Every `p`.
        timers: What the `p`s point at and the runtime's other structures are not: their heaps of timers.
    """

    goroutines: Int32s
    sudogs: Int32s
    threads: Int32s
    processors: Int32s
    timers: Int32s


def find_runtime(dump: HeapDump, graph: DumpGraph) -> DumpRuntime:
    """Finds them; empty arrays where there are none."""
    edges = _Edges(dump, graph)
    goroutines = _objects_at(graph, [goroutine.addr for goroutine in dump.goroutines])
    threads = _objects_at(
        graph, [addr for addr, _, _ in dump.threads] + [goroutine.m_addr for goroutine in dump.goroutines]
    )
    # A sudog begins with its g (runtime/runtime2.go); so do an m (g0) and runtime.allgs' array, which are no user's.
    first = (graph.edge_off == 0) & (edges.delta == 0) & np.isin(graph.edge_target, goroutines)
    sudogs = np.setdiff1d(edges.source[first], np.concatenate((goroutines, threads))).astype(np.int32)
    processors = _processors(dump, graph, edges)
    own = np.concatenate((goroutines, sudogs, threads, processors))
    below = graph.edge_target[np.isin(edges.source, processors)]
    return DumpRuntime(goroutines, sudogs, threads, processors, np.setdiff1d(below, own).astype(np.int32))


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
    """The objects that begin at some of `addresses`."""
    wanted = np.array(addresses, np.uint64)
    return np.flatnonzero(np.isin(graph.addr_by_object, wanted)).astype(np.int32)


def _processors(dump: HeapDump, graph: DumpGraph, edges: _Edges) -> Int32s:
    """Objects that stand at the place of their own number in an array (runtime.allp) and point into themselves."""
    large = np.flatnonzero(graph.bytes_by_object >= MIN_P_BYTES)
    words = dump_words(dump)
    word_bytes = dump.params.pointer_bytes
    content = dump.objects.content_off[graph.record_by_object[large]].astype(np.int64)
    order = ">" if dump.params.big_endian else "<"
    halves = np.ndarray((max(0, len(dump.file) - 3),), f"{order}u4", dump.file, strides=(1,))
    own_number, status = halves[content], halves[content + 4]  # runtime.p begins with id int32, status uint32
    number = np.full(len(graph.addr_by_object), -1, np.int64)
    sane = (own_number < MAX_PS) & (status <= MAX_P_STATUS)
    number[large[sane]] = own_number[sane]
    target = graph.edge_target
    stands = (number[target] >= 0) & (edges.delta == 0) & (graph.edge_off == (number[target] * word_bytes).astype("u8"))
    found = []
    for one in np.unique(target[stands]).tolist():
        record = int(graph.record_by_object[one])
        off = dump.objects.field_off_by_pattern[int(dump.objects.pattern[record])]
        pointers = words[off + dump.objects.content_off[record]].astype(np.uint64)
        inside = pointers - graph.addr_by_object[one] < np.uint64(int(graph.bytes_by_object[one]))
        if int(inside.sum()) >= N_P_BUFFERS:
            found.append(one)
    return np.array(found, np.int32)
