"""Location lists against ranges laid out by hand."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goknot.formats.dwarf_locations import BASE_SELECTION, find_in_list, find_in_old_list, signed

Range = tuple[int, int, bytes]  # from, to, expression


def _uleb(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _naive(ranges: list[Range], pc: int) -> bytes:
    return next((expression for low, high, expression in ranges if low <= pc < high), b"")


RANGES = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 60), st.binary(min_size=1, max_size=5)).map(
        lambda t: (0x1000 + t[0], 0x1000 + t[0] + t[1] + 1, t[2])
    ),
    max_size=6,
)


@settings(max_examples=200)
@given(ranges=RANGES, pc=st.integers(0xFF0, 0x1200), kinds=st.lists(st.integers(0, 4), min_size=6, max_size=6))
def test_lists_of_dwarf_5(ranges: list[Range], pc: int, kinds: list[int]) -> None:
    addresses: list[int] = []
    data = bytearray(b"head")

    def indexed(addr: int) -> bytes:
        addresses.append(addr)
        return _uleb(len(addresses) - 1)

    for (low, high, expression), kind in zip(ranges, kinds, strict=False):
        if kind == 0:
            data += bytes([6]) + struct.pack("<Q", 0x1000) + b"\4" + _uleb(low - 0x1000) + _uleb(high - 0x1000)
        elif kind == 1:
            data += b"\1" + indexed(0x1000) + b"\4" + _uleb(low - 0x1000) + _uleb(high - 0x1000)
        elif kind == 2:
            data += b"\2" + indexed(low) + indexed(high)
        elif kind == 3:
            data += b"\3" + indexed(low) + _uleb(high - low)
        else:
            data += bytes([7]) + struct.pack("<QQ", low, high)
        data += _uleb(len(expression)) + expression
    found = find_in_list(bytes(data + b"\0"), 4, pc, 0, 8, addresses.__getitem__)
    assert found == _naive(ranges, pc)


@settings(max_examples=200)
@given(ranges=RANGES, pc=st.integers(0xFF0, 0x1200), rebased=st.booleans())
def test_lists_of_dwarf_4(ranges: list[Range], pc: int, rebased: bool) -> None:
    base = 0x800 if rebased else 0
    data = struct.pack("<QQ", BASE_SELECTION, base) if rebased else b""
    for low, high, expression in ranges:
        data += struct.pack("<QQH", low - base, high - base, len(expression)) + expression
    assert find_in_old_list(data + bytes(16), 0, pc, 0) == _naive(ranges, pc)
    assert find_in_old_list(b"?" * 8 + data + bytes(16), 8, pc, 0) == _naive(ranges, pc)


@pytest.mark.parametrize("data", [b"", b"\4", b"\4\1\2", b"\7\0\0", b"\x20", b"\x08" + bytes(8) + b"\x80"])
def test_lists_cut_off(data: bytes) -> None:
    with pytest.raises((IndexError, struct.error)):
        find_in_list(data, 0, 0x1000, 0, 8, [].__getitem__)
    with pytest.raises(struct.error):
        find_in_old_list(data[:10], 0, 0x1000, 0)


def test_signed_numbers() -> None:
    assert [signed(0x60, 1), signed(0x3F, 1), signed(0x3F58, 2), signed(0x7F, 1)] == [-32, 63, -168, -1]
