"""`goknot report`."""

from __future__ import annotations

from pathlib import Path

import click

from goknot.cli.emit import emit_report, note
from goknot.cli.options import report_options


@click.command("report")
@click.argument("files", nargs=-1, required=True, type=click.Path())
@report_options
@click.option("--source", metavar="PATH", help="The program's module: says where types and fields are declared.")
@click.option("--fail-on", metavar="WHAT,...", help="Verdicts or kinds that fail the run [default: what leaks].")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    files: tuple[str, ...],
    format_: str,
    output: str | None,
    knot: str | None,
    show_all: bool,
    source: str | None,
    fail_on: str | None,
) -> None:
    """Joins reports made apart, e.g. a scan from CI and a core from production, into one with its evidence chain.

    FILES are reports written with --format json: of scan, leaks, types, heap, plugin check, escape. What source says
    may be is held against what the heap shows: counts and bytes are added, and findings that the heap does not bear out
    lowered.
    """
    from goknot.analyses.failing import exit_code  # noqa: PLC0415 (help must stay quick)
    from goknot.app.leaks import SURE, failing_part  # noqa: PLC0415
    from goknot.app.report import join_files  # noqa: PLC0415
    from goknot.cli.fail_on import fail_on_of  # noqa: PLC0415

    failing = fail_on_of(fail_on, None, compared=False)
    report = join_files([Path(file) for file in files], Path(source) if source else None)
    emit_report(report, format_, output, show_all=show_all, knot=knot, source=source)
    if output:
        note(f"wrote {output}: {report.stats['knots']} knots, {len(report.problems)} problems")
    ctx.exit(exit_code(failing_part(report, SURE), failing))
