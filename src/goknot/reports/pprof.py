"""A profile that `go tool pprof` opens: profile.proto written by hand, gzipped, the same bytes for the same samples.

Format: github.com/google/pprof/proto/profile.proto. Frames carry names alone: no addresses, no line numbers, nothing
that differs between two runs, so that `-diff_base` lines up.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_SAMPLE_TYPE, _SAMPLE, _LOCATION, _FUNCTION, _STRINGS, _COMMENT, _DEFAULT_TYPE = 1, 2, 4, 5, 6, 13, 14


@dataclass(frozen=True, slots=True)
class ValueType:
    """What a sample's value counts, e.g. `space` in `bytes`."""

    name: str
    unit: str


@dataclass(frozen=True, slots=True)
class ProfileSample:
    """One path of frames and its values.

    Attributes:
        frames: Names, outermost first.
        values: One for each value type.
    """

    frames: tuple[str, ...]
    values: tuple[int, ...]


class _Strings:
    """The table of strings; the first is empty."""

    def __init__(self) -> None:
        self.index = {"": 0}

    def of(self, text: str) -> int:
        return self.index.setdefault(text, len(self.index))


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value) if value else b""


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _packed(field: int, values: Iterable[int]) -> bytes:
    return _bytes(field, b"".join(map(_varint, values)))


def encode_profile(
    types: Sequence[ValueType], samples: Iterable[ProfileSample], default: str = "", comments: Sequence[str] = ()
) -> bytes:
    """The profile, not compressed.

    Args:
        types: What each value counts.
        samples: Equal paths are added up; their order does not matter.
        default: Name of the value type shown first; empty for the last.
        comments: Lines that `go tool pprof -comments` prints.
    """
    added: dict[tuple[str, ...], list[int]] = {}
    for sample in samples:
        total = added.setdefault(sample.frames, [0] * len(types))
        for index, value in enumerate(sample.values):
            total[index] += value
    strings, functions = _Strings(), _Strings()
    parts = [_bytes(_SAMPLE_TYPE, _number(1, strings.of(one.name)) + _number(2, strings.of(one.unit))) for one in types]
    for frames in sorted(added):
        locations = [functions.of(frame or "?") for frame in reversed(frames)]
        parts.append(_bytes(_SAMPLE, _packed(1, locations) + _packed(2, added[frames])))
    for name, number in functions.index.items():
        if number:  # one function a name, one location a function, with the same number
            parts.append(_bytes(_LOCATION, _number(1, number) + _bytes(4, _number(1, number))))
            parts.append(_bytes(_FUNCTION, _number(1, number) + _number(2, strings.of(name))))
    parts += [_number(_COMMENT, strings.of(comment)) for comment in comments]
    parts.append(_number(_DEFAULT_TYPE, strings.of(default)))
    parts += [_bytes(_STRINGS, text.encode("utf-8", "replace")) for text in strings.index]
    return b"".join(parts)


def write_profile(
    types: Sequence[ValueType], samples: Iterable[ProfileSample], default: str = "", comments: Sequence[str] = ()
) -> bytes:
    """The profile as pprof files are: gzipped, without a time or a name. See `encode_profile`."""
    out = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=out, mode="wb", compresslevel=6, mtime=0) as packed:
        packed.write(encode_profile(types, samples, default, comments))
    return out.getvalue()
