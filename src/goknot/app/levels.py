"""The parts of a scan beside imports, each with its own finder; a part that fails hides no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from goknot.errors import GoknotError
from goknot.inputs.source import SourceScan
from goknot.model.knot import Knot
from goknot.model.report import Problem, Report
from goknot.model.sourcelevel import SourceLevel

_COUNTS = ("types", "functions", "ignored")  # of a part's report, those a scan's report has as well


@dataclass(frozen=True, slots=True)
class Found:
    """What a part has to say.

    Attributes:
        complete: False if a problem leaves room for knots that were not seen.
    """

    knots: tuple[Knot, ...] = ()
    problems: tuple[Problem, ...] = ()
    stats: Mapping[str, int] = field(default_factory=dict)
    complete: bool = True


def find(level: SourceLevel, source: SourceScan, path: Path, *, use_cache: bool) -> Found:
    """The knots of one part.

    Args:
        level: Any but imports.
        source: The packages; from the disk, or of a git revision.
        path: What was scanned.
        use_cache: Whether answers are kept for the next run.
    """
    try:
        if level is SourceLevel.MODULES:
            from goknot.app.modules import module_knots_offline  # noqa: PLC0415 (a fifth of the start-up)

            knots, problems = module_knots_offline(path)
            return Found(tuple(knots), tuple(problems))
        if level is SourceLevel.TYPES:
            from goknot.app.types import types_of  # noqa: PLC0415 (tree-sitter)

            return _found(types_of(source, path, use_cache=use_cache))
        from goknot.app.leaks import leaks_of  # noqa: PLC0415 (tree-sitter)

        return _found(leaks_of(source, path, use_cache=use_cache))
    except GoknotError as error:
        problem = Problem(str(level), error.what, "knots of this kind are not looked for")
        return Found(problems=(problem,), complete=False)


def _found(report: Report) -> Found:
    stats = {name: report.stats[name] for name in _COUNTS if report.stats.get(name)}
    return Found(report.knots, report.problems, stats, report.complete)
