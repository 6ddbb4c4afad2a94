"""Long-lived objects by escape analysis, for a terminal: one block a holder, the longest-lived first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from goknot.model.escape import Candidate, EscapeReport, Holding
from goknot.reports.pen import Pen
from goknot.reports.view import View
from goknot.reports.words import count

DEFAULT_HOLDINGS = (
    Holding.PACKAGE_VARIABLE,
    Holding.GOROUTINE,
    Holding.CHANNEL,
    Holding.STORED,
    Holding.RETURNED,
)
_HEAD = {
    Holding.PACKAGE_VARIABLE: ("package variable", "as long as the program"),
    Holding.GOROUTINE: ("goroutine", "as long as the goroutine runs"),
    Holding.CHANNEL: ("channel", "until it is received, and by whoever receives"),
    Holding.STORED: ("stored", "as long as what it is stored in"),
    Holding.RETURNED: ("returned", "as long as the caller wants"),
    Holding.PASSED: ("passed", "as long as the callee keeps it"),
    Holding.OTHER: ("other", "on the heap for another reason"),
}
_MAX_SITES = 4


def render_text(report: EscapeReport, view: View, holdings: Sequence[Holding], n_top: int) -> str:
    """What lives long, what holds it, and the lines that say so.

    Args:
        report: The reading of a log.
        view: How it is to look.
        holdings: Which to show.
        n_top: Holders shown of each.
    """
    pen = Pen(view)
    if report.command:
        pen.line(("dim", f"ran {report.command}"))
    for holding in holdings:
        candidates = [candidate for candidate in report.candidates if candidate.holding == holding]
        if candidates:
            _write_holding(pen, holding, candidates, n_top)
    pen.blank()
    for problem in report.problems:
        pen.wrapped(pen.given(problem, 400), 4, first=(("warn", "problem"), "  "))
    n_by_holding = {holding: sum(c.holding == holding for c in report.candidates) for holding in Holding}
    told = ", ".join(f"{n:,} {_HEAD[holding][0]}" for holding, n in n_by_holding.items() if n)
    lines, packages = count(sum(report.n_lines_by_kind.values()), "line"), count(len(report.packages), "package")
    pen.line(f"{told or 'nothing outlives its function'}; {lines} of {packages}")
    return pen.text()


def _write_holding(pen: Pen, holding: Holding, candidates: Sequence[Candidate], n_top: int) -> None:
    name, lives = _HEAD[holding]
    pen.blank()
    pen.line(("strong", name), ("dim", f"  lives {lives}" if holding != Holding.OTHER else f"  {lives}"))
    notes = sorted({candidate.note for candidate in candidates})
    if len(notes) == 1 and notes[0]:  # said once, not at each place
        pen.line(("dim", f"  {pen.given(notes[0])}"))
    groups = [(key, list(members)) for key, members in groupby(candidates, key=lambda c: (c.escape.package, c.holder))]
    # own files first, then those with most places; stable: by package and name among equals
    groups.sort(key=lambda group: (group[1][0].escape.at.is_elsewhere, -len(group[1])))
    for (package, holder), members in groups[:n_top]:
        pen.line(
            "  ", pen.given(holder or "?", 120), ("dim", f"  {pen.given(package, 120)}  {count(len(members), 'place')}")
        )
        for candidate in members[:_MAX_SITES]:
            _write_site(pen, candidate, with_note=len(notes) > 1)
        if len(members) > _MAX_SITES:
            pen.line(("dim", f"    and {len(members) - _MAX_SITES:,} more"))
    if len(groups) > n_top:
        pen.line(("dim", f"  and {len(groups) - n_top:,} more holders; --top shows more, --format json all"))


def _write_site(pen: Pen, candidate: Candidate, *, with_note: bool) -> None:
    escape = candidate.escape
    what = f"what parameter {escape.subject} leads to" if escape.is_parameter else escape.subject
    where = f" in {escape.function}" if escape.function and escape.function != candidate.holder else ""
    place = pen.given(str(escape.at), 300)
    pen.line("    ", ("place", place), "  ", pen.fitted(f"{what}{where}", max(pen.width - len(place) - 6, 20)))
    last = candidate.chain[-1].flows[-1] if candidate.chain[-1].flows else None
    if last is not None and last.steps and last.steps[-1].why != "spill":
        step = last.steps[-1]
        pen.line("      ", ("dim", pen.fitted(f"by {step.expression} ({step.why}) at {step.at}", pen.width - 6)))
    if candidate.note and with_note:
        pen.line("      ", ("dim", pen.given(candidate.note)))
