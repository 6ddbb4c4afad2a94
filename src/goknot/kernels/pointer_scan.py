"""From spans to objects, from objects to edges: the allocator's and the collector's own rules, on raw memory.

Memory is one array of bytes (a core file, or a copy of a process); everything is found in it by offset. The kernels
read words at any byte, as segments of some cores lie at odd offsets.
"""

# ruff: noqa: D417  (kernels take arrays one by one and are one loop each)

from __future__ import annotations

from typing import Any

import numpy as np

from goknot.kernels._jit import (
    IN_I32,
    IN_I64,
    IN_U8,
    IN_U64,
    MEMORY_U64,
    OUT_I32,
    OUT_I64,
    OUT_U8,
    OUT_U16,
    OUT_U64,
    helper,
    i64,
    kernel,
    tuple_of,
    u64,
    void,
)

NOSCAN, INLINE_BITS, TYPED, ARENA_BITS = 0, 1, 2, 3  # where a span's objects have their pointer masks
FREE, LIVE, WAITING = 0, 1, 2
U13, U26, U32 = np.uint64(13), np.uint64(26), np.uint64(32)
U3, ARENA_MASK, PAGES_PER_ARENA, U1 = np.uint64(3), np.uint64((1 << 26) - 1), 8192, np.uint64(1)
U0 = np.uint64(0)
BLOCK = 1 << 13  # edges that are turned from slots into objects at a time


@kernel(void, i64, i64, IN_U8, IN_I64, IN_I64, IN_I64, IN_I64, IN_I64, OUT_U8, OUT_I64)
def slot_states(
    first_span: Any,
    last_span: Any,
    memory: Any,
    alloc_off: Any,
    mark_off: Any,
    freeindex_by_span: Any,
    nelems_by_span: Any,
    slot_start: Any,
    state_by_slot: Any,
    n_objects_by_span: Any,
) -> None:
    """Which slots of some spans hold objects (runtime/mbitmap.go, `isFree`; mgcsweep.go for unswept spans).

    Args:
        memory: Bytes.
        alloc_off: span -> offset of its allocBits.
        mark_off: span -> offset of its mark bits when it is not swept yet, else -1.
        slot_start: span -> its first slot.
        state_by_slot: Filled: FREE, LIVE or WAITING.
        n_objects_by_span: Filled: how many of a span's slots hold objects.
    """
    for span in range(first_span, last_span):
        first, n_objects = slot_start[span], 0
        for index in range(nelems_by_span[span]):
            bit = np.uint8(1 << (index & 7))
            if index < freeindex_by_span[span] or memory[alloc_off[span] + (index >> 3)] & bit:
                n_objects += 1
                unmarked = mark_off[span] >= 0 and not memory[mark_off[span] + (index >> 3)] & bit
                state_by_slot[first + index] = WAITING if unmarked else LIVE
        n_objects_by_span[span] = n_objects


@kernel(void, i64, i64, IN_U8, IN_U64, IN_I64, IN_I64, IN_I64, IN_I64, OUT_I32, OUT_U64, OUT_I64, OUT_U8)
def number_objects(
    first_span: Any,
    last_span: Any,
    state_by_slot: Any,
    base_by_span: Any,
    elem_bytes_by_span: Any,
    nelems_by_span: Any,
    slot_start: Any,
    object_start: Any,
    object_by_slot: Any,
    addr: Any,
    n_bytes: Any,
    state: Any,
) -> None:
    """Numbers the objects of some spans by address (spans ascend), and lists what is known of each."""
    for span in range(first_span, last_span):
        n_objects = object_start[span]
        for index in range(nelems_by_span[span]):
            slot = slot_start[span] + index
            if state_by_slot[slot] == FREE:
                object_by_slot[slot] = -1
                continue
            object_by_slot[slot] = n_objects
            addr[n_objects] = base_by_span[span] + np.uint64(index * elem_bytes_by_span[span])
            n_bytes[n_objects] = elem_bytes_by_span[span]
            state[n_objects] = state_by_slot[slot] - 1
            n_objects += 1


ROW = 8  # words of a span's row: those below, and room up to a cache line
BASE, DIVISOR, NELEMS, SLOT_START, ELEM_BYTES = range(5)
INDEX = tuple_of(IN_U64, IN_I32, IN_I64, IN_U64, IN_I32)


