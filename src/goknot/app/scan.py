"""The use case behind `goknot scan` and `goknot imports`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from goknot import __version__
from goknot.analyses.baseline import Comparison
from goknot.analyses.matrix import folder_matrix
from goknot.app.comparing import (
    KeyEdges,
    baseline_text,
    compare_with_file,
    compare_with_older,
    key_edges_of,
    read_baseline,
)
from goknot.app.files import write_whole
from goknot.app.folders import choose_depth, folder_at, folder_knots, rule_knots
from goknot.app.packages import import_knots
from goknot.errors import UsageError
from goknot.inputs.source import DiskTree, GitTree, SourceOptions, SourceScan, scan_source
from goknot.model.graph import Graph
from goknot.model.knot import Knot
from goknot.model.pictures import FolderMatrix
from goknot.model.report import Problem, Report, ReportInput
from goknot.model.settings import Settings
from goknot.model.verdict import BaselineState


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What a scan is asked for.

    Attributes:
        path: Folder to scan.
        options: Platform and tags.
        settings: What goknot.toml says.
        folders: Depth of folder rings; None: the baseline's, else the settings', else chosen from the tree.
        baseline: Baseline file to compare with; None: none.
        update_baseline: Whether to write the baseline instead of comparing with it.
        new_from_rev: Git revision to compare with; empty: none.
        modules: Whether module rings are looked for as well.
    """

    path: Path
    options: SourceOptions
    settings: Settings = field(default_factory=Settings)
    folders: int | None = None
    baseline: Path | None = None
    update_baseline: bool = False
    new_from_rev: str = ""
    modules: bool = False


@dataclass(frozen=True, slots=True)
class ScanResult:
    """A report, and what only the exit code needs.

    Attributes:
        n_stale_edges: Ring edges the older state lists that are gone.
        source: The scan itself, for those who ask for packages or a verification.
        depth: Of the folders that rings were looked for between.
    """

    report: Report
    n_stale_edges: int
    source: SourceScan
    depth: int

    def with_matrix(self) -> ScanResult:
        """The same, with the picture of how folders depend on each other."""
        return replace(self, report=replace(self.report, matrix=matrix_of(self.source, self.depth)))


@dataclass(frozen=True, slots=True)
class _State:
    """One revision, scanned."""

    source: SourceScan
    graph: Graph
    depth: int
    knots: list[Knot]

    def edges(self) -> KeyEdges:
        keys = [package.key for package in self.source.packages]
        folders = [folder_at(key, self.depth) for key in keys]
        return key_edges_of(self.graph, "package", keys.__getitem__) | {
            edge for edge in key_edges_of(self.graph, "folder", folders.__getitem__) if edge[1] != edge[2]
        }


def scan(request: ScanRequest) -> ScanResult:
    """Finds every knot that source alone shows.

    Raises:
        GoknotError: The path, the settings, the baseline or the revision cannot be used.
    """
    known = read_baseline(request.baseline) if request.baseline and not request.update_baseline else None
    depth = request.folders or (known.folders if known else None) or request.settings.folders
    state = _look(scan_source(DiskTree(request.path), request.options), depth, request.settings)
    problems = list(state.source.problems)
    if known and known.folders != state.depth:
        raise UsageError(
            f"{request.baseline}: made with --folders {known.folders}, this run has --folders {state.depth}",
            "Use the same depth, or write the baseline again with --update-baseline.",
        )
    if request.modules and not request.new_from_rev:  # what modules required then is not in the revision alone
        from goknot.app.modules import module_knots_offline  # noqa: PLC0415 (a fifth of the start-up; not all need it)

        module_knots, module_problems = module_knots_offline(request.path)
        state.knots.extend(module_knots)
        problems.extend(module_problems)
    if request.baseline and request.update_baseline:
        write_whole(request.baseline, baseline_text(state.knots, state.depth, state.edges()))
        known = read_baseline(request.baseline)
    comparison = Comparison(tuple(state.knots), 0)
    if known:
        comparison = compare_with_file(state.knots, known)
    elif request.new_from_rev:
        comparison = _compare_with_rev(request, state)
    return ScanResult(
        _report(request, state, comparison, problems), comparison.n_stale_edges, state.source, state.depth
    )


def matrix_of(source: SourceScan, depth: int | None = None) -> FolderMatrix | None:
    """How the folders of a scan depend on each other; None if there is but one."""
    keys = [package.key for package in source.packages]
    matrix = folder_matrix(source.production_graph(), keys, depth or choose_depth(keys))
    return matrix if len(matrix.folders) > 1 else None


def _look(source: SourceScan, depth: int | None, settings: Settings) -> _State:
    graph = source.production_graph()
    depth = depth or choose_depth([package.key for package in source.packages])
    knots = [
        *import_knots(source, graph),
        *folder_knots(source, graph, depth),
        *rule_knots(source, graph, settings.rules),
    ]
    return _State(source, graph, depth, knots)


def _compare_with_rev(request: ScanRequest, state: _State) -> Comparison:
    tree = GitTree(request.path, request.new_from_rev)
    # rules are those of today: a folder they name may not have been there yet
    older = _look(scan_source(tree, request.options), state.depth, replace(request.settings, rules=()))
    known_rules = _rule_knots_that_apply(older, request.settings)
    return compare_with_older(state.knots, [*older.knots, *known_rules], older.edges())


def _rule_knots_that_apply(older: _State, settings: Settings) -> list[Knot]:
    knots = []
    for rule in settings.rules:
        try:
            knots.extend(rule_knots(older.source, older.graph, [rule]))
        except UsageError:
            continue  # the older revision lacks a folder of the rule, so it cannot have broken it
    return knots


def _report(request: ScanRequest, state: _State, comparison: Comparison, problems: list[Problem]) -> Report:
    source = state.source
    details: dict[str, str | int | tuple[str, ...]] = {
        "module": tuple(sorted(module.path for module in source.modules)),
        "platform": source.options.platform_label,
        "folders": state.depth,
    }
    if source.options.tags:
        details["tags"] = source.options.tags
    if request.new_from_rev:
        details["new_from_rev"] = request.new_from_rev
    if request.baseline:
        details["baseline"] = str(request.baseline)
    count: Callable[[BaselineState], int] = lambda state: sum(k.baseline is state for k in comparison.knots)  # noqa: E731
    return Report(
        version=__version__,
        inputs=(ReportInput("source", str(request.path), details),),
        knots=tuple(sorted(comparison.knots, key=lambda knot: knot.order)),
        problems=tuple(sorted(set(problems))),
        stats={
            "modules": len(source.modules),
            "packages": len(source.packages),
            "files": source.n_files,
            "imports": state.graph.n_edges,
            "knots": len(comparison.knots) - count(BaselineState.FIXED),
            "new": count(BaselineState.NEW),
            "known": count(BaselineState.KNOWN),
            "fixed": count(BaselineState.FIXED),
        },
        complete=source.complete,
    )
