"""Which line of a text a byte stands on, without counting from its beginning each time."""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache

_PAGE = 4096


class Lines:
    """The lines of a text.

    Args:
        data: The text.
    """

    __slots__ = ("_data", "_n_before_by_page")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._n_before_by_page = [0]  # page -> ends of lines before it
        for start in range(0, len(data), _PAGE):
            self._n_before_by_page.append(self._n_before_by_page[-1] + data.count(b"\n", start, start + _PAGE))

    def row(self, at: int) -> int:
        """The line of an offset, from 0."""
        page = at // _PAGE
        return self._n_before_by_page[page] + self._data.count(b"\n", page * _PAGE, at)

    def start(self, row: int) -> int:
        """Where a line (from 0) begins; the last one if there are fewer."""
        page = max(0, bisect_left(self._n_before_by_page, row) - 1)  # the line begins in it, or where it ends
        start = page * _PAGE
        for _ in range(row - self._n_before_by_page[page]):
            start = self._data.find(b"\n", start) + 1
        return start


@lru_cache(maxsize=512)
def lines_of(data: bytes) -> Lines:
    """The lines of a text, which is counted once."""
    return Lines(data)
