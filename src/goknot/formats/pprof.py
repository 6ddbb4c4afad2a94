"""Reads profile.proto, gzipped or not, whoever wrote it; hostile lengths end in an error, never in a large buffer.

Format: github.com/google/pprof/proto/profile.proto.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from goknot.errors import InputError

MOST_BYTES = 1 << 30  # unpacked


@dataclass(frozen=True, slots=True)
class ProfileFrame:
    """A function in a location; inlined functions share one.

    Attributes:
        function: Its name.
        file: Its file, empty if not known.
        line: Line in `file`, 0 if not known.
    """

    function: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class PprofSample:
    """One stack.

    Attributes:
        frames: Innermost first.
        values: One for each sample type.
        labels: Text labels, sorted.
    """

    frames: tuple[ProfileFrame, ...]
    values: tuple[int, ...]
    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PprofProfile:
    """A profile.

    Attributes:
        types: (name, unit) of each value.
        samples: In the file's order.
        default_type: Name of the value shown first; empty for the last.
        comments: Free text.
        time_ns: When it was taken, in ns since 1970; 0 if not said.
        duration_ns: Over how long; 0 if not said.
    """

    types: tuple[tuple[str, str], ...]
    samples: tuple[PprofSample, ...]
    default_type: str
    comments: tuple[str, ...]
    time_ns: int
    duration_ns: int


class _Message:
    """The fields of one protobuf message; numbers may come packed."""

    def __init__(self, where: str, data: memoryview) -> None:
        self.where = where
        self.numbers: dict[int, list[int]] = {}
        self.chunks: dict[int, list[memoryview]] = {}
        at = 0
        while at < len(data):
            key, at = _varint(where, data, at)
            field, kind = key >> 3, key & 7
            if kind == 0:
                value, at = _varint(where, data, at)
                self.numbers.setdefault(field, []).append(value)
            elif kind == 2:
                size, at = _varint(where, data, at)
                if size > len(data) - at:
                    raise InputError(where, "profile is cut off or damaged: a field is longer than what is left")
                self.chunks.setdefault(field, []).append(data[at : at + size])
                at += size
            elif kind in (1, 5):
                at += 8 if kind == 1 else 4
            else:
                raise InputError(where, f"not a profile: wire type {kind}")
        if at != len(data):
            raise InputError(where, "profile is cut off")

    def number(self, field: int) -> int:
        return self.numbers.get(field, [0])[-1]

    def signed(self, field: int) -> int:
        return _signed(self.number(field))

    def all_numbers(self, field: int) -> list[int]:
        found = list(self.numbers.get(field, ()))
        for chunk in self.chunks.get(field, ()):
            at = 0
            while at < len(chunk):
                value, at = _varint(self.where, chunk, at)
                found.append(value)
        return found

    def messages(self, field: int) -> Iterator[_Message]:
        for chunk in self.chunks.get(field, ()):
            yield _Message(self.where, chunk)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _varint(where: str, data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise InputError(where, "profile is cut off")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & ((1 << 64) - 1), at
    raise InputError(where, "not a profile: a number longer than ten bytes")


def _unpack(where: str, data: bytes, most_bytes: int) -> bytes:
    if data[:2] != b"\x1f\x8b":
        return data
    unpacker = zlib.decompressobj(31)
    try:
        plain = unpacker.decompress(data, most_bytes)
    except zlib.error as error:
        raise InputError(where, f"gzip data is damaged: {error}") from error
    if unpacker.unconsumed_tail:
        raise InputError(where, f"profile is larger than {most_bytes} bytes unpacked")
    if not unpacker.eof:
        raise InputError(where, "gzip data is cut off")
    return plain


def read_profile(where: str, data: bytes, most_bytes: int = MOST_BYTES) -> PprofProfile:
    """Reads a profile.

    Args:
        where: What to call it in errors.
        data: The file's bytes.
        most_bytes: How large it may be once unpacked.

    Raises:
        InputError: It is no profile, is cut off, damaged or too large.
    """
    top = _Message(where, memoryview(_unpack(where, data, most_bytes)))
    strings = [bytes(chunk).decode("utf-8", "replace") for chunk in top.chunks.get(6, ())]
    if not strings or strings[0]:
        raise InputError(where, "not a profile: its table of strings does not begin with an empty one")

    def text(index: int) -> str:
        if index >= len(strings):
            raise InputError(where, f"profile is damaged: string {index} of {len(strings)}")
        return strings[index]

    functions = {one.number(1): (text(one.number(2)), text(one.number(4))) for one in top.messages(5)}
    locations: dict[int, tuple[ProfileFrame, ...]] = {}
    for one in top.messages(4):
        lines = [(line.number(1), line.signed(2)) for line in one.messages(4)]
        missing = [function for function, _ in lines if function not in functions]
        if missing:
            raise InputError(where, f"profile is damaged: function {missing[0]} is not in it")
        frames = tuple(ProfileFrame(*functions[function], line) for function, line in lines)
        locations[one.number(1)] = frames or (ProfileFrame(f"{one.number(3):#x}", "", 0),)
    types = tuple((text(one.number(1)), text(one.number(2))) for one in top.messages(1))
    samples = []
    for one in top.messages(2):
        values = tuple(_signed(value) for value in one.all_numbers(2))
        if len(values) != len(types):
            raise InputError(where, f"profile is damaged: {len(values)} values for {len(types)} sample types")
        stack = one.all_numbers(1)
        unknown = [number for number in stack if number not in locations]
        if unknown:
            raise InputError(where, f"profile is damaged: location {unknown[0]} is not in it")
        pairs = [(label.number(1), label.number(2)) for label in one.messages(3)]
        labels = tuple(sorted((text(key), text(value)) for key, value in pairs if value))
        samples.append(PprofSample(tuple(frame for number in stack for frame in locations[number]), values, labels))
    comments = tuple(text(index) for index in top.all_numbers(13))
    return PprofProfile(types, tuple(samples), text(top.number(14)), comments, top.signed(9), top.signed(10))