@helper
def _slot_at(pointer: Any, first_addr: Any, span_by_page: Any, page_start_by_arena: Any, rows: Any) -> Any:
    """(slot that `pointer` points into or -1, offset in it)."""
    away = pointer - first_addr
    arena = np.int64(away >> U26)
    if pointer < first_addr or arena >= len(page_start_by_arena) or page_start_by_arena[arena] < 0:
        return np.int64(-1), U0
    span = span_by_page[page_start_by_arena[arena] + np.int64((away & ARENA_MASK) >> U13)]
    if span < 0:
        return np.int64(-1), U0
    row = np.int64(span) * ROW
    off = pointer - rows[row + BASE]
    number = (off * rows[row + DIVISOR]) >> U32
    if number >= rows[row + NELEMS]:
        return np.int64(-1), U0
    return np.int64(rows[row + SLOT_START] + number), off - number * rows[row + ELEM_BYTES]


@kernel(void, IN_U64, INDEX, OUT_I32)
def resolve_all(pointers: Any, index: Any, found: Any) -> None:
    """pointer -> object it points into, -1 where it points into none, -2 into a free slot.

    Args:
        index: (address of the first arena, page -> span or -1, arena -> its first page or -1, span -> its row of `ROW`
            words, slot -> object or -1).
    """
    first_addr, span_by_page, page_start_by_arena, rows, object_by_slot = index
    for i in range(len(pointers)):
        slot, _ = _slot_at(pointers[i], first_addr[0], span_by_page, page_start_by_arena, rows)
        if slot < 0:
            found[i] = -1
        else:
            found[i] = object_by_slot[slot] if object_by_slot[slot] >= 0 else -2


PLACES = tuple_of(OUT_U16, OUT_I64, OUT_I64, OUT_I64, OUT_I64, OUT_U64)
ODD = (1 << 16) - 1  # of `edge_word`: it stands in the list of odd edges
# Index of the lowest set bit by multiplication: Leiserson, Prokop and Randall, "Using de Bruijn Sequences to Index a 1
# in a Computer Word", 1998.
DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
LOWEST = np.zeros(64, np.int64)
for _bit in range(64):
    LOWEST[((int(DE_BRUIJN) << _bit) & ((1 << 64) - 1)) >> 58] = _bit
U58, SMALL = np.uint64(58), np.uint64(4096)


@helper
def odd_at(odd_edge: Any, edge: Any) -> Any:
    """Where an edge stands in the list of odd edges."""
    low, high = 0, len(odd_edge)
    while low < high:
        middle = (low + high) // 2
        if odd_edge[middle] < edge:
            low = middle + 1
        else:
            high = middle
    return low


@helper
def _settle(
    first: Any, last: Any, state_by_object: Any, object_by_slot: Any, edge_start: Any, target: Any, places: Any,
    done: Any, found: Any,
) -> Any:  # fmt: skip
    """Turns the slots in `target` into objects, and leaves out edges to free slots and to the object itself.

    Apart from the scan proper, because the memory that it reads is scattered: here reads overlap.

    Args:
        first, last: Which objects.
        done: (edges, odd edges, edges with a word before) before these objects.
        found: The same with these objects, nothing left out.

    Returns:
        (what remains, as `done`; number of pointers of live objects into free slots).
    """
    word, odd_edge, odd_word, odd_delta, before_edge, before_word = places
    at, n_odd, n_before = done
    edge, odd, before, n_free = at, n_odd, n_before, 0
    _, end_odd, end_before = found
    for o in range(first, last):
        end = edge_start[o + 1] if o + 1 < last else found[0]
        edge_start[o] = at
        while edge < end:
            to = object_by_slot[target[edge]]
            # runtime/mgcmark.go, scanobject: "Filter pointers to the same object"
            keeps = to >= 0 and to != o
            n_free += to < 0 and state_by_object[o] == 0
            if odd < end_odd and odd_edge[odd] == edge:
                if keeps:
                    odd_edge[n_odd], odd_word[n_odd], odd_delta[n_odd] = at, odd_word[odd], odd_delta[odd]
                    n_odd += 1
                odd += 1
            if before < end_before and before_edge[before] == edge:
                if keeps:
                    before_edge[n_before], before_word[n_before] = at, before_word[before]
                    n_before += 1
                before += 1
            if keeps:
                target[at], word[at] = to, word[edge]
                at += 1
            edge += 1
    return at, n_odd, n_before, n_free


