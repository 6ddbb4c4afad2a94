"""The header that cgo writes for C (`_cgo_export.h`, `libNAME.h`): functions, and structs as they lie in memory.

Only the C that cgo writes and plain preambles are understood (cmd/cgo/out.go, `writeExports` and `builtinProlog`); of
other declarations the shape is unknown, never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from goknot.formats.cshapes import BASE, POINTER, PRELUDE, UNKNOWN, VOID, Shape, array_of, base_shape, struct_of

_COMMENT = re.compile(r"/\*(?:.*?\*/|.*)|//[^\n]*", re.DOTALL)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
_END_OF_PROLOGUE = "End of boilerplate cgo prologue"
_PROTOTYPE = re.compile(r"\bextern\s+((?:[\w\s*]|__declspec\s*\(\s*\w+\s*\)){1,200}?)\b(\w+)\s*\(([^()]*)\)\s*;")
_STRUCT = re.compile(r"\bstruct\s+(\w+)\s*\{([^{}]*)\}\s*;")
_TYPEDEF_STRUCT = re.compile(r"\btypedef\s+struct\s*(\w*)\s*\{([^{}]*)\}\s*(\w+)\s*;")
_TYPEDEF = re.compile(r"\btypedef\s+([\w\s*]{1,200}?[\s*])(\w+)\s*;")
_DECLARATOR = re.compile(r"^(.*?[\s*])(\w+)\s*((?:\[\s*\d+\s*\])*)$", re.DOTALL)
_NOT_EXPORTED = frozenset(("_GoStringLen", "_GoStringPtr"))
MAX_DEPTH, MAX_ELEMENTS = 64, 1 << 16


@dataclass(frozen=True, slots=True)
class Prototype:
    """A function: types as they are spelled, without the parameters' names."""

    name: str
    result: str
    parameters: tuple[str, ...]

    @property
    def text(self) -> str:
        """As C spells it."""
        return signature(self.name, self.result, self.parameters)


def signature(name: str, result: str, parameters: tuple[str, ...]) -> str:
    """`GoInt Add(GoInt, GoInt)`."""
    space = "" if result.endswith("*") else " "
    return f"{result}{space}{name}({', '.join(parameters) or 'void'})"


class CgoHeader:
    """A header, taken apart.

    Args:
        text: All of it.
        long_bytes: Size of C's long: 8, on Windows 4.
    """

    def __init__(self, text: str, long_bytes: int = 8) -> None:
        self._long_bytes = long_bytes
        self._shapes: dict[str, Shape] = {}
        before, mark, after = text.partition(_END_OF_PROLOGUE)
        whole = _plain(text)
        self._typedefs = {name: spelled(kind) for kind, name in _TYPEDEF.findall(whole)}
        self._bodies = {f"struct {name}": body for name, body in _STRUCT.findall(whole)}
        for tag, body, name in _TYPEDEF_STRUCT.findall(whole):
            self._bodies[name] = body
            if tag:
                self._bodies[f"struct {tag}"] = body
        declared = _plain(after.partition("*/")[2] if mark else before)
        found = (self._prototype(*row) for row in _PROTOTYPE.findall(declared))
        self.prototypes = {one.name: one for one in found if one.name not in _NOT_EXPORTED}
        self.is_cgo = bool(mark) or "GO_CGO_PROLOGUE_H" in text

    @property
    def structs(self) -> list[str]:
        """Names of the structs that have a body: `GoSlice`, `struct Split_return`."""
        return sorted(self._bodies)

    def shape(self, kind: str) -> Shape:
        """What a type looks like in memory."""
        kind = spelled(kind)
        if kind.endswith("*"):
            return POINTER
        if kind not in self._shapes:
            self._shapes[kind] = UNKNOWN  # what a type that contains itself would find
            self._shapes[kind] = self._made(kind)
        return self._shapes[kind]

    def _made(self, kind: str) -> Shape:
        if kind in self._bodies:
            return self._struct(self._bodies[kind])
        if kind in self._typedefs:
            return self.shape(self._typedefs[kind])
        return VOID if kind == "void" else PRELUDE.get(kind) or base_shape(kind, self._long_bytes)

    def fields(self, name: str) -> tuple[tuple[str, Shape], ...] | None:
        """A struct's fields in order; None where one is not understood."""
        seen = 0
        while name in self._typedefs and name not in self._bodies and seen < MAX_DEPTH:
            name, seen = self._typedefs[name], seen + 1
        if name not in self._bodies:
            return None
        return self._fields(self._bodies[name])

    def _struct(self, body: str) -> Shape:
        fields = self._fields(body)
        return struct_of([shape for _, shape in fields]) if fields is not None else UNKNOWN

    def _fields(self, body: str) -> tuple[tuple[str, Shape], ...] | None:
        found = []
        for declaration in filter(None, (part.strip() for part in body.split(";"))):
            match = _DECLARATOR.match(declaration)
            if not match or "," in declaration:
                return None
            shape = self.shape(match[1])
            for n in reversed(re.findall(r"\d+", match[3])):
                if int(n) > MAX_ELEMENTS:
                    return None
                shape = array_of(int(n), shape)
            if shape.n_bytes is None:
                return None
            found.append((match[2], shape))
        return tuple(found)

    def _prototype(self, result: str, name: str, parameters: str) -> Prototype:
        result = re.sub(r"__declspec\s*\(\s*\w+\s*\)|\bextern\b", "", result)
        parts = [part.strip() for part in parameters.split(",") if part.strip() not in ("", "void")]
        return Prototype(name, spelled(result), tuple(self._parameter(part) for part in parts))

    def _parameter(self, text: str) -> str:
        """Its type: the name that cgo puts behind is left out."""
        match = _DECLARATOR.match(text)
        is_type = match is None or (spelled(text) in self._typedefs) or match[2] in BASE
        return spelled(text if is_type or match is None else match[1])


def spelled(kind: str) -> str:
    """One way of writing a type: `const char *`."""
    words = kind.replace("*", " * ").split()
    words = [word for word in words if word not in ("const", "volatile", "restrict")]
    return re.sub(r"\* (?=\*)", "*", " ".join(words))


def _plain(text: str) -> str:
    return _DIRECTIVE.sub("", _COMMENT.sub(" ", text))
