"""`goknot plugin trace` against what the host itself prints; nothing is left running."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.toolchains import VERSIONS
from test_plugin_rings import laid_out, opened

SCHEMA = json.loads(files("goknot.reports").joinpath("trace.schema.json").read_text("utf-8"))
QUICK = VERSIONS[-2]
MATRIX = [v if v == QUICK else pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS if v >= "1.24"]
PATIENCE = "8"


@pytest.fixture(autouse=True)
def _delve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if shutil.which("dlv") is None:
        pytest.skip("delve is missing: go install github.com/go-delve/delve/cmd/dlv@latest")


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "goknot", "plugin", "trace", "--timeout", PATIENCE, *arguments]


def trace(folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        _command("-f", "json", "--", *arguments), cwd=folder, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    jsonschema.validate(found, SCHEMA)
    assert _running(folder) == []
    return done.returncode, found


def _running(folder: Path) -> list[str]:
    """Programs that run a file of the folder, and delves."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            exe = str((entry / "exe").readlink())
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if exe.startswith(str(folder)) and state != "Z":
            found.append(exe)
    return found


def _rows(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["path"], one["outcome"], one.get("text", "")) for one in found["opens"]]


@pytest.mark.parametrize("version", MATRIX)
@pytest.mark.parametrize("stripped", [False, True])
def test_opens_as_the_host_says_them(version: str, stripped: bool, tmp_path: Path) -> None:
    if stripped and version != QUICK:
        pytest.skip("one version stripped is enough")
    folder = laid_out(version, tmp_path, stripped)
    said = opened(folder, "run1.so", "c1.so") or ""
    code, found = trace(folder, "./host", "run1.so", "c1.so")
    error = re.search(r"^error (.*)$", said, re.MULTILINE)
    assert error is not None
    assert (code, found["exit_status"], found["waits"]) == (1, 0, [])
    assert _rows(found) == [("run1.so", "opens", ""), ("./run2.so", "opens", ""), ("c1.so", "error", error[1])]
    first, second, _ = found["opens"]
    assert first["stack"][0] == {"function": "main.main", "where": "plugin_rings/host/main.go:12"}
    assert second["stack"][0] == {"function": "plugin_rings/run1.Run", "where": "plugin_rings/run1/run1.go:10"}
    assert all("parent" not in one for one in found["opens"])  # called when the first was open
    assert 0 < first["load_milliseconds"] < first["milliseconds"]


@pytest.mark.parametrize("version", MATRIX)
def test_inits_that_wait_for_each_other(version: str, tmp_path: Path) -> None:
    folder = laid_out(version, tmp_path)
    code, found = trace(folder, "./host", "a.so")
    assert code == 1
    assert "exit_status" not in found
    assert _rows(found) == [("a.so", "hangs", ""), ("b.so", "hangs", ""), ("a.so", "hangs", "")]
    assert [one.get("parent") for one in found["opens"]] == [None, 0, 1]
    assert [[init["function"] for init in one["inits"]] for one in found["opens"]] == [
        ["plugin_rings/a.init.0"],
        ["plugin_rings/b.init.0"],
        [],
    ]
    assert found["waits"][-1] == (
        "goroutine 1 waits in plugin.Open(a.so) until a.so is initialised, and that is held up in "
        "plugin_rings/a.init.0, which led here: for ever"
    )


def test_an_init_that_panics(tmp_path: Path) -> None:
    code, found = trace(laid_out(QUICK, tmp_path), "./host", "boom.so")
    assert (code, found["exit_status"]) == (1, 2)
    assert _rows(found) == [("boom.so", "ended", "")]
    assert found["opens"][0]["inits"] == [{"function": "plugin_rings/boom.init.0"}]


def test_ctrl_c_ends_everything(tmp_path: Path) -> None:
    folder = laid_out(QUICK, tmp_path)
    running = subprocess.Popen(
        _command("--", "./host", "a.so"), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    while not _running(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=30)
    assert b"Traceback" not in errors
    assert running.returncode not in (0, None)
    assert _running(folder) == []


def test_what_cannot_be_traced(tmp_path: Path) -> None:
    (tmp_path / "script").write_text("#!/bin/sh\n")
    (tmp_path / "script").chmod(0o755)
    for arguments, words in (
        (["--", "./missing"], "missing: cannot be read"),
        (["--", "./script"], "is a script"),
        (["--dlv", "./nowhere", "--", "./script"], "is not found"),
    ):
        done = subprocess.run(_command(*arguments), cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr
