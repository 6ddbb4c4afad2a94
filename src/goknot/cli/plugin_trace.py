"""`goknot plugin trace`: plugin.Open watched in a host that runs."""

from __future__ import annotations

import signal
from types import FrameType

import click

from goknot.cli.emit import emit
from goknot.errors import UsageError


@click.command("trace", context_settings={"ignore_unknown_options": True})
@click.argument("run", nargs=-1, type=click.UNPROCESSED, metavar="-- HOST ARGS...")
@click.option("--dlv", metavar="FILE", default="", help="Delve's command [default: dlv on PATH].")
@click.option("--hang-after", metavar="SECONDS", type=click.FloatRange(min=0.1), default=10.0, show_default=True,
              help="End a run in which an open has made no step for so long.")  # fmt: skip
@click.option("--timeout", metavar="SECONDS", type=click.FloatRange(min=0), default=0.0, help="End any run after that.")
@click.option("-f", "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all.")
@click.pass_context
def trace(
    ctx: click.Context,
    /,
    *,
    run: tuple[str, ...],
    dlv: str,
    hang_after: float,
    timeout: float,
    format_: str,
    output: str | None,
) -> None:
    """Runs a host under delve and tells what each plugin.Open does: loader, checks, inits, result; who waits for whom.

    What the host prints goes to standard error. The host ends with the trace, whatever happens. Needs delve; without
    it, `goknot plugin ldlog` reads what the loader itself writes. Exit code 1: a plugin did not open.
    """
    from goknot.app.plugin_trace import trace_plugins  # noqa: PLC0415 (numpy)
    from goknot.reports.plugin_trace import render_json, render_text  # noqa: PLC0415
    from goknot.reports.view import View  # noqa: PLC0415

    if not run:
        raise UsageError("there is no host to run", "goknot plugin trace -- HOST ARGS...")
    signal.signal(signal.SIGTERM, _interrupted)  # the host must not outlive us
    found = trace_plugins(run, dlv=dlv, hang_after=hang_after, timeout=timeout)
    emit(render_json(found) if format_ == "json" else render_text(found, View()), output)
    ctx.exit(130 if found.ended == "interrupted" else 1 if any(one.failed for one in found.opens) else 0)


def _interrupted(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
