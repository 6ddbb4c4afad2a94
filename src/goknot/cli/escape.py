"""`goknot escape`."""

from __future__ import annotations

from pathlib import Path

import click

from goknot.cli.emit import emit, note, view_for
from goknot.cli.options import path_argument
from goknot.errors import UsageError


@click.command("escape")
@path_argument
@click.option("--log", metavar="FILE|-", help="Read this log of -gcflags=-m=2 and run nothing; PATH is where Go ran.")
@click.option("--packages", "patterns", multiple=True, metavar="PATTERN", help="Packages to build [default: ./...].")
@click.option("--held-by", "held_by", multiple=True, metavar="KIND", help="Only these: package-variable, passed, ...")
@click.option("--top", metavar="N", type=click.IntRange(1), default=8, show_default=True, help="Holders of each kind.")
@click.option("-f", "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    path: str,
    log: str | None,
    patterns: tuple[str, ...],
    held_by: tuple[str, ...],
    top: int,
    format_: str,
    output: str | None,
) -> None:
    """Ranks what outlives the function that makes it, by what holds it; evidence, not findings.

    Runs `go build -gcflags=-m=2` in PATH (Go's build cache replays it for what is unchanged), or reads a log of it.
    Exit code 3: part of the log could not be read, or part of the build failed.
    """
    from goknot.app.escape import escapes_of_log, escapes_of_module  # noqa: PLC0415
    from goknot.model.escape import Holding  # noqa: PLC0415
    from goknot.reports.escape_json import render_json  # noqa: PLC0415
    from goknot.reports.escape_text import DEFAULT_HOLDINGS, render_text  # noqa: PLC0415

    unknown = sorted(set(held_by) - set(Holding))
    if unknown:
        raise UsageError(f"--held-by {unknown[0]}: no such kind", f"one of {', '.join(Holding)}")
    if log is not None and patterns:
        raise UsageError("--log and --packages exclude each other", "a log holds the packages it was written for")
    holdings = tuple(holding for holding in Holding if holding in (held_by or DEFAULT_HOLDINGS))
    if log is None:
        note("goknot: running go build -gcflags=-m=2 (Go compiles the module; none of its programs is run)")
        report = escapes_of_module(Path(path), patterns or ("./...",))
    else:
        report = escapes_of_log(log, Path(path))
    if format_ == "json":
        emit(render_json(report, holdings if held_by else tuple(Holding)), output)
    else:
        emit(render_text(report, view_for(output), holdings, top), output)
    ctx.exit(3 if report.problems else 0)
