"""Made-up heap dumps, of any machine."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _counted(data: bytes) -> bytes:
    return _varint(len(data)) + data


def _field_list(offsets: list[int]) -> bytes:
    return b"".join(b"\1" + _varint(off) for off in offsets) + b"\0"


@dataclass
class Maker:
    """Writes heap dumps of any machine."""

    word: str = "<Q"
    version: str = "go1.21.0"
    out: bytearray = field(default_factory=lambda: bytearray(b"go1.7 heap dump\n"))

    @property
    def word_bytes(self) -> int:
        return struct.calcsize(self.word)

    def params(self) -> Maker:
        self.out += b"\6" + bytes([self.word[0] == ">", self.word_bytes]) + _varint(0) * 2
        self.out += _counted(b"amd64") + _counted(self.version.encode()) + _varint(2)
        return self

    def object(self, addr: int, words: list[int], pointers: list[int], extra: bytes = b"") -> Maker:
        data = b"".join(struct.pack(self.word, w) for w in words) + extra
        self.out += b"\1" + _varint(addr) + _counted(data) + _field_list([self.word_bytes * i for i in pointers])
        return self

    def segment(self, tag: int, addr: int, words: list[int]) -> Maker:
        data = b"".join(struct.pack(self.word, w) for w in words)
        self.out += (
            bytes([tag])
            + _varint(addr)
            + _counted(data)
            + _field_list([self.word_bytes * i for i in range(len(words))])
        )
        return self

    def root(self, text: bytes, addr: int) -> Maker:
        self.out += b"\2" + _counted(text) + _varint(addr)
        return self

    def goroutine(self, goid: int) -> Maker:
        self.out += b"\4" + b"".join(map(_varint, (0xC000, 0x7000, goid, 0x400000, 4, 0, 0, 5)))
        self.out += _counted(b"chan receive") + _varint(0) * 4
        return self

    def frame(self, sp_addr: int, words: list[int], name: bytes) -> Maker:
        data = b"".join(struct.pack(self.word, w) for w in words)
        self.out += b"\5" + b"".join(map(_varint, (sp_addr, 0, 0))) + _counted(data) + _varint(1) * 3 + _counted(name)
        self.out += _field_list([self.word_bytes * i for i in range(len(words))])
        return self

    def finalizer(self, addr: int, fn_addr: int, *, queued: bool = False) -> Maker:
        self.out += (b"\x0b" if queued else b"\7") + b"".join(map(_varint, (addr, fn_addr, 0, 0, 0)))
        return self

    def end(self) -> bytes:
        return bytes(self.out) + b"\0"


def full_dump() -> bytes:
    """A small dump with a record of every kind."""
    maker = Maker(version="go1.26.0").params().object(0x1000, [0x1010, 0], [0]).object(0x1010, [0x1000, 9], [0])
    maker.segment(12, 0x10, [0x1000]).segment(13, 0x20, [0]).goroutine(7).frame(0x7000, [0x1010], b"main.work")
    maker.root(b"other", 0x1020).finalizer(0x1000, 0x1010).finalizer(0x1000, 0x1010, queued=True)
    maker.out += b"\x0e" + bytes(7) + b"\x0f" + bytes(6) + b"\x09" + bytes(3) + b"\x0a" + bytes(24 + 256 + 1)
    maker.out += b"\x10\1\1\1\1f\1g\1\1\1" + b"\x11\1\1" + b"\3\1\1\1t\1" + b"\x08\1\1"
    return maker.end()
