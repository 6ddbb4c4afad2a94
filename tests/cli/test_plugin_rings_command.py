"""`goknot plugin rings` from the outside: formats, exit codes, wrong usage."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from support.ring_lab import SOURCES, ring_lab

SCHEMA = json.loads(files("goknot.reports").joinpath("report.schema.json").read_text("utf-8"))


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "goknot", "plugin", "rings", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("format_", ["text", "json", "sarif", "github", "dot", "mermaid"])
def test_formats(format_: str) -> None:
    done = run("--source", SOURCES, "--format", format_)
    assert done.returncode == 1
    assert "ping_a" in done.stdout
    assert run("--source", SOURCES, "--format", format_).stdout == done.stdout
    if format_ == "json":
        jsonschema.validate(json.loads(done.stdout), SCHEMA)


def test_files_of_a_folder() -> None:
    lab = ring_lab("1.27.3")
    done = run("host", ".", "--format", "json", cwd=lab)
    report = json.loads(done.stdout)
    jsonschema.validate(report, SCHEMA)
    assert done.returncode == 1
    assert {k["kind"] for k in report["knots"]} == {
        "plugin-open-ring", "plugin-mutual-open", "plugin-c-ring", "plugin-needed-ring",
    }  # fmt: skip
    assert report["inputs"][0]["kind"] == "binary"


def test_exit_codes(tmp_path: Path) -> None:
    lab = ring_lab("1.27.3")
    assert run("host", "run_a.so", "run_b.so", cwd=lab).returncode == 0
    assert run("host", "chain.so", "plain.so", cwd=lab).returncode == 0
    assert run("host", "if_a.so", cwd=lab).returncode == 3  # a path that machine code does not tell
    assert (
        run(
            "host", "if_a.so", "if_b.so", "--source", SOURCES / "if_a", "--source", SOURCES / "if_b", cwd=lab
        ).returncode
        == 1
    )
    for wrong in ((), ("host",), ("nosuch", "plain.so"), ("host", str(tmp_path)), ("--source", str(tmp_path / "no"))):
        done = run(*wrong, cwd=lab)
        assert (done.returncode, done.stdout) == (2, ""), wrong
