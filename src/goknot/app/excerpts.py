"""The source around what knots point at, for the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from goknot.model.knot import Knot
from goknot.model.pictures import Excerpt
from goknot.model.report import Report

AROUND = 4  # lines before and after
MAX_FILE_BYTES = 16 << 20
MAX_LINES = 60_000  # of all files together; the worst knots come first
_MAX_WIDTH = 240
_MAX_PLACES = 400  # of one knot


def with_excerpts(report: Report, root: Path) -> Report:
    """The report with the lines its knots point at, as far as those files are below a folder.

    Args:
        report: Names files relative to `root`.
        root: What was scanned.

    Returns:
        What cannot be read any more has no excerpt: the report names the place all the same.
    """
    lines_of = _Lines(root.resolve())
    wanted: dict[str, set[int]] = {}
    budget = MAX_LINES
    for file, line in chain.from_iterable(islice(_places(knot), _MAX_PLACES) for knot in report.knots):
        n_lines = len(lines_of(file))
        around = set(range(max(1, line - AROUND), min(n_lines, line + AROUND) + 1)) if 0 < line <= n_lines else set()
        fresh = around - wanted.get(file, set())
        if len(fresh) > budget:
            break
        budget -= len(fresh)
        if around:
            wanted.setdefault(file, set()).update(around)
    found = [one for file in sorted(wanted) for one in _runs(file, sorted(wanted[file]), lines_of(file))]
    return replace(report, excerpts=(*report.excerpts, *found))


def _places(knot: Knot) -> Iterator[tuple[str, int]]:
    if knot.where is not None:
        yield knot.where.file, knot.where.line
    for edge in knot.edges:
        for seen in edge.evidence:
            yield seen.file, seen.line
    for step in knot.chain:
        yield step.file, step.line


class _Lines:
    """The lines of files below a folder; none of what is not there, too large, or reached over a way out of it."""

    def __init__(self, root: Path) -> None:
        self.root = root if root.is_dir() else root.parent
        self._found: dict[str, list[str]] = {}

    def __call__(self, file: str) -> list[str]:
        if file not in self._found:
            self._found[file] = self._read(file)
        return self._found[file]

    def _read(self, file: str) -> list[str]:
        if not file or "\0" in file:
            return []
        try:
            path = (self.root / file).resolve()
            if not path.is_relative_to(self.root) or not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
                return []
            return path.read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            return []  # gone since it was scanned


def _runs(file: str, numbers: list[int], lines: list[str]) -> Iterator[Excerpt]:
    start = 0
    for at in range(1, len(numbers) + 1):
        if at == len(numbers) or numbers[at] != numbers[at - 1] + 1:
            text = tuple(_cut(lines[number - 1]) for number in numbers[start:at])
            yield Excerpt(file, numbers[start], text)
            start = at


def _cut(line: str) -> str:
    line = line.rstrip("\r")
    return line if len(line) <= _MAX_WIDTH else f"{line[: _MAX_WIDTH - 1]}…"
