"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from goknot.reports import FORMATS

Command = TypeVar("Command", bound=Callable[..., Any])


def path_argument(command: Command) -> Command:
    """PATH, by default the current folder."""
    return click.argument("path", default=".", type=click.Path(), required=False)(command)


def platform_options(command: Command) -> Command:
    """Which build configuration is looked at."""
    for option in (
        click.option("--all-platforms", is_flag=True, help="Every platform and tag; says where each ring exists."),
        click.option("--cgo/--no-cgo", default=None, help="As CGO_ENABLED [default: on for the host's platform]."),
        click.option("--go", "go_version", metavar="1.N", help="Release tags up to this Go [default: the newest]."),
        click.option("--tags", metavar="A,B", help="Build tags that are on."),
        click.option("--goarch", metavar="ARCH", help="Target architecture [default: $GOARCH or the host's]."),
        click.option("--goos", metavar="OS", help="Target system [default: $GOOS or the host's]."),
    ):
        command = option(command)
    return command


def report_options(command: Command) -> Command:
    """How a report is shown."""
    return report_options_of(FORMATS)(command)


def report_options_of(formats: tuple[str, ...]) -> Callable[[Command], Command]:
    """How a report is shown, where there are other formats than the usual."""

    def decorate(command: Command) -> Command:
        for option in _report_options(formats):
            command = option(command)
        return command

    return decorate


def _report_options(formats: tuple[str, ...]) -> tuple[Callable[[Any], Any], ...]:
    return (
        click.option("--all", "show_all", is_flag=True, help="Show every knot in full, not just the worst (text)."),
        click.option("--knot", metavar="ID", help="Show only the knot with this id (or the start of it)."),
        click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all."),
        click.option(
            "-f", "--format", "format_", type=click.Choice(formats), default="text", show_default=True, help="Format."
        ),
    )


def gate_options(command: Command) -> Command:
    """What fails a run, and what is known already."""
    for option in (
        click.option(
            "--fail-on",
            metavar="WHAT,...",
            help="Verdicts or kinds that fail the run, or `none` [default: what breaks or leaks, and broken rules; "
            "with a baseline or revision also new couplings of packages, folders and modules].",
        ),
        click.option("--strict", is_flag=True, help="Baseline entries that no longer exist fail the run, too."),
        click.option("--update-baseline", is_flag=True, help="Write today's knots to the baseline."),
        click.option("--baseline", metavar="FILE", help="Only knots that are not in FILE fail the run."),
        click.option(
            "--new-from-rev",
            metavar="REV",
            help="Only knots that git revision REV did not have fail; leaves module rings out.",
        ),
        click.option("--config", metavar="FILE", help="Settings [default: the nearest goknot.toml]."),
        click.option(
            "--folders", metavar="N", type=click.IntRange(1), help="Depth of folder rings [default: from the tree]."
        ),
    ):
        command = option(command)
    return command
