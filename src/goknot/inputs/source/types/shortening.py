"""Files without what says nothing of their types, so that less has to be parsed; and which need no parsing at all."""

from __future__ import annotations

import re

# A function in gofmt's layout: it ends at the first line that begins with a brace, unless the body holds what may
# hide such a line (raw strings, block comments).
_BODY = re.compile(rb"^(func\b[^\n]*\{)\n(.*?\n)?(?=\})", re.MULTILINE | re.DOTALL)
# numbers of a table, written out by a program: values of a composite literal can be left out
_NUMBERS = re.compile(rb"(?:[0-9][0-9a-fA-FxX_.]*,[ \t\r\n]*){64,}")
_COMMENTS = re.compile(rb"^[ \t]*//[^\n]*", re.MULTILINE)
_LARGE_BYTES = 1 << 18  # a file that is worth looking for such tables and comments
_MAX_PIECES = 4_000_000  # words, signs and lines of a file: its syntax takes some 250 bytes for each
_KIND = bytes(
    32 if one in b" \t\r" else 10 if one == 10 else 97 if one > 127 or chr(one).isalnum() or one == 95 else 46
    for one in range(256)
)
_MAX_FOREIGN = 1_000  # bytes that Go refuses anywhere in a file
_CONTROLS = bytes(one for one in range(32) if one not in b"\t\n\r\f\v")
_STARTS_DECLARATION = re.compile(rb"^(?:func|type|var|const|import|package)\b", re.MULTILINE)


def without_bodies(data: bytes) -> bytes:
    """The file with the bodies of functions blanked, lines kept; bodies that might hide their own end stay."""

    def blank(match: re.Match[bytes]) -> bytes:
        body = match[2] or b""
        plain = b"`" not in body and b"/*" not in body and body.count(b"{") == body.count(b"}")
        if not plain or _STARTS_DECLARATION.search(body):
            return match[0]
        return match[1] + b"\n" * (body.count(b"\n") + 1)

    if len(data) > _LARGE_BYTES:
        data = _COMMENTS.sub(b"", data)
        data = _NUMBERS.sub(lambda match: b"\n" * match[0].count(b"\n"), data)
    return _BODY.sub(blank, data)


def unfit(data: bytes) -> str | None:
    """Why a file is not worth parsing: it is no text, or its syntax would not fit into memory."""
    n_foreign = len(data) - len(data.translate(None, _CONTROLS))
    if n_foreign <= _MAX_FOREIGN and not data.isascii():
        n_foreign += data.decode("utf-8", "replace").count("\ufffd")
    if n_foreign > _MAX_FOREIGN:
        return f"no Go source: {n_foreign:,} bytes that Go refuses"
    if len(data) <= _MAX_PIECES:
        return None
    kinds = without_bodies(data).translate(_KIND)
    n_words = sum(kinds.count(start) for start in (b" a", b"\na", b".a"))
    n_pieces = n_words + kinds.count(b".") + kinds.count(b"\n")
    return f"more than {_MAX_PIECES:,} words and signs ({n_pieces:,})" if n_pieces > _MAX_PIECES else None
