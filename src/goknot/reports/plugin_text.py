"""What becomes of plugins, for a person at a terminal: one paragraph a plugin, in the order of opening."""

from __future__ import annotations

from goknot.model.plugins import PluginOutcome
from goknot.model.report import Report
from goknot.reports.pen import Pen, Span
from goknot.reports.words import count

_MAX_NAMES = 5


def write_plugins(pen: Pen, report: Report, *, whole: bool) -> None:
    """Writes each plugin: what Open does, in Go's words; why; what mends it; what is hazardous."""
    for plugin in report.plugins:
        pen.line(_sign(pen, plugin), "  ", ("strong", pen.given(plugin.path, 400)))
        if plugin.text:
            pen.wrapped(pen.given(plugin.text, 2000), 5, first=("     ",))
        _labelled(pen, "why", plugin.why)
        if len(plugin.packages) > 1:
            n_shown = len(plugin.packages) if whole else _MAX_NAMES
            shown = ", ".join(plugin.packages[:n_shown])
            more = f" and {len(plugin.packages) - n_shown:,} more" if len(plugin.packages) > n_shown else ""
            _labelled(pen, "differ", f"{count(len(plugin.packages), 'package')}: {shown}{more}")
        _labelled(pen, "fix", plugin.fix)
        for hazard in plugin.hazards:
            _labelled(pen, "hazard", hazard.text)
        pen.blank()


def write_plugin_summary(pen: Pen, report: Report) -> None:
    """The last line: how many open."""
    total = len(report.plugins)
    n_open = sum(plugin.outcome == "opens" for plugin in report.plugins)
    n_hazards = sum(len(plugin.hazards) for plugin in report.plugins)
    style: Span = ("good", pen.signs.good) if n_open == total else ("bad", pen.signs.bad)
    hazards = f", {count(n_hazards, 'hazard')}" if n_hazards else ""
    pen.line(style, f" {n_open:,} of {count(total, 'plugin')} {'opens' if n_open == 1 else 'open'}{hazards}")


def _sign(pen: Pen, plugin: PluginOutcome) -> Span:
    if plugin.outcome == "opens":
        style, sign = ("warn", pen.signs.warn) if plugin.hazards else ("good", pen.signs.good)
    else:
        style, sign = ("calm", pen.signs.calm) if plugin.outcome == "unknown" else ("bad", pen.signs.bad)
    return style, f"{sign} {plugin.outcome:<7}"


def _labelled(pen: Pen, label: str, text: str) -> None:
    if text:
        pen.wrapped(pen.given(text, 100_000), 14, first=("     ", ("dim", f"{label:<9}")))
