"""`goknot heap`."""

from __future__ import annotations

from pathlib import Path

import click

from goknot.analyses.failing import ALWAYS, exit_code
from goknot.cli.emit import emit_report
from goknot.cli.options import report_options
from goknot.cli.progress import working


@click.command("heap")
@click.argument("core", type=click.Path())
@click.option("--exe", metavar="FILE", help="The executable [default: where the core says it was].")
@report_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    core: str,
    exe: str | None,
    format_: str,
    output: str | None,
    knot: str | None,
    show_all: bool,
) -> None:
    """Finds rings of live objects and goroutines that nothing can wake, in an ELF core of a Go program.

    A plain ring is no leak: Go's collector frees it. What is never freed is said to be, with the reason.
    """
    with working("reading the heap (the first run compiles)"):
        from goknot.app.heap import report_heap  # noqa: PLC0415 (numba)
        from goknot.inputs.process import read_core  # noqa: PLC0415

        report = report_heap(read_core(Path(core), Path(exe) if exe else None), core)
    emit_report(report, format_, output, show_all=show_all, knot=knot)
    ctx.exit(exit_code(report, ALWAYS))
