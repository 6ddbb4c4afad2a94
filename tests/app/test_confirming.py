"""`goknot leaks --confirm=go`: what go/types says of what was found, with real toolchains."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.cache import cache_dir
from support.leak_shapes import CORPUS, clean_spans, marks, shapes
from support.toolchains import VERSIONS, go_env, toolchain

from goknot.app.confirming import ConfirmRequest
from goknot.app.leaks import SURE, LeaksRequest, find_leaks
from goknot.inputs.source import SourceOptions
from goknot.model.knot import Knot
from goknot.model.report import Report
from goknot.model.verdict import Confidence

NEWEST, OLDEST = VERSIONS[-1], VERSIONS[0]
MOD = "module example.com/shop\n\ngo 1.21\n"
RING = """package shop

import "runtime"

type owner struct{ part *part }

type part struct{ owner *owner }

func open() *owner {
	o := &owner{}
	o.part = &part{owner: o}
	runtime.SetFinalizer(o, func(o *owner) { o.part = nil })
	return o
}
"""


def leaks(path: Path, *, confirm: bool = True, seconds: float = 200) -> Report:
    asking = ConfirmRequest(seconds) if confirm else None
    return find_leaks(LeaksRequest(path, SourceOptions("linux", "amd64"), confirm=asking))


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """goknot's own cache is fresh; toolchains, and what Go has compiled of std, are those of the test cache."""
    monkeypatch.setenv("GOKNOT_TEST_CACHE", str(cache_dir()))
    monkeypatch.setenv("GOCACHE", str(cache_dir() / "gocache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


def use(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setenv("PATH", f"{toolchain(version).parent}:/usr/bin:/bin")
    monkeypatch.delenv("GOROOT", raising=False)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "go.mod").write_text(MOD)
    (folder / "shop.go").write_text(RING)
    return folder


def lies_in(knot: Knot, spans: list[tuple[str, int, int]]) -> bool:
    where = knot.where
    return where is not None and any(path == where.file and a <= where.line <= b for path, a, b in spans)


def test_the_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Go's own word: nothing that leaks is refuted, nothing of a clean shape becomes surer."""
    use(monkeypatch, NEWEST)
    told = leaks(CORPUS)
    before = {knot.id: knot for knot in leaks(CORPUS, confirm=False).knots}
    assert told.inputs[0].details["confirmed_by"] == f"go{NEWEST}"
    assert told.problems == ()
    assert {knot.id for knot in told.knots} == before.keys()
    assert int(told.stats["confirmed"]) > 100
    order = list(Confidence)
    leaking = [(s.path, *s.lines) for s in shapes() if any(what != "collected" for what, _ in s.claims)]
    marked = {(mark.path, mark.line) for mark in marks()}
    for knot in told.knots:
        old = order.index(before[knot.id].confidence)
        if lies_in(knot, list(clean_spans())):
            assert knot.confidence not in SURE, knot
            assert order.index(knot.confidence) >= old, knot
        if lies_in(knot, leaking) or (knot.where and (knot.where.file, knot.where.line) in marked):
            assert order.index(knot.confidence) <= old, knot
    for knot in told.knots:
        if before[knot.id].confidence is not knot.confidence:
            assert f"go/types (go{NEWEST})" in knot.reason


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_evidence_at_each_edge(shop: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, version)
    report = leaks(shop)
    (knot,) = report.knots
    assert report.problems == ()
    assert (knot.kind, knot.confidence) == ("finalizer-in-ring", Confidence.CERTAIN)
    assert knot.reason.endswith(f"go/types (go{version}) confirms every edge.")
    assert all("go/types: " in edge.note for edge in knot.edges)
    assert {path.name for path in shop.iterdir()} == {"go.mod", "shop.go"}


def test_nothing_of_the_tree_is_run(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GOFLAGS=-toolexec and a toolchain line would start commands and fetch another Go."""
    use(monkeypatch, NEWEST)
    trap = tmp_path / "trap"
    trap.write_text(f'#!/bin/sh\ntouch {tmp_path}/sprung\nexec "$@"\n')
    trap.chmod(0o755)
    monkeypatch.setenv("GOFLAGS", f"-toolexec={trap}")
    (shop / "go.mod").write_text(MOD + "toolchain go1.99.0\n")
    (shop / "c.go").write_text('package shop\n\n// #cgo CFLAGS: -DX\n// int f(void);\nimport "C"\n')
    report = leaks(shop)
    assert not (tmp_path / "sprung").exists()
    assert report.inputs[0].details["confirmed_by"] == f"go{NEWEST}"
    # the trap is one: Go asks each tool for its version through -toolexec, also where all is compiled already
    go = toolchain(NEWEST)
    env = go_env(go) | {"GOFLAGS": f"-toolexec={trap}"}
    subprocess.run([go, "list", "-export", "runtime"], cwd=tmp_path, env=env, capture_output=True, check=True)
    assert (tmp_path / "sprung").exists()


def test_what_does_not_compile_is_left_open(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, NEWEST)
    (shop / "shop.go").write_text(RING.replace('import "runtime"', 'import (\n\t"runtime"\n\t"example.com/none"\n)'))
    report = leaks(shop)
    assert [knot.confidence for knot in report.knots] == [Confidence.CERTAIN]
    assert any("example.com/none" in problem.what or "none" in problem.where for problem in report.problems)


def test_without_go(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("GOROOT", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    report = leaks(shop)
    assert [knot.confidence for knot in report.knots] == [Confidence.CERTAIN]
    (problem,) = report.problems
    assert "not found" in problem.what
    assert 'pip install "goknot[go]"' in problem.effect


def test_the_clock(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "bin" / "go"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nsleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:/usr/bin:/bin")
    report = leaks(shop, seconds=1)
    assert len(report.knots) == 1
    (problem,) = report.problems
    assert problem.where == "--confirm=go"
