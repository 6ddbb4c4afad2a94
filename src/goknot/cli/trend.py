"""`goknot trend`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from goknot.app.config import load_settings
from goknot.app.trend import trend
from goknot.cli.emit import emit
from goknot.cli.options import path_argument, platform_options
from goknot.cli.platforms import PlatformChoice, source_options
from goknot.cli.progress import progress
from goknot.errors import UsageError
from goknot.inputs import history
from goknot.reports.trend import as_json, as_table


@click.command("trend")
@path_argument
@click.option("--last", metavar="N", type=click.IntRange(1), default=12, show_default=True, help="How many points.")
@click.option("--since", metavar="DATE", default="", help="Only history since DATE, as git understands it.")
@click.option("--tags-like", metavar="GLOB", help="The newest tags that match, e.g. 'v*', instead of commits.")
@click.option("--revs", metavar="A,B,...", help="These revisions, oldest first.")
@click.option("--folders", metavar="N", type=click.IntRange(1), help="Depth of folder rings [default: from the tree].")
@click.option("--config", metavar="FILE", help="Settings [default: the nearest goknot.toml].")
@click.option("-f", "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all.")
@platform_options
def command(
    *,
    path: str,
    last: int,
    since: str,
    tags_like: str | None,
    revs: str | None,
    folders: int | None,
    config: str | None,
    format_: str,
    output: str | None,
    **rest: Any,
) -> None:
    """Shows how rings and cuts grew over git history; reads git objects, the work tree stays as it is."""
    if tags_like and revs:
        raise UsageError("--tags-like and --revs exclude each other")
    root = Path(path)
    settings, _ = load_settings(root, config)
    if revs:
        revisions = history.named(root, [name.strip() for name in revs.split(",") if name.strip()])
    elif tags_like:
        revisions = history.tags(root, tags_like, last)
    else:
        revisions = history.spread(root, last, since)
    options = source_options(PlatformChoice(**rest), settings)
    with progress("reading revisions") as step:
        found = trend(root, revisions, options, folders or settings.folders, step)
    emit(as_json(found) if format_ == "json" else as_table(found), output)
