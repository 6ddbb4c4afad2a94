"""Where the top-level declarations of a file begin and end, found without parsing it.

`gofmt` writes them at the beginning of a line, and nothing else begins there with `func`, `type`, `var` or `const`,
but for the insides of raw strings and comments. Files that are written otherwise have no outline and must be parsed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

_NAME = rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*"
# groups: a function | a method's receiver, name | type or var, names | what else begins a declaration
_HEAD = re.compile(
    rb"\n(?:func[ \t]+(%b)[ \t]*[(\[]"
    rb"|func[ \t]*\([ \t]*(?:%b[ \t]+)?\*?[ \t]*(%b)[ \t]*(?:\[[^\]()\n]*\])?[ \t]*\)[ \t]*(%b)[ \t]*\("
    rb"|(type|var)[ \t]+(%b(?:[ \t]*,[ \t]*%b)*)"
    rb"|((?:type|var)[ \t]*\(|(?:import|const|func|type|var)\b))" % ((_NAME,) * 6)
)
# the next raw string or general comment; what is not closed is left to the parser
_LONG = re.compile(
    rb"(?:[^\"`'/]++|//[^\n]*+|\"(?:[^\"\\\n]++|\\.)*+\"|'(?:[^'\\\n]++|\\.)*+'|/(?!\*)|[\"'])*+(`[^`]*+`|/\*.*?\*/)",
    re.DOTALL,
)
# declarations that do not begin a line: the file is not as gofmt writes it
_ASTRAY = re.compile(
    rb"\n(?:[ \t]+(?:import\b|func\b[ \t]*(?:\([^()\n]*\)[ \t]*)?%b[ \t]*[(\[])"
    rb"|\}[ \t]*;?[ \t]*(?:func|type|var|const)\b)" % _NAME
)
_ONE_LINE = re.compile(rb"package[ \t]+%b[ \t]*;" % _NAME)


_LITERAL = re.compile(rb"^(?:var[ \t]|\t(?!\t))[^\n]*[^\s(]\{\n", re.MULTILINE)  # a variable and how its value begins
_NO_LITERAL = re.compile(rb"\bfunc\b|\b(?:struct|interface)[ \t]*\{\n$")
_LONG_LITERAL = 1000  # bytes
_BLANK = bytes(c if c == 0x0A else 0x20 for c in range(256))


class Chunk(NamedTuple):
    """One declaration, from the beginning of its line to that of the next, which may come after comments.

    Attributes:
        kind: `func`, `method`, `type`, `var`, `import`, or `types`, `vars`: several, in parentheses.
        names: What it declares; nothing for imports and several.
        receiver: Of methods: name of the receiver's type.
    """

    kind: str
    names: tuple[str, ...]
    receiver: str
    start: int
    end: int


def outline(data: bytes) -> list[Chunk] | None:
    """The declarations of a file in order, constants left out; None if they do not tell without parsing."""
    starts, ends = _hidden(data)
    if _ONE_LINE.search(data) or any(not _is_in(match.start(), starts, ends) for match in _ASTRAY.finditer(data)):
        return None
    heads = [match for match in _HEAD.finditer(data) if not starts or not _is_in(match.start(), starts, ends)]
    begins = [match.start() + 1 for match in heads]
    found = []
    for head, start, end in zip(heads, begins, [*begins[1:], len(data)], strict=False):
        function, receiver, method, word, names, other = head.groups()
        if function is not None:
            found.append(Chunk("func", (_text(function),), "", start, end))
        elif method is not None:
            found.append(Chunk("method", (_text(method),), _text(receiver), start, end))
        elif word is not None:
            listed = tuple(_text(name.strip()) for name in names.split(b","))
            found.append(Chunk(_text(word), listed, "", start, end))
        elif other == b"import":
            found.append(Chunk("import", (), "", start, end))
        elif other.endswith(b"("):
            found.append(Chunk("types" if other.startswith(b"type") else "vars", (), "", start, end))
        elif other != b"const":
            return None
    return found


def trimmed(data: bytes, start: int, end: int) -> int:
    """The end of a declaration without blank lines and the comments that belong to what follows."""
    while True:
        line = data.rfind(b"\n", start, end - 1) + 1
        if line <= start or not (data.startswith(b"//", line) or data[line:end].isspace()):
            return end
        end = line


def emptied(data: bytes) -> bytes:
    """Declarations of variables with what is in large composite literals blanked out; lines stay where they are."""
    parts, at = [], 0
    for match in _LITERAL.finditer(data):
        if match.start() < at or _NO_LITERAL.search(match[0]):
            continue
        end = data.find(b"\n}" if match[0].startswith(b"var") else b"\n\t}", match.end() - 1)
        if end - match.end() > _LONG_LITERAL:
            parts += [data[at : match.end()], data[match.end() : end].translate(_BLANK)]
            at = end
    return b"".join((*parts, data[at:])) if parts else data


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def _is_in(position: int, starts: list[int], ends: list[int]) -> bool:
    index = bisect_right(starts, position) - 1
    return index >= 0 and position < ends[index]


def _hidden(data: bytes) -> tuple[list[int], list[int]]:
    """Beginnings and ends of the raw strings and comments of more than one line."""
    starts, ends = [], []
    start = 0
    if data.startswith(b"/*"):  # a licence, as often
        start = data.find(b"*/") + 2
        starts.append(0)
        ends.append(start)
    if data.find(b"`", start) < 0 and data.find(b"/*", start) < 0:
        return starts, ends
    token = _LONG.match(data, start)
    while token is not None:
        first, last = token.span(1)
        if data.find(b"\n", first, last) >= 0:
            starts.append(first)
            ends.append(last)
        token = _LONG.match(data, last)
    return starts, ends
