"""The text of files and of the parts of them that are parsed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from tree_sitter import Node, Parser

from goknot.formats.gosyntax import parse_go
from goknot.inputs.source.bodies.lines import lines_of
from goknot.inputs.source.bodies.outline import emptied

_IMPORT = re.compile(
    rb"//[^\n]*|/\*.*?\*/|(?:([\w.\x80-\xff]+)[ \t]+)?(?:\"([^\"\n]*)\"|`([^`\n]*)`)",
    re.DOTALL,
)
_VERSION = re.compile(r"v\d+$")


class Reading(NamedTuple):
    """What files are read with.

    Attributes:
        parser: For Go.
        name_of: Import path -> the package's own name, empty if not known.
        broken: Is told the path of each file that does not parse.
    """

    parser: Parser
    name_of: Callable[[str], str]
    broken: Callable[[str], None]


class SourceText:
    """One file.

    Attributes:
        path: Relative to the scanned folder.
        package: Import path of its package.
    """

    __slots__ = ("_import_spans", "_imports", "_reading", "_whole", "data", "package", "path")

    def __init__(self, path: str, package: str, data: bytes, reading: Reading) -> None:
        self.path = path
        self.package = package
        self.data = data
        self._reading = reading
        self._import_spans: list[tuple[int, int]] = []
        self._imports: dict[str, str] | None = None
        self._whole: Part | None = None

    def add_imports(self, start: int, end: int) -> None:
        """Notes where an import declaration stands."""
        self._import_spans.append((start, end))

    @property
    def imports(self) -> dict[str, str]:
        """Name in the file -> import path."""
        if self._imports is None:
            self._imports = {}
            for start, end in self._import_spans:
                for match in _IMPORT.finditer(self.data, start + len("import"), end):
                    self._import(match)
        return self._imports

    def _import(self, match: re.Match[bytes]) -> None:
        path_bytes = match[2] if match[2] is not None else match[3]
        if path_bytes is None or self._imports is None:
            return
        path = path_bytes.decode("utf-8", "replace")
        alias = match[1].decode("utf-8", "replace") if match[1] is not None else ""
        name = alias or self._reading.name_of(path) or guessed_name(path)
        if name not in {"_", "."}:
            self._imports[name] = path

    def whole(self) -> Part:
        """All of the file, parsed."""
        if self._whole is None:
            root = parse_go(self._reading.parser, self.data).root_node
            self._whole = Part(self, self.data, 0, root)
            if root.has_error:
                self._reading.broken(self.path)
        return self._whole

    def parse(self, start: int, end: int) -> Part:
        """Some lines of the file, parsed on their own; if they do not parse, a problem says so."""
        data = self.data[start:end]
        root = parse_go(self._reading.parser, data).root_node
        part = Part(self, data, start, root)
        if root.has_error and not self.whole().root.has_error:  # cut in the wrong place
            whole = self.whole()
            if any(node.start_byte == start for node in whole.root.named_children):
                return Part(self, self.data, 0, whole.root, start)
        return part

    def parse_outlined(self, start: int, end: int) -> Part:
        """Variables parsed without what is in large composite literals."""
        data = self.data[start:end]
        shorter = emptied(data)
        part = self.parse_as(start, shorter) if shorter is not data else None
        return part or self.parse(start, end)

    def parse_as(self, start: int, data: bytes) -> Part | None:
        """Some text parsed as if it stood in the file; None if it does not parse."""
        root = parse_go(self._reading.parser, data).root_node
        return Part(self, data, start, root) if not root.has_error else None

    def row(self, position: int) -> int:
        """The line of a position in the file, from 0."""
        return lines_of(self.data).row(position)

    def line_text(self, line: int) -> str:
        """A line of the file, stripped and shortened."""
        start = lines_of(self.data).start(line - 1)
        end = self.data.find(b"\n", start)
        text = self.data[start : end if end >= 0 else len(self.data)].decode("utf-8", "replace").strip()
        return text if len(text) <= 200 else text[:199] + "…"


class Part:
    """Lines of a file that were parsed together.

    Attributes:
        source: The file.
        data: The lines; nodes count bytes from their beginning.
        offset: Where they begin in the file.
        row: The line of the file that they begin on, from 0.
        root: The syntax.
        only: Where the node that matters begins, if not at the first that is no comment.
    """

    __slots__ = ("data", "offset", "only", "root", "row", "source")

    def __init__(self, source: SourceText, data: bytes, offset: int, root: Node, only: int = -1) -> None:
        self.source = source
        self.data = data
        self.offset = offset
        self.row = source.row(offset)
        self.root = root
        self.only = only

    def text(self, node: Node) -> str:
        """The source of a node."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def declaration(self) -> Node:
        """The declaration that it is; what stands there if it is none."""
        for node in self.root.named_children:
            if node.start_byte == self.only or (self.only < 0 and node.type != "comment"):
                return node
        return self.root


def guessed_name(path: str) -> str:
    """The package name an import path suggests: its last part, without a major version and `go-`."""
    parts = path.split("/")
    last = parts[-2] if len(parts) > 1 and _VERSION.match(parts[-1]) else parts[-1]
    last = re.sub(r"\.v\d+$", "", last)
    return last.removeprefix("go-").removesuffix("-go").replace("-", "_") if "-" in last else last
