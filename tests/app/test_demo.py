"""`goknot demo`: every knot that the service plants is found at every level it lives on, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.toolchains import toolchain

from goknot.app.demo import run_demo
from goknot.model.report import Report
from goknot.model.verdict import Confidence

# (kind, whether a process shows it) -> (verdict, a name in its title), one or more
PLANTED = {
    ("plugin-mismatch", False): {("breaks-load", "plugins/audit")},
    ("plugin-open-ring", False): {("breaks-load", "currency and tax")},
    ("folder-ring", False): {("couples", "notify and session")},
    ("finalizer-in-ring", False): {("never-freed", "session.Session")},
    ("finalizer-in-ring", True): {("never-freed", "session.Session")},
    ("finalizer-goroutine", False): {("never-freed", "cache.Cache")},
    ("finalizer-goroutine", True): {("never-freed", "cache.Cache")},
    ("goroutine-blocked", False): {("never-freed", "goroutine")},
    ("goroutine-blocked", True): {("never-freed", "store.Ship")},
    ("weak-map-ring", False): {("never-freed", "cache.Customer")},
    ("weak-map-ring", True): {("never-freed", "cache.Customer")},
    ("registered-never-removed", False): {
        ("kept-alive", "hub.Listener in hub.listeners"), ("kept-alive", "main.Offer in main.current.offers"),
    },
    ("heap-ring", True): {
        ("kept-alive", "store.Order"), ("kept-alive", "hub.Listener"), ("kept-alive", "discount.Campaign"),
    },
}  # fmt: skip
ONCE = ("store.Order", "discount.Campaign")  # the others are planted a hundred times
# what a knot of a level must lead over
LEVELS_BY_KIND = {
    "plugin-mismatch": {"module", "package", "plugin"},
    "plugin-open-ring": {"module", "statement", "plugin"},
    "folder-ring": {"module", "folder", "statement"},
    "finalizer-goroutine": {"module", "package", "type", "statement", "goroutine"},
    "goroutine-blocked": {"module", "package", "statement", "goroutine"},
    "finalizer-in-ring": {"module", "package", "type", "field", "statement", "object"},
    "weak-map-ring": {"module", "package", "type", "statement", "object"},
    "registered-never-removed": {"module", "package", "type", "statement", "root", "object"},
    "heap-ring": {"module", "package", "type", "root", "object"},
}


def check(report: Report) -> None:
    found: dict[tuple[str, bool], list[tuple[str, str]]] = {}
    for knot in report.knots:
        if knot.confidence is not Confidence.NOTE:
            found.setdefault((knot.kind, knot.heap is not None), []).append((str(knot.verdict), knot.title))
    assert found.keys() == PLANTED.keys()
    for key, planted in PLANTED.items():
        for verdict, title in found[key]:
            assert any(verdict == wanted and name in title for wanted, name in planted), (key, verdict, title)
        for wanted, name in planted:
            assert any(verdict == wanted and name in title for verdict, title in found[key]), (key, wanted, name)
    for knot in report.knots:
        if knot.confidence is Confidence.NOTE:
            continue
        assert {step.level for step in knot.chain} >= LEVELS_BY_KIND[knot.kind], (knot.kind, knot.title, knot.chain)
        if knot.heap is not None:
            assert knot.heap.instances == (1 if any(name in knot.title for name in ONCE) else 100)
            assert knot.links, knot.title
            assert any(step.file.endswith(".go") and step.line for step in knot.chain), knot
        elif knot.kind in {"finalizer-in-ring", "goroutine-blocked", "finalizer-goroutine", "weak-map-ring"}:
            assert "The heap shows it: 100 " in knot.reason
    (register,) = (knot for knot in report.knots if "hub.listeners" in knot.title)
    (listeners,) = (knot for knot in report.knots if knot.heap is not None and "hub.Listener" in knot.title)
    assert register.confidence is Confidence.CERTAIN
    assert "The heap shows it: 100 instances" in register.reason
    assert [link.id for link in listeners.links] == [register.id]
    assert ("notify/hub/hub.go", "listeners[name] = l") in {(step.file, step.text) for step in listeners.chain}
    (mismatch,) = (knot for knot in report.knots if knot.kind == "plugin-mismatch")
    assert "it has refused example.com/orders/plugins/audit" in mismatch.reason
    (campaign,) = (knot for knot in report.knots if knot.heap is not None and "discount.Campaign" in knot.title)
    assert ("plugin", "example.com/orders/plugins/discount") in {(step.level, step.name) for step in campaign.chain}
    assert [(plugin.path, plugin.outcome) for plugin in report.plugins] == [
        ("bin/plugins/discount.so", "opens"), ("bin/plugins/loyalty.so", "opens"), ("bin/plugins/audit.so", "error"),
    ]  # fmt: skip
    assert [module.state for module in report.modules] == ["active", "active", "active", "refused"]
    assert report.problems == ()
    assert "goknot-demo-" not in repr(report)  # the folder it was copied to


@pytest.mark.parametrize(
    "version",
    ["1.27.3", pytest.param("1.26.6", marks=pytest.mark.slow), pytest.param("1.24.11", marks=pytest.mark.slow)],
)
def test_every_planted_knot_and_no_other(version: str) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("plugins need a C compiler")
    check(run_demo(lambda _: None, toolchain(version)))


def test_without_a_c_compiler_plugins_are_judged_by_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goknot.app.demo.find_c_compiler", lambda: "")
    report = run_demo(lambda _: None, toolchain("1.27.3"))
    (problem,) = report.problems
    assert "no C compiler" in problem.what
    assert {"plugin-open-ring", "finalizer-in-ring"} <= {knot.kind for knot in report.knots}
    assert report.plugins == ()


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