@kernel(
    tuple_of(i64, i64, i64, i64), MEMORY_U64, IN_U64, IN_U8, IN_I64, IN_I64, IN_U8, IN_I64, IN_U8,
    tuple_of(IN_I64, IN_I32, IN_I64, IN_I64, IN_I64, IN_U64), tuple_of(IN_U64, IN_U8), INDEX, i64, i64, i64, OUT_I64,
    OUT_I32, PLACES,
)  # fmt: skip
def scan(
    memory: Any,
    addr_by_object: Any,
    state_by_object: Any,
    object_start: Any,
    off_by_span: Any,
    mode_by_span: Any,
    bits_off_by_span: Any,
    header_by_span: Any,
    types: Any,
    arena_bits: Any,
    index: Any,
    first: Any,
    last: Any,
    at: Any,
    edge_start: Any,
    edge_target: Any,
    places: Any,
) -> Any:
    """Every pointer of the objects of some spans, resolved.

    Objects are taken in pieces of up to 64 words, each with its bits of the pointer mask, wherever that is kept.

    Args:
        memory: The word at every byte.
        state_by_object: Pointers of garbage that waits may lead to what is freed already; they are not counted.
        object_start: span -> its first object; n_spans + 1 entries.
        off_by_span: span -> where it begins in `memory`.
        mode_by_span: Where masks are.
        bits_off_by_span: span -> offset of its inline bitmap; for the first word of the span.
        header_by_span: span -> bytes before the value (a malloc header).
        types: (span -> first of its entries in what follows, one for each of its objects when TYPED; entry -> type, or
            -1: no pointers; words of the type, words up to its last pointer, first bit of its mask, bits of all masks).
        arena_bits: Go 1.21: (bitmap, noMorePtrs) of all arenas, in the order of `page_start_by_arena`.
        index: See `resolve_all`.
        first, last: Which spans.
        at: How many edges there were before.
        edge_start: Filled for these objects, and for the one after.
        edge_target: Filled; empty: edges are only counted, those to free slots too.
        places: (word, odd_edge, odd_word, odd_delta, before_edge, before_word): filled, the first for all edges, the
            others anew: the edges that do not point at the begin of their target, or from further than `ODD`, by word
            and offset; and those whose pointer stands behind a word that is no pointer's place (an interface's type
            word, say), with that, unless it is a small number or lies in the heap.

    Returns:
        (edges now, odd edges, edges with a word before, pointers of live objects into free slots).
    """
    typed_start, type_by_typed, type_words, type_ptr_words, type_bit, type_bits = types
    bitmap, no_more = arena_bits
    first_addr, span_by_page, page_start_by_arena, rows, object_by_slot = index
    edge_word, odd_edge, odd_word, odd_delta, before_edge, before_word = places
    lowest_addr, counts_only = first_addr[0], len(edge_target) == 0
    end_addr = addr_by_object[len(addr_by_object) - 1]
    n_odd, n_before, n_free = 0, 0, 0
    settled = (at, n_odd, n_before)
    first_open = object_start[first]  # the first object whose edges name slots
    span = first - 1
    next_start = object_start[first]  # where the next span's objects begin
    mode, t, header_words, n_words, base = np.int64(NOSCAN), np.int64(0), np.int64(0), np.int64(0), U0
    for o in range(object_start[first], object_start[last]):
        while o == next_start:
            span += 1
            next_start = object_start[span + 1]
            mode, header_words = np.int64(mode_by_span[span]), np.int64(header_by_span[span] >> 3)
            base, n_words = rows[span * ROW + BASE], np.int64(rows[span * ROW + ELEM_BYTES] >> U3)
        if at - settled[0] > BLOCK and not counts_only:
            at, n_odd, n_before, more = _settle(
                first_open, o, state_by_object, object_by_slot, edge_start, edge_target, places, settled,
                (at, n_odd, n_before),
            )  # fmt: skip
            settled, first_open = (at, n_odd, n_before), o
            n_free += more
        edge_start[o] = at
        if mode == NOSCAN:
            continue
        if mode == TYPED:
            t = np.int64(type_by_typed[typed_start[span] + o - object_start[span]])
            if t < 0 or type_ptr_words[t] == 0:
                continue
        off = off_by_span[span] + np.int64(addr_by_object[o] - base)
        elem = header_words  # where the piece's element begins
        word = elem
        carry = U1  # whether the word before the piece is a pointer's place (or no word of the value)
        while word < n_words:
            if mode == INLINE_BITS:
                where = np.int64((addr_by_object[o] - base) >> U3) + word
                place = bits_off_by_span[span] + ((where >> 6) << 3)
                shift, n_piece = where & 63, min(n_words - word, 64 - (where & 63))
                bits = memory[place] >> np.uint64(shift)
                following = word + n_piece
            elif mode == TYPED:
                inner = word - elem
                where = type_bit[t] + inner
                n_piece = min(n_words - word, 64 - (where & 63), type_ptr_words[t] - inner)
                bits = type_bits[where >> 6] >> np.uint64(where & 63)
                following = word + n_piece
                if inner + n_piece >= type_ptr_words[t]:
                    following = elem + type_words[t]
                    elem = following
            else:
                away = addr_by_object[o] + np.uint64(8 * word) - lowest_addr
                arena = page_start_by_arena[np.int64(away >> U26)] // PAGES_PER_ARENA
                in_arena = np.int64((away & ARENA_MASK) >> U3)
                chunk = (arena << 17) + (in_arena >> 6)
                n_piece = min(n_words - word, 64 - (in_arena & 63))
                bits = bitmap[chunk] >> np.uint64(in_arena & 63)
                following = word + n_piece
                if no_more[chunk >> 3] & np.uint8(1 << (chunk & 7)):
                    following = n_words  # runtime/mbitmap.go of Go 1.21, heapBitsForAddr: later bits are stale
            if n_piece < 64:
                bits &= (U1 << np.uint64(n_piece)) - U1
            earlier = (bits << U1) | carry
            carry = (bits >> np.uint64(n_piece - 1)) & U1
            while bits:
                low = bits & (~bits + U1)
                bits ^= low
                position = word + LOWEST[np.int64((low * DE_BRUIJN) >> U58)]
                pointer = memory[off + 8 * position]
                slot, inner = _slot_at(pointer, lowest_addr, span_by_page, page_start_by_arena, rows)
                if slot < 0:
                    continue
                if counts_only:
                    at += 1
                    continue
                edge_target[at] = slot
                if inner == U0 and position < ODD:
                    edge_word[at] = position
                else:
                    edge_word[at] = ODD
                    odd_edge[n_odd], odd_word[n_odd], odd_delta[n_odd] = at, position, inner
                    n_odd += 1
                if earlier & low == U0:
                    alone = memory[off + 8 * position - 8]
                    if alone >= SMALL and (alone < lowest_addr or alone > end_addr):
                        before_edge[n_before], before_word[n_before] = at, alone
                        n_before += 1
                at += 1
            if following != word + n_piece:
                carry = U1  # another element begins: what stands before it is not part of it
            word = following
    if not counts_only:
        at, n_odd, n_before, more = _settle(
            first_open, object_start[last], state_by_object, object_by_slot, edge_start, edge_target, places, settled,
            (at, n_odd, n_before),
        )  # fmt: skip
        n_free += more
    edge_start[object_start[last]] = at
    return at, n_odd, n_before, n_free


@kernel(i64, MEMORY_U64, IN_U64, IN_I64, IN_I64, IN_U64, IN_I64, i64, i64, i64, i64, u64, u64, OUT_I32)
def holding(
    memory: Any,
    addr_by_object: Any,
    object_start: Any,
    off_by_span: Any,
    base_by_span: Any,
    elem_bytes_by_span: Any,
    first: Any,
    last: Any,
    least_bytes: Any,
    word_off: Any,
    low: Any,
    high: Any,
    found: Any,
) -> Any:
    """Objects of spans `first` to `last` that hold at `word_off` a word of `low` to `high`; returns how many."""
    n_found = 0
    for span in range(first, last):
        if elem_bytes_by_span[span] < least_bytes:
            continue
        for o in range(object_start[span], object_start[span + 1]):
            word = memory[off_by_span[span] + np.int64(addr_by_object[o] - base_by_span[span]) + word_off]
            if low <= word <= high:
                found[n_found] = o
                n_found += 1
    return n_found
