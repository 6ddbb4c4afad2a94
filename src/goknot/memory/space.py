"""An address space put together from stretches of files and copies."""

from __future__ import annotations

import mmap
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import GoknotError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Int64s = NDArray[np.int64]
    UInt8s = NDArray[np.uint8]
    UInt64s = NDArray[np.uint64]


class MissingMemoryError(GoknotError):
    """Memory that the image does not hold."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Addresses `start_addr` to `end_addr`, found at `off` of a backing."""

    start_addr: int
    end_addr: int
    backing: int
    off: int


class AddressSpace:
    """Memory by address; earlier stretches hide later ones.

    Args:
        backings: Bytes; the first holds what is read in bulk (the core or the copy of a process).
        stretches: Which addresses they hold; each must fit into its backing.
    """

    def __init__(self, backings: Sequence[UInt8s], stretches: Sequence[Stretch]) -> None:
        self.backings = tuple(backings)
        self.stretches = _disjoint(stretches)
        self._start = np.array([s.start_addr for s in self.stretches], np.uint64)
        self._starts = [s.start_addr for s in self.stretches]  # for single values: numpy takes ten times as long
        self._end = np.array([s.end_addr for s in self.stretches], np.uint64)
        self._backing = np.array([s.backing for s in self.stretches], np.int64)
        self._off = np.array([s.off for s in self.stretches], np.int64)
        self._words = [_words_at_every_byte(backing) for backing in self.backings]

    @property
    def main(self) -> UInt8s:
        """The first backing's bytes."""
        return self.backings[0]

    @property
    def main_words(self) -> UInt64s:
        """The first backing as a word at every byte."""
        return self._words[0]

    def let_go(self, first_off: int, end_off: int) -> None:
        """Says that a part of the first backing is not needed for now; of a mapped file it leaves this process."""
        mapped = _mapping_of(self.main)
        if mapped is not None:
            first, end = -(-first_off // mmap.PAGESIZE) * mmap.PAGESIZE, end_off // mmap.PAGESIZE * mmap.PAGESIZE
            if first < end:
                mapped.madvise(mmap.MADV_DONTNEED, first, end - first)

    def read(self, addr: int, n_bytes: int) -> bytes:
        """Bytes at an address; they may cross stretches that adjoin.

        Raises:
            MissingMemoryError: Not all of it is there.
        """
        parts, at, end = [], addr, addr + n_bytes
        while at < end:
            index = bisect_right(self._starts, at) - 1
            if index < 0 or at >= self.stretches[index].end_addr:
                raise MissingMemoryError(f"{min(n_bytes, end - at)} bytes at address {at:#x} are not in the image")
            stretch = self.stretches[index]
            stop = min(end, stretch.end_addr)
            first = stretch.off + at - stretch.start_addr
            parts.append(self.backings[stretch.backing][first : first + stop - at].tobytes())
            at = stop
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def word(self, addr: int) -> int:
        """The 8-byte word at an address."""
        return int.from_bytes(self.read(addr, 8), "little")

    def number(self, addr: int, n_bytes: int) -> int:
        """An unsigned number."""
        return int.from_bytes(self.read(addr, n_bytes), "little")

    def words(self, addr: int, n_words: int) -> UInt64s:
        """Consecutive words."""
        return np.frombuffer(self.read(addr, 8 * n_words), "<u8")

    def has(self, addr: int, n_bytes: int) -> bool:
        """Whether all of a stretch is there."""
        try:
            first = self._find(np.array([addr], np.uint64))
        except OverflowError:
            return False
        index = int(first[0])
        while index >= 0 and index < len(self.stretches):
            stretch = self.stretches[index]
            if addr + n_bytes <= stretch.end_addr:
                return True
            index += 1
            if index == len(self.stretches) or self.stretches[index].start_addr != stretch.end_addr:
                return False
        return False

    def words_at(self, addresses: UInt64s) -> UInt64s:
        """The word at each address; 0 where there is nothing to read."""
        found = np.zeros(len(addresses), np.uint64)
        stretch = self._find(addresses)
        safe = np.maximum(stretch, 0)
        inside = (stretch >= 0) & (self._end[safe] - addresses >= 8) if len(self._start) else stretch >= 0
        for backing in np.unique(self._backing[safe[inside]]).tolist():
            chosen = inside & (self._backing[safe] == backing)
            at = safe[chosen]
            found[chosen] = self._words[backing][self._off[at] + (addresses[chosen] - self._start[at]).astype(np.int64)]
        return found

    def main_offsets(self, addresses: UInt64s, n_bytes: UInt64s) -> Int64s:
        """Where in the first backing each stretch lies; -1 when it does not lie whole in one place there."""
        stretch = self._find(addresses)
        safe = np.maximum(stretch, 0)
        if not len(self._start):
            return stretch
        inside = (stretch >= 0) & (self._backing[safe] == 0) & (self._end[safe] - addresses >= n_bytes)
        off = self._off[safe] + (addresses - self._start[safe]).astype(np.int64)
        return np.where(inside, off, -1)

    def _find(self, addresses: UInt64s) -> Int64s:
        """address -> stretch, or -1."""
        index = np.searchsorted(self._start, addresses, side="right").astype(np.int64) - 1
        if not len(self._start):
            return index
        return np.where((index >= 0) & (addresses < self._end[np.maximum(index, 0)]), index, -1)


def _mapping_of(backing: UInt8s) -> mmap.mmap | None:
    """The file mapping behind an array; None for other memory, whose content would be lost."""
    buffer = backing.base
    while isinstance(buffer, np.ndarray):
        buffer = buffer.base
    if isinstance(buffer, memoryview) and buffer.readonly and isinstance(buffer.obj, mmap.mmap):
        return buffer.obj
    return None


def _words_at_every_byte(backing: UInt8s) -> UInt64s:
    return np.ndarray((max(0, len(backing) - 7),), "<u8", backing, strides=(1,))


def _disjoint(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Sorted by address; of two that overlap the earlier in the list keeps its place."""
    kept: list[Stretch] = []
    starts: list[int] = []
    from bisect import bisect_left, insort  # noqa: PLC0415

    for given in stretches:
        at = given.start_addr
        while at < given.end_addr:
            index = bisect_left(starts, at + 1) - 1
            if index >= 0 and kept[index].end_addr > at:
                at = kept[index].end_addr
                continue
            after = starts[index + 1] if index + 1 < len(starts) else given.end_addr
            stop = min(given.end_addr, after)
            piece = Stretch(at, stop, given.backing, given.off + at - given.start_addr)
            insort(kept, piece, key=lambda stretch: stretch.start_addr)
            starts.insert(index + 1, at)
            at = stop
    return _merged(kept)


def _merged(kept: list[Stretch]) -> list[Stretch]:
    """Joins stretches that adjoin both in memory and in their backing: mappings split by madvise."""
    joined: list[Stretch] = []
    for stretch in kept:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.end_addr == stretch.start_addr
            and last.backing == stretch.backing
            and last.off + last.end_addr - last.start_addr == stretch.off
        ):
            joined[-1] = Stretch(last.start_addr, stretch.end_addr, last.backing, last.off)
        else:
            joined.append(stretch)
    return joined
