"""Integer constants, as far as lengths of arrays need them."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable

_MAX_TEXT = 400
_MAX_BITS = 512  # Go's own limit (spec, Constants)
_OCTAL = re.compile(r"\b0([0-7]+)\b")
_RUNE = re.compile(r"'(?:\\.[^']*|[^'\\])'")
_ESCAPES = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, "\\": 92, "'": 39, '"': 34}
_BINARY: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}


def evaluate(text: str, lookup: Callable[[str, str], int | None]) -> int | None:
    """The value of an integer constant expression; None if it is none, or of a kind not understood.

    Args:
        text: Go source.
        lookup: (package name or empty, name) -> value, `iota` included.
    """
    if len(text) > _MAX_TEXT:
        return None
    python = _RUNE.sub(_rune, text).replace("&^", "& ~").replace("\n", " ")
    python = _OCTAL.sub(r"0o\1", python.replace("/", "//"))
    try:
        tree = ast.parse(python.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return _value(tree.body, lookup)


def _rune(match: re.Match[str]) -> str:
    inside = match[0][1:-1]
    if not inside.startswith("\\"):
        return str(ord(inside))
    if inside[1] in "xuU":
        return str(int(inside[2:], 16)) if re.fullmatch(r"[0-9a-fA-F]+", inside[2:]) else "None"
    return (
        str(_ESCAPES[inside[1]])
        if inside[1] in _ESCAPES
        else str(int(inside[1:], 8))
        if inside[1:].isdigit()
        else "None"
    )


def _value(node: ast.expr, lookup: Callable[[str, str], int | None]) -> int | None:  # noqa: PLR0911 (one case a kind)
    match node:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int(number)):
            return number
        case ast.Name(id=name):
            return lookup("", name)
        case ast.Attribute(value=ast.Name(id=package), attr=name):
            return lookup(package, name)
        case ast.UnaryOp(op=op, operand=operand):
            inner = _value(operand, lookup)
            if inner is None:
                return None
            return -inner if isinstance(op, ast.USub) else ~inner if isinstance(op, ast.Invert) else inner
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(op, _value(left, lookup), _value(right, lookup))
        case ast.Call(func=ast.Name(id="len"), args=[ast.Constant(value=str(text))], keywords=[]):
            return len(text.encode())
        case ast.Call(func=ast.Name(), args=[inner_node], keywords=[]):  # a conversion
            return _value(inner_node, lookup)
    return None


def _binary(op: ast.operator, left: int | None, right: int | None) -> int | None:
    if left is None or right is None or left.bit_length() > _MAX_BITS or right.bit_length() > _MAX_BITS:
        return None
    if isinstance(op, ast.LShift | ast.RShift):
        if not 0 <= right <= _MAX_BITS:
            return None
        return left << right if isinstance(op, ast.LShift) else left >> right
    if isinstance(op, ast.FloorDiv | ast.Mod):
        if right == 0:
            return None
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)  # Go truncates
        return quotient if isinstance(op, ast.FloorDiv) else left - quotient * right
    found = _BINARY.get(type(op))
    return found(left, right) if found is not None else None
