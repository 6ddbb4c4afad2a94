"""Options of `goknot heap`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from goknot.cli.sizes import SIZE

Command = TypeVar("Command", bound=Callable[..., Any])


def heap_options(command: Command) -> Command:
    """How the heap is read, and the views."""
    for option in (
        click.option(
            "--fail-on",
            metavar="WHAT,...",
            help="Verdicts or kinds that fail the run, or `none` [default: never-freed, freed-in-use].",
        ),
        click.option("--update-baseline", is_flag=True, help="Write today's knots to the baseline."),
        click.option("--baseline", metavar="FILE", help="Only knots that are not in FILE fail the run."),
        click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Lines of a view."),
        click.option("--depth", type=click.IntRange(1, 200), default=6, show_default=True, help="Of --dominators."),
        click.option(
            "--sql",
            multiple=True,
            metavar="SELECT",
            help="Ask objects, edges, types, roots, goroutines, rings (DuckDB).",
        ),
        click.option("--diff-exe", metavar="FILE", help="The executable of the older core."),
        click.option("--diff", metavar="OLDER", help="An older heap of the program: what grew since."),
        click.option("--roots", is_flag=True, help="Roots by what they alone keep."),
        click.option("--modules", is_flag=True, help="The executable and its plugins, and what each keeps."),
        click.option("--goroutines", is_flag=True, help="Goroutines by stack and what they keep (--all: every one)."),
        click.option("--retained", multiple=True, metavar="TYPE|ADDR", help="What goes when these objects go; exact."),
        click.option("--path-to", multiple=True, metavar="TYPE|ADDR", help="How an object is held."),
        click.option("--dominators", is_flag=True, help="The tree of who alone keeps how much."),
        click.option("--tui", is_flag=True, help="Walk through it at this terminal (textual)."),
        click.option("--top", is_flag=True, help="Types by what their objects keep."),
        click.option(
            "--max-memory",
            type=SIZE,
            help="Most to keep in memory of what grows with the heap, e.g. 4G; the rest goes to files (TMPDIR, else "
            "/var/tmp).",
        ),
        click.option("--no-stop", is_flag=True, help="Read a live process without stopping it: quicker, less sure."),
        click.option("--exe", metavar="FILE", help="The executable of a core [default: where the core says it was]."),
    ):
        command = option(command)
    return command
