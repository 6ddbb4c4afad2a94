"""The head of a .go file: build constraint, package clause, imports. Nothing behind the imports is looked at.

Nearly every file is taken by one regular expression that matches only what Go accepts without doubt; what it leaves
goes to `goheader_exact`, which follows Go step by step.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import NamedTuple

from goknot.formats.constraint import ALWAYS, ConstraintError, of_lead
from goknot.formats.goheader_exact import BOM, KEYWORDS, Head, import_offsets, parse_head_exactly

__all__ = ["Head", "Import", "PathNames", "parse_head", "parse_imports"]


class Import(NamedTuple):
    """One import statement; `name` is empty, `_`, `.` or an alias; line and column (bytes) count from 1."""

    name: str
    path: str
    line: int
    column: int
    text: str


_COMMENT = rb"//[^\n]*+|/\*(?s:.*?)\*/"
_SPACE = rb"(?>[ \t\r\n]++|" + _COMMENT + rb")*+"
_NAME = rb"(?!(?:" + KEYWORDS + rb")\b)[A-Za-z_]\w*+(?![\x80-\xff])"
_SPEC = rb"(?:(?:" + _NAME + rb"|\.)[ \t]++)?" + rb'"[\w./~@+-]++"'
_REST_OF_LINE = rb"[ \t\r]*+(?://[^\n]*+)?"
_FAST = re.compile(
    rb"(?:" + BOM + rb")?"
    rb"(?P<lead>" + _SPACE + rb")package[ \t]++(?P<package>" + _NAME + rb")" + _REST_OF_LINE + rb"(?=\n|\Z)"
    rb"(?P<imports>(?>" + _SPACE + rb"import[ \t]*+(?>"
    rb"\((?>[ \t\r\n]++|" + _COMMENT + rb"|" + _SPEC + _REST_OF_LINE + rb"(?=[\n)]))*+\)|" + _SPEC + rb")"
    + _REST_OF_LINE + rb"(?=\n|\Z))*+)" + _SPACE + rb"(?=[^i/;\f\0]|\Z)"
)  # fmt: skip
_PATHS = re.compile(rb'"([^"\n]*+)"')
_PATHS_AND_COMMENTS = re.compile(_COMMENT + rb'|"([^"\n]*+)"')
_SPECS = re.compile(_COMMENT + rb"|(?:(?<!\w)(" + _NAME + rb'|\.)[ \t]++)?"([^"\n]*+)"')


class PathNames(dict[bytes, str]):
    """Import paths by their bytes: each is held once, however many files name it."""

    def __missing__(self, key: bytes) -> str:  # noqa: D105
        value = self[key] = key.decode()
        return value


def parse_head(data: bytes, *, complete: bool, names: PathNames) -> Head | None:
    """Reads the head of a file.

    Args:
        data: The file from its beginning.
        complete: Whether `data` is the whole file.
        names: Holds the paths met so far.

    Returns:
        The head, or None if more of the file is needed.
    """
    match = _FAST.match(data)
    if match is None or not _is_plain(data, match.end()):
        return parse_head_exactly(data, complete=complete)
    if match.end() == len(data) and not complete:
        return None
    lead, package, imports = match.groups()
    if b"/" in imports and (b"//" in imports or b"/*" in imports):
        found = [path for path in _PATHS_AND_COMMENTS.findall(imports) if path]
    else:
        found = _PATHS.findall(imports)
    paths = tuple([names[path] for path in found])
    if b"build" not in lead:
        return Head(names[package], paths, ALWAYS, "", paths, False)
    try:
        constraint = of_lead(lead)
    except ConstraintError as error:
        return Head(names[package], paths, ALWAYS, f"build constraint: {error}", paths, True)
    return Head(names[package], paths, constraint, "", paths, False)


def parse_imports(source: bytes, wanted: Container[str] | None = None) -> tuple[Import, ...]:
    """Every import statement that can be read, in the order of the file.

    Args:
        source: The file, at least as far as its imports go.
        wanted: The paths of interest; None: all.
    """
    match = _FAST.match(source)
    if match is None or not _is_plain(source, match.end()):
        found = import_offsets(source)
        return tuple([_import(source, *spec) for spec in found if wanted is None or spec[1] in wanted])
    start, end = match.span("imports")
    return tuple(
        [
            _import(source, (spec[1] or b"").decode(), path.decode(), spec.start())
            for spec in _SPECS.finditer(source, start, end)
            if (path := spec[2]) is not None and (wanted is None or path.decode() in wanted)
        ]
    )


def _is_plain(data: bytes, end: int) -> bool:
    """Whether the bytes before `end` hold nothing Go's scanner objects to (NUL, bad UTF-8, a stray byte order mark)."""
    head = data[:end]
    if b"\0" in head:
        return False
    if head.isascii():
        return True
    try:
        head.decode()
    except UnicodeDecodeError:
        return False
    return head.find(BOM, 1) < 0


def _import(source: bytes, name: str, path: str, offset: int) -> Import:
    begin = source.rfind(b"\n", 0, offset) + 1
    end = source.find(b"\n", offset)
    text = source[begin : end if end >= 0 else len(source)].decode("utf-8", "replace").strip()
    return Import(name, path, source.count(b"\n", 0, offset) + 1, offset - begin + 1, text)
