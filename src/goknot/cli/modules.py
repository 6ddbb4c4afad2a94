"""`goknot modules`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from goknot.analyses.failing import exit_code
from goknot.app.comparing import compare_report
from goknot.app.modules import report_modules
from goknot.cli.emit import emit_report, note
from goknot.cli.fail_on import fail_on_of
from goknot.cli.options import path_argument, report_options
from goknot.cli.progress import working
from goknot.errors import InputError
from goknot.inputs.modules import How, ModuleScan, View, load, load_graph
from goknot.model.sourcelevel import SourceLevel


@click.command("modules")
@path_argument
@report_options
@click.option(
    "--view",
    type=click.Choice([str(view) for view in View]),
    default=str(View.SELECTED),
    show_default=True,
    help="Modules at exact versions, at the selected versions, or by path alone.",
)
@click.option("--graph", metavar="FILE", help="Saved output of `go mod graph`; - for standard input.")
@click.option("--go", "with_go", is_flag=True, help="Ask Go for the graph instead of reading go.mod files.")
@click.option("--baseline", metavar="FILE", help="Only knots that are not in FILE fail the run.")
@click.option("--update-baseline", is_flag=True, help="Write today's module rings to the baseline.")
@click.option("--fail-on", metavar="WHAT,...", help="Verdicts or kinds that fail the run, or `none`.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    path: str,
    view: str,
    graph: str | None,
    with_go: bool,
    format_: str,
    output: str | None,
    knot: str | None,
    show_all: bool,
    **gate: Any,
) -> None:
    """Finds rings of modules that require each other, and proves each requirement against the source in the cache.

    The graph comes from go.mod files and the module cache, from Go (--go), or from a saved `go mod graph` (--graph).
    """
    fail_on = fail_on_of(gate["fail_on"], None, compared=bool(gate["baseline"]))
    with working("reading modules"):
        scan = _load(path, graph, with_go=with_go)
        source = "saved" if graph else "go" if with_go else "go.mod files"
        report = report_modules(scan, View(view), path=graph or path, source=source)
        report = compare_report(report, gate["baseline"], update=gate["update_baseline"], level=SourceLevel.MODULES)
    emit_report(report, format_, output, show_all=show_all, knot=knot, source=path)
    if output:
        note(f"wrote {output}: {report.stats['knots']} knots, {len(report.problems)} problems")
    ctx.exit(exit_code(report, fail_on))


def _load(path: str, graph: str | None, *, with_go: bool) -> ModuleScan:
    if graph is None:
        return load(Path(path), how=How.GO if with_go else How.CACHE)
    folder = Path(path)
    if graph == "-":
        return load_graph(sys.stdin.buffer, "standard input", folder=folder)
    try:
        with Path(graph).open("rb") as stream:
            return load_graph(stream, graph, folder=folder)
    except OSError as error:
        raise InputError(graph, error.strerror or str(error)) from error
