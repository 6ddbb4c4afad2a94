"""The object records of a heap dump: millions, so read with two regular expressions into arrays."""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from goknot.formats.heapdump_cursor import FIELDS, MAX_VARINT_BYTES, VARINT, decode, field_offsets
from goknot.formats.heapdump_records import DumpObjects

if TYPE_CHECKING:
    from goknot.formats.heapdump_cursor import Cursor
    from goknot.formats.heapdump_records import UInt64s

_OBJECT = re.compile(rb"\x01" + VARINT + rb"(" + VARINT + rb")")


class ObjectReader:
    """Collects objects; equal lists of fields are kept once."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.record_off, self.n_bytes, self.content_off = array("Q"), array("Q"), array("Q")
        self.pattern = array("i")
        self.pattern_ids: dict[bytes, int] = {}
        self.offsets: list[UInt64s] = []
        self.room_bytes: list[int] = []  # pattern -> bytes an object must have for it

    def read(self, pointer_bytes: int) -> None:
        """Reads the run of object records whose first tag has just been read."""
        cursor, data = self.cursor, self.cursor.data
        cursor.pos -= 1
        match_object, match_fields, pattern_ids = _OBJECT.match, FIELDS.match, self.pattern_ids
        n_data, pos = len(data), cursor.pos
        sizes: dict[bytes, int] = {}
        while found := match_object(data, pos):
            size_bytes = found[1]
            size = sizes.get(size_bytes)
            if size is None:
                size = sizes[size_bytes] = decode(size_bytes)
            start = found.end()
            if start + size > n_data:
                break
            fields = match_fields(data, start + size)
            if fields is None:
                break
            key = fields[0]
            pattern = pattern_ids.get(key)
            if pattern is None:
                pattern = self._new_pattern(key, pointer_bytes)
            if self.room_bytes[pattern] > size:
                cursor.fail("a pointer lies outside its object")
            self.record_off.append(pos)
            self.n_bytes.append(size)
            self.content_off.append(start)
            self.pattern.append(pattern)
            cursor.pos = pos = fields.end()
        if pos < n_data and data[pos] == 1:
            self._explain()

    def _explain(self) -> NoReturn:
        cursor = self.cursor
        cursor.pos += 1
        cursor.number()
        cursor.memory_range()
        cursor.fields()
        cursor.fail("an object record is malformed")

    def _new_pattern(self, key: bytes, pointer_bytes: int) -> int:
        offsets = field_offsets(key)
        self.offsets.append(offsets)
        self.room_bytes.append(int(offsets.max()) + pointer_bytes if len(offsets) else 0)
        pattern = self.pattern_ids[key] = len(self.offsets) - 1
        return pattern

    def result(self) -> DumpObjects:
        """All objects read so far."""
        return DumpObjects(
            addr=self._addresses(),
            n_bytes=np.frombuffer(self.n_bytes, np.uint64),
            content_off=np.frombuffer(self.content_off, np.uint64),
            pattern=np.frombuffer(self.pattern, np.int32),
            field_off_by_pattern=tuple(self.offsets),
        )

    def _addresses(self) -> UInt64s:
        data = np.frombuffer(self.cursor.data, np.uint8)
        first = np.frombuffer(self.record_off, np.uint64) + np.uint64(1)  # behind the tag
        addr = np.zeros(len(first), np.uint64)
        going = np.ones(len(first), np.bool_)
        for index in range(MAX_VARINT_BYTES):
            places = first + np.uint64(index)
            byte = data[np.minimum(places, np.uint64(max(0, len(data) - 1)))]
            addr |= np.where(going, (byte & 0x7F).astype(np.uint64) << np.uint64(7 * index), np.uint64(0))
            going &= byte >= 0x80
            if not going.any():
                break
        return addr
