"""From spans to objects, from objects to edges: the allocator's and the collector's own rules, on raw memory.

Memory is one array of bytes (a core file, or a copy of a process); everything is found in it by offset. The kernels
read words at any byte, as segments of some cores lie at odd offsets.
"""

# ruff: noqa: D417  (kernels take arrays one by one and are one loop each)

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from goknot.kernels._jit import (
    IN_I32,
    IN_I64,
    IN_U8,
    IN_U64,
    OUT_I32,
    OUT_I64,
    OUT_U8,
    OUT_U64,
    helper,
    i64,
    kernel,
    tuple_of,
)

_types: Any = numba.types
MEMORY_U64 = _types.Array(_types.uint64, 1, "A", readonly=True, aligned=False)  # a word at every byte
NOSCAN, INLINE_BITS, TYPED, ARENA_BITS = 0, 1, 2, 3  # where a span's objects have their pointer masks
FREE, LIVE, WAITING = 0, 1, 2
U13, U26, U32, U6, U63 = np.uint64(13), np.uint64(26), np.uint64(32), np.uint64(6), np.uint64(63)
U3, ARENA_MASK, PAGES_PER_ARENA, U1 = np.uint64(3), np.uint64((1 << 26) - 1), 8192, np.uint64(1)
U0 = np.uint64(0)


@kernel(i64, IN_U8, IN_I64, IN_I64, IN_I64, IN_I64, IN_I64, OUT_U8)
def slot_states(
    memory: Any,
    alloc_off: Any,
    mark_off: Any,
    freeindex_by_span: Any,
    nelems_by_span: Any,
    slot_start: Any,
    state_by_slot: Any,
) -> Any:
    """Which slots hold objects (runtime/mbitmap.go, `isFree`; mgcsweep.go for unswept spans).

    Args:
        memory: Bytes.
        alloc_off: span -> offset of its allocBits.
        mark_off: span -> offset of its mark bits when it is not swept yet, else -1.
        slot_start: span -> its first slot.
        state_by_slot: Filled: FREE, LIVE or WAITING.

    Returns:
        How many slots hold objects.
    """
    n_objects = 0
    for span in range(len(alloc_off)):
        first = slot_start[span]
        for index in range(nelems_by_span[span]):
            bit = np.uint8(1 << (index & 7))
            if index < freeindex_by_span[span] or memory[alloc_off[span] + (index >> 3)] & bit:
                n_objects += 1
                unmarked = mark_off[span] >= 0 and not memory[mark_off[span] + (index >> 3)] & bit
                state_by_slot[first + index] = WAITING if unmarked else LIVE
    return n_objects


@kernel(_types.void, IN_U8, IN_U64, IN_I64, IN_I64, IN_I64, OUT_I32, OUT_U64, OUT_I64, OUT_U8, OUT_I32)
def number_objects(
    state_by_slot: Any,
    base_by_span: Any,
    elem_bytes_by_span: Any,
    nelems_by_span: Any,
    slot_start: Any,
    object_by_slot: Any,
    addr: Any,
    n_bytes: Any,
    state: Any,
    span: Any,
) -> None:
    """Numbers the objects by address (spans ascend) and lists what is known of each."""
    n_objects = 0
    for s in range(len(slot_start)):
        for index in range(nelems_by_span[s]):
            slot = slot_start[s] + index
            if state_by_slot[slot] == FREE:
                object_by_slot[slot] = -1
                continue
            object_by_slot[slot] = n_objects
            addr[n_objects] = base_by_span[s] + np.uint64(index * elem_bytes_by_span[s])
            n_bytes[n_objects] = elem_bytes_by_span[s]
            state[n_objects] = state_by_slot[slot] - 1
            span[n_objects] = s
            n_objects += 1


@helper
def _object_at(pointer: Any, index: Any) -> Any:
    """Object that `pointer` points into; -1: none; -2: a free slot (`index` as in `resolve_all`)."""
    first_addr, span_by_page, page_start_by_arena, base, _, divisor, nelems, slot_start, object_by_slot = index
    away = pointer - first_addr[0]
    arena = np.int64(away >> U26)
    if pointer < first_addr[0] or arena >= len(page_start_by_arena) or page_start_by_arena[arena] < 0:
        return np.int64(-1)
    span = span_by_page[page_start_by_arena[arena] + np.int64((away & ARENA_MASK) >> U13)]
    if span < 0:
        return np.int64(-1)
    off = pointer - base[span]
    slot = np.int64((off * divisor[span]) >> U32) if divisor[span] else np.int64(0)
    if slot >= nelems[span]:
        return np.int64(-1)
    found = np.int64(object_by_slot[slot_start[span] + slot])
    return found if found >= 0 else np.int64(-2)


INDEX = tuple_of(IN_U64, IN_I32, IN_I64, IN_U64, IN_I64, IN_U64, IN_I64, IN_I64, IN_I32)


@kernel(_types.void, IN_U64, INDEX, OUT_I32)
def resolve_all(pointers: Any, index: Any, found: Any) -> None:
    """pointer -> object it points into, -1 where it points into none, -2 into a free slot."""
    for i in range(len(pointers)):
        found[i] = _object_at(pointers[i], index)


