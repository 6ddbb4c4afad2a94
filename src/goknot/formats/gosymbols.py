"""Which exported names a .go file uses of other packages, and which it declares; lexical, without a parse tree.

Most files are settled by looking at single lines. Only where a raw string or a comment spans lines is the whole file
cleared of strings and comments first.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from functools import lru_cache

_NOISE = re.compile(
    rb"//[^\n]*+"
    rb"|/\*(?s:.)*?(?:\*/|\Z)"
    rb'|"(?:[^"\\\n]|\\.)*+"?'
    rb"|`[^`]*+`?"
    rb"|'(?:[^'\\\n]|\\.)*+'?"
)
_NAME = re.compile(rb"(?>[ \t\r\n]|//[^\n]*+\n|/\*(?s:.)*?\*/)*+([A-Z\x80-\xff][0-9A-Za-z_\x80-\xff]*+)")
_WORD_BYTES = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_") | frozenset(range(128, 256))
_WORD = rb"[A-Za-z_\x80-\xff][0-9A-Za-z_\x80-\xff]*+"


def uses(source: bytes, package_by_alias: Mapping[str, str]) -> dict[str, set[str]]:
    """The exported names a file selects from packages.

    A local variable that shadows a package's name cannot be told from the package here; names the package does not
    declare should be dropped by whoever knows its declarations.

    Args:
        source: The file.
        package_by_alias: Name the file uses for a package -> its import path; `.` is left out (see `free_names`).

    Returns:
        Import path -> names, without packages of which none is used.
    """
    found: dict[str, set[str]] = {}
    begin = _package_clause(source)
    spans = _noise_spans(source) if _has_spanning_noise(source, begin) else None
    for alias, path in package_by_alias.items():
        if alias in {".", "_"}:
            continue
        needle = alias.encode() + b"."
        at = source.find(needle, begin)
        while at >= 0:
            after = at + len(needle)
            name = _NAME.match(source, after)
            if name and _begins_operand(source, at, spans) and _is_code(source, at, spans):
                text = name[1].decode("utf-8", "replace")
                if text[0].isupper():
                    found.setdefault(path, set()).add(text)
            at = source.find(needle, after)
    return found


def free_names(source: bytes) -> set[str]:
    """Every exported name a file mentions on its own: what `import .` may use of a package that declares it."""
    cleared = _NOISE.sub(b" ", source)
    found = re.findall(rb"(?<![0-9A-Za-z_.\x80-\xff])[A-Z\x80-\xff][0-9A-Za-z_\x80-\xff]*+", cleared)
    return {_text(name) for name in found}


def _begins_operand(source: bytes, at: int, spans: list[int] | None) -> bool:
    """Whether a word at this place is not the tail of another word, nor a field of something."""
    if at == 0:
        return True
    before = source[at - 1]
    if before in _WORD_BYTES:
        return False
    if before in b" \t\r\n":
        at = len(source[max(0, at - 400) : at].rstrip()) + max(0, at - 400)
    # a field comes after a dot, but "..." announces a variadic type, and a comment may end in a dot
    return source[at - 1 : at] != b"." or source[at - 3 : at] == b"..." or not _is_code(source, at - 1, spans)


def _is_code(source: bytes, at: int, spans: list[int] | None) -> bool:
    if spans is not None:
        return bisect_right(spans, at) % 2 == 0
    line = source[source.rfind(b"\n", 0, at) + 1 : at]
    if b'"' not in line and b"//" not in line and b"`" not in line and b"'" not in line and b"/*" not in line:
        return True
    # what is left open before the place is a string or comment around it
    for noise in _NOISE.finditer(source, at - len(line), at):
        if noise.end() == at and not _is_closed(noise[0]):
            return False
    return True


def _is_closed(noise: bytes) -> bool:
    if noise.startswith(b"//"):
        return False
    if noise.startswith(b"/*"):
        return len(noise) >= 4 and noise.endswith(b"*/")
    if len(noise) < 2 or noise[-1] != noise[0]:
        return False
    # a quote that is escaped does not close
    slashes = len(noise) - 1 - len(noise[:-1].rstrip(b"\\"))
    return noise[:1] == b"`" or slashes % 2 == 0


def _package_clause(source: bytes) -> int:
    """Where the package clause begins; what stands above it is comments."""
    return 0 if source.startswith(b"package ") else max(0, source.find(b"\npackage "))


def _has_spanning_noise(source: bytes, begin: int) -> bool:
    """Whether a raw string or a block comment may span lines behind a place; sometimes true where none does."""
    if b"`" in source and any(b"\n" in inside for inside in source.split(b"`")[1::2]):
        return True
    opened = source.find(b"/*", begin)
    while opened >= 0:
        closed = source.find(b"*/", opened + 2)
        if closed < 0 or source.find(b"\n", opened, closed) >= 0:
            return True
        opened = source.find(b"/*", closed)
    return False


def _noise_spans(source: bytes) -> list[int]:
    """Where strings and comments begin and end, alternating."""
    spans: list[int] = []
    for noise in _NOISE.finditer(source):
        spans += noise.span()
    return spans


# a line's end in front lets the search skip from line to line
_TOP = re.compile(
    rb"\n(?:func[ \t]+(" + _WORD + rb")"
    rb"|type[ \t]+(" + _WORD + rb")"
    rb"|(var|const)[ \t]+(" + _WORD + rb"(?:[ \t]*,[ \t]*" + _WORD + rb")*+)"
    rb"|(type|var|const)[ \t]*\()"
)
# what gofmt never leaves behind: an indented function, two declarations on a line, a keyword alone on its line
_UNFORMATTED = re.compile(rb"\n(?:[ \t]++func[ \t]++" + _WORD + rb"[ \t]*[\[(]|(?:func|type|var|const)[ \t\r]*\n)")
_TWO_ON_A_LINE = re.compile(rb";[ \t]*(?:func|type|var|const)\b")
_COLUMN_ZERO = re.compile(rb"\n(?:func|type|var|const)\b")
_ANY_TOP = re.compile(rb"\b(?:func|type|var|const)\b")
_TOKEN = re.compile(rb"[(\[{]|[)\]}]|[\n;]|" + _WORD + rb"|[^\s]")
_NEXT_WORD = re.compile(rb"\(|" + _WORD + rb"|[^\s]")
_WORDS = re.compile(_WORD)


def declarations(source: bytes) -> dict[str, str]:
    """The exported names a file declares at package level.

    Returns:
        Name -> `const`, `var`, `func` or `type`. Methods are not at package level.
    """
    source = b"\n" + source
    text = _cleared(source) if _has_spanning_noise(source, 0) else source
    if (
        _UNFORMATTED.search(text)
        or _TWO_ON_A_LINE.search(text)
        or (not _COLUMN_ZERO.search(text) and _ANY_TOP.search(text))
    ):
        return _walked(_cleared(source))
    found: dict[str, str] = {}
    for match in _TOP.finditer(text):
        func, type_, kind, names, group = match.groups()
        if func:
            _note(found, func, "func")
        elif type_:
            _note(found, type_, "type")
        elif kind:
            for name in _WORDS.findall(names):
                _note(found, name, kind.decode())
        else:
            _note_group(found, text, match.end(), group.decode())
    return found


def _note(found: dict[str, str], name: bytes, kind: str) -> None:
    text = _text(name)
    if text[:1].isupper():
        found[text] = kind


@lru_cache(maxsize=65536)
def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def _cleared(source: bytes) -> bytes:
    """The source with every string as `0` and every comment as white space that keeps the line's end."""
    return _NOISE.sub(lambda m: (b"\n" if b"\n" in m[0] else b" ") if m[0][:1] == b"/" else b"0", source)


