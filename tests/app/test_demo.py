"""`goknot demo`: every knot that the service plants is found at every level it lives on, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.toolchains import toolchain

from goknot.app.demo import run_demo
from goknot.model.report import Report
from goknot.model.verdict import Confidence

# (kind, whether the heap shows it) -> (verdict, a name in its title)
PLANTED = {
    ("folder-ring", False): ("couples", "notify and session"),
    ("finalizer-in-ring", False): ("never-freed", "session.Session"),
    ("finalizer-in-ring", True): ("never-freed", "session.Session"),
    ("finalizer-goroutine", False): ("never-freed", "cache.Cache"),
    ("goroutine-blocked", False): ("never-freed", "goroutine"),
    ("goroutine-blocked", True): ("never-freed", "store.Ship"),
    ("weak-map-ring", False): ("never-freed", "cache.Customer"),
    ("weak-map-ring", True): ("never-freed", "cache.Customer"),
    ("heap-ring", True): ("kept-alive", "store.Order"),
}


def check(report: Report) -> None:
    found: dict[tuple[str, bool], list[tuple[str, str]]] = {}
    for knot in report.knots:
        if knot.confidence is not Confidence.NOTE:
            found.setdefault((knot.kind, knot.heap is not None), []).append((str(knot.verdict), knot.title))
    assert found.keys() == PLANTED.keys()
    for key, (verdict, name) in PLANTED.items():
        assert all(said[0] == verdict and name in said[1] for said in found[key]), (key, found[key])
    for knot in report.knots:
        if knot.heap is not None and knot.kind != "heap-ring":
            assert knot.heap.instances == 100
        if knot.heap is not None:
            levels = {step.level for step in knot.chain}
            assert levels >= {"module", "package", "goroutine", "statement"} or levels >= {"type", "object"}, knot
            assert knot.links, knot
            assert any(step.file.endswith(".go") and step.line for step in knot.chain), knot
        elif knot.kind in {"finalizer-in-ring", "goroutine-blocked"}:
            assert "The heap shows it: 100 " in knot.reason
    assert report.problems == ()


@pytest.mark.parametrize(
    "version",
    ["1.27.3", pytest.param("1.26.6", marks=pytest.mark.slow), pytest.param("1.24.11", marks=pytest.mark.slow)],
)
def test_every_planted_knot_and_no_other(version: str) -> None:
    check(run_demo(lambda _: None, toolchain(version)))


def demo(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "goknot", "demo", *arguments]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **env}, capture_output=True, text=True, check=False, timeout=300
    )


def test_without_go_the_source_levels_are_shown(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    hidden = tmp_path / "hidden"
    (hidden / "go").mkdir(parents=True)
    (hidden / "go" / "__init__.py").write_text("")  # hides the wheel
    path = f"{hidden}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    done = demo(tmp_path, PATH=str(tmp_path / "bin"), PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    assert "no Go 1.24 or newer at hand" in done.stdout
    assert "finalizer-in-ring" in done.stdout
    assert (tmp_path / "goknot-demo.html").stat().st_size > 10_000


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    toolchain("1.27.3")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done = demo(tmp_path, "-o", "page.html", "--format", "html", TMPDIR=str(scratch))
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == ["page.html"]
    assert not [entry for entry in scratch.iterdir() if entry.name.startswith("goknot-demo")]
