"""Go source as text: which function a byte stands in, how a file names a package."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from goknot.inputs.source.bodies.lines import lines_of

_HEADER = re.compile(rb"func\s*(?:\(\s*(?:(\w+)\s+)?\*?\s*(\w+)(?:\[[^\]]*\])?\s*\)\s*)?(\w+)")
_BEGINS = re.compile(rb"\nfunc")
_WORD = re.compile(rb"[\w\x80-\xff]+")
_LARGE = 1 << 20  # bytes of a file from which on its words are indexed
_RESULT = re.compile(rb"\)\s*\(?\s*(?:\w+\s+)?\*?([\w.]+)(?:\[[^\n]*\])?[^()\n]*\)?\s*\{$")


def on_lines_with(data: bytes, mark: bytes, pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """What a pattern finds on the lines that have a mark: far quicker than to look for it everywhere.

    Args:
        data: A file.
        mark: A whole word, or one after a dot.
        pattern: What is looked for.
    """
    end = -1
    for at in _places(data, mark):
        if at < end:
            continue
        start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
        end = end if end >= 0 else len(data)
        yield from pattern.finditer(data, start, end)


def _places(data: bytes, mark: bytes) -> Iterator[int]:
    """Where a mark stands; words that begin with it may be among them."""
    if len(data) > _LARGE:
        word = mark.lstrip(b".")
        n_dots = len(mark) - len(word)
        yield from (at for at in _places_by_word(data).get(word, ()) if data.startswith(mark, at - n_dots))
        return
    at = data.find(mark)
    while at >= 0:
        yield at
        at = data.find(mark, at + len(mark))


@lru_cache(maxsize=8)
def _places_by_word(data: bytes) -> dict[bytes, array[int]]:
    """Every word of a file -> where it stands."""
    found: dict[bytes, array[int]] = {}
    for match in _WORD.finditer(data):
        places = found.get(match[0])
        if places is None:
            places = found[match[0]] = array("L")
        places.append(match.start())
    return found


class Header(NamedTuple):
    """A function's first line.

    Attributes:
        receiver: Name of the receiver; empty if it has none.
        owner: Type of the receiver.
        start: Byte offset in its file.
    """

    receiver: str
    owner: str
    name: str
    start: int

    @property
    def full(self) -> str:
        """`F`, or `T.M`."""
        return f"{self.owner}.{self.name}" if self.owner else self.name


class _Functions:
    """Where the functions of a file begin, as gofmt lays them out."""

    __slots__ = ("_data", "_end_by_start", "_starts")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._starts = [0] if data.startswith(b"func") else []
        self._starts.extend(match.start() + 1 for match in _BEGINS.finditer(data))
        self._end_by_start: dict[int, int] = {}

    def around(self, at: int) -> int:
        """The beginning of the function that an offset stands in; -1: at the top level."""
        place = bisect_left(self._starts, at) - 1
        if place < 0:
            return -1
        start = self._starts[place]
        if start not in self._end_by_start:
            self._end_by_start[start] = self._end(start)
        return start if at <= self._end_by_start[start] else -1

    def _end(self, start: int) -> int:
        """Where the closing brace of a function stands, or the end of its only line."""
        data = self._data
        first = data.find(b"\n", start)
        if first >= 0 and data[start:first].rstrip().endswith(b"}") and b"{" in data[start:first]:
            return first
        end = data.find(b"\n}", start)
        return end + 1 if end >= 0 else len(data)


@lru_cache(maxsize=4096)
def _functions_of(data: bytes) -> _Functions:
    return _Functions(data)


def header_around(data: bytes, at: int) -> Header | None:
    """The function that an offset stands in; None at the top level of the file (gofmt's layout is relied on)."""
    start = _functions_of(data).around(at)
    return header_at(data, start) if start >= 0 else None


def header_at(data: bytes, start: int) -> Header | None:
    """The function that begins at an offset."""
    found = _HEADER.match(data, start)
    if found is None:
        return None
    receiver, owner, name = ((part or b"").decode("utf-8", "replace") for part in found.groups())
    return Header(receiver, owner, name, start)


def text_of(data: bytes, header: Header) -> bytes:
    """A function's text."""
    first = data.find(b"\n", header.start)
    line = data[header.start : first if first >= 0 else len(data)]
    if line.rstrip().endswith(b"}") and b"{" in line:
        return line
    end = data.find(b"\n}", header.start)
    return data[header.start : end + 2 if end >= 0 else len(data)]


def result_at(data: bytes, start: int) -> str:
    """The (first) result type of the function that begins at an offset, without its star; empty if it has none."""
    end = data.find(b"\n", start)
    found = _RESULT.search(data[start : end if end >= 0 else len(data)].rstrip())
    return found[1].decode("utf-8", "replace") if found is not None else ""


def alias_in(data: bytes, path: str, name: str) -> str:
    """What a file calls a package; empty if it does not import it (or by a dot)."""
    at = data.find(f'"{path}"'.encode())
    if at < 0:
        return ""
    start = data.rfind(b"\n", 0, at) + 1
    given = data[start:at].replace(b"import", b"").strip().decode("utf-8", "replace")
    return given if given.isidentifier() else "" if given else name


def line_of(data: bytes, at: int) -> int:
    """Line from 1 of an offset."""
    return lines_of(data).row(at) + 1


def results_of(data: bytes, header: Header) -> str:
    """The results of a function as text; empty if it has none."""
    end = data.find(b"\n", header.start)
    line = data[header.start : end if end >= 0 else len(data)]
    depth, at = 0, line.find(header.name.encode() + b"(") + len(header.name)
    while at < len(line):
        depth += (line[at] == 0x28) - (line[at] == 0x29)
        at += 1
        if depth == 0:
            break
    return line[at:].partition(b"{")[0].strip().decode("utf-8", "replace")
