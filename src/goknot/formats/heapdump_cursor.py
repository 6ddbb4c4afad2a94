"""Numbers, strings and field lists of a heap dump, each refused with its place when it is malformed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from goknot.errors import InputError

if TYPE_CHECKING:
    import mmap

    from goknot.formats.heapdump_records import UInt64s

MAX_VARINT_BYTES = 10
CHUNK_BYTES = 1 << 20
VARINT = rb"[\x80-\xff]{0,9}+[\x00-\x7f]"
# Possessive: a list of a million fields must not leave a million ways back.
FIELDS = re.compile(rb"(?:\x01" + VARINT + rb")*+\x00")


class Cursor:
    """A place in a dump.

    Attributes:
        path: As the user named the dump; for messages.
        data: The file's bytes.
        pos: The next byte to read.
    """

    def __init__(self, path: str, data: mmap.mmap, pos: int) -> None:
        self.path = path
        self.data = data
        self.pos = pos
        self._text_by_bytes: dict[bytes, str] = {}

    def fail(self, what: str) -> NoReturn:
        """Refuses the dump: `what` is wrong at the place that has been reached."""
        raise InputError(self.path, f"is damaged at byte {self.pos}: {what}")

    def cut_short(self) -> NoReturn:
        """Refuses the dump: it ends within a record."""
        hint = "the program died or the disk was full while it was written"
        raise InputError(self.path, f"is cut short: a record at byte {self.pos} has no end", hint)

    def number(self) -> int:
        """The next varint, as encoding/binary writes it."""
        data, pos = self.data, self.pos
        value = shift = 0
        try:
            while (byte := data[pos]) >= 0x80:
                value |= (byte & 0x7F) << shift
                shift += 7
                pos += 1
                if shift >= 7 * MAX_VARINT_BYTES:
                    self.fail("a number has more than ten bytes")
        except IndexError:
            self.cut_short()
        self.pos = pos + 1
        return (value | byte << shift) & 0xFFFF_FFFF_FFFF_FFFF

    def memory_range(self) -> tuple[int, int]:
        """Steps over counted bytes: (where they start, how many)."""
        n_bytes = self.number()
        start = self.pos
        if n_bytes > len(self.data) - start:
            self.cut_short()
        self.pos = start + n_bytes
        return start, n_bytes

    def text(self) -> str:
        """The next string; what is no UTF-8 in it comes as escapes."""
        start, n_bytes = self.memory_range()
        raw = self.data[start : start + n_bytes]
        if raw not in self._text_by_bytes:
            self._text_by_bytes[raw] = raw.decode("utf-8", "backslashreplace")
        return self._text_by_bytes[raw]

    def fields(self) -> bytes:
        """The bytes of a list of fields, its end mark included."""
        found = FIELDS.match(self.data, self.pos)
        if found is None:
            self._explain_fields()
        self.pos = found.end()
        return found[0]

    def _explain_fields(self) -> NoReturn:
        while (kind := self.number()) == 1:
            self.number()
        self.fail(f"a field is of kind {kind}, which no Go since 1.4 writes")


def decode(varint: bytes) -> int:
    """The number that the bytes of a varint stand for."""
    value = 0
    for byte in reversed(varint):
        value = value << 7 | byte & 0x7F
    return value & 0xFFFF_FFFF_FFFF_FFFF


def field_offsets(fields: bytes) -> UInt64s:
    """The offsets in a list of (kind 1, offset) pairs that ends in 0; uint64.

    Decoded a chunk at a time, so that one list the size of the file does not take many times its room.
    """
    parts: list[UInt64s] = []
    data = np.frombuffer(fields, np.uint8)[:-1]
    at = 0
    while at < len(data):
        chunk = data[at : at + CHUNK_BYTES]
        ends = np.flatnonzero(chunk < 0x80)
        ends = ends[: len(ends) // 2 * 2]  # whole pairs
        chunk = chunk[: int(ends[-1]) + 1]
        starts = np.concatenate(([0], ends[:-1] + 1))
        place = np.arange(len(chunk)) - np.repeat(starts, ends - starts + 1)
        parts_of = (chunk & 0x7F).astype(np.uint64) << (7 * place).astype(np.uint64)
        parts.append(np.add.reduceat(parts_of, starts)[1::2])
        at += len(chunk)
    return np.concatenate(parts) if parts else np.zeros(0, np.uint64)
