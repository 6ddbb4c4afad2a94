"""`goknot scan`."""

from __future__ import annotations

from typing import Any

import click

from goknot.cli.options import gate_options, path_argument, platform_options, report_options
from goknot.cli.platforms import PlatformChoice
from goknot.cli.source_run import Gate, LevelChoice, run_scan, show


@click.command("scan")
@path_argument
@report_options
@click.option("--only", metavar="WHAT,...", help="Look for these alone: imports, modules, types, leaks.")
@click.option("--skip", metavar="WHAT,...", help="Look for all but these.")
@gate_options
@click.option("--doubtful", is_flag=True, help="Leaks and type rings that are not sure count for --fail-on, too.")
@click.option("--no-cache", is_flag=True, help="Work out everything anew, and keep nothing.")
@platform_options
@click.pass_context
def command(
    ctx: click.Context, /, *, path: str, format_: str, output: str | None, knot: str | None, show_all: bool, **rest: Any
) -> None:
    """Finds every knot that source alone shows.

    Rings of packages, tests and folders and broken rules (imports), rings of modules (modules) and of types (types),
    and what the collector cannot undo (leaks). PATH is a module, a workspace, a folder inside one, or a folder of
    several modules. No Go is needed and the code need not compile. Of leaks only the certain and likely fail the run;
    type rings never do, unless --fail-on names them.
    """
    platform = PlatformChoice(**{name: rest.pop(name) for name in PlatformChoice.__slots__})
    choice = LevelChoice(**{name: rest.pop(name) for name in LevelChoice.__slots__})
    result, code = run_scan(path, platform, Gate(**rest), choice)
    show(result, format_, output, show_all=show_all, knot=knot)
    ctx.exit(code)