@helper
def _note(memory: Any, off: Any, word: Any, pointed_before: Any, source: Any, index: Any, at: Any, out: Any) -> Any:
    """Looks at the pointer at word `word` of an object at `off`; returns the edges so far and 1 for a free target."""
    edge_target, edge_off, edge_delta, before = out
    pointer = memory[off + 8 * word]
    if not pointer:
        return at, 0
    target = _object_at(pointer, index)
    if target < 0:
        return at, 1 if target == -2 else 0
    if target == source:
        return at, 0  # runtime/mgcmark.go, scanobject: "Filter pointers to the same object"
    edge_target[at] = target
    if len(edge_off):
        edge_off[at] = 8 * word
        edge_delta[at] = pointer  # the caller subtracts the target's address
        before[at] = memory[off + 8 * word - 8] if word > 0 and not pointed_before else U0
    return at + 1, 0


OUT = tuple_of(OUT_I32, OUT_I64, OUT_U64, OUT_U64)


@kernel(
    tuple_of(i64, i64), MEMORY_U64, IN_U64, IN_I64, IN_I64, IN_I32, IN_U8, IN_I64, IN_I32, IN_U8,
    tuple_of(IN_I64, IN_I64, IN_I64, IN_U64), tuple_of(IN_U64, IN_U8), INDEX, OUT_I64, OUT,
)  # fmt: skip
def scan(
    memory: Any,
    addr_by_object: Any,
    bytes_by_object: Any,
    off_by_object: Any,
    span_by_object: Any,
    mode_by_span: Any,
    bits_off_by_span: Any,
    type_by_object: Any,
    header_by_object: Any,
    types: Any,
    arena_bits: Any,
    index: Any,
    edge_start: Any,
    out: Any,
) -> Any:  # fmt: skip
    """Every pointer of every object, resolved.

    Args:
        memory: The word at every byte.
        off_by_object: object -> offset of its slot.
        mode_by_span: Where masks are.
        bits_off_by_span: span -> offset of its inline bitmap; for the first word of the span.
        type_by_object: object -> index into `types`, or -1: no pointers.
        header_by_object: object -> bytes before the value (a malloc header).
        types: (words of the type, words up to its last pointer, first bit of its mask, bits of all masks).
        arena_bits: Go 1.21: (bitmap, noMorePtrs) of all arenas, in the order of `page_start_by_arena`.
        index: See `_object_at`.
        edge_start: Filled; n_objects + 1 entries.
        out: (edge_target, edge_off, edge_delta, before): filled; the last three may be empty.

    Returns:
        (number of edges, number of pointers into free slots).
    """
    type_words, type_ptr_words, type_bit, type_bits = types
    bitmap, no_more = arena_bits
    first_addr, page_start_by_arena = index[0], index[2]
    at, n_free = 0, 0
    for o in range(len(addr_by_object)):
        edge_start[o] = at
        span = span_by_object[o]
        mode = mode_by_span[span]
        off, n_words = off_by_object[o], bytes_by_object[o] >> 3
        if mode == INLINE_BITS:
            bit = (addr_by_object[o] - index[3][span]) >> U3
            before = False
            for word in range(n_words):
                where = np.int64(bit) + word
                is_pointer = (memory[bits_off_by_span[span] + ((where >> 6) << 3)] >> np.uint64(where & 63)) & U1 != U0
                if is_pointer:
                    at, free = _note(memory, off, word, before, o, index, at, out)
                    n_free += free
                before = is_pointer
        elif mode == TYPED:
            t = type_by_object[o]
            if t < 0:
                continue
            elem = np.int64(header_by_object[o] >> 3)
            while elem < n_words and type_ptr_words[t]:
                before = elem == header_by_object[o] >> 3
                for k in range(min(type_ptr_words[t], n_words - elem)):
                    where = type_bit[t] + k
                    is_pointer = (type_bits[where >> 6] >> np.uint64(where & 63)) & U1 != U0
                    if is_pointer:
                        at, free = _note(memory, off, elem + k, before, o, index, at, out)
                        n_free += free
                    before = is_pointer
                elem += type_words[t]
        elif mode == ARENA_BITS:
            before = False
            at_word: Any = np.int64(0)
            while at_word < n_words:
                away = addr_by_object[o] + np.uint64(8 * at_word) - first_addr[0]
                arena = page_start_by_arena[np.int64(away >> U26)] // PAGES_PER_ARENA
                in_arena = np.int64((away & ARENA_MASK) >> U3)
                chunk = (arena << 17) + (in_arena >> 6)
                stop = min(n_words, at_word + 64 - (in_arena & 63))
                bits = bitmap[chunk] >> np.uint64(in_arena & 63)
                while at_word < stop:
                    is_pointer = bits & U1 != U0
                    if is_pointer:
                        at, free = _note(memory, off, at_word, before, o, index, at, out)
                        n_free += free
                    before = is_pointer
                    bits >>= U1
                    at_word += 1
                if no_more[chunk >> 3] & np.uint8(1 << (chunk & 7)):
                    break  # runtime/mbitmap.go of Go 1.21, heapBitsForAddr: later bits are stale
    edge_start[len(addr_by_object)] = at
    return at, n_free
