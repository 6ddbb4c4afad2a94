"""Types of heap objects, spread along typed pointers.

What an object is said to be by the word before a pointer (an interface), by a malloc header or by a typed variable is a
seed; from there a pointer field of a known type says what it points at. A statement must fit the object: its size
class, whether it holds pointers at all, and every pointer in it standing where the type has one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from goknot.kernels._jit import (
    IN_I32,
    IN_I64,
    IN_U8,
    IN_U16,
    OUT_I32,
    OUT_I64,
    OUT_U8,
    helper,
    i64,
    kernel,
    tuple_of,
    void,
)
from goknot.kernels.pointer_scan import ODD, odd_at

# What stands in a word of a type.
SCALAR, ANY, ONE, MANY, DIRECTORY, CHOICE = 0, 1, 2, 3, 4, 5
# ANY: a pointer of unknown kind; ONE: to one value of type `arg`; MANY: to the first of several; DIRECTORY: to a swiss
# map's table of tables (an array of type `arg`) or to its only group (the type in the next word's `arg`); CHOICE: to
# one value of `arg` or of `other_by_type[arg]`, whose slots have another size.

TINY_BYTES = 16  # small values without pointers share a slot of this size (runtime/malloc.go, tiny allocator)

# How a type is bounded.
EXACT, OPEN = 0, 1  # OPEN: the object may be longer than the type, and its pointers may stand anywhere


# An object in one number: what is known of it (type + 1 or 0, source, strength); the number of its slot's size, 0 where
# that is looked up; whether a malloc header takes 8 bytes of the slot, whether the object has no pointers, whether it
# is an array of the type, whether it waits for its pointers to be looked at.
TYPE_SHIFT, SOURCE_SHIFT, STRENGTH_SHIFT, SIZE_SHIFT = 28, 20, 12, 4
HAS_HEADER, NOSCAN, IS_MANY, WAITS = 8, 4, 2, 1
LASTING = (1 << STRENGTH_SHIFT) - 1 - IS_MANY - WAITS  # the bits that stay when a statement replaces another
N_SIZES, MOST_SMALL_BYTES = 256, 32 << 10  # sizes that get a number; the largest of them
BY_POINTER = 3  # the strength of what a pointer to one value says
HEADER_BYTES = 8


@helper
def _word_of(edge: int, word: NDArray[np.uint16], odd_edge: NDArray[np.int64], odd_word: NDArray[np.int64]) -> int:
    """Offset of an edge's pointer in its slot, in words."""
    return int(word[edge]) if word[edge] != ODD else int(odd_word[odd_at(odd_edge, edge)])


@helper
def _delta_of(edge: int, word: NDArray[np.uint16], odd_edge: NDArray[np.int64], odd_delta: NDArray[np.int64]) -> int:
    """Offset, in the target's slot, of where an edge points."""
    return 0 if word[edge] != ODD else int(odd_delta[odd_at(odd_edge, edge)])


@helper
def _slot_bytes(one: int, state: int, size_by_number: NDArray[np.int64], bytes_by_object: NDArray[np.int64]) -> int:
    """Size of an object's slot."""
    number = (state >> SIZE_SHIFT) & (N_SIZES - 1)
    return int(size_by_number[number]) if number else int(bytes_by_object[one])


@helper
def _fits(
    target: int,
    delta: int,
    kind: int,
    many: bool,
    state: int,
    size_by_number: NDArray[np.int64],
    bytes_by_object: NDArray[np.int64],
    edge_start: NDArray[np.int64],
    edge_word: NDArray[np.uint16],
    odd_edge: NDArray[np.int64],
    odd_word: NDArray[np.int64],
    size_by_type: NDArray[np.int64],
    class_by_type: NDArray[np.int64],
    header_class_by_type: NDArray[np.int64],
    open_by_type: NDArray[np.uint8],
    slot_start: NDArray[np.int64],
    slot_kind: NDArray[np.uint8],
) -> bool:
    size, header = size_by_type[kind], state & HAS_HEADER
    n_bytes = _slot_bytes(target, state, size_by_number, bytes_by_object)
    inner = delta - header
    first, n_words = slot_start[kind], slot_start[kind + 1] - slot_start[kind]
    if open_by_type[kind] == OPEN:
        return bool(inner == 0)
    if size <= 0 or inner < 0 or size > n_bytes - header:
        return False
    if (n_words == 0) != (state & NOSCAN != 0):
        return False
    if many:
        if inner % size or (inner and n_bytes == TINY_BYTES and n_words == 0):
            return False
    elif inner or (header_class_by_type[kind] if header else class_by_type[kind]) != n_bytes:
        return False
    for edge in range(edge_start[target], edge_start[target + 1]):
        off = 8 * _word_of(edge, edge_word, odd_edge, odd_word) - header
        if many and off >= size:
            off %= size
        if off < 0 or off >> 3 >= n_words or slot_kind[first + (off >> 3)] == SCALAR:
            return False
    return True


