"""Location lists: where a variable is, by program counter. Source: DWARF 5, 7.7.3; DWARF 4, 2.6.2, for the older ones.

What is cut off or of unknown kind ends in an IndexError or a struct.error; `dwarf_entries` says what it means.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from goknot.formats.dwarf import uleb

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_RANGES = 1 << 14
BASE_SELECTION = 0xFFFFFFFFFFFFFFFF
# DW_LLE_...
END, BASE_ADDRESSX, STARTX_ENDX, STARTX_LENGTH, OFFSET_PAIR, DEFAULT, BASE_ADDRESS, START_END, START_LENGTH = range(9)


def find_in_old_list(data: bytes, at: int, pc: int, base: int) -> bytes:
    """The expression that holds at `pc`; empty when there is none.

    Args:
        data: The section `.debug_loc`.
        at: Where the list begins in it.
        pc: An address as linked.
        base: What its addresses count from: where the unit's code begins.
    """
    for _ in range(MAX_RANGES):
        low, high = struct.unpack_from("<QQ", data, at)
        at += 16
        if not low and not high:
            break
        if low == BASE_SELECTION:
            base = high
            continue
        n_bytes = struct.unpack_from("<H", data, at)[0]
        at += 2
        if base + low <= pc < base + high:
            return data[at : at + n_bytes]
        at += n_bytes
    return b""


def find_in_list(  # noqa: PLR0917 - a list and what its numbers refer to
    data: bytes, at: int, pc: int, base: int, address_bytes: int, indexed: Callable[[int], int]
) -> bytes:
    """The same of DWARF 5.

    Args:
        data: The section `.debug_loclists`.
        at: Where the list begins in it.
        pc: An address as linked.
        base: What its offsets count from: where the unit's code begins.
        address_bytes: How long an address is.
        indexed: Looks up an address of the unit by index.
    """

    def fixed(where: int) -> tuple[int, int]:
        if where + address_bytes > len(data):
            raise IndexError("a location list is cut off")
        return int.from_bytes(data[where : where + address_bytes], "little"), where + address_bytes

    for _ in range(MAX_RANGES):
        kind, at = data[at], at + 1
        low, high = 0, 0
        if kind == END:
            break
        if kind == BASE_ADDRESSX:
            index, at = uleb(data, at)
            base = indexed(index)
            continue
        if kind == BASE_ADDRESS:
            base, at = fixed(at)
            continue
        if kind in (STARTX_ENDX, STARTX_LENGTH):
            index, at = uleb(data, at)
            after, at = uleb(data, at)
            low = indexed(index)
            high = indexed(after) if kind == STARTX_ENDX else low + after
        elif kind == OFFSET_PAIR:
            low, at = uleb(data, at)
            high, at = uleb(data, at)
            low, high = base + low, base + high
        elif kind == START_END:
            low, at = fixed(at)
            high, at = fixed(at)
        elif kind == START_LENGTH:
            low, at = fixed(at)
            after, at = uleb(data, at)
            high = low + after
        elif kind != DEFAULT:
            raise IndexError(f"location list entry of kind {kind}")
        n_bytes, at = uleb(data, at)
        if low <= pc < high:
            return data[at : at + n_bytes]
        at += n_bytes
    return b""


def signed(value: int, n_bytes: int) -> int:
    """A number read as unsigned LEB128 of so many bytes, as the signed one that it is."""
    bits = 7 * n_bytes
    return value - (1 << bits) if value >> (bits - 1) & 1 else value
