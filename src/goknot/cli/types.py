"""`goknot types`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from goknot.cli.emit import emit_report, note
from goknot.cli.options import path_argument, platform_options, report_options
from goknot.cli.platforms import PlatformChoice, source_options


@click.command("types")
@path_argument
@report_options
@click.option("--fail-on", metavar="WHAT,...", help="Verdicts or kinds that fail the run [default: none].")
@click.option("--update-baseline", is_flag=True, help="Write today's knots to the baseline.")
@click.option("--baseline", metavar="FILE", help="Only knots that are not in FILE fail the run.")
@click.option("--no-cache", is_flag=True, help="Parse every file, and keep nothing.")
@click.option("--config", metavar="FILE", help="Settings [default: the nearest goknot.toml].")
@platform_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    path: str,
    format_: str,
    output: str | None,
    knot: str | None,
    show_all: bool,
    fail_on: str | None,
    update_baseline: bool,
    baseline: str | None,
    no_cache: bool,
    config: str | None,
    **rest: Any,
) -> None:
    """Finds rings of types, field by field with their offsets: which types can hold each other, and where.

    PATH is a module, a workspace, or a folder inside one. No Go is needed and the code need not compile. A ring of
    types is no leak: the collector frees rings of objects. It says which code hangs together, and where a finalizer
    would leak. Offsets are those of the target platform (--goarch).
    """
    from goknot.analyses.failing import exit_code  # noqa: PLC0415 (help must stay quick)
    from goknot.app.config import load_settings  # noqa: PLC0415
    from goknot.app.types import TypesRequest, find_type_knots  # noqa: PLC0415
    from goknot.cli.fail_on import fail_on_of  # noqa: PLC0415

    platform = PlatformChoice(**{name: rest.pop(name) for name in PlatformChoice.__slots__})
    settings, _ = load_settings(Path(path), config)
    failing = fail_on_of(fail_on, settings.fail_on, compared=False)
    request = TypesRequest(Path(path), source_options(platform, settings), baseline, update_baseline, not no_cache)
    report = find_type_knots(request)
    emit_report(report, format_, output, show_all=show_all, knot=knot, source=path)
    if output:
        note(f"wrote {output}: {report.stats['knots']} knots, {len(report.problems)} problems")
    ctx.exit(exit_code(report, failing))