_PLAIN_GROUP = re.compile(rb"(?s:.*?)^\)", re.MULTILINE)


def _note_group(found: dict[str, str], text: bytes, begin: int, kind: str) -> None:
    """Notes the names of a bracketed group of specifications."""
    end = _PLAIN_GROUP.match(text, begin)
    body = _cleared(text[begin : end.end() if end else len(text)])
    _specifications(found, body, kind)


def _specifications(found: dict[str, str], body: bytes, kind: str) -> int:
    """Reads specifications up to the bracket that closes their group; returns where that is."""
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
                expecting = expecting or in_names or _ends_statement(last) or word == b";"
                in_names = False
                continue
            if expecting and _is_word(word):
                _note(found, word, kind)
                in_names, expecting = True, False
            elif in_names and word == b"," and kind != "type":
                expecting = True
            else:
                expecting = in_names = False
        last = word
    return len(body)


def _is_word(word: bytes) -> bool:
    return word[0] in _WORD_BYTES and not word[:1].isdigit()


def _ends_statement(last: bytes) -> bool:
    """Whether Go puts a semicolon where a line ends in this token."""
    return not last or last in b")]}" or last[0] in _WORD_BYTES


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
                position = following.end() + _specifications(found, text[following.end() :], word.decode())
            elif following and _is_word(following[0]):
                line = text[following.start() : text.find(b"\n", following.start())]
                names = re.match(_WORD + rb"(?:\s*,\s*" + _WORD + rb")*+", line)
                many = names[0] if names and word in {b"var", b"const"} else following[0]
                for name in _WORDS.findall(many):
                    _note(found, name, word.decode())
        fresh = False
    return found
