"""Goroutines that keep the object whose finalizer would end them, in live processes; look-alikes get nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.builds import build
from support.programs import running
from support.toolchains import QUICK_VERSIONS, VERSIONS

PLANTED = {  # function -> what it keeps
    "main.(*cache).stuckSelect": "main.cache",
    "main.(*cache).stuckReceive": "main.cache",
    "main.(*queue).stuckRange": "main.queue",
    "main.(*part).stuckPart": "main.client",
}
MATRIX = [
    pytest.param(version, stripped, marks=() if version in QUICK_VERSIONS and not stripped else pytest.mark.slow)
    for version in VERSIONS
    for stripped in (False, True)
]


@pytest.mark.parametrize(("version", "stripped"), MATRIX)
def test_janitors_and_no_look_alike(version: str, stripped: bool, tmp_path: Path) -> None:
    with running(build("heap_janitors", version, stripped=stripped), folder=tmp_path) as program:
        command = [sys.executable, "-m", "goknot", "heap", str(program.pid), "--format", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    knots = json.loads(done.stdout)["knots"]
    found = {}
    for knot in knots:
        if knot["kind"] == "finalizer-goroutine":
            function, kept = knot["nodes"][0]["name"].removeprefix("goroutine in "), knot["nodes"][1]["name"]
            found[function] = kept
            assert (knot["verdict"], knot["confidence"]) == ("never-freed", "likely")
            assert knot["heap"]["instances"] == knot["heap"]["objects"] == program.said["n"]
            assert knot["heap"]["retained_bytes"] > knot["heap"]["bytes"] > 0
            assert knot["heap"]["path_to_root"][0]["name"].startswith("goroutine ")
            assert any(seen["text"] == "started by main.plant" for seen in knot["edges"][0]["evidence"])
    assert found == PLANTED
    assert not [knot for knot in knots if knot["kind"] in ("goroutine-blocked", "finalizer-in-ring")]
