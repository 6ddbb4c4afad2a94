"""Reads what `go mod graph` prints: one requirement a line, `MODULE[@VERSION] MODULE@VERSION`.

Source: cmd/go/internal/modcmd/graph.go. Only a main module has no version. `go` and `toolchain` are no modules: they
stand for the versions of Go and of its toolchain that a module asks for (cmd/go/internal/gover/mod.go).
"""

from __future__ import annotations

import codecs
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from goknot.errors import InputError
from goknot.formats.semver import go_key, is_valid

MAX_LINE_BYTES = 1 << 16
MAX_PROBLEMS = 20
MAX_NODES = 1 << 24

TOOLCHAINS = frozenset({"go", "toolchain"})


class Module(NamedTuple):
    """A module at one version; `version` is empty for a main module."""

    path: str
    version: str

    @property
    def is_toolchain(self) -> bool:
        """Whether it stands for a version of Go itself."""
        return self.path in TOOLCHAINS

    def __str__(self) -> str:
        """As `go mod graph` writes it."""
        return f"{self.path}@{self.version}" if self.version else self.path


@dataclass(frozen=True, slots=True)
class ModGraph:
    """Requirements between modules.

    Attributes:
        modules: id -> module, in the order of first appearance.
        edge_source: edge -> id of the module that requires.
        edge_target: edge -> id of the module it requires.
        edge_line: edge -> line it stands on, from 1; empty if the graph was not read from a text.
        problems: (line, what) of what could not be read.
    """

    modules: tuple[Module, ...]
    edge_source: array[int]
    edge_target: array[int]
    edge_line: array[int] = field(default_factory=lambda: array("i"))
    problems: tuple[tuple[int, str], ...] = ()

    @property
    def mains(self) -> tuple[Module, ...]:
        """The main modules, in the order of the graph."""
        return tuple(module for module in self.modules if not module.version)

    def requirements(self) -> Iterator[tuple[Module, Module]]:
        """All edges as modules, in the order of the graph."""
        for source, target in zip(self.edge_source, self.edge_target, strict=True):
            yield self.modules[source], self.modules[target]


class _Builder:
    """Numbers modules and collects edges once each."""

    def __init__(self) -> None:
        self.id_by_word: dict[str, int] = {}
        self.modules: list[Module] = []
        self.seen: set[tuple[int, int]] = set()
        self.source = array("i")
        self.target = array("i")
        self.line = array("i")

    def requirement(self, source: str, target: str, line: int) -> bool:
        """Adds what two words say; False if they are no requirement."""
        known = self.id_by_word
        if (source not in known and not _is_module(source)) or (target not in known and not _is_module(target)):
            return False
        if "@" not in target:  # nothing requires a main module at no version
            return False
        self.edge(self._id(source), self._id(target), line)
        return True

    def _id(self, word: str) -> int:
        found = self.id_by_word.get(word)
        if found is None:
            path, _, version = word.partition("@")
            found = self.id_by_word[word] = len(self.modules)
            self.modules.append(Module(path, version))
        return found

    def edge(self, source: int, target: int, line: int) -> None:
        if (source, target) not in self.seen:
            self.seen.add((source, target))
            self.source.append(source)
            self.target.append(target)
            self.line.append(line)


def parse_modgraph(stream: BinaryIO, where: str) -> ModGraph:
    """Parses saved output of `go mod graph`, line by line.

    Args:
        stream: Yields bytes; UTF-8, or UTF-16 with its mark (PowerShell's `>`).
        where: What errors call it.

    Raises:
        InputError: Nothing in it is a requirement, or there are more modules than can be true.
    """
    builder = _Builder()
    problems: list[tuple[int, str]] = []
    n_bad = number = 0
    for number, text in enumerate(_lines(stream), 1):
        what = _take(builder, text, number)
        if what:
            n_bad += 1
            if n_bad <= MAX_PROBLEMS:
                problems.append((number, what))
        if len(builder.modules) > MAX_NODES:
            raise InputError(where, f"more than {MAX_NODES} modules")
    if n_bad > MAX_PROBLEMS:
        problems.append((number, f"{n_bad - MAX_PROBLEMS} more lines that are no requirements"))
    if not builder.source:
        raise InputError(
            where,
            "no requirements in it" if number else "it is empty",
            "Make one with: go mod graph > graph.txt",
        )
    return ModGraph(tuple(builder.modules), builder.source, builder.target, builder.line, tuple(problems))


def _take(builder: _Builder, text: str | None, number: int) -> str:
    """Reads one line; returns what is wrong with it."""
    if text is None:
        return f"longer than {MAX_LINE_BYTES} bytes"
    words = text.split()
    if len(words) == 2 and builder.requirement(words[0], words[1], number):
        return ""
    if not words or text.startswith("go: downloading "):  # what Go says beside the graph
        return ""
    return f"not a requirement: {_shown(text)}"


def _lines(stream: BinaryIO) -> Iterator[str | None]:
    """The lines as text; None for one that is too long."""
    first = stream.read(2)
    if first in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        yield from _utf16_lines(stream, "utf-16-le" if first == codecs.BOM_UTF16_LE else "utf-16-be")
        return
    start = first
    while True:
        line = start + stream.readline(MAX_LINE_BYTES) if not start.endswith(b"\n") else start
        start = b""
        if not line:
            return
        if len(line) >= MAX_LINE_BYTES and not line.endswith(b"\n"):
            while (rest := stream.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield None
            continue
        yield line.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")


def _utf16_lines(stream: BinaryIO, encoding: str) -> Iterator[str | None]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    held = ""
    too_long = False
    while chunk := stream.read(MAX_LINE_BYTES):
        *whole, held = (held + decoder.decode(chunk)).split("\n")
        for line in whole:
            yield None if too_long else line
            too_long = False
        if len(held) > MAX_LINE_BYTES:
            held, too_long = "", True
    held += decoder.decode(b"", final=True)
    if held or too_long:
        yield None if too_long else held


def _is_module(word: str) -> bool:
    # gover/mod.go ModIsValid
    path, at, version = word.partition("@")
    if not path or not at:
        return path != ""
    if path == "go":
        return go_key(version) != ()
    if path == "toolchain":
        return version != ""  # whatever a toolchain directive says, `default` among it
    return is_valid(version)


def _shown(text: str) -> str:
    text = text.strip()
    short = text if len(text) <= 80 else text[:77] + "..."
    return "".join(c if c.isprintable() else "\ufffd" for c in short)
