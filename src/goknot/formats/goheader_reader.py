"""How far go/build reads a .go file before it hands the head to Go's parser.

Source: go/build/read.go (importReader, readGoInfo). It is laxer than the parser: semicolons are space to it.
"""

from __future__ import annotations

import re

MORE = "more"  # the data ends before the answer does
_SPACE = re.compile(rb"(?>[ \f\t\r\n;]++|//[^\n]*+|/\*(?s:.*?)\*/)*+")
_IDENT = re.compile(rb"[0-9A-Za-z_\x80-\xff]*+")
_STRING = re.compile(rb'`[^`]*+`|"(?:[^"\\\n]|\\(?s:.))*+"')


def read_as_go_does(data: bytes, *, complete: bool) -> tuple[int, str]:
    """(how far the reader gets, what stops it: nothing, `syntax`, `NUL` or more data needed)."""
    end, good, wanted = _read_imports(data)
    nul = data.find(0, 0, end + 1 if good else _reach(data, end, wanted))
    if nul >= 0:
        return nul, "NUL"
    if good and (end < len(data) or complete):
        return end, ""
    if (not complete and len(data) - end <= len(b"package")) or (not complete and _opens_at_end(data, end)):
        return end, MORE
    return end, "syntax"


def _reach(data: bytes, position: int, wanted: bytes) -> int:
    """How far the reader looks at what it then objects to; `wanted` is a keyword, or empty for a string."""
    if data.startswith(b"/*", position):
        return len(data)
    if not wanted and data.startswith((b"`", b'"'), position):
        line_end = data.find(b"\n", position) if data.startswith(b'"', position) else -1
        return line_end if line_end >= 0 else len(data)
    word = b"//" if data.startswith(b"/", position) else wanted
    n_same = next((n for n in range(len(word)) if data[position + n : position + n + 1] != word[n : n + 1]), len(word))
    return position + n_same + 1


def _opens_at_end(data: bytes, position: int) -> bool:
    """Whether a comment or a string begins at `position` that the data's end cuts off."""
    if data.startswith(b"/*", position):
        return data.find(b"*/", position + 2) < 0
    if data.startswith(b"`", position):
        return data.find(b"`", position + 1) < 0
    return data.startswith(b'"', position) and data.find(b"\n", position) < 0


def _read_imports(data: bytes) -> tuple[int, bool, bytes]:
    """read.go readGoInfo: (where reading ends, whether without a syntax error, the keyword that was wanted there)."""
    position, good = _keyword(data, _after_space(data, 0), b"package")
    if not good:
        return position, False, b"package"
    position, good = _identifier(data, position)
    while good:
        position = _after_space(data, position)
        if not data.startswith(b"i", position):
            return position, not data.startswith(b"/", position), b""
        position, good = _keyword(data, position, b"import")
        if not good:
            return position, False, b"import"
        position = _after_space(data, position)
        if not data.startswith(b"(", position):
            position, good = _import(data, position)
            continue
        position = _after_space(data, position + 1)
        while good and not data.startswith(b")", position):
            position, good = _import(data, position)
            position = _after_space(data, position)
        position += good
    return position, False, b""


def _after_space(data: bytes, position: int) -> int:
    space = _SPACE.match(data, position)
    return space.end() if space else position


def _keyword(data: bytes, position: int, word: bytes) -> tuple[int, bool]:
    end = position + len(word)
    if not data.startswith(word, position):
        return position, False
    ident = _IDENT.match(data, end)
    return (position, False) if ident and ident.end() > end else (end, True)


def _identifier(data: bytes, position: int) -> tuple[int, bool]:
    position = _after_space(data, position)
    ident = _IDENT.match(data, position)
    end = ident.end() if ident else position
    return end, end > position


def _import(data: bytes, position: int) -> tuple[int, bool]:
    position = _after_space(data, position)
    if data.startswith(b".", position):
        position += 1
    else:
        position = _identifier(data, position)[0]
    position = _after_space(data, position)
    string = _STRING.match(data, position)
    return (string.end(), True) if string else (position, False)
