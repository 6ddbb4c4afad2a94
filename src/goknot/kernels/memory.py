"""Arrays that grow with the heap: in memory up to a limit, in unlinked files past it."""

from __future__ import annotations

import mmap
import os
import tempfile
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goknot.errors import GoknotError

_SMALL_BYTES = 1 << 20  # below this a file costs more than it saves


class Allocator:
    """Hands out arrays and keeps count of what is in memory.

    Both kinds are plain `numpy.ndarray`: numba compiles other kinds separately.

    Args:
        limit_bytes: What may lie in memory at one time; None for no limit.
        folder: Where files are made; `TMPDIR`, else `/var/tmp` (a disk, where `/tmp` is often memory).
    """

    def __init__(self, limit_bytes: int | None = None, folder: Path | None = None) -> None:
        self.limit_bytes = limit_bytes
        self.folder = folder or _disk_folder()
        self.memory_bytes = 0
        self.mapped_bytes = 0
        self.peak_bytes = 0

    def empty(self, length: int, dtype: Any) -> NDArray[Any]:
        """An array of `length` items of any value.

        Raises:
            GoknotError: The folder for files is full or not writable.
        """
        item = np.dtype(dtype)
        size = length * item.itemsize
        if self.limit_bytes is None or size < _SMALL_BYTES or self.memory_bytes + size <= self.limit_bytes:
            array = np.empty(length, item)
            self.memory_bytes += size
            self.peak_bytes = max(self.peak_bytes, self.memory_bytes)
            weakref.finalize(array, self._release, size).atexit = False
            return array
        self.mapped_bytes += size
        return np.frombuffer(self._map(size), item)

    def zeros(self, length: int, dtype: Any) -> NDArray[Any]:
        """An array of `length` zeros."""
        return self.full(length, 0, dtype)

    def full(self, length: int, value: int, dtype: Any) -> NDArray[Any]:
        """An array of `length` items of one value."""
        array = self.empty(length, dtype)
        array.fill(value)
        return array

    def _release(self, size: int) -> None:
        self.memory_bytes -= size

    def _map(self, size: int) -> mmap.mmap:
        try:
            with tempfile.TemporaryFile(dir=self.folder) as file:
                if hasattr(os, "posix_fallocate"):  # a hole would end in SIGBUS once the disk is full
                    os.posix_fallocate(file.fileno(), 0, size)
                else:
                    file.truncate(size)
                return mmap.mmap(file.fileno(), size)
        except OSError as error:
            what = f"{self.folder}: cannot set aside {size} bytes: {error.strerror}"
            raise GoknotError(what, "free some space there, set TMPDIR, or raise --max-memory") from error


def _disk_folder() -> Path:
    if "TMPDIR" not in os.environ and os.access("/var/tmp", os.W_OK | os.X_OK):
        return Path("/var/tmp")
    return Path(tempfile.gettempdir())
