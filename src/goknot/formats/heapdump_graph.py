"""The object graph of a heap dump: every pointer field resolved to the object it points into, by address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from goknot.formats.heapdump_records import DumpMemory, DumpObjects, HeapDump, Int32s, Int64s, UInt64s

    Bools = NDArray[np.bool_]

CHUNK_FIELDS = 1 << 22
PAGE_BYTES = 8192
SMALL_BYTES = 512  # up to this size a span carries its own bitmaps (internal/runtime/gc, MinSizeForMallocHeader)
POINTER_BITMAP_BYTES = 128
MARK_BITMAP_BYTES = 128  # Green Tea's spanInlineMarkBits (runtime/mgcmark_greenteagc.go)


@dataclass(frozen=True, slots=True)
class DumpRoots:
    """Pointers from outside the heap into it, in the dump's order.

    Attributes:
        label_by_root: root -> index into `labels`; int32.
        addr_by_root: root -> where the pointer stands, 0 when it stands nowhere (a queued finalizer's); uint64.
        target_by_root: root -> object; int32.
        labels: (kind, goroutine number or 0, text); kind is `data`, `bss`, `frame`, `goroutine`, `defer`, `panic`,
            `queued-finalizer` or `other`.
    """

    label_by_root: Int32s
    addr_by_root: UInt64s
    target_by_root: Int32s
    labels: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True, slots=True)
class DumpGraph:
    """Objects, edges and roots.

    Attributes:
        addr_by_object: object -> address; ascending, uint64.
        bytes_by_object: object -> size of its slot; int64.
        record_by_object: object -> its index in the dump's own order; int64.
        phantom_by_object: object -> whether it is no object but a bitmap that the dump's writer took for one.
        edge_start: object -> its first edge; n_objects + 1 entries, int64.
        edge_target: edge -> object it points into; int32. An object's pointers to itself are left out: the collector
            does not see them.
        edge_off: edge -> offset of the pointer in its object; uint64.
        finalizer_object: finalizer (in the dump's order, queued ones left out) -> object or -1; int32.
        finalizer_fn_object: finalizer -> the closure it will call, as an object, or -1 when that is static; int32.
    """

    addr_by_object: UInt64s
    bytes_by_object: Int64s
    record_by_object: Int64s
    phantom_by_object: Bools
    edge_start: Int64s
    edge_target: Int32s
    edge_off: UInt64s
    roots: DumpRoots
    finalizer_object: Int32s
    finalizer_fn_object: Int32s


def heap_graph(dump: HeapDump) -> DumpGraph:
    """Resolves every pointer of `dump`.

    Raises:
        InputError: Objects overlap, which no heap can have.
    """
    resolver = _Resolver(dump)
    edge_start, edge_target, edge_off = _edges(dump, resolver)
    standing = [finalizer for finalizer in dump.finalizers if not finalizer.queued]
    return DumpGraph(
        addr_by_object=resolver.addr,
        bytes_by_object=resolver.n_bytes.astype(np.int64),
        record_by_object=resolver.record,
        phantom_by_object=_phantoms(dump, resolver, edge_target),
        edge_start=edge_start,
        edge_target=edge_target,
        edge_off=edge_off,
        roots=_roots(dump, resolver),
        finalizer_object=resolver.objects_at([finalizer.object_addr for finalizer in standing]),
        finalizer_fn_object=resolver.objects_at([finalizer.fn_addr for finalizer in standing]),
    )


class _Resolver:
    """Addresses to objects, by binary search."""

    def __init__(self, dump: HeapDump) -> None:
        objects = dump.objects
        if len(objects.addr) >= 1 << 31:
            raise InputError(dump.path, f"lists {len(objects.addr)} objects; more than 2^31 are not supported")
        self.record: Int64s = np.argsort(objects.addr, kind="stable")
        self.addr: UInt64s = objects.addr[self.record]
        self.n_bytes: UInt64s = objects.n_bytes[self.record]
        overlaps = self.addr[1:] - self.addr[:-1] < self.n_bytes[:-1]
        if overlaps.any():
            at = int(self.addr[int(overlaps.argmax())])
            raise InputError(dump.path, f"is damaged: objects overlap at address {at:#x}")

    def resolve(self, pointers: UInt64s) -> Int32s:
        """pointer -> object, or -1."""
        if not len(self.addr):
            return np.full(len(pointers), -1, np.int32)
        found = np.searchsorted(self.addr, pointers, side="right") - 1
        inside = (found >= 0) & (pointers - self.addr[found] < self.n_bytes[found])
        return np.where(inside, found, -1).astype(np.int32)

    def objects_at(self, addresses: list[int]) -> Int32s:
        return self.resolve(np.array(addresses, np.uint64))


def dump_words(dump: HeapDump) -> UInt64s:
    """The file as a word at every byte."""
    params = dump.params
    kind = np.dtype(f"{'>' if params.big_endian else '<'}u{params.pointer_bytes}")
    n_words = max(0, len(dump.file) - params.pointer_bytes + 1)
    return np.ndarray((n_words,), kind, dump.file, strides=(1,))


def _edges(dump: HeapDump, resolver: _Resolver) -> tuple[Int64s, Int32s, UInt64s]:
    objects = dump.objects
    object_by_record = np.empty(len(resolver.record), np.int64)
    object_by_record[resolver.record] = np.arange(len(resolver.record))
    sources, targets, offsets = [], [], []
    words = dump_words(dump)
    for records, field_off in _by_pattern(objects):
        source = np.repeat(object_by_record[records], len(field_off))
        places = (objects.content_off[records][:, None] + field_off[None, :]).ravel()
        target = resolver.resolve(words[places].astype(np.uint64))
        seen = (target >= 0) & (target != source)
        sources.append(source[seen])
        targets.append(target[seen])
        offsets.append(np.broadcast_to(field_off, (len(records), len(field_off))).ravel()[seen])
    source = np.concatenate([np.zeros(0, np.int64), *sources])
    order = np.argsort(source, kind="stable")  # offsets ascend within a pattern, so they do within an object
    edge_start = np.zeros(len(resolver.addr) + 1, np.int64)
    np.cumsum(np.bincount(source, minlength=len(resolver.addr)), out=edge_start[1:])
    target = np.concatenate([np.zeros(0, np.int32), *targets])
    return edge_start, target[order], np.concatenate([np.zeros(0, np.uint64), *offsets])[order]


def _by_pattern(objects: DumpObjects) -> Iterator[tuple[Int64s, UInt64s]]:
    """(records, offsets of their pointers), not too many pointers at once."""
    order = np.argsort(objects.pattern, kind="stable")
    bounds = np.searchsorted(objects.pattern[order], np.arange(len(objects.field_off_by_pattern) + 1))
    for pattern, field_off in enumerate(objects.field_off_by_pattern):
        records = order[bounds[pattern] : bounds[pattern + 1]]
        step = max(1, CHUNK_FIELDS // max(1, len(field_off)))
        if len(field_off):
            for first in range(0, len(records), step):
                yield records[first : first + step], field_off


def _phantoms(dump: HeapDump, resolver: _Resolver, edge_target: Int32s) -> Bools:
    """Which objects lie where a span keeps its bitmaps (Go 1.22 and later, runtime/mheap.go `nelems`).

    A span with pointers keeps 128 bytes for them at the end of its page, Green Tea 128 more for its marks. Whether a
    span has pointers is seen by its other objects. In a page with neither pointers nor other objects, what nothing
    points to is taken for a bitmap.
    """
    minor = _minor(dump.params.version)
    small = (resolver.n_bytes <= SMALL_BYTES) & (resolver.n_bytes > 0)
    if minor < 22 or "noallocheaders" in dump.params.version or not small.any():
        return np.zeros(len(small), np.bool_)
    n_fields = np.array([len(field_off) for field_off in dump.objects.field_off_by_pattern], np.int64)
    has_fields = n_fields[dump.objects.pattern[resolver.record]] > 0
    page, page_by_object = np.unique(resolver.addr // np.uint64(PAGE_BYTES), return_inverse=True)
    scanned = np.bincount(page_by_object, weights=has_fields, minlength=len(page)) > 0
    marks = np.where(_green_tea(dump.params.version, minor) & (resolver.n_bytes >= 16), MARK_BITMAP_BYTES, 0)
    end = (resolver.addr % np.uint64(PAGE_BYTES) + resolver.n_bytes).astype(np.int64)
    in_marks = small & (end > PAGE_BYTES - marks)
    in_bitmap = small & (end > PAGE_BYTES - marks - POINTER_BITMAP_BYTES)
    others = np.bincount(page_by_object, weights=~in_bitmap, minlength=len(page)) > 0
    pointed_at = np.zeros(len(small), np.bool_)
    pointed_at[edge_target] = True
    alone = in_bitmap & ~others[page_by_object] & ~pointed_at
    return in_marks | (in_bitmap & scanned[page_by_object]) | alone


def _minor(version: str) -> int:
    found = re.search(r"go1\.(\d{1,4})", version)
    return int(found[1]) if found else 10_000  # a development version: newer than any known


def _green_tea(version: str, minor: int) -> bool:
    if "nogreenteagc" in version:
        return False
    return minor >= 26 or "greenteagc" in version


def _roots(dump: HeapDump, resolver: _Resolver) -> DumpRoots:
    words = dump_words(dump)
    labels: list[tuple[str, int, str]] = []
    label_parts, addr_parts, target_parts = [], [], []

    def add(label: tuple[str, int, str], addresses: UInt64s, pointers: UInt64s) -> None:
        target = resolver.resolve(pointers)
        seen = target >= 0
        if seen.any():
            labels.append(label)
            label_parts.append(np.full(int(seen.sum()), len(labels) - 1, np.int32))
            addr_parts.append(addresses[seen])
            target_parts.append(target[seen])

    def add_memory(label: tuple[str, int, str], memory: DumpMemory) -> None:
        pointers = words[memory.field_off + np.uint64(memory.content_off)].astype(np.uint64)
        add(label, memory.field_off + np.uint64(memory.addr), pointers)

    def add_words(label: tuple[str, int, str], pointers: list[int]) -> None:
        add(label, np.zeros(len(pointers), np.uint64), np.array(pointers, np.uint64))

    for segment in dump.data_segments:
        add_memory(("data", 0, ""), segment)
    for segment in dump.bss_segments:
        add_memory(("bss", 0, ""), segment)
    for goroutine in dump.goroutines:
        for frame in goroutine.frames:
            add_memory(("frame", goroutine.goid, frame.name), frame.memory)
        add_words(("goroutine", goroutine.goid, "saved closure"), [goroutine.ctxt_addr])
        add_words(("defer", goroutine.goid, ""), [word for d in goroutine.defers for word in (d.addr, d.fn_addr)])
        add_words(("panic", goroutine.goid, ""), [word for p in goroutine.panics for word in (p.addr, p.data_addr)])
    for finalizer in dump.finalizers:
        if finalizer.queued:
            add_words(("queued-finalizer", 0, ""), [finalizer.object_addr, finalizer.fn_addr])
    for root in dump.roots:
        add_words(("other", 0, root.description), [root.target_addr])
    return DumpRoots(
        label_by_root=np.concatenate([np.zeros(0, np.int32), *label_parts]),
        addr_by_root=np.concatenate([np.zeros(0, np.uint64), *addr_parts]),
        target_by_root=np.concatenate([np.zeros(0, np.int32), *target_parts]),
        labels=tuple(labels),
    )
