"""Many goroutines that wait for one lock, and one ring that several variables hold, in a live process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.builds import build
from support.programs import running
from support.toolchains import VERSIONS

from goknot.goruntime.opening import open_process

NEW_RUNTIME = "1.26.6"  # from 1.26 on, g.waiting of a goroutine that wants a lock leads on to all others that do
MATRIX = [version if version in ("1.21.13", NEW_RUNTIME) else pytest.param(version, marks=pytest.mark.slow)
          for version in VERSIONS]  # fmt: skip


def heap(pid: int, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "goknot", "heap", str(pid), "--format", "json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize("version", MATRIX)
def test_named_is_the_root_whose_path_is_shown(version: str, tmp_path: Path) -> None:
    with running(build("heap_crowd", version), folder=tmp_path) as program:
        said = heap(program.pid)
    (knot,) = [knot for knot in said["knots"] if "main.member" in knot["title"]]
    shown = knot["heap"]["path_to_root"][0]["name"]
    assert shown in {"variable main.byFirst", "variable main.bySecond", "variable main.byThird"}
    assert knot["heap"]["holders"] == [{"name": shown, "instances": 1}]
    assert f"Held by {shown};" in knot["reason"]
    assert knot["cuts"][0]["how"].endswith(f"remove it from {shown}.")


@pytest.mark.parametrize("version", MATRIX)
def test_the_first_goroutine_was_created_by_nobody(version: str, tmp_path: Path) -> None:
    with running(build("heap_crowd", version), folder=tmp_path) as program:
        rows = heap(program.pid, "--goroutines", "--limit", "100")["views"][0]["rows"]
    assert [row["created_by"] for row in rows if row["first"] == "1"] == [""]
    (crowd,) = [row for row in rows if row["function"] == "main.wait"]
    assert crowd["goroutines"] == program.said["n"]
    assert crowd["created_by"].startswith("main.main ")


@pytest.mark.parametrize("version", MATRIX)
def test_who_wants_a_lock_waits_for_one_semaphore(version: str, tmp_path: Path) -> None:
    """Not for one of everybody behind it in the queue as well, which would take time by their square."""
    with running(build("heap_crowd", version), folder=tmp_path) as program:
        image = open_process(program.pid)
    crowd = [one for one in image.goroutines if one.wait_reason in ("sync.Mutex.Lock", "semacquire")]
    assert len(crowd) == program.said["n"]
    assert {len(one.semaphore_addrs) for one in crowd} <= {0, 1}
    if version == NEW_RUNTIME:
        assert len({one.semaphore_addrs for one in crowd}) == 1
