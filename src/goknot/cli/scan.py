"""`goknot scan`."""

from __future__ import annotations

from typing import Any

import click

from goknot.cli.options import gate_options, path_argument, platform_options, report_options
from goknot.cli.platforms import PlatformChoice
from goknot.cli.source_run import Gate, run_scan, show


@click.command("scan")
@path_argument
@report_options
@gate_options
@platform_options
@click.pass_context
def command(
    ctx: click.Context, /, *, path: str, format_: str, output: str | None, knot: str | None, show_all: bool, **rest: Any
) -> None:
    """Finds every knot that source alone shows: rings of packages, tests, folders and modules, and broken rules.

    PATH is a module, a workspace, a folder inside one, or a folder of several modules. No Go is needed and the code
    need not compile.
    """
    platform = PlatformChoice(**{name: rest.pop(name) for name in PlatformChoice.__slots__})
    result, code = run_scan(path, platform, Gate(**rest), modules=True)
    show(result, format_, output, show_all=show_all, knot=knot)
    ctx.exit(code)