@kernel(void, IN_I64, IN_U8, IN_U8, OUT_U8, OUT_I64, OUT_I64)
def prepare(
    bytes_by_object: NDArray[np.int64],
    header_by_object: NDArray[np.uint8],
    noscan_by_object: NDArray[np.uint8],
    number_by_words: NDArray[np.uint8],
    size_by_number: NDArray[np.int64],
    objects: NDArray[np.int64],
) -> None:
    """Puts objects into the form that `spread` takes.

    Args:
        bytes_by_object: object -> size of its slot.
        header_by_object: object -> bytes of its malloc header, 0 or 8.
        noscan_by_object: object -> 1 when the allocator knows it has no pointers.
        number_by_words: size of a slot in words, up to MOST_SMALL_BYTES -> its number; zeros before.
        size_by_number: result, for the numbers in use; N_SIZES entries.
        objects: result; a number an object.
    """
    n_sizes = 0
    for one in range(len(bytes_by_object)):
        size, number = bytes_by_object[one], np.int64(0)
        if size <= MOST_SMALL_BYTES and size & 7 == 0:
            number = np.int64(number_by_words[size >> 3])
            if number == 0 and n_sizes + 1 < N_SIZES:
                n_sizes += 1
                number = np.int64(n_sizes)
                number_by_words[size >> 3], size_by_number[number] = number, size
        state = number << SIZE_SHIFT
        state |= np.int64(HAS_HEADER) if header_by_object[one] else np.int64(0)
        objects[one] = state | (np.int64(NOSCAN) if noscan_by_object[one] else np.int64(0))


@kernel(
    i64,
    IN_I64, IN_I32, tuple_of(IN_U16, IN_I64, IN_I64, IN_I64), IN_I64, IN_I64,
    IN_I64, IN_I64, IN_I64, IN_U8, IN_I64, IN_U8, IN_I32, IN_I64, IN_U8, IN_I32,
    IN_I32, IN_I64, IN_I32, IN_U8, IN_U8, IN_U8,
    OUT_I32, OUT_I64,
)  # fmt: skip
def spread(
    edge_start: NDArray[np.int64],
    edge_target: NDArray[np.int32],
    places: Any,
    bytes_by_object: NDArray[np.int64],
    size_by_number: NDArray[np.int64],
    size_by_type: NDArray[np.int64],
    class_by_type: NDArray[np.int64],
    header_class_by_type: NDArray[np.int64],
    open_by_type: NDArray[np.uint8],
    rank_by_type: NDArray[np.int64],
    source_by_type: NDArray[np.uint8],
    other_by_type: NDArray[np.int32],
    slot_start: NDArray[np.int64],
    slot_kind: NDArray[np.uint8],
    slot_arg: NDArray[np.int32],
    seed_object: NDArray[np.int32],
    seed_delta: NDArray[np.int64],
    seed_type: NDArray[np.int32],
    seed_many: NDArray[np.uint8],
    seed_strength: NDArray[np.uint8],
    seed_source: NDArray[np.uint8],
    waiting: NDArray[np.int32],
    objects: NDArray[np.int64],
) -> int:
    """Gives types to objects, seeds first, then along the pointers of what has one.

    A stronger statement replaces a weaker one, and of two equally strong the one of higher rank (the larger type, or
    the one whose first field the other is). Runs until nothing changes; an object changes at most a few times, since
    strength and rank only grow.

    Args:
        edge_start: object -> first of its edges.
        edge_target: edge -> object.
        places: (word, odd_edge, odd_word, odd_delta) of the edges, as `pointer_scan.scan` gives them.
        bytes_by_object: As of `prepare`.
        size_by_number: As of `prepare`.
        size_by_type: type -> bytes.
        class_by_type: type -> the slot size that one value gets.
        header_class_by_type: type -> the same with a malloc header.
        open_by_type: type -> EXACT or OPEN.
        rank_by_type: type -> higher wins.
        source_by_type: type -> the number that its pointers hand on; 0: the holder's own.
        other_by_type: type -> the other type of a CHOICE.
        slot_start: type -> first of its words.
        slot_kind: word -> SCALAR, ANY, ONE, MANY, DIRECTORY or CHOICE.
        slot_arg: word -> type, where the kind has one.
        seed_object: seed -> object.
        seed_delta: seed -> where in the slot it says so.
        seed_type: seed -> type.
        seed_many: seed -> 1: an array of it.
        seed_strength: seed -> 2 and more; what pointers say has 2 (MANY) or 3 (ONE).
        seed_source: seed -> a number that is handed on.
        waiting: room for n_objects ids.
        objects: object -> a number, as `prepare` makes it; changed.

    Returns:
        How many objects got their first type.
    """
    edge_word, odd_edge, odd_word, odd_delta = places
    n_waiting, n_typed = 0, 0
    for seed in range(len(seed_object)):
        target, kind, many = seed_object[seed], seed_type[seed], seed_many[seed] != 0
        firmness, state = np.int64(seed_strength[seed]), objects[seed_object[seed]]
        before = state >> TYPE_SHIFT
        if before:
            known = (state >> STRENGTH_SHIFT) & 255
            if firmness < known or (firmness == known and rank_by_type[kind] <= rank_by_type[before - 1]):
                continue
        if _fits(
            target, seed_delta[seed], kind, many, state, size_by_number, bytes_by_object, edge_start, edge_word,
            odd_edge, odd_word, size_by_type, class_by_type, header_class_by_type, open_by_type, slot_start, slot_kind,
        ):  # fmt: skip
            n_typed += before == 0
            if state & WAITS == 0:
                waiting[n_waiting] = target
                n_waiting += 1
            says_it = (np.int64(seed_source[seed]) << SOURCE_SHIFT) | (firmness << STRENGTH_SHIFT) | WAITS
            says_it |= np.int64(IS_MANY) if many else np.int64(0)
            objects[target] = ((np.int64(kind) + 1) << TYPE_SHIFT) | says_it | (state & LASTING)
    while n_waiting:
        n_waiting -= 1
        source = waiting[n_waiting]  # the last first: what was allocated together is looked at together
        held = objects[source] & ~np.int64(WAITS)
        objects[source] = held
        holder, header = (held >> TYPE_SHIFT) - 1, held & HAS_HEADER
        size = size_by_type[holder] if held & IS_MANY else np.int64(0)
        words, n_words = slot_start[holder], slot_start[holder + 1] - slot_start[holder]
        own = np.int64(source_by_type[holder])
        handed = own << SOURCE_SHIFT if own else held & (np.int64(255) << SOURCE_SHIFT)
        for edge in range(edge_start[source], edge_start[source + 1]):
            off = 8 * _word_of(edge, edge_word, odd_edge, odd_word) - header
            if size > 0 and off >= size:
                off %= size
            if off < 0 or off >> 3 >= n_words:
                continue
            says = slot_kind[words + (off >> 3)]
            if says < ONE:
                continue
            target, kind, many, strength = edge_target[edge], slot_arg[words + (off >> 3)], False, BY_POINTER
            state = objects[target]
            if says == MANY:
                many, strength = True, 2
            elif says == DIRECTORY:  # the first pointer of a table of tables is never nil; a group starts with bits
                begin, end = edge_start[target], edge_start[target + 1]
                many = begin < end and 8 * _word_of(begin, edge_word, odd_edge, odd_word) == state & HAS_HEADER
                kind = kind if many else slot_arg[words + (off >> 3) + 1]
            elif says == CHOICE and class_by_type[kind] != _slot_bytes(target, state, size_by_number, bytes_by_object):
                kind = other_by_type[kind]
            before = state >> TYPE_SHIFT
            if before:
                known = (state >> STRENGTH_SHIFT) & 255
                if strength < known or (strength == known and rank_by_type[kind] <= rank_by_type[before - 1]):
                    continue
            if _fits(
                target, _delta_of(edge, edge_word, odd_edge, odd_delta), kind, many, state, size_by_number,
                bytes_by_object, edge_start, edge_word, odd_edge, odd_word, size_by_type, class_by_type,
                header_class_by_type, open_by_type, slot_start, slot_kind,
            ):  # fmt: skip
                n_typed += before == 0
                if state & WAITS == 0:
                    waiting[n_waiting] = target
                    n_waiting += 1
                says_it = handed | (np.int64(strength) << STRENGTH_SHIFT) | WAITS
                says_it |= np.int64(IS_MANY) if many else np.int64(0)
                objects[target] = ((np.int64(kind) + 1) << TYPE_SHIFT) | says_it | (state & LASTING)
    return n_typed


