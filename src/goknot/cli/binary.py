"""`goknot binary`: what one Go binary holds."""

from __future__ import annotations

import click

from goknot.cli.emit import emit, view_for
from goknot.errors import UsageError


@click.command("binary", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("file", metavar="FILE")
@click.option(
    "--func", "names", multiple=True, metavar="NAME", help="Where a function is: code and source (may hold *)."
)
@click.option("--functions", "all_functions", is_flag=True, help="List all functions.")
@click.option("--pc", "pcs", multiple=True, metavar="ADDR", help="Which function an address is in, inlined calls too.")
@click.option(
    "--symbol", "symbols", multiple=True, metavar="NAME", help="When and by what a symbol is bound (may hold *)."
)
@click.option("--calls", "calls", multiple=True, metavar="FUNC", help="Calls of a function: stubs, slots, relocations.")
@click.option("--cgo-header", metavar="FILE", default="", help="Compare //export functions with this _cgo_export.h.")
@click.option("-f", "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    file: str,
    names: tuple[str, ...],
    all_functions: bool,
    pcs: tuple[str, ...],
    symbols: tuple[str, ...],
    calls: tuple[str, ...],
    cgo_header: str,
    format_: str,
    output: str | None,
) -> None:
    """Shows what a Go executable, plugin or shared library holds: build, module, functions, exports, cgo.

    Stripped or not; ELF, and of Mach-O and PE what needs no relocations. Nothing is run or loaded. Exit code 1:
    something asked for is not there, or the header differs; 3: some of the file could not be read.
    """
    from goknot import __version__  # noqa: PLC0415
    from goknot.app.binary import Questions, exit_code, read_binary  # noqa: PLC0415 (numpy)
    from goknot.reports.binary_json import render_json  # noqa: PLC0415
    from goknot.reports.binary_text import render_text  # noqa: PLC0415

    functions = ("*",) if all_functions else names
    questions = Questions(functions, tuple(map(_address, pcs)), symbols, calls, cgo_header)
    report = read_binary(file, questions)
    emit(render_json(report, __version__) if format_ == "json" else render_text(report, view_for(output)), output)
    ctx.exit(exit_code(report))


def _address(text: str) -> int:
    """`0x45d2e0`, or a decimal number."""
    try:
        value = int(text, 0)
    except ValueError:
        value = -1
    if not 0 <= value < 1 << 64:
        raise UsageError(f"{text!r} is no address", "give it as 0x45d2e0")
    return value
