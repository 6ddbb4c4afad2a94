"""Which knots fail a run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from goknot.model.report import Report
from goknot.model.sourcelevel import SourceLevel, source_level
from goknot.model.verdict import FAILING, BaselineState, Confidence, Verdict

SURE = frozenset({Confidence.CERTAIN, Confidence.LIKELY})
ALWAYS = frozenset({*FAILING, "layer-violation"})
AGAINST_OLDER_STATE = ALWAYS | {Verdict.COUPLES}


def exit_code(report: Report, fail_on: Collection[str], *, n_stale_edges: int = 0) -> int:
    """0 nothing new, 1 a new knot that fails the run (or stale entries, if they count), 3 incomplete.

    Args:
        report: What was found.
        fail_on: Verdicts and kinds that fail a run.
        n_stale_edges: Remembered ring edges that are gone; pass 0 where that is fine.
    """
    new = [knot for knot in report.knots if knot.baseline is BaselineState.NEW]
    if n_stale_edges or any(knot.verdict in fail_on or knot.kind in fail_on for knot in new):
        return 1
    return 0 if report.complete else 3


def binding(report: Report, fail_on: Collection[str]) -> Report:
    """The report without what is said of types and bodies of functions but is not sure, unless its kind is named."""
    doubted = {SourceLevel.TYPES, SourceLevel.LEAKS}
    return replace(
        report,
        knots=tuple(
            knot
            for knot in report.knots
            if knot.confidence in SURE or knot.kind in fail_on or source_level(knot.level, knot.kind) not in doubted
        ),
    )
