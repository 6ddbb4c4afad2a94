"""`goknot heap`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from goknot.analyses.failing import exit_code
from goknot.cli.emit import emit_bytes, emit_report, emit_tables, note
from goknot.cli.fail_on import fail_on_of
from goknot.cli.heap_options import heap_options
from goknot.cli.options import report_options_of
from goknot.cli.progress import phases
from goknot.errors import UsageError
from goknot.reports import FORMATS

if TYPE_CHECKING:
    from goknot.app.heap.study import HeapStudy
    from goknot.model.report import Report
    from goknot.model.table import Table


@click.command("heap")
@click.argument("target")
@heap_options
@report_options_of((*FORMATS, "pprof"))
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:
    """Finds rings of live objects and goroutines that nothing can wake, in a Go program's core or in a live process.

    TARGET is an ELF core, the number of a process, or a file of debug.WriteHeapDump. A plain ring is no leak: Go's
    collector frees it. What is never freed is said to be, with the reason. Views answer other questions in its place.
    """
    from goknot import kernels  # noqa: PLC0415 (heaps only)

    _check(options)
    kernels.ready(lambda: note("goknot: compiling kernels, once per machine (some seconds) ..."))
    with phases("reading the heap") as step:
        from goknot.app.heap.opening import open_study  # noqa: PLC0415 (numba)
        from goknot.kernels.memory import Allocator  # noqa: PLC0415

        stop, alloc = not options["no_stop"], Allocator(options["max_memory"])
        study = open_study(options["target"], options["exe"], stop=stop, alloc=alloc, step=step)
        older = None
        if options["diff"]:
            step("the older heap")
            older = open_study(options["diff"], options["diff_exe"], stop=stop, alloc=alloc, step=step)
        step("what is found")
        if options["tui"]:
            report, code = _judged(study, options, types=False)
        else:
            tables = _views(study, older, options)
            if not tables and options["format_"] != "pprof":
                ctx.exit(_report(study, options))
            code = _gate(study, options)
    if options["tui"]:
        from goknot.app.heap.walk import Walk  # noqa: PLC0415
        from goknot.cli import heap_tui  # noqa: PLC0415

        heap_tui.run(Walk(study, report))
    elif tables:
        heaps = [study.heap] + ([older.heap] if older else [])
        emit_tables(heaps, tables, options["format_"], options["output"])
    else:
        from goknot.app.heap.pprof import heap_profile  # noqa: PLC0415

        emit_bytes(heap_profile(study), options["output"])
    ctx.exit(code)


def _check(options: dict[str, Any]) -> None:
    if _wants_view(options) and options["format_"] not in ("text", "json"):
        raise UsageError(f"a view has no format {options['format_']}", "Use text or json.")
    if options["tui"]:
        from goknot.cli import heap_tui  # noqa: PLC0415

        if _wants_view(options) or options["format_"] != "text" or options["output"]:
            raise UsageError("--tui shows everything itself", "Leave views, --format and --output out.")
        heap_tui.check()
    if options["diff_exe"] and not options["diff"]:
        raise UsageError("--diff-exe is the executable of an older core", "Add --diff OLDER.")
    if options["format_"] == "pprof" and options["output"] in (None, "-") and sys.stdout.isatty():
        raise UsageError("a profile is no text for a terminal", "Add -o heap.pb.gz, then: go tool pprof heap.pb.gz.")


def _wants_view(options: dict[str, Any]) -> bool:
    flags = ("top", "dominators", "goroutines", "roots", "modules")
    return any(options[name] for name in (*flags, "path_to", "retained", "sql", "diff"))


def _views(study: HeapStudy, older: HeapStudy | None, options: dict[str, Any]) -> list[Table]:
    """The tables asked for, in a fixed order."""
    limit = options["limit"]
    found: list[Table] = []
    if not _wants_view(options):
        return found
    from goknot.app.heap import dominators, growth, modules, views  # noqa: PLC0415

    if older is not None:
        found += growth.growth(older, study, limit)
    if options["top"]:
        found.append(views.top(study, limit))
    if options["dominators"]:
        found.append(dominators.dominators(study, options["depth"], limit))
    found += [views.path_to(study, text) for text in options["path_to"]]
    found += [views.retained(study, text) for text in options["retained"]]
    if options["roots"]:
        found.append(views.roots(study, limit))
    if options["modules"]:
        found.append(modules.modules(study))
    if options["goroutines"]:
        found.append(views.goroutines(study, limit, each=options["show_all"]))
    if options["sql"]:
        from goknot.app.heap.sql import ask  # noqa: PLC0415 (DuckDB)

        found += [ask(study, query) for query in options["sql"]]
    return found


def _gate(study: HeapStudy, options: dict[str, Any]) -> int:
    """The exit code beside a view: that of the knots, if what fails a run was named, else 0."""
    if options["fail_on"] is None and options["baseline"] is None and not options["update_baseline"]:
        return 0
    return _judged(study, options, types=False)[1]


def _report(study: HeapStudy, options: dict[str, Any]) -> int:
    report, code = _judged(study, options, types=options["format_"] in ("json", "html"))
    if options["format_"] == "html":
        from goknot.app.heap.pictures import with_pictures  # noqa: PLC0415 (only for the page)

        report = with_pictures(report, study)
    emit_report(report, options["format_"], options["output"], show_all=options["show_all"], knot=options["knot"])
    return code


def _judged(study: HeapStudy, options: dict[str, Any], *, types: bool) -> tuple[Report, int]:
    """The knots, held against the baseline, and the exit code they make."""
    from goknot.app.comparing import compare_report  # noqa: PLC0415
    from goknot.app.heap.report import report_heap  # noqa: PLC0415

    fail_on = fail_on_of(options["fail_on"], None, compared=False)
    found = report_heap(study, types=types)
    report = compare_report(found, options["baseline"], update=options["update_baseline"])
    return report, exit_code(report, fail_on)
