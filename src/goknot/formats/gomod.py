"""Reads go.mod and go.work.

Grammar: golang.org/x/mod/modfile (read.go, rule.go). A line that cannot be read becomes a problem; the rest is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from goknot.errors import InputError

MAX_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Require:
    """One requirement; `line` counts from 1."""

    path: str
    version: str
    indirect: bool
    line: int


@dataclass(frozen=True, slots=True)
class Replace:
    """One replacement; `old_version` is empty if every version is replaced, `new_version` if a folder replaces it."""

    old_path: str
    old_version: str
    new_path: str
    new_version: str
    line: int


@dataclass(frozen=True, slots=True)
class GoMod:
    """What a go.mod says.

    Attributes:
        module: Module path; empty if missing.
        go: Version of the go directive; empty if missing.
        toolchain: Name of the toolchain directive; empty if missing.
        requires: In the order of the file.
        replaces: In the order of the file.
        excludes: (path, version).
        retracts: Versions or intervals as written.
        ignores: Folders of the ignore directive (Go 1.25).
        tools: Packages of the tool directive (Go 1.24).
        deprecated: The text after `Deprecated:` above the module directive; empty if none.
        problems: (line, what) of what could not be read.
    """

    module: str = ""
    go: str = ""
    toolchain: str = ""
    requires: tuple[Require, ...] = ()
    replaces: tuple[Replace, ...] = ()
    excludes: tuple[tuple[str, str], ...] = ()
    retracts: tuple[str, ...] = ()
    ignores: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    deprecated: str = ""
    problems: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class GoWork:
    """What a go.work says; `uses` are the folders as written."""

    go: str = ""
    toolchain: str = ""
    uses: tuple[str, ...] = ()
    replaces: tuple[Replace, ...] = ()
    problems: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    """One directive: its verb and arguments, wherever its block began."""

    number: int
    verb: str
    arguments: tuple[str, ...]
    comment: str


# a word ends at white space, punctuation, or where a comment begins (read.go readToken)
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|`([^`]*)`|[()\[\]{},]|(?:(?!//)[^\s"`()\[\]{},])+')
_ESCAPE = re.compile(r'\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([abfnrtv\\"\']))')
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_DEPRECATED = re.compile(r"^//\s*Deprecated:\s*(.*)$")


def parse_gomod(text: bytes, where: str) -> GoMod:
    """Parses a go.mod.

    Args:
        text: The file's bytes.
        where: What errors call the file.

    Raises:
        InputError: Larger than Go accepts.
    """
    problems: list[tuple[int, str]] = []
    found: dict[str, list[_Line]] = {}
    for line in _lines(text, where, problems):
        if line.verb in _GOMOD_ARGUMENTS and _counts(line, _GOMOD_ARGUMENTS[line.verb], problems):
            found.setdefault(line.verb, []).append(line)
        elif line.verb not in _GOMOD_ARGUMENTS:
            problems.append((line.number, f"unknown directive: {line.verb}"))

    def first(verb: str) -> str:
        return found[verb][0].arguments[0] if verb in found else ""

    if "module" not in found:
        problems.append((1, "no module directive"))
    return GoMod(
        module=first("module"),
        go=first("go"),
        toolchain=first("toolchain"),
        requires=tuple(
            Require(line.arguments[0], line.arguments[1], _is_indirect(line.comment), line.number)
            for line in found.get("require", ())
        ),
        replaces=_replaces(found.get("replace", []), problems),
        excludes=tuple((line.arguments[0], line.arguments[1]) for line in found.get("exclude", ())),
        retracts=tuple(" ".join(line.arguments) for line in found.get("retract", ())),
        ignores=tuple(line.arguments[0] for line in found.get("ignore", ())),
        tools=tuple(line.arguments[0] for line in found.get("tool", ())),
        deprecated=found["module"][0].comment if "module" in found else "",
        problems=tuple(sorted(problems)),
    )


def parse_gowork(text: bytes, where: str) -> GoWork:
    """Parses a go.work.

    Raises:
        InputError: Larger than Go accepts.
    """
    problems: list[tuple[int, str]] = []
    found: dict[str, list[_Line]] = {}
    for line in _lines(text, where, problems):
        if line.verb in _GOWORK_ARGUMENTS and _counts(line, _GOWORK_ARGUMENTS[line.verb], problems):
            found.setdefault(line.verb, []).append(line)
        elif line.verb not in _GOWORK_ARGUMENTS:
            problems.append((line.number, f"unknown directive: {line.verb}"))

    def first(verb: str) -> str:
        return found[verb][0].arguments[0] if verb in found else ""

    return GoWork(
        go=first("go"),
        toolchain=first("toolchain"),
        uses=tuple(line.arguments[0] for line in found.get("use", ())),
        replaces=_replaces(found.get("replace", []), problems),
        problems=tuple(sorted(problems)),
    )


# directive -> how many arguments it takes (least, most)
_GOMOD_ARGUMENTS = {
    "module": (1, 1),
    "go": (1, 1),
    "toolchain": (1, 1),
    "godebug": (1, 1),
    "require": (2, 2),
    "replace": (3, 5),
    "exclude": (2, 2),
    "retract": (1, 5),
    "tool": (1, 1),
    "ignore": (1, 1),
}
_GOWORK_ARGUMENTS = {
    "go": (1, 1),
    "toolchain": (1, 1),
    "godebug": (1, 1),
    "use": (1, 1),
    "replace": (3, 5),
}


def _counts(line: _Line, bounds: tuple[int, int], problems: list[tuple[int, str]]) -> bool:
    least, most = bounds
    if least <= len(line.arguments) <= most:
        return True
    problems.append((line.number, f"{line.verb}: {len(line.arguments)} arguments, wanted {least}"))
    return False


def _replaces(lines: list[_Line], problems: list[tuple[int, str]]) -> tuple[Replace, ...]:
    found = []
    for line in lines:
        arguments = list(line.arguments)
        if "=>" not in arguments[1:3]:
            problems.append((line.number, "replace: no => in it"))
            continue
        arrow = arguments.index("=>")
        old, new = arguments[:arrow], arguments[arrow + 1 :]
        if not 1 <= len(old) <= 2 or not 1 <= len(new) <= 2:
            problems.append((line.number, "replace: wanted OLD [VERSION] => NEW [VERSION]"))
            continue
        found.append(Replace(old[0], "".join(old[1:]), new[0], "".join(new[1:]), line.number))
    return tuple(found)


def _is_indirect(comment: str) -> bool:
    # rule.go isIndirect: "// indirect" alone or followed by ";"
    words = comment.removeprefix("//").split()
    return words == ["indirect"] or (len(words) > 1 and words[0] == "indirect;")


def _lines(text: bytes, where: str, problems: list[tuple[int, str]]) -> Iterator[_Line]:
    """The directives of a file; those of a block carry the block's verb."""
    if len(text) > MAX_BYTES:
        raise InputError(where, f"{len(text)} bytes; Go refuses module files over {MAX_BYTES}")
    if text.startswith(b"\xef\xbb\xbf"):
        problems.append((1, "begins with a byte order mark, which Go refuses"))
        text = text[3:]
    decoded = text.decode("utf-8", "replace")
    if "\ufffd" in decoded:
        problems.append((1 + decoded[: decoded.index("\ufffd")].count("\n"), "invalid UTF-8"))
    block = ""
    deprecated = ""
    for number, raw in enumerate(decoded.split("\n"), 1):
        tokens, comment, broken = _tokens(raw.rstrip("\r"))
        if broken:
            problems.append((number, "cannot be read: " + broken))
            continue
        if not tokens:
            deprecated = _deprecation(comment, deprecated)
            continue
        if block and tokens == [")"]:
            block = ""
        elif not block and len(tokens) == 2 and tokens[1] == "(":
            block = tokens[0]
        elif not block and len(tokens) == 3 and tokens[1:] == ["(", ")"]:
            pass  # an empty block
        elif block:
            yield _Line(number, block, tuple(tokens), comment)
        else:
            if tokens[0] == "module":
                comment = _deprecation(comment, "") or deprecated
            yield _Line(number, tokens[0], tuple(tokens[1:]), comment)
        deprecated = ""
    if block:
        problems.append((decoded.count("\n") + 1, f"the {block} block is not closed"))


def _deprecation(comment: str, before: str) -> str:
    """The deprecation message gathered from comment lines above a directive; an empty line ends it."""
    if match := _DEPRECATED.match(comment):
        return match[1].strip()
    if before and comment:
        return f"{before} {comment.removeprefix('//').strip()}".strip()
    return ""


def _tokens(line: str) -> tuple[list[str], str, str]:
    """The tokens of a line, its comment, and what is wrong with it (empty if nothing)."""
    tokens: list[str] = []
    position = 0
    while position < len(line):
        if line[position] in " \t\r":
            position += 1
            continue
        if line.startswith("//", position):
            return tokens, line[position:].rstrip(), ""
        match = _TOKEN.match(line, position)
        if match is None:
            return tokens, "", f"unexpected {line[position]!r}"
        if match[1] is not None:
            tokens.append(_ESCAPE.sub(_unescaped, match[1]))
        else:
            tokens.append(match[2] if match[2] is not None else match[0])
        position = match.end()
    return tokens, "", ""


def _unescaped(match: re.Match[str]) -> str:
    if code := match[1] or match[2]:
        return chr(int(code, 16))
    return _SIMPLE.get(match[3], match[3])
