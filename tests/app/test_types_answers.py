"""An answer is kept for an unchanged tree, and only for that."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from goknot.app import types
from goknot.app.types import TypesRequest, find_type_knots
from goknot.inputs.source import SourceOptions
from goknot.model.report import Report

OPTIONS = SourceOptions("linux", "amd64")
Ask = Callable[[], tuple[Report, bool]]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name, text in {
        "go.mod": "module example.com/m\n\ngo 1.21\n\nrequire example.com/dep v1.0.0\n\n"
        "replace example.com/dep => ../dep\n",
        "a/a.go": 'package a\n\nimport "example.com/dep"\n\ntype A struct {\n\tpad dep.Pad\n\tnext *A\n}\n',
        "../dep/go.mod": "module example.com/dep\n",
        "../dep/dep.go": "package dep\n\ntype Pad [4]int64\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def ask(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """The report, and whether anything was worked out for it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    asked: list[int] = []
    read = types.read_types
    monkeypatch.setattr(types, "read_types", lambda *given: (asked.append(1), read(*given))[1])

    def ask_once(request: TypesRequest | None = None) -> tuple[Report, bool]:
        asked.clear()
        report = find_type_knots(request or TypesRequest(tree, OPTIONS))
        return report, bool(asked)

    return ask_once


def offset(report: Report) -> int:
    return next(edge.offset for knot in report.knots for edge in knot.edges)


def test_the_same_answer_without_work(ask: Ask) -> None:
    first, worked = ask()
    assert worked
    assert offset(first) == 32
    assert ask() == (first, False)


def test_an_edit(ask: Ask, tree: Path) -> None:
    ask()
    (tree / "a" / "a.go").write_text("package a\n\ntype A struct {\n\tnext *A\n}\n")
    report, worked = ask()
    assert worked
    assert offset(report) == 0


def test_an_edit_of_a_dependency(ask: Ask, tree: Path) -> None:
    ask()
    (tree.parent / "dep" / "dep.go").write_text("package dep\n\ntype Pad [6]int64\n")
    assert offset(ask()[0]) == 48


def test_a_dependency_that_was_not_there(ask: Ask, tree: Path) -> None:
    away = tree.parent / "away"
    (tree.parent / "dep").rename(away)
    assert offset(ask()[0]) == -1
    away.rename(tree.parent / "dep")
    assert offset(ask()[0]) == 32


def test_another_platform(ask: Ask, tree: Path) -> None:
    ask()
    report, worked = ask(TypesRequest(tree, replace(OPTIONS, goarch="386")))
    assert worked
    assert "linux/386" in repr(report.inputs)


def test_a_new_problem_of_the_scan_is_said(ask: Ask, tree: Path) -> None:
    ask()
    (tree / "b.go").write_text("package b\n\nfunc {\n")
    assert ask()[0].problems


def test_another_version_of_goknot(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    ask()
    monkeypatch.setattr("goknot.inputs.source.answers._own_stamp", lambda: [("x", 1, 1)])
    assert ask()[1]


@pytest.mark.parametrize("harm", ["text", "row"])
def test_a_broken_cache(ask: Ask, tmp_path: Path, harm: str) -> None:
    first, _ = ask()
    file = tmp_path / "cache" / "goknot" / "answers-2.sqlite"
    if harm == "text":
        file.write_bytes(b"no database" * 100)
    else:
        with sqlite3.connect(file) as known:
            known.execute("update answers set outside = x'c1'")
    assert ask() == (first, True)
    assert ask() == (first, False)


def test_no_cache(ask: Ask, tree: Path, tmp_path: Path) -> None:
    request = TypesRequest(tree, OPTIONS, use_cache=False)
    assert ask(request)[1]
    assert ask(request)[1]
    assert not (tmp_path / "cache").exists()
