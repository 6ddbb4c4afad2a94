"""The lines of go.mod and go.work, before anybody asks what they mean.

Grammar: golang.org/x/mod/modfile/read.go. Go refuses a file with one line it cannot read; here such a line becomes a
problem and the rest is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from goknot.errors import InputError

MAX_BYTES = 16 << 20  # cmd/go/internal/modfetch/codehost/codehost.go MaxGoMod

Problems = list[tuple[int, str]]


class Line(NamedTuple):
    """One directive.

    Attributes:
        number: Counts from 1.
        verb: Its own first word, or that of the block it stands in.
        tokens: What follows the verb, quotes kept.
        before: Comment lines above it, empty for a blank line between; those above its block if it has none itself.
        suffix: The comment behind it; empty if none.
        in_block: Whether it stands in a block.
        opens: Whether it is the head of a block and no directive.
    """

    number: int
    verb: str
    tokens: tuple[str, ...]
    before: tuple[str, ...] = ()
    suffix: str = ""
    in_block: bool = False
    opens: bool = False


# the usual line of a require block, so that most lines need one match only
_QUICK = re.compile(r"\t(?!\S*//)([a-z0-9][\w./~-]*[\w~-]) (v[\w.+-]+)(?: (// ?indirect))?", re.ASCII)
_TOKEN = re.compile(
    r"[ \t\r]*+(?:"
    r"(?P<comment>//.*)"
    r'|(?P<string>"(?:[^"\\]|\\.)*+"|`[^`]*+`)'
    r"|(?P<punctuation>[()\[\]{},])"
    r'|(?P<word>(?!//)[^\s()\[\]{},"`](?:(?!//)[^\s()\[\]{},])*))',
    re.DOTALL,
)


def lines(text: bytes, where: str, problems: Problems) -> Iterator[Line]:
    """The directives of a file, in its order; what cannot be read goes to `problems`.

    Args:
        text: The file's bytes.
        where: What errors call the file.
        problems: (line, what), appended to.

    Raises:
        InputError: Larger than Go accepts.
    """
    if len(text) > MAX_BYTES:
        raise InputError(where, f"{len(text)} bytes; Go refuses module files over {MAX_BYTES}")
    if text.startswith(b"\xef\xbb\xbf"):
        problems.append((1, "begins with a byte order mark, which Go refuses"))
        text = text[3:]
    reader = _Reader(problems)
    number = 0
    for number, raw in enumerate(text.decode("utf-8", "replace").split("\n"), 1):
        if line := reader.take(number, raw):
            yield line
    if reader.block:
        problems.append((number, f"the {reader.block} block is not closed"))


class _Reader:
    """Knows which block we are in and which comments belong to the next directive."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.block = ""  # its verb
        self.above: list[str] = []  # comment lines above the next directive
        self.above_block: tuple[str, ...] = ()
        self.n_in_block = 0

    def take(self, number: int, raw: str) -> Line | None:
        if self.block and (quick := _QUICK.fullmatch(raw)):
            return self._inside(number, quick.group(1, 2), quick[3] or "")
        tokens, comment, broken = _tokens(raw)
        if not tokens and not broken:
            self._no_directive(comment)
            return None
        if broken:
            self.problems.append((number, broken))
        elif self.block and tokens[0] == ")":
            if len(tokens) > 1:
                self.problems.append((number, "expected a new line after the closing bracket"))
            self.block = ""
        elif self.block:
            return self._inside(number, tuple(tokens), comment)
        else:
            return self._outside(number, tokens, comment)
        self.above.clear()
        return None

    def _no_directive(self, comment: str) -> None:
        if comment:
            self.above.append(comment)
        elif not self.block:
            self.above.clear()
        elif self.above[-1:] != [""] and (self.above or self.n_in_block):
            self.above.append("")  # it keeps the comments of the block from the next line

    def _inside(self, number: int, tokens: tuple[str, ...], comment: str) -> Line:
        own = tuple(self.above)
        self.above.clear()
        self.n_in_block += 1
        return Line(number, self.block, tokens, own if own or comment else self.above_block, comment, True)

    def _outside(self, number: int, tokens: list[str], comment: str) -> Line:
        own = tuple(self.above)
        self.above.clear()
        if tokens[-1] == "(" and len(tokens) > 1:
            self.block, self.above_block, self.n_in_block = " ".join(tokens[:-1]), own, 0
            return Line(number, self.block, (), opens=True)
        if tokens[-2:] == ["(", ")"] and len(tokens) > 2:
            return Line(number, " ".join(tokens[:-2]), (), opens=True)
        return Line(number, tokens[0], tuple(tokens[1:]), own, comment)


def _tokens(line: str) -> tuple[list[str], str, str]:
    """The tokens of a line, its comment, and what is wrong with it (empty if nothing)."""
    tokens: list[str] = []
    position = 0
    while position < len(line):
        match = _TOKEN.match(line, position)
        if match is None:
            rest = line[position:].strip(" \t\r")
            if not rest:
                break
            return [], "", "a string is not closed" if rest[0] in '"`' else f"unexpected character {rest[0]!r}"
        comment, string, punctuation, word = match.groups()
        if comment is not None:
            return tokens, comment.removesuffix("\r"), ""
        if word is not None:
            if "/*" in word:
                return [], "", "module files have // comments only, not /* */"
            if not word.isprintable():
                return [], "", "unexpected character " + repr(next(c for c in word if not c.isprintable()))
        if "\ufffd" in (string or word or ""):
            return [], "", "invalid UTF-8"
        tokens.append(string or punctuation or word)
        position = match.end()
    return tokens, "", ""


_ESCAPE = re.compile(r'\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([abfnrtv\\"]))')
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}


def unquoted(token: str) -> tuple[str, str]:
    """The string a token stands for, and what is wrong with it (rule.go parseString; empty if nothing)."""
    if token.startswith("`"):
        return token[1:-1], "a string in back quotes, which Go does not take here"
    if not token.startswith('"'):
        return token, "a quote inside a word" if any(quote in token for quote in "\"'`") else ""
    inner = token[1:-1]
    if "\\" not in inner:
        return inner, ""
    broken = "\\" in _ESCAPE.sub("", inner)
    parts = bytearray()
    position = 0
    for match in _ESCAPE.finditer(inner):
        parts += inner[position : match.start()].encode("utf-8", "replace")
        position = match.end()
        byte, short, long, octal, simple = match.groups()
        code = int(short or long or "0", 16)
        if byte or octal:
            value = int(byte, 16) if byte else int(octal, 8)
            broken = broken or value > 255
            parts.append(value & 255)
        elif simple:
            parts += _SIMPLE[simple].encode()
        else:
            broken = broken or code > 0x10FFFF or 0xD800 <= code < 0xE000
            parts += chr(code).encode() if not broken else b"?"
    parts += inner[position:].encode("utf-8", "replace")
    return parts.decode("utf-8", "replace"), "a broken escape in a string" if broken else ""
