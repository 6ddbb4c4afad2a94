"""`goknot leaks`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from goknot.cli.emit import emit_report, note
from goknot.cli.options import path_argument, platform_options, report_options
from goknot.cli.platforms import PlatformChoice, source_options


@click.command("leaks")
@path_argument
@report_options
@click.option(
    "--fail-on", metavar="WHAT,...", help="Verdicts or kinds that fail the run, or `none` [default: what leaks]."
)
@click.option("--update-baseline", is_flag=True, help="Write today's knots to the baseline.")
@click.option("--baseline", metavar="FILE", help="Only knots that are not in FILE fail the run.")
@click.option("--doubtful", is_flag=True, help="Knots of confidence `possible` and `note` fail the run, too.")
@click.option(
    "--confirm", type=click.Choice(["go"]), help="Let go/types check what is found: runs the Go at hand (`go list`)."
)
@click.option(
    "--confirm-timeout", metavar="SECONDS", type=click.FloatRange(1), default=300, show_default=True, help="For Go."
)
@click.option("--confirm-cgo", is_flag=True, help="Compile dependencies with cgo to confirm; runs the C compiler.")
@click.option("--no-cache", is_flag=True, help="Look at every function anew, and keep nothing.")
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
    doubtful: bool,
    confirm: str | None,
    confirm_timeout: float,
    confirm_cgo: bool,
    no_cache: bool,
    config: str | None,
    **rest: Any,
) -> None:
    """Finds knots that Go's collector cannot undo, in source: finalizers in rings, goroutines nobody wakes, handles.

    PATH is a module, a workspace, or a folder inside one. No Go is needed and the code need not compile. Of what is
    found, only what is certain or likely fails the run. A comment `//goknot:ignore KIND reason` on the line of a
    finding or above it leaves that finding out.
    """
    from goknot.analyses.failing import exit_code  # noqa: PLC0415 (help must stay quick)
    from goknot.app.config import load_settings  # noqa: PLC0415
    from goknot.app.confirming import ConfirmRequest  # noqa: PLC0415
    from goknot.app.leaks import SURE, LeaksRequest, failing_part, find_leaks  # noqa: PLC0415
    from goknot.cli.fail_on import fail_on_of  # noqa: PLC0415
    from goknot.model.verdict import Confidence  # noqa: PLC0415

    platform = PlatformChoice(**{name: rest.pop(name) for name in PlatformChoice.__slots__})
    settings, _ = load_settings(Path(path), config)
    failing = fail_on_of(fail_on, settings.fail_on, compared=False)
    options = source_options(platform, settings)
    asking = ConfirmRequest(confirm_timeout, confirm_cgo) if confirm else None
    if confirm:
        note("goknot: asking go/types (go list compiles what is depended on; no program is run)")
    report = find_leaks(LeaksRequest(Path(path), options, baseline, update_baseline, asking, not no_cache))
    emit_report(report, format_, output, show_all=show_all, knot=knot, source=path)
    if output:
        note(f"wrote {output}: {report.stats['knots']} knots, {len(report.problems)} problems")
    ctx.exit(exit_code(failing_part(report, frozenset(Confidence) if doubtful else SURE), failing))
