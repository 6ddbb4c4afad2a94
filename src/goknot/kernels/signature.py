"""What kernels take and return, said without numba: importing it takes longer than most kernels run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class ArrayKind:
    """Arrays of one dimension.

    Attributes:
        item: Name of numpy's type.
        readonly: The kernel only reads; writable arrays are taken too.
        at_every_byte: Items may overlap and lie at any byte; else they follow each other.
    """

    item: str
    readonly: bool
    at_every_byte: bool = False

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """numpy's type."""
        return np.dtype(self.item)

    def problem(self, value: object) -> str:
        """Why `value` is none of these; empty if it is one."""
        if not isinstance(value, np.ndarray):
            return f"{type(value).__name__} instead of an array"
        flags = value.flags
        if value.dtype != self.item or value.ndim != 1:
            return f"{value.ndim} dimensions of {value.dtype} instead of one of {self.item}"
        if not self.readonly and not flags.writeable:
            return "an array that cannot be written"
        if not self.at_every_byte and not (flags.c_contiguous and flags.aligned):
            return "an array with gaps"
        return ""


@dataclass(frozen=True, slots=True)
class IntKind:
    """Whole numbers.

    Attributes:
        item: `int64` or `uint64`.
    """

    item: str


Kind = ArrayKind | IntKind | tuple["Kind", ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """The kinds of one kernel.

    Attributes:
        result: What it returns: nothing, one number or several.
        arguments: What it takes; tuples of kinds are tuples.
    """

    result: IntKind | tuple[IntKind, ...] | None
    arguments: tuple[Kind, ...]

    @property
    def n_results(self) -> int:
        """How many numbers it returns."""
        if self.result is None:
            return 0
        return len(self.result) if isinstance(self.result, tuple) else 1

    @property
    def flat(self) -> tuple[ArrayKind | IntKind, ...]:
        """The kinds of its arguments, those of tuples one by one."""
        return tuple(_flat(self.arguments))


def _flat(kinds: tuple[Kind, ...]) -> Iterator[ArrayKind | IntKind]:
    for kind in kinds:
        if isinstance(kind, tuple):
            yield from _flat(kind)
        else:
            yield kind
