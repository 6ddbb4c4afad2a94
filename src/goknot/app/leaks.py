"""The use case behind `goknot leaks`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from goknot import __version__
from goknot.app.collecting import few_collections
from goknot.app.comparing import compare_report
from goknot.inputs.reportfile import parse_report
from goknot.inputs.source import DiskTree, SourceOptions, SourceScan, scan_source
from goknot.inputs.source.answers import Answers, key_of
from goknot.inputs.source.cachefile import cache_folder
from goknot.model.knot import Evidence, Knot
from goknot.model.report import Report, ReportInput
from goknot.model.sourcelevel import SourceLevel
from goknot.model.verdict import BaselineState, Confidence
from goknot.reports import render

if TYPE_CHECKING:
    from goknot.app.confirming import ConfirmRequest
    from goknot.inputs.source.bodies.program import Program

SURE = frozenset({Confidence.CERTAIN, Confidence.LIKELY})


@dataclass(frozen=True, slots=True)
class LeaksRequest:
    """What is asked for.

    Attributes:
        path: A module, a workspace, or a folder in one.
        options: Platform and tags.
        baseline: File to compare with; None: none.
        update_baseline: Whether to write it instead.
        confirm: How go/types is asked about what is found; None: not at all.
        use_cache: Whether the answer is kept for the next run.
    """

    path: Path
    options: SourceOptions
    baseline: str | None = None
    update_baseline: bool = False
    confirm: ConfirmRequest | None = None
    use_cache: bool = True


def find_leaks(request: LeaksRequest) -> Report:
    """Every leak-making knot that function bodies show.

    Raises:
        GoknotError: The path or the baseline cannot be used.
    """
    source = scan_source(DiskTree(request.path), request.options)
    report = leaks_of(source, request.path, request.confirm, use_cache=request.use_cache)
    return compare_report(report, request.baseline, update=request.update_baseline, level=SourceLevel.LEAKS)


def leaks_of(
    source: SourceScan, path: Path, confirm: ConfirmRequest | None = None, *, use_cache: bool = True
) -> Report:
    """Every leak-making knot of a scan, held against nothing.

    Args:
        source: The packages, from the disk or from a git revision.
        path: What was scanned.
        confirm: How go/types is asked about what is found; None: not at all.
        use_cache: Whether the answer is kept for the next run.
    """
    answers = Answers(cache_folder() if use_cache else None)
    key = key_of(source, "leaks", str(path)) if use_cache else None
    known = answers.find(key, _nothing_outside) if key is not None else None
    if known is not None:
        report = parse_report(known, "the cache")
    else:
        report = _report(source, path)
        if key is not None:
            answers.keep(key, {}, render(report, "json").encode())
    report = replace(report, problems=tuple(sorted({*source.problems, *report.problems})))
    return report if confirm is None else _confirmed(report, source, path, confirm)


def _nothing_outside(path: str) -> bytes:
    """Nothing is looked up outside the scan, so that nothing there has a state."""
    raise KeyError(path)


def _report(source: SourceScan, path: Path) -> Report:
    """What the bodies say."""
    from goknot.analyses.leaks.detect import detect  # noqa: PLC0415 (a kept answer needs none of it)
    from goknot.inputs.source.bodies.search import find_facts  # noqa: PLC0415 (tree-sitter)

    with few_collections():
        facts, program = find_facts(source)
        knots, n_ignored, left_out = detect(facts)
    knots = [_with_text(knot, program) for knot in knots]
    details: dict[str, str | int | tuple[str, ...]] = {
        "module": tuple(sorted(module.path for module in source.modules)),
        "platform": source.options.platform_label,
    }
    if source.options.tags:
        details["tags"] = source.options.tags
    return Report(
        version=__version__,
        inputs=(ReportInput("source", str(path), details),),
        knots=tuple(sorted(knots, key=lambda knot: knot.order)),
        problems=tuple(sorted({*program.problems, *left_out})),
        stats={
            "modules": len(source.modules),
            "packages": len(source.packages),
            "files": source.n_files,
            "functions": len(facts.functions),
            "knots": len(knots),
            "ignored": n_ignored,
            "new": sum(knot.baseline is BaselineState.NEW for knot in knots),
            "known": 0,
            "fixed": 0,
        },
        complete=source.complete and not program.problems,
    )


def _confirmed(report: Report, source: SourceScan, path: Path, confirm: ConfirmRequest) -> Report:
    """The report after go/types was asked."""
    from goknot.app.confirming import confirm_knots  # noqa: PLC0415 (a fifth of the start-up)

    told = confirm_knots(list(report.knots), source, path, confirm)
    inputs = report.inputs
    if told.go:
        inputs = tuple(replace(one, details={**one.details, "confirmed_by": told.go}) for one in inputs)
    return replace(
        report,
        inputs=inputs,
        knots=tuple(sorted(told.knots, key=lambda knot: knot.order)),
        problems=tuple(sorted({*report.problems, *told.problems})),
        stats={**report.stats, **told.n_by_state},
    )


def failing_part(report: Report, confidences: frozenset[Confidence]) -> Report:
    """The report with only the knots that are sure enough to fail a run."""
    return replace(report, knots=tuple(knot for knot in report.knots if knot.confidence in confidences))


def _with_text(knot: Knot, program: Program) -> Knot:
    lines: dict[tuple[str, int], str] = {}

    def filled(seen: Evidence) -> Evidence:
        key = (seen.file, seen.line)
        if key not in lines:
            lines[key] = program.line(*key)
        return replace(seen, text=lines[key])

    edges = tuple(replace(edge, evidence=tuple(map(filled, edge.evidence))) for edge in knot.edges)
    return replace(knot, edges=edges)
