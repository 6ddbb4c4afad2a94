"""`goknot plugin`: a group of commands."""

from __future__ import annotations

import os

import click

from goknot.analyses.failing import ALWAYS, exit_code
from goknot.cli.emit import emit, emit_report, note
from goknot.cli.options import report_options
from goknot.cli.plugin_trace import trace
from goknot.errors import UsageError


@click.group("plugin", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Tells whether Go plugins will open in a host, in the order given; nothing is loaded."""


@command.command("check")
@click.argument("files", nargs=-1, metavar="HOST PLUGIN...")
@click.option("--lock", metavar="FILE", help="With HOST alone: write what plugins must match. Else: check against it.")
@click.option("--symbols", metavar="NAMES", default="", help="Exports the host looks up: krakend, tyk or NAME,...")
@click.option("--root", metavar="DIR", default="", help="Look for libraries below DIR, e.g. a container's files.")
@click.option("--library-path", metavar="DIRS", help="The host's LD_LIBRARY_PATH [default: this environment's].")
@report_options
@click.pass_context
def check(
    ctx: click.Context,
    /,
    *,
    files: tuple[str, ...],
    lock: str | None,
    symbols: str,
    root: str,
    library_path: str | None,
    format_: str,
    output: str | None,
    knot: str | None,
    show_all: bool,
) -> None:
    """Says of each plugin whether plugin.Open takes it, with the very text that Go will print, why, and what mends it.

    A folder stands for the plugins (*.so) in it, by name. With --lock FILE the host's binary is not needed:
    `check --lock host.json HOST` writes the lock, `check --lock host.json PLUGIN...` checks plugins against it.
    """
    from goknot.app.plugins import build_line, check_plugins, lock_of, writes_lock  # noqa: PLC0415 (numpy)

    if lock and writes_lock(files):
        emit(lock_of(files[0]), lock)
        note(f"{lock}: build plugins with: {build_line(files[0])}")
        return
    if len(files) < (1 if lock else 2):
        raise UsageError("there are no plugins to check", "goknot plugin check HOST PLUGIN...")
    given = os.environ.get("LD_LIBRARY_PATH", "") if library_path is None else library_path
    host, plugins = (lock, files) if lock else (files[0], files[1:])
    report = check_plugins(host, list(plugins), lock=bool(lock), symbols=symbols, root=root, library_path=given)
    emit_report(report, format_, output, show_all=show_all, knot=knot)
    ctx.exit(exit_code(report, ALWAYS))


@command.command("rings")
@click.argument("files", nargs=-1, metavar="HOST PLUGIN...")
@click.option("--source", "sources", multiple=True, metavar="DIR", help="Go source of plugins, with what lies below.")
@click.option("--root", metavar="DIR", default="", help="Look for libraries below DIR, e.g. a container's files.")
@click.option("--library-path", metavar="DIRS", help="The host's LD_LIBRARY_PATH [default: this environment's].")
@report_options
@click.pass_context
def rings(
    ctx: click.Context,
    /,
    *,
    files: tuple[str, ...],
    sources: tuple[str, ...],
    root: str,
    library_path: str | None,
    format_: str,
    output: str | None,
    knot: str | None,
    show_all: bool,
) -> None:
    """Finds rings between plugins: inits that open each other and hang, C symbols and links both ways.

    Read from the plugins' machine code, and from Go source where --source names it; either alone will do. Nothing is
    loaded.
    """
    from goknot.app.plugin_rings import find_plugin_rings  # noqa: PLC0415 (numpy)

    if len(files) < 2 and not sources:
        raise UsageError("there are no plugins to look at", "goknot plugin rings HOST PLUGIN... [--source DIR]...")
    given = os.environ.get("LD_LIBRARY_PATH", "") if library_path is None else library_path
    report = find_plugin_rings(files, sources, root=root, library_path=given)
    emit_report(report, format_, output, show_all=show_all, knot=knot)
    ctx.exit(exit_code(report, ALWAYS))


@command.command("ldlog")
@click.argument("file", metavar="FILE|-")
@click.option("--symbol", "symbols", multiple=True, metavar="NAME", help="List every lookup of NAME (may hold *).")
@click.option("-f", "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all.")
@click.pass_context
def ldlog(ctx: click.Context, /, *, file: str, symbols: tuple[str, ...], format_: str, output: str | None) -> None:
    """Explains a log of the dynamic loader: what is missing, and who is bound to whom against expectation.

    Write the log with LD_DEBUG=libs,symbols,bindings,versions HOST 2> FILE. Exit code 1: it tells of an error, a
    missing library or a C function bound to another plugin's.
    """
    from goknot.app.plugin_ldlog import read_ldlog  # noqa: PLC0415
    from goknot.reports.plugin_ldlog import render_json, render_text  # noqa: PLC0415
    from goknot.reports.view import View  # noqa: PLC0415

    log = read_ldlog(file, symbols)
    emit(render_json(log) if format_ == "json" else render_text(log, View()), output)
    ctx.exit(1 if log.errors or log.missing or any(i.functions for i in log.interpositions) else 0)


command.add_command(trace)
