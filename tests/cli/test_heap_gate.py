"""Views of `goknot heap` beside what fails a run, comparisons' inputs, and names that would act on a terminal."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.toolchains import QUICK_VERSIONS

from goknot.app.heap import dominators, names, views
from goknot.app.heap.growth import growth
from goknot.app.heap.pprof import heap_profile
from goknot.app.heap.study import HeapStudy
from goknot.cli.emit import emit_tables
from goknot.errors import UsageError
from goknot.formats.pprof import read_profile
from goknot.inputs.process import read_core
from goknot.model.table import Tables
from goknot.reports.tables import render_tables, render_tables_json
from goknot.reports.view import View

HOSTILE = "main.\x1b]0;owned\x07\u202e\udcff\n"
NEWEST = QUICK_VERSIONS[-1]


def heap(target: Path | str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "goknot", "heap", str(target), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def image(heap_image):
    return heap_image(NEWEST)


@pytest.fixture(scope="module")
def study(image) -> HeapStudy:
    return HeapStudy(read_core(image.core, None))


@pytest.fixture(scope="module")
def hostile(study: HeapStudy) -> HeapStudy:
    """The same heap, in which every type has a name that would act on a terminal."""
    return HeapStudy(replace(study.heap, type_names=tuple(f"{HOSTILE}{name}" for name in study.heap.type_names)))


def test_a_view_fails_only_where_that_is_asked_for(image, tmp_path: Path) -> None:
    file = str(tmp_path / "baseline.json")
    expected = {
        (): 0,
        ("--fail-on", "never-freed"): 1,
        ("--fail-on", "none"): 0,
        ("--fail-on", "no-such-kind"): 2,
        ("--baseline", file): 2,
        ("--baseline", file, "--update-baseline"): 0,
    }
    for arguments, code in expected.items():
        done = heap(image.core, "--top", *arguments)
        assert done.returncode == code, (arguments, done.stderr)
        assert ("types by retained size" in done.stdout) == (code != 2)
    assert json.loads(Path(file).read_text())["knots"]
    assert heap(image.core, "--top", "--baseline", file).returncode == 0
    profile = heap(image.core, "--format", "pprof", "-o", str(tmp_path / "p"), "--fail-on", "never-freed")
    assert profile.returncode == 1
    assert (tmp_path / "p").stat().st_size > 0


def test_a_comparison_names_both_heaps_and_what_is_wrong_with_each(image, study: HeapStudy, tmp_path: Path) -> None:
    done = heap(image.core, "--diff", str(image.core), "--format", "json")
    assert [one["path"] for one in json.loads(done.stdout)["inputs"]] == [str(image.core)] * 2
    newer = replace(study.heap, path="new.core", problems=("a span is missing",))
    older = replace(study.heap, path="old.core", problems=("a stack is missing",))
    out = tmp_path / "out.json"
    emit_tables([newer, older], [], "json", str(out))
    assert json.loads(out.read_text())["problems"] == ["new.core: a span is missing", "old.core: a stack is missing"]
    emit_tables([newer], [], "json", str(out))
    assert json.loads(out.read_text())["problems"] == ["a span is missing"]


def test_an_executable_for_no_older_core(image) -> None:
    done = heap(image.core, "--diff-exe", "x")
    assert done.returncode == 2
    assert "--diff" in done.stderr


def all_tables(study: HeapStudy, older: HeapStudy, name: str) -> Tables:
    found = (
        views.top(study, 1000),
        dominators.dominators(study, 6, 100),
        views.path_to(study, name),
        views.retained(study, name),
        views.roots(study, 1000),
        views.goroutines(study, 1000, each=True),
        *growth(older, study, 1000),
    )
    return Tables("0", (("core", HOSTILE),), found, (HOSTILE,))


def test_hostile_names_are_spelled_out(study: HeapStudy, hostile: HeapStudy) -> None:
    tables = all_tables(hostile, study, f"{HOSTILE}main.finA")
    for width in (40, 100, 400):
        for ascii in (False, True):
            text = render_tables(tables, View(width=width, ascii=ascii))
            assert all(char == "\n" or char.isprintable() for char in text)
            text.encode("ascii" if ascii else "utf-8")
    document = render_tables_json(tables)
    assert "main.finA" in document
    assert all(char == "\n" or char.isprintable() for char in document)
    document.encode()
    assert json.loads(document)["views"]


def test_hostile_names_in_hints_are_spelled_out(hostile: HeapStudy) -> None:
    with pytest.raises(UsageError) as raised:
        names.type_of(hostile, f"{HOSTILE}main.finAA")
    assert "finA" in raised.value.hint
    assert raised.value.hint.isprintable()


def test_profiles_take_any_name(hostile: HeapStudy) -> None:
    samples = read_profile("x", heap_profile(hostile)).samples
    assert len(samples) > 100


def test_cum_is_what_top_says(image, tmp_path: Path) -> None:
    """Without garbage, which --top leaves out, Go's own pprof finds the same retained sizes to the byte."""
    go = shutil.which("go")
    if not go:
        pytest.skip("no go command")
    out = tmp_path / "heap.pb.gz"
    assert heap(image.core, "--format", "pprof", "-o", str(out)).returncode == 0
    options = ["-top", "-cum", "-nodecount=0", "-nodefraction=0", "-unit=B", "-ignore=^garbage$"]
    done = subprocess.run(
        [go, "tool", "pprof", *options, str(out)],
        cwd=tmp_path, env={**os.environ, "PPROF_TMPDIR": str(tmp_path), "GOTOOLCHAIN": "local"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "no such tool" in done.stderr:
        pytest.skip("this Go comes without pprof")
    assert done.returncode == 0, done.stderr
    found = {}
    for line in done.stdout.splitlines():
        parts = line.split(maxsplit=5)
        if len(parts) == 6 and parts[3].endswith("B"):
            found[parts[5]] = int(float(parts[3].removesuffix("B")))
    rows = json.loads(heap(image.core, "--top", "--limit", "40", "--format", "json").stdout)["views"][0]["rows"]
    assert len(rows) == 40
    assert {row["type"]: found.get(row["type"]) for row in rows} == {row["type"]: row["retained"] for row in rows}
