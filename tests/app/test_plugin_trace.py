"""`goknot plugin trace`: what it tells is what the host itself printed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.ring_lab import ring_lab

from goknot.analyses.plugins.waiting import settle
from goknot.model.plugin_trace import InitRun, TracedOpen

LAB_GO = "1.27.3"
COMMAND = [sys.executable, "-m", "goknot", "plugin", "trace"]
needs_delve = pytest.mark.skipif(shutil.which("dlv") is None, reason="delve (dlv) is not on PATH")


def trace(lab: Path, *plugins: str, hang_after: float = 3) -> tuple[int, dict[str, object], str]:
    command = [*COMMAND, "--format", "json", f"--hang-after={hang_after}", "--", "./host", *plugins]
    done = subprocess.run(command, cwd=lab, capture_output=True, text=True, check=False, timeout=120)
    assert "Traceback" not in done.stderr
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


def running(lab: Path) -> list[str]:
    """Hosts of the lab that still run."""
    found = []
    for link in Path("/proc").glob("[0-9]*/exe"):
        try:
            if os.readlink(link) == str(lab / "host"):  # noqa: PTH115 (resolve would raise on what is gone)
                found.append(str(link))
        except OSError:
            continue
    return found


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A copy, so that hosts that still run can be told from those of other tests."""
    home = tmp_path / "lab"
    shutil.copytree(ring_lab(LAB_GO), home)
    return home


@needs_delve
@pytest.mark.parametrize("stripped", [False, True])
def test_opens_and_errors_are_what_the_host_printed(lab: Path, stripped: bool) -> None:
    if stripped:
        for file in ("host", "plain.so", "chain.so", "c_a.so"):
            subprocess.run(["strip", "-s", str(lab / file)], check=True)
    code, found, said = trace(lab, "chain.so", "plain.so", "nosuch.so", "c_a.so")
    assert (code, found["ended"], found["exit_code"]) == (1, "exit", 0)
    top = [one for one in found["opens"] if not one["parent"]]
    told = [f"error {o['text']}" if o["outcome"] == "error" else f"{o['outcome']} {o['path']}" for o in top]
    assert told == [line for line in said.splitlines() if line.startswith(("opens ", "error "))]
    chain, inner = found["opens"][:2]
    assert (inner["path"], inner["parent"], inner["outcome"]) == ("plain.so", chain["number"], "opens")
    assert inner["stack"][0]["function"] == "example.com/rings/chain.init"
    assert [i["package"] for i in inner["inits"]] == ["example.com/rings/plain"]
    assert inner["inits"][0]["seconds"] > 0.03  # it sleeps that long
    assert chain["stack"][0]["function"] == "main.main"
    assert chain["seconds"] > inner["seconds"] > inner["dlopen_seconds"] > 0
    assert running(lab) == []


@needs_delve
def test_a_pair_that_hangs(lab: Path) -> None:
    code, found, said = trace(lab, "ping_a.so")
    assert (code, found["ended"], found["exit_code"]) == (1, "hang", None)
    assert [(o["path"], o["outcome"], o["parent"], o["waits_for"]) for o in found["opens"]] == [
        ("ping_a.so", "hang", 0, 0),
        ("ping_b.so", "hang", 1, 0),
        ("ping_a.so", "hang", 2, 1),
    ]
    assert "waits until the open of ping_a.so (no. 1, goroutine 1) is done" in found["opens"][2]["text"]
    functions = [frame["function"] for frame in found["opens"][2]["stack"]]
    assert {"runtime.gopark", "example.com/rings/ping_b.init.0", "example.com/rings/ping_a.init.0", "main.main"} <= {
        *functions
    }
    assert "opens" not in said
    assert running(lab) == []


@needs_delve
@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.24.11", "1.26.6"])
def test_other_releases(version: str) -> None:
    code, found, said = trace(ring_lab(version), "plain.so", "nosuch.so", "via_a.so")
    assert code == 1
    assert [(o["path"], o["outcome"], o["waits_for"]) for o in found["opens"]] == [
        ("plain.so", "opens", 0),
        ("nosuch.so", "error", 0),
        ("via_a.so", "hang", 0),
        ("via_b.so", "hang", 0),
        ("via_a.so", "hang", 3),
    ]
    assert f"error {found['opens'][1]['text']}" in said.splitlines()
    assert found["opens"][4]["stack"][-2]["function"] == "runtime.main"


@needs_delve
def test_an_init_that_panics(lab: Path) -> None:
    code, found, said = trace(lab, "plain.so", "boom.so")
    assert (code, found["exit_code"]) == (1, 2)
    assert [o["outcome"] for o in found["opens"]] == ["opens", "panic"]
    assert "init of example.com/rings/boom" in found["opens"][1]["text"]
    assert "panic: boom: no config" in said


@needs_delve
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_when_it_is_interrupted(lab: Path, how: signal.Signals) -> None:
    command = [*COMMAND, "--", "./host", "self.so"]
    process = subprocess.Popen(command, cwd=lab, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(600):
        if running(lab):
            break
        time.sleep(0.05)
    assert running(lab)
    time.sleep(0.5)
    process.send_signal(how)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    assert process.returncode in (1, 130)
    assert running(lab) == []


def test_without_delve_it_says_how_to_get_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--dlv", str(tmp_path / "dlv"), "--", "x"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "go install github.com/go-delve/delve/cmd/dlv@latest" in done.stderr
    assert "goknot plugin ldlog" in done.stderr


@needs_delve
def test_hosts_that_are_none() -> None:
    for host in ("/nonexistent/host", "/bin/sh"):
        done = subprocess.run([*COMMAND, "--", host], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert "Traceback" not in done.stderr
    assert subprocess.run(COMMAND, capture_output=True, check=False).returncode == 2


def opened(number: int, real: str, goroutine: int, parent: int, *, inits: bool) -> TracedOpen:
    one = TracedOpen(number, real, real, goroutine, parent, 0.0)
    one.inits = [InitRun(f"p/{real}", 0.0)] if inits else []
    return one


def test_two_goroutines_that_wait_for_each_other() -> None:
    opens = [
        opened(1, "a", 1, 0, inits=True),
        opened(2, "b", 7, 0, inits=True),
        opened(3, "b", 1, 1, inits=False),
        opened(4, "a", 7, 2, inits=False),
    ]
    settle(opens, "stalled")
    assert [(one.outcome, one.waits_for) for one in opens] == [("hang", 0), ("hang", 0), ("hang", 2), ("hang", 1)]


def test_who_waits_for_a_slow_init_does_not_hang() -> None:
    opens = [opened(1, "a", 1, 0, inits=True), opened(2, "a", 7, 0, inits=False)]
    settle(opens, "stalled")
    assert [(one.outcome, one.waits_for) for one in opens] == [("stalled", 0), ("stalled", 1)]
