"""The use case behind `goknot scan` and `goknot imports`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from goknot import __version__
from goknot.analyses.baseline import Comparison
from goknot.analyses.matrix import folder_matrix
from goknot.app.comparing import (
    NO_FOLDERS,
    KeyEdges,
    compare_with_file,
    compare_with_older,
    edges_of_knots,
    key_edges_of,
    read_baseline,
    update_baseline,
)
from goknot.app.folders import choose_depth, folder_at, folder_knots, rule_knots
from goknot.app.levels import Found, find
from goknot.app.packages import import_knots
from goknot.errors import UsageError
from goknot.inputs.source import DiskTree, GitTree, SourceOptions, SourceScan, scan_source
from goknot.model.graph import Graph
from goknot.model.knot import Knot
from goknot.model.pictures import FolderMatrix
from goknot.model.report import Problem, Report, ReportInput
from goknot.model.settings import Settings
from goknot.model.sourcelevel import SourceLevel
from goknot.model.verdict import BaselineState


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What a scan is asked for.

    Attributes:
        path: Folder to scan.
        options: Platform and tags.
        settings: What goknot.toml says.
        levels: What is looked for.
        folders: Depth of folder rings; None: the baseline's, else the settings', else chosen from the tree.
        baseline: Baseline file to compare with; None: none.
        update_baseline: Whether to write the baseline instead of comparing with it.
        new_from_rev: Git revision to compare with; empty: none.
        use_cache: Whether answers about types and leaks are kept for the next run.
    """

    path: Path
    options: SourceOptions
    settings: Settings = field(default_factory=Settings)
    levels: frozenset[SourceLevel] = frozenset(SourceLevel)
    folders: int | None = None
    baseline: Path | None = None
    update_baseline: bool = False
    new_from_rev: str = ""
    use_cache: bool = True


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
    found: tuple[Found, ...]

    @property
    def knots(self) -> list[Knot]:
        return [knot for found in self.found for knot in found.knots]

    def edges(self) -> KeyEdges:
        """Every import, and the edges of the knots of other levels."""
        keys = [package.key for package in self.source.packages]
        folders = [folder_at(key, self.depth) for key in keys]
        edges = key_edges_of(self.graph, "package", keys.__getitem__) | {
            edge for edge in key_edges_of(self.graph, "folder", folders.__getitem__) if edge[1] != edge[2]
        }
        return edges | edges_of_knots(knot for found in self.found[1:] for knot in found.knots)


def scan(request: ScanRequest, phase: Callable[[str], None] = lambda _: None) -> ScanResult:
    """Finds every knot that source alone shows.

    Args:
        request: What is asked for.
        phase: Told what begins.

    Raises:
        GoknotError: The path, the settings, the baseline or the revision cannot be used.
    """
    known = read_baseline(request.baseline) if request.baseline and not request.update_baseline else None
    depth = request.folders or (known.folders if known else None) or request.settings.folders
    phase("imports")
    state = _look(request, scan_source(DiskTree(request.path), request.options), depth, phase)
    if known and known.folders not in {NO_FOLDERS, state.depth}:
        raise UsageError(
            f"{request.baseline}: made with --folders {known.folders}, this run has --folders {state.depth}",
            "Use the same depth, or write the baseline again with --update-baseline.",
        )
    if request.baseline and request.update_baseline:
        update_baseline(request.baseline, state.knots, state.depth, state.edges(), request.levels)
        known = read_baseline(request.baseline)
    comparison = Comparison(tuple(state.knots), 0)
    problems = [problem for found in state.found for problem in found.problems]
    if known:
        comparison = compare_with_file(state.knots, known, request.levels)
    elif request.new_from_rev:
        comparison = _compare_with_rev(request, state, phase)
    return ScanResult(
        _report(request, state, comparison, problems), comparison.n_stale_edges, state.source, state.depth
    )


def matrix_of(source: SourceScan, depth: int | None = None) -> FolderMatrix | None:
    """How the folders of a scan depend on each other; None if there is but one."""
    keys = [package.key for package in source.packages]
    matrix = folder_matrix(source.production_graph(), keys, depth or choose_depth(keys))
    return matrix if len(matrix.folders) > 1 else None


def _look(request: ScanRequest, source: SourceScan, depth: int | None, phase: Callable[[str], None]) -> _State:
    """Imports first, in the order of cost; the other levels share the scan."""
    graph = source.production_graph()
    depth = depth or choose_depth([package.key for package in source.packages])
    knots: list[Knot] = []
    if SourceLevel.IMPORTS in request.levels:
        knots += import_knots(source, graph)
        knots += folder_knots(source, graph, depth)
        knots += rule_knots(source, graph, request.settings.rules)
    others = []
    for level in _levels(request)[1:]:
        phase(level)
        others.append(find(level, source, request.path, use_cache=request.use_cache))
    # problems of the scan last: describing edges may add some
    return _State(source, graph, depth, (Found(tuple(knots), source.problems, {}, source.complete), *others))


def _levels(request: ScanRequest) -> list[SourceLevel]:
    """What is looked for beside imports, which come first; what modules required then is not in a revision alone."""
    left_out = {SourceLevel.IMPORTS} | ({SourceLevel.MODULES} if request.new_from_rev else set())
    return [SourceLevel.IMPORTS, *(level for level in SourceLevel if level in request.levels - left_out)]


def _compare_with_rev(request: ScanRequest, state: _State, phase: Callable[[str], None]) -> Comparison:
    phase(f"{request.new_from_rev}: imports")
    tree = GitTree(request.path, request.new_from_rev)
    # rules are those of today: a folder they name may not have been there yet
    asked = replace(request, settings=replace(request.settings, rules=()))
    tell: Callable[[str], None] = lambda name: phase(f"{request.new_from_rev}: {name}")  # noqa: E731
    older = _look(asked, scan_source(tree, request.options), state.depth, tell)
    known_rules = _rule_knots_that_apply(older, request.settings) if SourceLevel.IMPORTS in request.levels else []
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
    if request.levels != {SourceLevel.IMPORTS}:
        details["levels"] = tuple(level for level in SourceLevel if level in request.levels)
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
            **{name: n for found in state.found for name, n in found.stats.items()},
            "knots": len(comparison.knots) - count(BaselineState.FIXED),
            "new": count(BaselineState.NEW),
            "known": count(BaselineState.KNOWN),
            "fixed": count(BaselineState.FIXED),
        },
        complete=all(found.complete for found in state.found),
    )
