"""`goknot heap`."""

from __future__ import annotations

from pathlib import Path

import click

from goknot.analyses.failing import ALWAYS, exit_code
from goknot.cli.emit import emit_report
from goknot.cli.options import report_options
from goknot.cli.progress import phases
from goknot.cli.sizes import SIZE


@click.command("heap")
@click.argument("target")
@click.option("--exe", metavar="FILE", help="The executable of a core [default: where the core says it was].")
@click.option("--no-stop", is_flag=True, help="Read a live process without stopping it: quicker, less sure.")
@click.option(
    "--max-memory",
    type=SIZE,
    help="Most to keep in memory of what grows with the heap, e.g. 4G; the rest goes to files (TMPDIR, else /var/tmp).",
)
@report_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    target: str,
    exe: str | None,
    no_stop: bool,
    max_memory: int | None,
    format_: str,
    output: str | None,
    knot: str | None,
    show_all: bool,
) -> None:
    """Finds rings of live objects and goroutines that nothing can wake, in a Go program's core or in a live process.

    TARGET is an ELF core, or the number of a process. A plain ring is no leak: Go's collector frees it. What is never
    freed is said to be, with the reason.
    """
    from goknot import kernels  # noqa: PLC0415 (heaps only)

    kernels.ready(lambda: click.echo("goknot: compiling kernels, once per machine (some seconds) ...", err=True))
    with phases("reading the heap") as step:
        from goknot.app.heap.report import report_heap  # noqa: PLC0415 (numba)
        from goknot.app.heap.study import HeapStudy  # noqa: PLC0415
        from goknot.inputs.process import read_core, read_process  # noqa: PLC0415
        from goknot.kernels.memory import Allocator  # noqa: PLC0415

        alloc = Allocator(max_memory)
        if target.isdecimal() and not Path(target).exists():
            heap = read_process(int(target), stop=not no_stop, alloc=alloc, step=step)
        else:
            heap = read_core(Path(target), Path(exe) if exe else None, alloc, step)
        step("rings and what holds them")
        report = report_heap(HeapStudy(heap, alloc))
    emit_report(report, format_, output, show_all=show_all, knot=knot)
    ctx.exit(exit_code(report, ALWAYS))
