"""One file a format: Report in, text out; nothing is computed here.

A renderer is imported only when it is chosen; to add one, add a file with `render(report, view)` and a line in
`RENDERERS`.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

from goknot.errors import UsageError
from goknot.model.report import Report
from goknot.reports.view import View

# format -> module that renders it
RENDERERS = {
    "text": "goknot.reports.text",
    "json": "goknot.reports.json",
    "sarif": "goknot.reports.sarif",
    "github": "goknot.reports.github",
    "dot": "goknot.reports.dot",
    "mermaid": "goknot.reports.mermaid",
    "html": "goknot.reports.html",
}
FORMATS = tuple(RENDERERS)


def render(
    report: Report,
    format: str,
    *,
    width: int = 100,
    color: bool = False,
    ascii: bool = False,
    detail: str = "worst",
    only: str = "",
) -> str:
    """Renders a report; the result ends in a newline, unless there is nothing to say.

    Args:
        report: What to render.
        format: One of `FORMATS`.
        width: Columns of the terminal (text only).
        color: Whether escape sequences for colour may be used (text only).
        ascii: Whether to do without box drawing and symbols (text only).
        detail: `worst` shows the worst knot in full and the others in a line each; `all` shows all in full (text only).
        only: Id of the one knot to show, or the beginning of it; empty for all.

    Raises:
        UsageError: There is no such format or detail, or `only` fits none or several of the knots.
    """
    if format not in RENDERERS:
        raise UsageError(f"there is no format {format!r}", f"use one of {', '.join(FORMATS)}")
    if detail not in {"worst", "all"}:
        raise UsageError(f"there is no detail {detail!r}", "use worst or all")
    shown = select(report, only) if only else report
    view = View(
        width=width,
        color=color,
        ascii=ascii,
        all_in_full=detail == "all" or bool(only),
        n_hidden=len(report.knots) - len(shown.knots),
    )
    text: str = import_module(RENDERERS[format]).render(shown, view)
    return text


def select(report: Report, only: str) -> Report:
    """The report with the one knot whose id is, or begins with, `only`.

    Raises:
        UsageError: None or several of the knots fit.
    """
    fitting = [knot for knot in report.knots if knot.id.startswith(only.lower())]
    if len(fitting) == 1:
        return replace(report, knots=tuple(fitting))
    ids = [knot.id for knot in fitting or report.knots]
    what = f"{len(fitting)} knots have an id that begins with" if fitting else "no knot has the id"
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    hint = f"there is {', '.join(ids[:5])}{more}" if ids else "there are no knots at all"
    raise UsageError(f"{what} {only!r}", hint)
