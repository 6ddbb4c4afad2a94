"""Exit codes."""

from __future__ import annotations

from dataclasses import replace

from goknot.analyses.failing import AGAINST_OLDER_STATE, ALWAYS, exit_code
from goknot.model.knot import Knot
from goknot.model.report import Report
from goknot.model.verdict import BaselineState, Confidence, Level, Verdict

KNOT = Knot("0" * 12, Level.FOLDER, "folder-ring", Verdict.COUPLES, Confidence.CERTAIN, "r", "t", (), ())


def report(*knots: Knot, complete: bool = True) -> Report:
    return Report("0", (), knots, complete=complete)


def test_codes():
    breaks = replace(KNOT, verdict=Verdict.BREAKS_BUILD)
    assert exit_code(report(), ALWAYS) == 0
    assert exit_code(report(complete=False), ALWAYS) == 3
    assert exit_code(report(KNOT), ALWAYS) == 0
    assert exit_code(report(KNOT), AGAINST_OLDER_STATE) == 1
    assert exit_code(report(KNOT), {"folder-ring"}) == 1
    assert exit_code(report(breaks), ALWAYS) == 1
    assert exit_code(report(breaks, complete=False), ALWAYS) == 1
    assert exit_code(report(breaks), frozenset()) == 0
    for state in (BaselineState.KNOWN, BaselineState.FIXED):
        assert exit_code(report(replace(breaks, baseline=state)), ALWAYS) == 0
    assert exit_code(report(), ALWAYS, n_stale_edges=1) == 1
