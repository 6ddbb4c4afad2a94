"""Go files to syntax trees, with what the grammar of tree-sitter-go does not know yet.

Where a file does not parse, the newer forms below are written otherwise, byte for byte as long as they were, and it is
parsed again: positions stay, and names are read from the file itself.

- `new(expression)`, of Go 1.26: the grammar takes a type only; called by another name it takes anything.
- methods with type parameters, of Go 1.27: the parameters are left out, so that their names mean nothing.

Source: the Go specification, "Method declarations" and "Allocation"; grammar.js of tree-sitter-go.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Parser, Tree

_METHOD = re.compile(rb"^func[ \t]*\([^()\n]*\)[ \t]*\w+[ \t]*(?=\[)", re.MULTILINE)
_NEW = re.compile(rb"\bnew\(")
_TYPE = re.compile(
    rb"(?:[\w.\x80-\xff]+(?:\[.*\])?|(?:\*|\[|map\b|func\b|chan\b|<-|struct\b|interface\b).*),?\s*", re.DOTALL
)
_LITERAL = re.compile(rb"\d|true\b|false\b|nil\b")
_BRACED_TYPE = re.compile(rb"\b(?:struct|interface)\s*\{[^{}]*\}")
_CALLED_OTHERWISE = b"nEw("
_LONGEST = 1 << 16  # bytes between brackets


def go_parser() -> Parser:
    """A parser of Go."""
    import tree_sitter_go  # noqa: PLC0415 (where it is used)
    from tree_sitter import Language, Parser  # noqa: PLC0415

    return Parser(Language(tree_sitter_go.language()))


def parse_go(parser: Parser, data: bytes) -> Tree:
    """The syntax of a file, or of some whole declarations of one."""
    tree = parser.parse(data)
    if not tree.root_node.has_error:
        return tree
    known = as_older_go(data)
    if known == data:
        return tree
    again = parser.parse(known)
    return again if not again.root_node.has_error else tree


def as_older_go(data: bytes) -> bytes:
    """The same text without the newer forms; of the same length, with line ends where they were."""
    found = bytearray(data)
    for match in _METHOD.finditer(data):
        end = _closing(data, match.end(), b"[", b"]")
        if end:
            found[match.end() : end] = re.sub(rb"[^\n]", b" ", data[match.end() : end])
    for match in _NEW.finditer(data):
        end = _closing(data, match.end() - 1, b"(", b")")
        if end and not _is_type(data[match.end() : end - 1].strip()):
            found[match.start() : match.end()] = _CALLED_OTHERWISE
    return bytes(found)


def _is_type(argument: bytes) -> bool:
    """Whether an argument can be a type; what has braces beyond those of structs and interfaces has a value."""
    plain = _BRACED_TYPE.sub(b" ", argument)
    return bool(_TYPE.fullmatch(argument)) and not _LITERAL.match(argument) and b"{" not in plain


def _closing(data: bytes, start: int, opening: bytes, closing: bytes) -> int:
    """The place after the bracket that closes the one at `start`; 0 if there is none nearby."""
    depth = 0
    for at in range(start, min(len(data), start + _LONGEST)):
        one = data[at : at + 1]
        depth += (one == opening) - (one == closing)
        if not depth:
            return at + 1
    return 0
