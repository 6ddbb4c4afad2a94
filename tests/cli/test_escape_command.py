"""`goknot escape`, as a person runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from support.builds import GO_SOURCES
from support.escape_logs import escape_log
from support.toolchains import go_env, toolchain

SCHEMA = json.loads(files("goknot.reports").joinpath("escape.schema.json").read_text(encoding="utf-8"))
SHAPES = GO_SOURCES / "escape_shapes"


def run(*arguments: str, text: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "goknot", "escape", *arguments]
    return subprocess.run(command, capture_output=True, text=True, input=text, env=os.environ | env, check=False)


@pytest.fixture(scope="module")
def log() -> Path:
    return escape_log("escape_shapes", "1.27.3")


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("version", ["1.21.13", "1.27.3"])
def test_json_keeps_to_its_schema(version: str) -> None:
    done = run(str(SHAPES), "--log", str(escape_log("escape_shapes", version)), "--format", "json")
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(read)
    assert read["packages"] == ["example.com/escapeshapes", "example.com/escapeshapes/store"]
    (sent,) = [row for row in read["candidates"] if row["holder"] == "queue" and row["function"] == "send"]
    assert sent["evidence"][-1]["steps"][-1]["why"] == "send"


def test_text_names_what_holds_and_where(log: Path) -> None:
    done = run(str(SHAPES), "--log", str(log))
    assert done.returncode == 0, done.stderr
    heads = [line.split("  ")[0] for line in done.stdout.splitlines() if line and not line.startswith(" ")]
    assert heads[:5] == ["package variable", "goroutine", "channel", "stored", "returned"]
    line = next(n for n, text in enumerate((SHAPES / "main.go").read_text().splitlines(), 1) if "queue <-" in text)
    assert f"main.go:{line}:" in done.stdout


def test_standard_input_gives_the_same_and_runs_nothing(log: Path, tmp_path: Path) -> None:
    by_file = run(str(SHAPES), "--log", str(log), "--format", "json", PATH=str(tmp_path))
    by_pipe = run(str(SHAPES), "--log", "-", "--format", "json", PATH=str(tmp_path), text=log.read_text())
    assert by_pipe.returncode == 0
    assert by_pipe.stdout.replace('"path": "-"', f'"path": "{log}"') == by_file.stdout


def test_held_by_chooses(log: Path) -> None:
    done = run("--log", str(log), "--held-by", "channel", "--format", "json")
    assert {row["holding"] for row in json.loads(done.stdout)["candidates"]} == {"channel"}
    wrong = run("--log", str(log), "--held-by", "chanel")
    assert wrong.returncode == 2
    assert "package-variable" in wrong.stderr


def test_running_go_says_so_and_the_cache_replays(tmp_path: Path) -> None:
    module = tmp_path / "module"
    shutil.copytree(SHAPES, module)
    env = {**go_env(toolchain("1.27.3")), "GOCACHE": str(tmp_path / "cache")}
    first = run(str(module), "--format", "json", **env)
    assert first.returncode == 0, first.stderr
    assert "go build -gcflags=-m=2" in first.stderr
    again = run(str(module), "--format", "json", **env)
    assert again.stdout == first.stdout
    assert len(json.loads(first.stdout)["candidates"]) > 30
    assert sorted(path.name for path in module.iterdir()) == ["go.mod", "main.go", "store"]  # no program left behind


def test_a_package_that_does_not_compile_is_a_problem(tmp_path: Path) -> None:
    module = tmp_path / "module"
    shutil.copytree(SHAPES, module)
    (module / "bad").mkdir()
    (module / "bad" / "bad.go").write_text("package bad\n\nvar x int = missing\n")
    done = run(str(module), "--format", "json", **go_env(toolchain("1.27.3")))
    assert done.returncode == 3
    read = json.loads(done.stdout)
    assert any("go build failed" in problem for problem in read["problems"])
    assert any("undefined: missing" in problem for problem in read["problems"])
    assert any(row["holding"] == "channel" for row in read["candidates"])


def test_what_cannot_be_done_is_said(tmp_path: Path, log: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("no log\n")
    cases = {
        (str(SHAPES),): "not found on PATH",
        (str(tmp_path / "none"),): "is no folder",
        ("--log", str(tmp_path / "text")): "no line of the compiler",
        ("--log", str(tmp_path / "none")): "cannot be read",
        ("--log", str(log), "--packages", "./..."): "exclude each other",
    }
    for arguments, words in cases.items():
        done = run(*arguments, PATH=str(tmp_path / "empty"))
        assert done.returncode == 2, (arguments, done.stdout)
        assert words in done.stderr
        assert "Traceback" not in done.stderr
    nothing = run(str(tmp_path / "empty"), **go_env(toolchain("1.27.3")))
    assert nothing.returncode == 2
    assert "printed nothing of escapes" in nothing.stderr