@kernel(void, IN_I64, IN_U8, i64, OUT_I32, OUT_U8, OUT_U8)
def read_out(
    objects: NDArray[np.int64],
    unsure_by_type: NDArray[np.uint8],
    unsure_source: int,
    pair_by_object: NDArray[np.int32],
    source_by_object: NDArray[np.uint8],
    used_by_pair: NDArray[np.uint8],
) -> None:
    """Reads the types out of what `spread` left.

    Args:
        objects: A number an object.
        unsure_by_type: type -> 1 when a typed pointer alone does not prove it.
        unsure_source: The source of objects whose type is not proved.
        pair_by_object: result; twice the type, plus 1 for an array of it; -1 where nothing is known.
        source_by_object: result; the number of the seed that the type comes from.
        used_by_pair: zeros; result: 1 for every pair that occurs.
    """
    for one in range(len(pair_by_object)):
        state = objects[one]
        pair_by_object[one], source_by_object[one] = -1, 0
        kind = (state >> TYPE_SHIFT) - 1
        if kind >= 0:
            pair = 2 * kind + ((state & IS_MANY) >> 1)
            pair_by_object[one], used_by_pair[pair] = pair, 1
            by_pointer = (state >> STRENGTH_SHIFT) & 255 == BY_POINTER
            source = unsure_source if by_pointer and unsure_by_type[kind] else (state >> SOURCE_SHIFT) & 255
            source_by_object[one] = source


@kernel(void, IN_I32, OUT_I32)
def renumber(number_by_pair: NDArray[np.int32], pair_by_object: NDArray[np.int32]) -> None:
    """Puts a number in the place of every pair; -1 stays."""
    for one in range(len(pair_by_object)):
        if pair_by_object[one] >= 0:
            pair_by_object[one] = number_by_pair[pair_by_object[one]]
