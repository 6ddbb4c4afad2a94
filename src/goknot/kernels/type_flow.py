"""Types of heap objects, spread along typed pointers.

What an object is said to be by the word before a pointer (an interface), by a malloc header or by a typed variable is a
seed; from there a pointer field of a known type says what it points at. A statement must fit the object: its size
class, whether it holds pointers at all, and every pointer in it standing where the type has one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from goknot.kernels._jit import IN_I32, IN_I64, IN_U8, IN_U16, OUT_I32, OUT_U8, helper, i64, kernel, tuple_of
from goknot.kernels.pointer_scan import ODD

# What stands in a word of a type.
SCALAR, ANY, ONE, MANY, DIRECTORY, CHOICE = 0, 1, 2, 3, 4, 5
# ANY: a pointer of unknown kind; ONE: to one value of type `arg`; MANY: to the first of several; DIRECTORY: to a swiss
# map's table of tables (an array of type `arg`) or to its only group (the type in the next word's `arg`); CHOICE: to
# one value of `arg` or of `other_by_type[arg]`, whose slots have another size.

TINY_BYTES = 16  # small values without pointers share a slot of this size (runtime/malloc.go, tiny allocator)

# How a type is bounded.
EXACT, OPEN = 0, 1  # OPEN: the object may be longer than the type, and its pointers may stand anywhere


@helper
def _odd_at(odd_edge: NDArray[np.int64], edge: int) -> int:
    low, high = 0, len(odd_edge)
    while low < high:
        middle = (low + high) // 2
        if odd_edge[middle] < edge:
            low = middle + 1
        else:
            high = middle
    return low


@helper
def _word_of(edge: int, word: NDArray[np.uint16], odd_edge: NDArray[np.int64], odd_word: NDArray[np.int64]) -> int:
    """Offset of an edge's pointer in its slot, in words."""
    return int(word[edge]) if word[edge] != ODD else int(odd_word[_odd_at(odd_edge, edge)])


@helper
def _delta_of(edge: int, word: NDArray[np.uint16], odd_edge: NDArray[np.int64], odd_delta: NDArray[np.int64]) -> int:
    """Offset, in the target's slot, of where an edge points."""
    return 0 if word[edge] != ODD else int(odd_delta[_odd_at(odd_edge, edge)])


@helper
def _fits(
    target: int,
    delta: int,
    kind: int,
    many: bool,
    edge_start: NDArray[np.int64],
    edge_word: NDArray[np.uint16],
    odd_edge: NDArray[np.int64],
    odd_word: NDArray[np.int64],
    bytes_by_object: NDArray[np.int64],
    header_by_object: NDArray[np.uint8],
    noscan_by_object: NDArray[np.uint8],
    size_by_type: NDArray[np.int64],
    class_by_type: NDArray[np.int64],
    header_class_by_type: NDArray[np.int64],
    open_by_type: NDArray[np.uint8],
    slot_start: NDArray[np.int64],
    slot_kind: NDArray[np.uint8],
) -> bool:
    size, header = size_by_type[kind], np.int64(header_by_object[target])
    inner = delta - header
    n_words = slot_start[kind + 1] - slot_start[kind]
    if open_by_type[kind] == OPEN:
        return bool(inner == 0)
    if size <= 0 or inner < 0 or size > bytes_by_object[target] - header:
        return False
    if (n_words == 0) != (noscan_by_object[target] != 0):
        return False
    if many:
        if inner % size or (inner and bytes_by_object[target] == TINY_BYTES and n_words == 0):
            return False
    elif inner or (header_class_by_type[kind] if header else class_by_type[kind]) != bytes_by_object[target]:
        return False
    for edge in range(edge_start[target], edge_start[target + 1]):
        off = 8 * _word_of(edge, edge_word, odd_edge, odd_word) - header
        if many:
            off %= size
        if off < 0 or off >> 3 >= n_words or slot_kind[slot_start[kind] + (off >> 3)] == SCALAR:
            return False
    return True


