"""Holds a scan against a baseline file or an older revision."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from goknot.analyses.baseline import Comparison, compare, key_edges, remember
from goknot.app.baselinefile import BaselineFile, edge_hash, format_baseline, parse_baseline
from goknot.app.files import write_whole
from goknot.errors import InputError, UsageError
from goknot.model.graph import Graph
from goknot.model.knot import Knot
from goknot.model.report import Report
from goknot.model.verdict import BaselineState

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


def compare_with_file(knots: list[Knot], file: BaselineFile) -> Comparison:
    """Marks knots against a baseline file."""
    return compare(knots, file.knots, lambda level, edge: edge_hash(level, *edge) in file.seen)


def compare_with_older(knots: list[Knot], older: list[Knot], older_edges: KeyEdges) -> Comparison:
    """Marks knots against the knots and all edges of an older revision."""
    edges = set(older_edges)
    return compare(knots, remember(older), lambda level, edge: (level, *edge) in edges)


def baseline_text(knots: list[Knot], folders: int, edges: KeyEdges) -> str:
    """The text of a baseline that knows these knots."""
    seen = frozenset(edge_hash(*edge) for edge in edges)
    return format_baseline(BaselineFile(folders, remember(knots), seen))


def key_edges_of(graph: Graph, level: str, key_of: Callable[[int], str]) -> set[tuple[str, str, str]]:
    """Every edge of a graph by level and keys."""
    return {(level, key_of(u), key_of(v)) for u, v in graph.edges()}


def compare_report(report: Report, baseline: str | None, *, update: bool) -> Report:
    """A report held against a baseline, which is written first if asked for.

    Raises:
        UsageError: An update without a file.
        InputError: The file cannot be read or written.
    """
    if baseline is None:
        if update:
            raise UsageError("--update-baseline needs to know the file", "Add --baseline FILE.")
        return report
    path = Path(baseline)
    if update:
        edges = ((str(knot.level), *edge) for knot in report.knots for edge in key_edges(knot))
        write_whole(path, baseline_text(list(report.knots), 1, edges))
    comparison = compare_with_file(list(report.knots), read_baseline(path))
    counts = {state: sum(knot.baseline is state for knot in comparison.knots) for state in BaselineState}
    return replace(
        report,
        knots=tuple(sorted(comparison.knots, key=lambda knot: knot.order)),
        stats={**report.stats, **{str(state): count for state, count in counts.items()}},
    )
