"""CPU profiles made up: what `go build -pgo` takes for the hot calls of a program (profile.proto)."""

from __future__ import annotations

import gzip


def profile(caller: str, callee: str, line: int, n_samples: int = 1_000_000) -> bytes:
    """A profile in which one function spends all its time in calls of another.

    Args:
        caller: Symbol name of the calling function.
        callee: Symbol name of the called function.
        line: Line of the call, counted in the file; the caller starts at line 1.
        n_samples: Weight of the call.
    """
    strings = ["", "samples", "count", "cpu", "nanoseconds", callee, caller, "a.go"]
    samples, cpu = _values(1, 2), _values(3, 4)
    return gzip.compress(
        _bytes(1, samples)
        + _bytes(1, cpu)
        + _bytes(
            2, _bytes(1, _varint(1) + _varint(2)) + _bytes(2, _varint(n_samples) + _varint(n_samples * 10_000_000))
        )
        + b"".join(
            _bytes(4, _number(1, i) + _number(3, i) + _bytes(4, _number(1, i) + _number(2, at)))
            for i, at in ((1, 2), (2, line))
        )
        + b"".join(
            _bytes(5, _number(1, i) + _number(2, i + 4) + _number(3, i + 4) + _number(4, 7) + _number(5, 1))
            for i in (1, 2)
        )
        + b"".join(_bytes(6, text.encode()) for text in strings)
        + _bytes(11, cpu)
        + _number(12, 10_000_000),
        mtime=0,
    )


def _values(kind: int, unit: int) -> bytes:
    return _number(1, kind) + _number(2, unit)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data
