"""Go source as text: which function a byte stands in, how a file names a package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from goknot.inputs.source.bodies.lines import lines_of

_HEADER = re.compile(rb"func\s*(?:\(\s*(?:(\w+)\s+)?\*?\s*(\w+)(?:\[[^\]]*\])?\s*\)\s*)?(\w+)")
_RESULT = re.compile(rb"\)\s*\(?\s*(?:\w+\s+)?\*?([\w.]+)(?:\[[^\n]*\])?[^()\n]*\)?\s*\{$")


def on_lines_with(data: bytes, mark: bytes, pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """What a pattern finds on the lines that have a mark: far quicker than to look for it everywhere."""
    at = data.find(mark)
    while at >= 0:
        start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
        end = end if end >= 0 else len(data)
        yield from pattern.finditer(data, start, end)
        at = data.find(mark, end)


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


def header_around(data: bytes, at: int) -> Header | None:
    """The function that an offset stands in; None at the top level of the file (gofmt's layout is relied on)."""
    start = data.rfind(b"\nfunc", 0, at) + 1
    if not start and not data.startswith(b"func"):
        return None
    ends = data.find(b"\n}", start, at)
    if ends >= 0:
        return None
    first = data.find(b"\n", start)
    if 0 <= first < at and data[start:first].rstrip().endswith(b"}") and b"{" in data[start:first]:
        return None  # a function of one line, before
    return header_at(data, start)


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


def result_of(data: bytes, name: str) -> str:
    """The (first) result type of a function of a file, without its star; empty if that is not there."""
    start = data.find(f"\nfunc {name}(".encode())
    if start < 0:
        return ""
    end = data.find(b"\n", start + 1)
    found = _RESULT.search(data[start + 1 : end if end >= 0 else len(data)].rstrip())
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
