"""`goknot explain`."""

from __future__ import annotations

import sys

import click

from goknot.analyses.explain import kinds, text


@click.command("explain")
@click.argument("kind", required=False)
def command(kind: str | None) -> None:
    """What a kind of knot is, whether it leaks, how to cut it. Without KIND: the kinds there are."""
    if kind is None:
        click.echo("\n".join(kinds()))
        return
    page = text(kind)
    if not sys.stdout.isatty():
        click.echo(page, nl=False)
        return
    from rich.console import Console  # noqa: PLC0415 (only a terminal needs it)
    from rich.markdown import Markdown  # noqa: PLC0415

    Console().print(Markdown(page))
