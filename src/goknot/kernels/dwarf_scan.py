"""Walks all debugging entries of a file once and lists package variables and functions by address.

Everything else is skipped by the lengths of its attributes: some 10 ns an entry. Source: the DWARF 5 standard, 7.5.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goknot.kernels._jit import IN_I64, IN_U8, OUT_I64, helper, i64, kernel

SUBPROGRAM, VARIABLE = 0x2E, 0x34
LOCATION, LOW_PC = 0x02, 0x11
OP_ADDR, OP_ADDRX = 0x03, 0xA1
# How many bytes a form takes: that many, or one of these.
VARINT, STRING, ADDRESS, BLOCK_VARINT, BLOCK_1, BLOCK_2, BLOCK_4, INDIRECT = -1, -2, -3, -4, -5, -6, -7, -8
DIRECT, BY_INDEX = 0, 1
COLUMNS = 4  # off, tag, DIRECT or BY_INDEX, address or index into .debug_addr
DAMAGED = -1


@helper
def _varint(data: NDArray[np.uint8], at: int, end: int) -> tuple[np.int64, int]:
    """(value, what follows); beyond `end` when it does not end in time."""
    value, shift = np.int64(0), 0
    while at < end:
        byte = np.int64(data[at])
        at += 1
        if shift < 63:
            value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at
    return value, end + 1


@helper
def _fixed(data: NDArray[np.uint8], at: int, n_bytes: int) -> np.int64:
    value = np.int64(0)
    for index in range(n_bytes):
        value |= np.int64(data[at + index]) << (8 * index)
    return value


@helper
def _after(data: NDArray[np.uint8], at: int, end: int, size: int, address_bytes: int) -> int:
    """What follows an attribute; beyond `end` when it is cut off."""
    if size >= 0:
        return at + size
    if size == ADDRESS:
        return at + address_bytes
    if size == VARINT:
        return _varint(data, at, end)[1]
    if size == STRING:
        while at < end and data[at]:
            at += 1
        return at + 1
    n_bytes = np.int64(0)
    if size == BLOCK_VARINT:
        n_bytes, at = _varint(data, at, end)
    else:
        width = 1 if size == BLOCK_1 else 2 if size == BLOCK_2 else 4
        if at + width > end:
            return end + 1
        n_bytes = _fixed(data, at, width)
        at += width
    return end + 1 if n_bytes < 0 or n_bytes > end - at else at + int(n_bytes)


@kernel(i64, IN_U8, IN_I64, IN_I64, IN_I64, IN_I64, IN_I64, IN_I64, OUT_I64)
def scan_entries(
    info: NDArray[np.uint8],
    units: NDArray[np.int64],
    code_start: NDArray[np.int64],
    tag_by_code: NDArray[np.int64],
    children_by_code: NDArray[np.int64],
    attribute_start: NDArray[np.int64],
    attributes: NDArray[np.int64],
    rows: NDArray[np.int64],
) -> int:
    """Lists the variables and functions directly inside of units.

    Args:
        info: The section `.debug_info`.
        units: unit -> four numbers: first entry, end, table of abbreviations, bytes of an address.
        code_start: table -> its code 0 in the next three.
        tag_by_code: code -> tag; 0: there is no such code.
        children_by_code: code -> whether children follow.
        attribute_start: code -> its first attribute; one more entry at the end.
        attributes: attribute -> two numbers: what it is, how many bytes it takes (or VARINT and so on).
        rows: result; `COLUMNS` numbers a row, as many as fit.

    Returns:
        How many rows there are, or DAMAGED.
    """
    n_rows, room = 0, len(rows) // COLUMNS
    for unit in range(len(units) // 4):
        at, end, table, address_bytes = units[4 * unit], units[4 * unit + 1], units[4 * unit + 2], units[4 * unit + 3]
        first, n_codes = code_start[table], code_start[table + 1] - code_start[table]
        depth = 0
        while at < end:
            off = at
            code, at = _varint(info, at, end)
            if code == 0:
                depth -= 1
                if depth <= 0:
                    break
                continue
            if code >= n_codes or code < 0 or tag_by_code[first + code] == 0:
                return DAMAGED
            tag = tag_by_code[first + code]
            wanted = LOCATION if tag == VARIABLE else LOW_PC if tag == SUBPROGRAM else 0
            for index in range(attribute_start[first + code], attribute_start[first + code + 1]):
                size = attributes[2 * index + 1]
                following = _after(info, at, end, size, address_bytes)
                if following > end:
                    return DAMAGED
                if wanted and depth == 1 and attributes[2 * index] == wanted:
                    how, value = -1, np.int64(0)
                    if wanted == LOW_PC:
                        how = DIRECT if size == ADDRESS else BY_INDEX
                        value = _fixed(info, at, following - at) if size >= -3 and size != VARINT else np.int64(0)
                        if size == VARINT:
                            value = _varint(info, at, end)[0]
                    else:
                        begin = at
                        if size == BLOCK_VARINT:
                            begin = _varint(info, at, end)[1]
                        elif size <= BLOCK_1:
                            begin = at + (1 if size == BLOCK_1 else 2 if size == BLOCK_2 else 4)
                        if size <= BLOCK_VARINT and begin < following:
                            if info[begin] == OP_ADDR and following - begin == 1 + address_bytes:
                                how, value = DIRECT, _fixed(info, begin + 1, address_bytes)
                            elif info[begin] == OP_ADDRX:
                                how, value = BY_INDEX, _varint(info, begin + 1, end)[0]
                    if how >= 0:
                        if n_rows < room:
                            rows[COLUMNS * n_rows] = off
                            rows[COLUMNS * n_rows + 1] = tag
                            rows[COLUMNS * n_rows + 2] = how
                            rows[COLUMNS * n_rows + 3] = value
                        n_rows += 1
                at = following
            if children_by_code[first + code]:
                depth += 1
    return n_rows
