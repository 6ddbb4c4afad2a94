"""`goknot imports`."""

from __future__ import annotations

from typing import Any

import click

from goknot.cli.emit import emit, note
from goknot.cli.options import gate_options, path_argument, platform_options, report_options
from goknot.cli.platforms import PlatformChoice, source_options


@click.command("imports")
@path_argument
@report_options
@gate_options
@platform_options
@click.option("--packages", is_flag=True, help="Print the packages instead, in the fields of `go list -json`.")
@click.option("--verify", is_flag=True, help="Compare files and imports with `go list -e -json` (needs Go).")
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
    packages: bool,
    verify: bool,
    **rest: Any,
) -> None:
    """Finds import rings of packages, of packages with their tests, and of folders; and imports that break a rule."""
    platform = PlatformChoice(**{name: rest.pop(name) for name in PlatformChoice.__slots__})
    if packages:
        ctx.exit(_print_packages(path, platform, rest["config"], output))
    from goknot.cli.source_run import Gate, run_scan, show  # noqa: PLC0415 (--packages needs none of the analyses)

    result, code = run_scan(path, platform, Gate(**rest), None)
    show(result, format_, output, show_all=show_all, knot=knot)
    if verify:
        from goknot.inputs.source.verify import verify as compare  # noqa: PLC0415 (only here is Go needed)

        differences = compare(result.source)
        for difference in differences:
            note(f"differs from go list: {difference}")
        note(f"go list agrees on {len(result.source.packages)} packages" if not differences else "go list differs")
        code = code or (3 if differences else 0)
    ctx.exit(code)


def _print_packages(path: str, platform: PlatformChoice, config: str | None, output: str | None) -> int:
    from pathlib import Path  # noqa: PLC0415

    from goknot.app.config import load_settings  # noqa: PLC0415
    from goknot.inputs.source import DiskTree, scan_source  # noqa: PLC0415
    from goknot.reports.packages import package_lines  # noqa: PLC0415

    settings, _ = load_settings(Path(path), config)
    source = scan_source(DiskTree(Path(path)), source_options(platform, settings))
    emit(package_lines(package for package in source.packages if package.asked_for), output)
    for problem in source.problems:
        note(f"{problem.where}: {problem.what} ({problem.effect})")
    return 0 if source.complete else 3
