"""Which exported names a .go file declares at package level; lexical, without a parse tree.

gofmt puts what is declared at package level, and little else, at the beginning of a line; such files are searched line
by line. A file that gofmt never saw is read token by token.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache

from goknot.formats.gonoise import WORD, cleared, has_spanning_noise

_WORD_BYTES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_") | frozenset(range(128, 256))
_ENDS = frozenset(b")]}0123456789") | _WORD_BYTES  # by the first byte of the last token: a number may end in a dot
# a line's end in front lets the search skip from line to line
_TOP = re.compile(
    rb"\n(?:func[ \t]+(" + WORD + rb")"
    rb"|type[ \t]+(" + WORD + rb")"
    rb"|(var|const)[ \t]+(" + WORD + rb"(?:[ \t]*,\s*" + WORD + rb")*+)"
    rb"|(type|var|const)[ \t]*\("
    rb"|func\b)"
)
# an indented declaration, which belongs into a function; a keyword followed or preceded by a comment, or on its own
_INDENTED = re.compile(rb"\n[ \t]++(?:func[ \t]++" + WORD + rb"[ \t]*[\[(]|(var|const|type)[ \t(])")
_ODD = re.compile(rb"\n(?:/\*[^\n]*\*/[ \t\r]*(?:func|type|var|const)\b|(?:func|type|var|const)[ \t\r]*[\n/])")
_TWO_ON_A_LINE = re.compile(rb";[ \t]*(?:func|type|var|const)\b")
_ANY_TOP = re.compile(rb"\b(?:func|type|var|const)\b")
_TOKEN = re.compile(rb"[(\[{]|[)\]}]|[\n;]|" + WORD + rb"|[0-9][0-9A-Za-z_.]*+|[^\s]")
_NEXT_WORD = re.compile(rb"\(|" + WORD + rb"|[^\s]")
_WORDS = re.compile(WORD)
_NAMES = re.compile(WORD + rb"(?:\s*,\s*" + WORD + rb")*+")


def declarations(source: bytes) -> dict[str, str]:
    """The exported names a file declares at package level.

    Returns:
        Name -> `const`, `var`, `func` or `type`. Methods are not at package level.
    """
    source = b"\n" + source
    text = cleared(source) if has_spanning_noise(source, 0) else source
    tops = list(_TOP.finditer(text))
    if not _is_formatted(text, [top.start() for top in tops]):
        return _walked(cleared(source))
    found: dict[str, str] = {}
    for top in tops:
        func, type_, kind, names, group = top.groups()
        if func:
            _note(found, func, "func")
        elif type_:
            _note(found, type_, "type")
        elif kind:
            if text[top.end() : top.end() + 80].lstrip().startswith(b","):  # a comment among the names
                return _walked(cleared(source))
            for name in _WORDS.findall(names):
                _note(found, name, kind.decode())
        elif group:
            _note_group(found, text, top.end(), group.decode())
    return found


def _is_formatted(text: bytes, tops: list[int]) -> bool:
    """Whether what begins a line, and nothing else, is declared at package level.

    Args:
        text: The source, without strings and comments that span lines.
        tops: Where the lines that seem to declare begin, ascending.
    """
    if _ODD.search(text) or _TWO_ON_A_LINE.search(text) or (not tops and _ANY_TOP.search(text)):
        return False
    for start, end in zip(tops, tops[1:], strict=False):
        if not _is_balanced(text, start, end):
            return False
    for indented in _INDENTED.finditer(text):
        at = indented.start()
        above = bisect_left(tops, at) - 1
        if indented[1] is None or above < 0 or _is_balanced(text, tops[above], at):
            return False
    return True


def _is_balanced(text: bytes, start: int, end: int) -> bool:
    """Whether every brace opened between two places is closed there."""
    if text.count(b"{", start, end) == text.count(b"}", start, end):
        return True
    part = cleared(text[start:end])
    return part.count(b"{") == part.count(b"}")


def _note(found: dict[str, str], name: bytes, kind: str) -> None:
    text = _text(name)
    if text[:1].isupper():
        found[text] = kind


@lru_cache(maxsize=65536)
def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def _note_group(found: dict[str, str], text: bytes, begin: int, kind: str) -> None:
    """Notes the names of a bracketed group of specifications, which mostly ends at the next line with a `)`."""
    end = text.find(b"\n)", begin)
    while end >= 0:
        body = cleared(text[begin : end + 2])
        if _specifications(found, body, kind):
            return
        end = text.find(b"\n)", max(end + 2, 2 * end - begin))  # twice as far, so that hostile input stays cheap
    _specifications(found, cleared(text[begin:]), kind)


def _specifications(found: dict[str, str], body: bytes, kind: str) -> int:
    """Reads specifications up to the bracket that closes their group; returns where that is, 0 if there is none."""
    depth = 0
    expecting = True  # a name may begin here
    in_names = False  # inside `A, B`
    last = b""
    for token in _TOKEN.finditer(body):
        word = token[0]
        if word in b"([{":
            depth += 1
            expecting = in_names = False
        elif word in b")]}":
            depth -= 1
            if depth < 0:
                return token.end()
            expecting = in_names = False
        elif depth == 0:
            if word in b"\n;":
                # where a line ends in such a token, Go puts a semicolon
                expecting = expecting or in_names or not last or last[0] in _ENDS or word == b";"
                in_names = False
                continue
            if expecting and word[0] in _WORD_BYTES:
                _note(found, word, kind)
                in_names, expecting = True, False
            elif in_names and word == b"," and kind != "type":
                expecting = True
            else:
                expecting = in_names = False
        last = word
    return 0


def _walked(text: bytes) -> dict[str, str]:
    """The slow way, for files gofmt never saw: every token of a cleared text is looked at."""
    found: dict[str, str] = {}
    depth = 0
    fresh = True
    position = 0
    while token := _TOKEN.search(text, position):
        word, position = token[0], token.end()
        if word in b"([{":
            depth += 1
        elif word in b")]}":
            depth -= 1
        elif word in b"\n;":
            fresh = True
            continue
        elif depth == 0 and fresh and word in {b"func", b"type", b"var", b"const"}:
            following = _NEXT_WORD.search(text, position)
            if following and following[0] == b"(" and word != b"func":
                body = text[following.end() :]
                position = following.end() + (_specifications(found, body, word.decode()) or len(body))
            elif following and following[0][0] in _WORD_BYTES:
                names = _NAMES.match(text, following.start()) if word in {b"var", b"const"} else None
                for name in _WORDS.findall(names[0] if names else following[0]):
                    _note(found, name, word.decode())
        fresh = False
    return found
