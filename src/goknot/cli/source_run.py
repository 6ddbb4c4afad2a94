"""What `goknot scan` and `goknot imports` have in common: options to request, result to exit code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from goknot.analyses.failing import binding, exit_code
from goknot.app.config import load_settings
from goknot.app.scan import ScanRequest, ScanResult, scan
from goknot.cli.emit import emit_report, note
from goknot.cli.fail_on import fail_on_of
from goknot.cli.platforms import PlatformChoice, source_options
from goknot.cli.progress import phases
from goknot.errors import UsageError
from goknot.model.sourcelevel import SourceLevel


@dataclass(frozen=True, slots=True)
class Gate:
    """The options that decide what fails, as given."""

    folders: int | None
    config: str | None
    new_from_rev: str | None
    baseline: str | None
    update_baseline: bool
    strict: bool
    fail_on: str | None


@dataclass(frozen=True, slots=True)
class LevelChoice:
    """The options that decide what a scan looks for, as given.

    Attributes:
        doubtful: Whether what is not sure fails a run as well.
    """

    only: str | None = None
    skip: str | None = None
    doubtful: bool = False
    no_cache: bool = False


def run_scan(path: str, platform: PlatformChoice, gate: Gate, choice: LevelChoice | None) -> tuple[ScanResult, int]:
    """Scans and says with which code to exit.

    Args:
        path: What to scan.
        platform: The configuration.
        gate: What fails.
        choice: What is looked for; None: imports.
    """
    root = Path(path)
    settings, base = load_settings(root, gate.config)
    baseline = Path(gate.baseline) if gate.baseline else (base / settings.baseline if settings.baseline else None)
    if gate.update_baseline and baseline is None:
        raise UsageError(
            "--update-baseline needs to know the file", "Add --baseline FILE, or baseline = to goknot.toml."
        )
    if gate.strict and baseline is None:
        raise UsageError("--strict needs a baseline", "Add --baseline FILE, or baseline = to goknot.toml.")
    if gate.new_from_rev and gate.baseline:
        raise UsageError("--baseline and --new-from-rev exclude each other")
    if gate.new_from_rev:
        baseline = None
    request = ScanRequest(
        path=root,
        options=source_options(platform, settings),
        settings=settings,
        levels=levels_of(choice, settings.levels) if choice else frozenset({SourceLevel.IMPORTS}),
        folders=gate.folders,
        baseline=baseline,
        update_baseline=gate.update_baseline,
        new_from_rev=gate.new_from_rev or "",
        use_cache=not (choice and choice.no_cache),
    )
    fail_on = fail_on_of(gate.fail_on, settings.fail_on, compared=bool(baseline or gate.new_from_rev))
    with phases("scanning") as phase:
        result = scan(request, phase)
    report = result.report if choice and choice.doubtful else binding(result.report, fail_on)
    return result, exit_code(report, fail_on, n_stale_edges=result.n_stale_edges if gate.strict else 0)


def levels_of(choice: LevelChoice, configured: tuple[SourceLevel, ...] | None) -> frozenset[SourceLevel]:
    """What a scan looks for: what --only names, else what goknot.toml does, else everything; without what --skip names.

    Raises:
        UsageError: A name that is none of a level, or nothing is left.
    """
    wanted = _named(choice.only, "--only") if choice.only is not None else frozenset(configured or SourceLevel)
    wanted -= _named(choice.skip, "--skip") if choice.skip is not None else frozenset()
    if not wanted:
        raise UsageError("nothing is left to look for", f"There are: {', '.join(SourceLevel)}.")
    return wanted


def _named(given: str, option: str) -> frozenset[SourceLevel]:
    names = [name.strip() for name in given.split(",") if name.strip()]
    if unknown := [name for name in names if name not in set(SourceLevel)]:
        raise UsageError(f"{option}: there is no level {unknown[0]!r}", f"There are: {', '.join(SourceLevel)}.")
    return frozenset(map(SourceLevel, names))


def show(result: ScanResult, format_: str, output: str | None, *, show_all: bool, knot: str | None) -> None:
    """Prints the report; with an output file, one line says what it holds."""
    if format_ == "html":
        result = result.with_matrix()
    source = result.report.inputs[0].path
    emit_report(result.report, format_, output, show_all=show_all, knot=knot, source=source)
    if output:
        stats = result.report.stats
        note(f"wrote {output}: {stats['knots']} knots, {len(result.report.problems)} problems")
