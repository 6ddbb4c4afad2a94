"""`goknot demo`."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click

from goknot.cli.emit import emit_report, note
from goknot.cli.options import report_options


@click.command("demo")
@report_options
@click.option("--open", "open_", is_flag=True, help="Open the page in a browser (with --format html).")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    format_: str,
    output: str | None,
    knot: str | None,
    show_all: bool,
    open_: bool,
) -> None:
    """Builds and runs a small Go service with a knot of every kind, and shows what goknot says of it.

    Its source, its types, its plugins and its live heap are analysed and joined. Besides the text, the page
    goknot-demo.html is written; with another --format that is printed, or written to --output. Go 1.24 or newer is used
    if it is at hand (on PATH, or by pip install "goknot[demo]", which brings a C compiler for the plugins, too);
    without it, what source alone shows.
    """
    from goknot.app.demo import run_demo  # noqa: PLC0415 (help must stay quick)

    report = run_demo(lambda what: note(f"{what} ..."))
    if format_ == "text" and output is None:
        output = "goknot-demo.html"
        emit_report(report, "text", None, show_all=show_all, knot=knot)
        format_ = "html"
    emit_report(report, format_, output, show_all=show_all, knot=knot)
    if output and output != "-":
        note(f"wrote {output}: {report.stats['knots']} knots, {len(report.problems)} problems")
        if open_:
            webbrowser.open(Path(output).resolve().as_uri())
    ctx.exit(0)
