"""`goknot heap`."""

from __future__ import annotations

from pathlib import Path

import click

from goknot.analyses.failing import ALWAYS, exit_code
from goknot.cli.emit import emit_report
from goknot.cli.options import report_options
from goknot.cli.progress import working


@click.command("heap")
@click.argument("target")
@click.option("--exe", metavar="FILE", help="The executable of a core [default: where the core says it was].")
@click.option("--no-stop", is_flag=True, help="Read a live process without stopping it: quicker, less sure.")
@report_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    target: str,
    exe: str | None,
    no_stop: bool,
    format_: str,
    output: str | None,
    knot: str | None,
    show_all: bool,
) -> None:
    """Finds rings of live objects and goroutines that nothing can wake, in a Go program's core or in a live process.

    TARGET is an ELF core, a file that debug.WriteHeapDump wrote, or the number of a process. A plain ring is no leak:
    Go's collector frees it. What is never freed is said to be, with the reason.
    """
    with working("reading the heap (the first run compiles)"):
        from goknot.app.heap.report import report_heap  # noqa: PLC0415 (numba)
        from goknot.app.heap.study import HeapStudy  # noqa: PLC0415
        from goknot.inputs.heapdump import is_dump, read_dump  # noqa: PLC0415
        from goknot.inputs.process import read_core, read_process  # noqa: PLC0415

        if target.isdecimal() and not Path(target).exists():
            heap = read_process(int(target), stop=not no_stop)
        elif is_dump(Path(target)):
            heap = read_dump(Path(target), Path(exe) if exe else None)
        else:
            heap = read_core(Path(target), Path(exe) if exe else None)
        report = report_heap(HeapStudy(heap))
    emit_report(report, format_, output, show_all=show_all, knot=knot)
    ctx.exit(exit_code(report, ALWAYS))