@kernel(
    i64,
    IN_I64, IN_I32, tuple_of(IN_U16, IN_I64, IN_I64, IN_I64), IN_I64, IN_U8, IN_U8,
    IN_I64, IN_I64, IN_I64, IN_U8, IN_I64, IN_U8, IN_I32, IN_I64, IN_U8, IN_I32,
    IN_I32, IN_I64, IN_I32, IN_U8, IN_U8, IN_U8,
    OUT_I32, OUT_U8, OUT_U8, OUT_U8, OUT_I32, OUT_U8,
)  # fmt: skip
def spread(
    edge_start: NDArray[np.int64],
    edge_target: NDArray[np.int32],
    places: Any,
    bytes_by_object: NDArray[np.int64],
    header_by_object: NDArray[np.uint8],
    noscan_by_object: NDArray[np.uint8],
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
    type_by_object: NDArray[np.int32],
    many_by_object: NDArray[np.uint8],
    strength_by_object: NDArray[np.uint8],
    source_by_object: NDArray[np.uint8],
    queue: NDArray[np.int32],
    queued: NDArray[np.uint8],
) -> int:
    """Gives types to objects, seeds first, then along the pointers of what has one.

    A stronger statement replaces a weaker one, and of two equally strong the one of higher rank (the larger type, or
    the one whose first field the other is). Runs until nothing changes; an object changes at most a few times, since
    strength and rank only grow.

    Args:
        edge_start: object -> first of its edges.
        edge_target: edge -> object.
        places: (word, odd_edge, odd_word, odd_delta) of the edges, as `pointer_scan.scan` gives them.
        bytes_by_object: object -> size of its slot.
        header_by_object: object -> bytes of its malloc header, 0 or 8.
        noscan_by_object: object -> 1 when the allocator knows it has no pointers.
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
        type_by_object: result; -1 where nothing is known.
        many_by_object: result; 1: an array of `type_by_object`.
        strength_by_object: result.
        source_by_object: result; the seed's number that the type comes from.
        queue: room for a ring of n_objects ids.
        queued: zeros, n_objects.

    Returns:
        How many objects have a type.
    """
    edge_word, odd_edge, odd_word, odd_delta = places
    n_objects = len(type_by_object)
    first, n_waiting, n_typed = 0, 0, 0
    for seed in range(len(seed_object)):
        target, kind, many, strength = seed_object[seed], seed_type[seed], seed_many[seed], seed_strength[seed]
        before = type_by_object[target]
        better = before < 0 or strength > strength_by_object[target] or (
            strength == strength_by_object[target] and rank_by_type[kind] > rank_by_type[before]
        )  # fmt: skip
        if better and _fits(
            target, seed_delta[seed], kind, many != 0, edge_start, edge_word, odd_edge, odd_word,
            bytes_by_object, header_by_object, noscan_by_object, size_by_type, class_by_type, header_class_by_type,
            open_by_type, slot_start, slot_kind,
        ):  # fmt: skip
            n_typed += before < 0
            type_by_object[target], many_by_object[target] = kind, many
            strength_by_object[target], source_by_object[target] = strength, seed_source[seed]
            if not queued[target]:
                queued[target] = 1
                queue[n_waiting] = target
                n_waiting += 1
    while n_waiting:
        source = queue[first]
        first = first + 1 if first + 1 < n_objects else 0
        n_waiting -= 1
        queued[source] = 0
        holder, header, whole = type_by_object[source], np.int64(header_by_object[source]), many_by_object[source] != 0
        words, n_words = slot_start[holder], slot_start[holder + 1] - slot_start[holder]
        for edge in range(edge_start[source], edge_start[source + 1]):
            off = 8 * _word_of(edge, edge_word, odd_edge, odd_word) - header
            if whole and size_by_type[holder] > 0:
                off %= size_by_type[holder]
            if off < 0 or off >> 3 >= n_words:
                continue
            says = slot_kind[words + (off >> 3)]
            if says < ONE:
                continue
            target, kind, many, strength = edge_target[edge], slot_arg[words + (off >> 3)], 0, 3
            if says == MANY:
                many, strength = 1, 2
            elif says == DIRECTORY:  # the first pointer of a table of tables is never nil; a group starts with bits
                begin, end = edge_start[target], edge_start[target + 1]
                many = begin < end and 8 * _word_of(begin, edge_word, odd_edge, odd_word) == header_by_object[target]
                kind = kind if many else slot_arg[words + (off >> 3) + 1]
            elif says == CHOICE and class_by_type[kind] != bytes_by_object[target]:
                kind = other_by_type[kind]
            before = type_by_object[target]
            if before >= 0 and (
                strength < strength_by_object[target]
                or (strength == strength_by_object[target] and rank_by_type[kind] <= rank_by_type[before])
            ):
                continue
            if _fits(
                target, _delta_of(edge, edge_word, odd_edge, odd_delta), kind, many != 0, edge_start, edge_word,
                odd_edge, odd_word, bytes_by_object,
                header_by_object, noscan_by_object, size_by_type, class_by_type, header_class_by_type, open_by_type,
                slot_start, slot_kind,
            ):  # fmt: skip
                n_typed += before < 0
                type_by_object[target], many_by_object[target] = kind, many
                strength_by_object[target] = strength
                own = source_by_type[holder]
                source_by_object[target] = own if own else source_by_object[source]
                if not queued[target]:
                    queued[target] = 1
                    last = first + n_waiting
                    queue[last if last < n_objects else last - n_objects] = target
                    n_waiting += 1
    return n_typed
