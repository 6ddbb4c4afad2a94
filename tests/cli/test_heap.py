"""`goknot heap` on a program that plants every shape and says so."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.toolchains import QUICK_VERSIONS


def heap(target: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "goknot", "heap", target, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("version", QUICK_VERSIONS)
def test_planted_knots_are_found(heap_image, version):
    image = heap_image(version)
    done = heap(str(image.core), "--format", "json")
    assert done.returncode == 1, done.stderr
    knots = json.loads(done.stdout)["knots"]
    by_member = {node["name"]: knot for knot in knots for node in knot["nodes"]}
    n = by_member["main.finA"]["heap"]["instances"]
    assert n > 1
    ring = by_member["main.finA"]
    assert (ring["kind"], ring["verdict"], ring["heap"]["objects"]) == ("finalizer-in-ring", "never-freed", 2 * n)
    leaked = Counter()
    for knot in knots:
        if knot["kind"] == "goroutine-blocked":
            leaked[knot["nodes"][0]["name"].removeprefix("goroutine in ")] += knot["heap"]["instances"]
    assert leaked["main.leakRecv"] == leaked["main.leakSend"] == n
    assert all(name.startswith("main.leak") for name in leaked), leaked
    assert {knot["verdict"] for knot in knots if knot["kind"] == "heap-ring"} >= {"kept-alive", "collected"}


def test_what_is_no_core_of_a_go_program(tmp_path: Path):
    (tmp_path / "x").write_bytes(b"\x7fELF" + bytes(60))
    for target in (tmp_path / "x", tmp_path / "no", tmp_path):
        done = heap(str(target))
        assert done.returncode == 2
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
