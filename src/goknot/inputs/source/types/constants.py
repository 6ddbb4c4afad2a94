"""Integer constants, as far as lengths of arrays need them (spec: Constant expressions, Operators)."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

_MAX_TEXT = 400
_MAX_BITS = 512  # Go's own limit for what must be exact
MAX_DEPTH = 60  # of brackets and of constants made of constants, together
_TOKEN = re.compile(
    r"\s*(?:(?P<number>0[xX]_?[\da-fA-F][\da-fA-F_]*|0[bB]_?[01][01_]*|0[oO]_?[0-7][0-7_]*|[0-9][0-9_]*)(?![\w.])"
    r"|(?P<rune>'(?:\\[0-7]{3}|\\x[\da-fA-F]{2}|\\u[\da-fA-F]{4}|\\U[\da-fA-F]{8}|\\[abfnrtv\\'\"]|[^'\\\n])')"
    r'|(?P<string>"(?:\\.|[^"\\\n])*")'
    r"|(?P<name>[^\W\d]\w*(?:\s*\.\s*[^\W\d]\w*)?)"
    r"|(?P<op>&\^|<<|>>|[-+*/%&|^()]))"
)
_ESCAPES = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, "\\": 92, "'": 39, '"': 34}
_PRECEDENCE = {**dict.fromkeys(("*", "/", "%", "<<", ">>", "&", "&^"), 5), **dict.fromkeys(("+", "-", "|", "^"), 4)}
_BINARY: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "&^": lambda left, right: left & ~right,
}
Lookup = Callable[[str, str, int], int | None]


def evaluate(text: str, lookup: Lookup, depth: int = 0) -> int | None:
    """The value of an integer constant expression; None if it is none, or of a kind not understood.

    Args:
        text: Go source.
        lookup: (package name or empty, name, how deep that is) -> value, `iota` included.
        depth: How deep the expression lies in others.
    """
    tokens = _tokens(text)
    if tokens is None:
        return None
    reader = _Reader(tokens, lookup)
    value = reader.binary(1, depth)
    return value if not reader.tokens else None


def _tokens(text: str) -> list[tuple[str, str]] | None:
    """Kind and text of each token, last first; None if there is one that is not understood."""
    text = text.strip()
    if len(text) > _MAX_TEXT:
        return None
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            return None
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found[::-1]


class _Reader:
    """Precedence climbing over the tokens that are left."""

    def __init__(self, tokens: list[tuple[str, str]], lookup: Lookup) -> None:
        self.tokens = tokens
        self.lookup = lookup

    def next_is(self, *ops: str) -> bool:
        return bool(self.tokens) and self.tokens[-1][0] == "op" and self.tokens[-1][1] in ops

    def binary(self, least: int, depth: int) -> int | None:
        left = self.unary(depth + 1)
        while self.tokens and self.tokens[-1][0] == "op" and _PRECEDENCE.get(self.tokens[-1][1], 0) >= least:
            op = self.tokens.pop()[1]
            left = _applied(op, left, self.binary(_PRECEDENCE[op] + 1, depth + 1))
        return left

    def unary(self, depth: int) -> int | None:  # noqa: PLR0911 (one case a kind of token)
        if not self.tokens or depth > MAX_DEPTH:
            return None
        kind, text = self.tokens.pop()
        if kind == "op" and text in {"-", "+", "^"}:
            inner = self.unary(depth + 1)
            return inner if inner is None or text == "+" else -inner if text == "-" else ~inner
        if kind == "op":
            return self._closed(depth) if text == "(" else None
        if kind == "number":
            return _number(text)
        if kind == "rune":
            return _rune(text[1:-1])
        if kind != "name":
            return None
        package, _, name = "".join(text.split()).rpartition(".")
        if not self.next_is("("):
            return self.lookup(package, name, depth)
        self.tokens.pop()
        if (package, name) == ("", "len") and self.tokens and self.tokens[-1][0] == "string":
            length = _n_bytes(self.tokens.pop()[1][1:-1])
            return length if self.next_is(")") and self.tokens.pop() else None
        return self._closed(depth)  # a conversion

    def _closed(self, depth: int) -> int | None:
        value = self.binary(1, depth + 1)
        if not self.next_is(")"):
            return None
        self.tokens.pop()
        return value


def _number(text: str) -> int | None:
    digits = text.replace("_", "")
    if digits[0] == "0" and digits.isdigit():
        return int(digits, 8) if not set(digits) & {"8", "9"} else None
    return int(digits, 0)


def _rune(inside: str) -> int | None:
    if not inside.startswith("\\"):
        return ord(inside) if len(inside) == 1 else None
    if inside[1] in "xuU":
        return int(inside[2:], 16)
    return int(inside[1:], 8) if inside[1:].isdigit() else _ESCAPES.get(inside[1])


def _n_bytes(inside: str) -> int | None:
    return len(inside.encode()) if "\\" not in inside else None


def _applied(op: str, left: int | None, right: int | None) -> int | None:
    if left is None or right is None or left.bit_length() > _MAX_BITS or right.bit_length() > _MAX_BITS:
        return None
    if op in {"<<", ">>"}:
        if not 0 <= right <= _MAX_BITS:
            return None
        return left << right if op == "<<" else left >> right
    if op in {"/", "%"}:
        if right == 0:
            return None
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)  # Go truncates
        return quotient if op == "/" else left - quotient * right
    return _BINARY[op](left, right)
