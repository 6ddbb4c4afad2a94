"""Holds a scan against a baseline file or an older revision."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path

from goknot.analyses.baseline import Comparison, compare, key_edges, remember
from goknot.app.baselinefile import BaselineFile, edge_hash, format_baseline, parse_baseline
from goknot.app.files import write_whole
from goknot.errors import InputError, UsageError
from goknot.model.graph import Graph
from goknot.model.knot import Knot
from goknot.model.report import Report
from goknot.model.sourcelevel import SourceLevel, source_level
from goknot.model.verdict import BaselineState

NO_FOLDERS = 0  # the depth in a baseline that no folders were looked at for
KeyEdges = Iterable[tuple[str, str, str]]  # (level, from key, to key)


def read_baseline(path: Path) -> BaselineFile:
    """Reads a baseline file.

    Raises:
        InputError: There is none, it cannot be read, or it is not a baseline.
    """
    try:
        return parse_baseline(path.read_bytes(), str(path))
    except FileNotFoundError as error:
        raise InputError(str(path), "no such baseline", "Write it with --update-baseline.") from error
    except OSError as error:
        raise InputError(str(path), error.strerror or str(error)) from error


def compare_with_file(knots: list[Knot], file: BaselineFile, levels: Collection[SourceLevel] | None) -> Comparison:
    """Marks knots against a baseline file.

    Args:
        knots: The knots of today.
        file: The baseline.
        levels: What was looked for: entries of other levels say nothing; None: everything.
    """
    known = [old for old in file.knots if levels is None or source_level(old.level, old.kind) in levels]
    return compare(knots, known, lambda level, edge: edge_hash(level, *edge) in file.seen)


def compare_with_older(knots: list[Knot], older: list[Knot], older_edges: KeyEdges) -> Comparison:
    """Marks knots against the knots and all edges of an older revision."""
    edges = set(older_edges)
    return compare(knots, remember(older), lambda level, edge: (level, *edge) in edges)


def update_baseline(
    path: Path, knots: list[Knot], folders: int, edges: KeyEdges, levels: Collection[SourceLevel] | None
) -> None:
    """Writes a baseline that knows these knots; entries of levels that were not looked for stay.

    Raises:
        InputError: The file there is no baseline, or cannot be written.
    """
    known, seen = list(remember(knots)), {edge_hash(*edge) for edge in edges}
    if levels is not None and path.exists() and not set(levels) >= set(SourceLevel):
        there = read_baseline(path)
        known += [old for old in there.knots if source_level(old.level, old.kind) not in levels]
        seen |= there.seen
        if SourceLevel.IMPORTS not in levels:
            folders = there.folders
    known.sort(key=lambda one: (one.kind, one.id))
    write_whole(path, format_baseline(BaselineFile(folders, tuple(known), frozenset(seen))))


def edges_of_knots(knots: Iterable[Knot]) -> set[tuple[str, str, str]]:
    """The edges of knots by level and keys."""
    return {(str(knot.level), *edge) for knot in knots for edge in key_edges(knot)}


def key_edges_of(graph: Graph, level: str, key_of: Callable[[int], str]) -> set[tuple[str, str, str]]:
    """Every edge of a graph by level and keys."""
    return {(level, key_of(u), key_of(v)) for u, v in graph.edges()}


def compare_report(report: Report, baseline: str | None, *, update: bool, level: SourceLevel | None = None) -> Report:
    """A report held against a baseline, which is written first if asked for.

    Args:
        report: What was found.
        baseline: The file; None: none.
        update: Whether it is written.
        level: The part of a scan the report is: entries of others in the file say nothing, and stay; None: it is none.

    Raises:
        UsageError: An update without a file.
        InputError: The file cannot be read or written.
    """
    if baseline is None:
        if update:
            raise UsageError("--update-baseline needs to know the file", "Add --baseline FILE.")
        return report
    path = Path(baseline)
    levels = frozenset({level}) if level is not None else None
    if update:
        update_baseline(path, list(report.knots), NO_FOLDERS, edges_of_knots(report.knots), levels)
    comparison = compare_with_file(list(report.knots), read_baseline(path), levels)
    counts = {state: sum(knot.baseline is state for knot in comparison.knots) for state in BaselineState}
    return replace(
        report,
        knots=tuple(sorted(comparison.knots, key=lambda knot: knot.order)),
        stats={**report.stats, **{str(state): count for state, count in counts.items()}},
    )
