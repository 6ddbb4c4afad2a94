"""Puts results on stdout or into a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from goknot.app.collecting import few_collections
from goknot.model.report import Report
from goknot.reports import render
from goknot.reports.view import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goknot.model.named_heap import NamedHeap
    from goknot.model.table import Table


def emit_report(
    report: Report, format_: str, output: str | None, *, show_all: bool, knot: str | None, source: str | None = None
) -> None:
    """Renders a report and prints or writes it; `source` is the folder its files are in, for the page."""
    if source is not None and format_ == "html":
        from goknot.app.excerpts import with_excerpts  # noqa: PLC0415 (only for the page)

        report = with_excerpts(report, Path(source))
    to_stdout = output in {None, "-"}
    to_terminal = to_stdout and sys.stdout.isatty()
    with few_collections():
        text = render(
            report,
            format_,
            width=_columns() if to_terminal else 100,
            color=to_terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb",
            ascii=to_stdout and not _prints("─→"),
            detail="all" if show_all else "worst",
            only=knot or "",
        )
    emit(text, output)


def emit_tables(heaps: Sequence[NamedHeap], tables: Sequence[Table], format_: str, output: str | None) -> None:
    """Renders tables and prints or writes them; `heaps` are what was read, the older one of a comparison last."""
    from goknot import __version__  # noqa: PLC0415 (heaps only)
    from goknot.model.table import Tables  # noqa: PLC0415
    from goknot.reports.tables import render_tables, render_tables_json  # noqa: PLC0415

    problems = [f"{heap.path}: {what}" if len(heaps) > 1 else what for heap in heaps for what in heap.problems]
    inputs = tuple((heap.kind, heap.path) for heap in heaps)
    whole = Tables(__version__, inputs, tuple(tables), tuple(problems))
    if format_ == "json":
        emit(render_tables_json(whole), output)
        return
    to_stdout = output in {None, "-"}
    to_terminal = to_stdout and sys.stdout.isatty()
    view = View(
        width=_columns() if to_terminal else 160,
        color=to_terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb",
        ascii=to_stdout and not _prints("─→"),
    )
    emit(render_tables(whole, view), output)


def view_for(output: str | None) -> View:
    """How text is to look where it goes."""
    to_stdout = output in {None, "-"}
    to_terminal = to_stdout and sys.stdout.isatty()
    return View(
        width=_columns() if to_terminal else 100,
        color=to_terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb",
        ascii=to_stdout and not _prints("─→"),
    )


def emit_bytes(data: bytes, output: str | None) -> None:
    """Writes what is no text to stdout, or to a file that appears whole or not at all."""
    if output is not None and output != "-":
        from goknot.app.files import write_whole_bytes  # noqa: PLC0415

        write_whole_bytes(Path(output), data)
        return
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def emit(text: str, output: str | None) -> None:
    """Prints text, or writes it to a file that appears whole or not at all."""
    if output is not None and output != "-":
        from goknot.app.files import write_whole  # noqa: PLC0415 (most runs print)

        write_whole(Path(output), text)
        return
    # formats for programs are UTF-8 whatever the terminal's encoding; text has been made to fit it
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8"))
    sys.stdout.buffer.flush()


def note(text: str) -> None:
    """One line for the person at the terminal; never part of the result."""
    click.echo(text, err=True)


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 100
    except OSError:
        return 100


def _prints(sample: str) -> bool:
    try:
        sample.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
