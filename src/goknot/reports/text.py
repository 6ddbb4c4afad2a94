"""The report for a person at a terminal: the worst knot first and in full, then a line for each further one."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

from goknot.model.knot import Knot
from goknot.model.named_heap import NAMED_BY
from goknot.model.report import Report
from goknot.model.sourcelevel import SourceLevel, source_level
from goknot.model.verdict import BaselineState
from goknot.reports.heap_text import write_modules
from goknot.reports.knot_text import write_knot
from goknot.reports.pen import Pen, Span
from goknot.reports.plugin_text import write_plugin_summary, write_plugins
from goknot.reports.view import View
from goknot.reports.words import (
    bytes_text,
    count,
    has_all_levels,
    is_aside,
    kinds_of,
    levels_of,
    n_cells,
    older_state,
    shared_prefix,
    size_of,
    was_compared,
)

_MAX_LINES = 10  # further knots shown by a line
_MAX_FIXED = 5
_MAX_PROBLEMS = 8
# counts that the last line says in another way
_SAID = frozenset(
    {
        "knots",
        "new",
        "known",
        "fixed",
        "live_with_pointers",
        "types_resolved",
        *(f"named_by_{by}" for by in NAMED_BY[1:]),
    }
)
_PLUGIN_INPUTS = frozenset(("binary", "plugin"))
_FACTS = ("levels", "platform", "tags", "view", "named", "stopped_ms")  # of an input that change what there is to see


def render(report: Report, view: View) -> str:
    """Renders the report for a terminal."""
    pen = Pen(view)
    if report.plugins and {one.kind for one in report.inputs} <= _PLUGIN_INPUTS and not view.n_hidden:
        write_plugins(pen, report, whole=view.all_in_full)
        _write_problems(pen, report, whole=view.all_in_full)
        write_plugin_summary(pen, report)
        return pen.text()
    new = [knot for knot in report.knots if knot.baseline is BaselineState.NEW]
    known = [knot for knot in report.knots if knot.baseline is BaselineState.KNOWN]
    fixed = [knot for knot in report.knots if knot.baseline is BaselineState.FIXED]
    several = levels_of(report) and not view.all_in_full
    listed = [knot for knot in new if not (several and is_aside(knot))]
    in_full = [*new, *known, *fixed] if view.all_in_full else listed[:1]
    for knot in in_full:
        write_knot(pen, knot, report, whole=view.all_in_full)
        pen.blank()
    if not view.all_in_full:
        _write_further(pen, listed[1:])
        if len(new) > len(listed):
            _write_asides(pen, [knot for knot in new if is_aside(knot)])
        _write_fixed(pen, fixed)
    if report.modules and not view.n_hidden:
        write_modules(pen, report.modules)
    if report.plugins and not view.n_hidden:
        write_plugins(pen, report, whole=view.all_in_full)
    _write_problems(pen, report, whole=view.all_in_full)
    _write_summary(pen, report, view)
    return pen.text()


def _write_further(pen: Pen, knots: list[Knot]) -> None:
    """One line a knot, grouped by verdict."""
    if not knots:
        return
    shown = knots[:_MAX_LINES]
    kind_width = max(len(knot.kind) for knot in shown)
    sizes = [bytes_text(knot.heap.retained_bytes) if knot.heap else size_of(knot) for knot in shown]
    size_by_id = dict(zip((knot.id for knot in shown), sizes, strict=True))
    size_width = max(map(len, sizes))
    pen.line(("strong", count(len(knots), "more knot")))
    for verdict, group in groupby(shown, key=lambda knot: knot.verdict):
        pen.line("  ", pen.verdict(verdict))
        for knot in group:
            head = f"{knot.kind:<{kind_width}}  {size_by_id[knot.id]:>{size_width}}  "
            what = pen.begun(_gist(pen, knot), pen.width - 18 - n_cells(head))
            pen.line("    ", ("dim", knot.id), "  ", head, what)
    if len(knots) > len(shown):
        pen.line("    ", ("dim", f"and {len(knots) - len(shown):,} more; --all shows every knot in full"))
    pen.blank()


def _gist(pen: Pen, knot: Knot) -> str:
    """The tightest cycle: beside kind and size it says more than a title; the title of a leak or what is no ring."""
    if not knot.cycles or knot.heap or source_level(knot.level, knot.kind) is SourceLevel.LEAKS:
        return knot.title
    prefix = shared_prefix(knot.nodes, 0)
    cycle = knot.cycles[0]
    return pen.signs.arrow.join(knot.nodes[node].name[len(prefix) :] for node in (*cycle, cycle[0]))


def _write_asides(pen: Pen, knots: list[Knot]) -> None:
    """One line for all that asks for nothing."""
    text = f"{kinds_of(knots)}: nothing that must be undone; --all shows every knot in full"
    pen.wrapped(text, 2, "dim", first=(("strong", f"{len(knots):,} noted"), "  "))
    pen.blank()


def _write_fixed(pen: Pen, knots: list[Knot]) -> None:
    for knot in knots[:_MAX_FIXED]:
        title = pen.begun(knot.title, pen.width - 25 - len(knot.kind))
        pen.line(("good", f"{pen.signs.good} fixed"), "  ", ("dim", knot.id), "  ", knot.kind, "  ", title)
    if len(knots) > _MAX_FIXED:
        pen.line(("dim", f"  and {len(knots) - _MAX_FIXED:,} more that are fixed"))
    pen.blank()


def _write_problems(pen: Pen, report: Report, *, whole: bool) -> None:
    if not report.problems:
        return
    head = count(len(report.problems), "problem")
    pen.line(("warn", head), "" if report.complete else ": the scan is incomplete, there may be knots it did not see")
    shown = report.problems if whole else report.problems[:_MAX_PROBLEMS]
    for problem in shown:
        where = pen.given(problem.where)
        pen.wrapped(f"{where}: {pen.given(problem.what, 400)}; {pen.given(problem.effect, 400)}", 4, first=("  ",))
    if len(report.problems) > len(shown):
        pen.line("  ", ("dim", f"and {len(report.problems) - len(shown):,} more; --all shows them"))
    pen.blank()


def _write_summary(pen: Pen, report: Report, view: View) -> None:
    """The last line: what was found, in how much."""
    new = [knot for knot in report.knots if knot.baseline is BaselineState.NEW]
    asides = [knot for knot in new if is_aside(knot)] if levels_of(report) else []
    new = [knot for knot in new if knot not in asides]
    if was_compared(report):
        found = _found_against(pen, report, len(new), len(asides))
    else:
        found = _found(new) if new or not levels_of(report) else "no knots"
    found += f", {len(asides):,} noted" if asides else ""
    doubt = "" if report.complete else " in what could be read"
    hidden = f"; {count(view.n_hidden, 'other knot')} not shown" if view.n_hidden else ""
    scanned = _scanned(pen, report)
    text = f"{found}{doubt}{hidden}{pen.signs.dot if scanned else ''}{scanned}"
    pen.wrapped(text, 2, first=(_mood(pen, report, new), " "))


def _found(knots: list[Knot]) -> str:
    if not knots:
        return "no rings"
    n_by_verdict = Counter(knot.verdict for knot in knots)
    if len(n_by_verdict) == 1:
        return f"{count(len(knots), 'knot')}, {knots[0].verdict}"
    verdicts = sorted(n_by_verdict, key=lambda verdict: verdict.severity)
    return f"{count(len(knots), 'knot')}: " + ", ".join(f"{n_by_verdict[v]:,} {v}" for v in verdicts)


def _found_against(pen: Pen, report: Report, n_new: int, n_asides: int) -> str:
    n_fixed = len(report.knots) - len(report.standing())
    n_known = len(report.standing()) - n_new - n_asides
    against = f" against {pen.given(older_state(report))}" if older_state(report) else ""
    return f"{count(n_new, 'new knot') if n_new else 'nothing new'}, {n_known:,} known, {n_fixed:,} fixed{against}"


def _mood(pen: Pen, report: Report, new: list[Knot]) -> Span:
    """The sign of the worst that is new."""
    if new:
        style, sign = pen.verdict(min((knot.verdict for knot in new), key=lambda verdict: verdict.severity))
        return style, sign.split(" ")[0]
    return ("good", pen.signs.good) if report.complete else ("warn", pen.signs.calm)


def _scanned(pen: Pen, report: Report) -> str:
    """What was looked at: the counts, then the facts that narrow it."""
    counts = ", ".join(
        _counted(name, n) for name, n in (*report.stats.items(), *report.heap.items()) if name not in _SAID
    )
    facts = [
        (name, looked_at.details[name]) for looked_at in report.inputs for name in _FACTS if name in looked_at.details
    ]
    texts = dict.fromkeys(_fact(name, value) for name, value in facts)
    return pen.signs.dot.join(pen.given(part) for part in (counts, *texts) if part)


def _fact(name: str, value: str | int | tuple[str, ...]) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    if name == "levels":
        return "" if isinstance(value, tuple) and has_all_levels(value) else f"only {text}"
    if name == "stopped_ms":
        return f"stopped for {text} ms"
    return text if name in {"platform", "named"} else f"{name} {text}"


def _counted(name: str, n: int) -> str:
    noun = name.removeprefix("n_").replace("_", " ")
    return count(n, noun.removesuffix("s"), noun)
