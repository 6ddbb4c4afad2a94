"""Images of compiled kernels: kept in files, mapped, called. Nothing is linked when they are loaded, and numba is not
needed: it would take longer to start than most kernels run.

A kernel's entry takes the address of an array of words: room for its results (at least one), one for numba's use, then
its arguments: arrays as address, length, and bytes from one item to the next; numbers as they are.
"""

from __future__ import annotations

import ctypes
import mmap
import platform
import struct
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from operator import index
from pathlib import Path
from typing import Any

import numpy as np

from goknot.kernels.signature import ArrayKind, Kind, Signature

SUPPORTED = sys.platform == "linux" and platform.machine() == "x86_64"
_HEADER = struct.Struct("<16sQQ32x")
_MAGIC = b"goknot kernel\n\0\0"


@cache
def may_run(folder: Path) -> bool:
    """Whether images can be run here, and from `folder`: some file systems are mounted without (`noexec`)."""
    if not SUPPORTED:
        return False
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.truncate(_HEADER.size)
            _map(file.fileno()).close()
    except OSError:
        return False
    return True


def keep(path: Path, image: tuple[bytes, int]) -> None:
    """Writes an image, whole or not at all."""
    code, entry = image
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            file.write(_HEADER.pack(_MAGIC, len(code), entry) + code)
            file.flush()
        except OSError:  # the disk is full, say
            Path(file.name).unlink()
            raise
    Path(file.name).replace(path)


def load(path: Path, signature: Signature) -> Callable[..., Any] | None:
    """Maps an image; None if there is none, or what is there is damaged."""
    try:
        with path.open("rb") as file:
            mapped = _map(file.fileno())
    except (FileNotFoundError, ValueError):  # an empty file cannot be mapped
        return None
    if len(mapped) < _HEADER.size:
        return None
    magic, n_bytes, entry = _HEADER.unpack_from(mapped)
    if magic != _MAGIC or len(mapped) != _HEADER.size + n_bytes or entry >= n_bytes:
        return None
    return _Image(path.stem, mapped, entry, signature)


def _map(file: int) -> mmap.mmap:
    return mmap.mmap(file, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC)


class _Image:
    """A kernel that is mapped."""

    def __init__(self, name: str, mapped: mmap.mmap, entry: int, signature: Signature) -> None:
        self._name, self._signature, self._flat = name, signature, signature.flat
        self._mapped = np.frombuffer(mapped, np.uint8)  # which keeps it mapped
        address = self._mapped.ctypes.data + _HEADER.size + entry
        self._entry = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)(address)
        self._n_results = signature.n_results
        self._room = [0] * (max(self._n_results, 1) + 1)
        n_words = len(self._room) + sum(3 if isinstance(kind, ArrayKind) else 1 for kind in self._flat)
        self._words = ctypes.c_int64 * n_words

    def __call__(self, *arguments: Any) -> Any:
        """Runs it, without the GIL."""
        given = [*self._room]
        self._lay(given, self._signature.arguments, arguments)
        words = self._words(*given)
        if self._entry(ctypes.addressof(words)):
            raise RuntimeError(f"{self._name} failed")
        if self._n_results == 1 and not isinstance(self._signature.result, tuple):
            return words[0]
        return tuple(words[: self._n_results]) if self._n_results else None

    def _lay(self, words: list[int], kinds: tuple[Kind, ...], values: tuple[Any, ...]) -> None:
        """Adds the words of some arguments."""
        if len(kinds) != len(values):
            raise TypeError(f"No matching definition of {self._name}: {len(values)} arguments instead of {len(kinds)}")
        for kind, value in zip(kinds, values, strict=True):
            if isinstance(kind, tuple):
                self._lay(words, kind, value)
            elif isinstance(kind, ArrayKind):
                if problem := kind.problem(value):
                    raise TypeError(f"No matching definition of {self._name}: {problem}")
                words += (value.__array_interface__["data"][0], len(value), value.strides[0])
            else:
                words.append(index(value))
