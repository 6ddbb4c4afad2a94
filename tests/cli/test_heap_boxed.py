"""A slice in an interface is two objects, and the ring that is shown is the one with the finalizer in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.builds import build
from support.programs import running
from support.toolchains import QUICK_VERSIONS, VERSIONS

MATRIX = [v if v in QUICK_VERSIONS else pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS]


@pytest.mark.parametrize("version", MATRIX)
def test_headers_finalizers_and_files(version: str, tmp_path: Path) -> None:
    with running(build("heap_boxed", version), folder=tmp_path) as program:
        command = [sys.executable, "-m", "goknot", "heap", str(program.pid), "--format", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        every = [sys.executable, "-m", "goknot", "heap", str(program.pid), "--goroutines", "--all", "--format", "json"]
        seen = subprocess.run(every, capture_output=True, text=True, check=False).stdout
    assert done.returncode == 1, done.stderr
    knots = {knot["title"].partition(":")[0]: knot for knot in json.loads(done.stdout)["knots"]}

    boxed = knots["[]*main.node, main.node"]
    assert boxed["verdict"] == "kept-alive"
    assert set(steps(boxed)) == {
        ("main.node", "list"),
        ("[]*main.node (header)", "(value)"),
        ("[]*main.node", "[]"),
    }
    assert [len(cycle) for cycle in boxed["cycles"]] == [3]

    client = knots["main.client, main.cluster and 1 more"]
    assert (client["verdict"], client["kind"]) == ("never-freed", "finalizer-in-ring")
    assert steps(client) == [("main.client", "cluster"), ("main.cluster", "client")]
    assert client["heap"]["instances"] == boxed["heap"]["instances"] == 3

    assert '"runtime/proc.go:' in seen  # whoever's GOROOT it was built from
    assert "/src/runtime/" not in seen


def steps(knot: dict[str, Any]) -> list[tuple[str, str]]:
    return [(step["name"], step["field"]) for step in knot["heap"]["example"]]
