"""The `goknot` command: an explicit list of commands, each in a file of its own."""

from __future__ import annotations

import click

from goknot import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="goknot")
def main() -> None:
    """Finds, proves and cuts circular references in Go systems."""
