"""An answer about leaks is kept for an unchanged tree, and only for that."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from goknot.app.leaks import LeaksRequest, find_leaks
from goknot.inputs.source import SourceOptions
from goknot.inputs.source.bodies import search
from goknot.reports import render

OPTIONS = SourceOptions("linux", "amd64")
Ask = Callable[..., tuple[str, bool]]
FILES = {
    "go.mod": "module example.com/m\n\ngo 1.21\n",
    "a/a.go": 'package a\n\nimport "example.com/m/b"\n\ntype A struct {\n\tself *A\n}\n\nfunc New() *A {\n'
    "\ta := &A{}\n\ta.self = a\n\tother := &A{self: a}\n\ta.self = other\n\tb.Final(a)\n\treturn a\n}\n",
    "b/b.go": 'package b\n\nimport "runtime"\n\nfunc Final(x any) {\n\truntime.SetFinalizer(x, func(any) {})\n}\n',
    "b/b_fast.go": "//go:build fast\n\npackage b\n\nfunc Fast() {}\n",
    "b/b_test.go": "package b\n\nfunc helper() {}\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "tree"


@pytest.fixture
def ask(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """The report as JSON, and whether anything was worked out for it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    asked: list[int] = []
    find = search.find_facts
    monkeypatch.setattr(search, "find_facts", lambda source: (asked.append(1), find(source))[1])

    def ask_once(options: SourceOptions = OPTIONS, *, use_cache: bool = True) -> tuple[str, bool]:
        asked.clear()
        report = find_leaks(LeaksRequest(tree, options, use_cache=use_cache))
        return render(report, "json"), bool(asked)

    return ask_once


def test_the_same_bytes_without_work(ask: Ask) -> None:
    fresh, _ = ask(use_cache=False)
    first, worked = ask()
    assert "finalizer-in-ring" in fresh
    assert (first, worked) == (fresh, True)
    assert ask() == (fresh, False)


@pytest.mark.parametrize("name", ["a/a.go", "b/b.go"])
def test_an_edit_of_what_is_run_or_called(ask: Ask, tree: Path, name: str) -> None:
    ask()
    text = (tree / name).read_text()
    (tree / name).write_text(text.replace("\tb.Final(a)\n", "").replace("SetFinalizer", "KeepAlive"))
    report, worked = ask()
    assert worked
    assert "finalizer-in-ring" not in report


def test_an_ignore_comment(ask: Ask, tree: Path) -> None:
    report, _ = ask()
    line = "\tb.Final(a)\n"
    place = tree / ("a/a.go" if '"file": "a/a.go"' in report.partition('"where"')[2][:60] else "b/b.go")
    mark = line if place.name == "a.go" else "\truntime.SetFinalizer"
    place.write_text(place.read_text().replace(mark, f"\t//goknot:ignore finalizer-in-ring known\n{mark}"))
    report, worked = ask()
    assert worked
    assert '"ignored": 1' in report


@pytest.mark.parametrize(
    "options",
    [replace(OPTIONS, tags=("fast",)), replace(OPTIONS, goarch="386"), replace(OPTIONS, all_platforms=True)],
    ids=["tags", "platform", "all platforms"],
)
def test_other_options(ask: Ask, options: SourceOptions) -> None:
    ask()
    assert ask(options)[1]
    assert not ask()[1]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("go.mod", "module example.com/n\n\ngo 1.21\n"),
        ("c/c.go", "package c\n"),
        ("b/b.go", FILES["b/b.go"] + "\n"),
    ],
)
def test_other_files(ask: Ask, tree: Path, name: str, text: str) -> None:
    ask()
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).write_text(text)
    fresh, _ = ask(use_cache=False)
    assert ask() == (fresh, True)


def test_a_file_that_is_gone(ask: Ask, tree: Path) -> None:
    ask()
    (tree / "b" / "b.go").unlink()
    fresh, _ = ask(use_cache=False)
    assert ask() == (fresh, True)


def test_another_version_of_goknot(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    ask()
    monkeypatch.setattr("goknot.inputs.source.answers._own_stamp", lambda: [("x", 1, 1)])
    assert ask()[1]


@pytest.mark.parametrize("harm", ["text", "row", "half"])
def test_a_broken_cache(ask: Ask, tmp_path: Path, harm: str) -> None:
    first, _ = ask()
    file = tmp_path / "cache" / "goknot" / "answers-2.sqlite"
    if harm == "text":
        file.write_bytes(b"no database" * 100)
    elif harm == "half":
        file.write_bytes(file.read_bytes()[:2000])
    else:
        with sqlite3.connect(file) as known:
            known.execute("update answers set answer = x'7b'")
    assert ask() == (first, True)
    assert ask() == (first, False)


def test_no_cache(ask: Ask, tmp_path: Path) -> None:
    assert ask(use_cache=False)[1]
    assert ask(use_cache=False)[1]
    assert not (tmp_path / "cache").exists()
