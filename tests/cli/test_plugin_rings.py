"""`goknot plugin rings` against what the host really does: who hangs, who works, who fails."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support import builds
from support.toolchains import VERSIONS, go_env, minor, toolchain

SCHEMA = json.loads(files("goknot.reports").joinpath("report.schema.json").read_text("utf-8"))
QUICK = VERSIONS[-2]
MATRIX = [v if v == QUICK else pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS]
PLUGINS = ("a", "b", "self", "maybe", "m2", "run1", "run2", "chain", "leaf", "spawn", "c1", "c2", "boom")
INIT, RUN = ("breaks-load", "certain"), ("couples", "note")


@cache
def built(version: str, stripped: bool = False) -> dict[str, Path]:
    options: dict[str, Any] = {"cgo": True, "stripped": stripped}
    found = {"host": builds.build("plugin_rings", version, package="./host", **options)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CGO_LDFLAGS_ALLOW", ".*")
        for name in PLUGINS:
            found[name] = builds.build("plugin_rings", version, mode="plugin", package=f"./{name}", **options)
    return found


def laid_out(version: str, folder: Path, stripped: bool = False) -> Path:
    """The host and its plugins side by side, under the names that they open each other by."""
    for name, path in built(version, stripped).items():
        shutil.copy(path, folder / (name if name == "host" else f"{name}.so"))
    return folder


def rings(folder: Path, *names: str) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "goknot", "plugin", "rings", *names, "--format", "json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    jsonschema.validate(report, SCHEMA)
    return done.returncode, report


def opened(folder: Path, *names: str, **env: str) -> str | None:
    """What the host says of the plugins; None: it hangs."""
    try:
        done = subprocess.run(
            ["./host", *names], cwd=folder, env=env, capture_output=True, text=True, timeout=5, check=True
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout


def _found(report: dict[str, Any]) -> dict[tuple[str, ...], tuple[str, str, str]]:
    return {
        tuple(node["name"].rpartition("/")[2] for node in knot["nodes"]): (
            knot["kind"],
            knot["verdict"],
            knot["confidence"],
        )
        for knot in report["knots"]
    }


@pytest.mark.parametrize("version", MATRIX)
@pytest.mark.parametrize("stripped", [False, True])
def test_rings_are_what_the_host_does(version: str, stripped: bool, tmp_path: Path) -> None:
    if stripped and version != QUICK:
        pytest.skip("one version stripped is enough")
    folder = laid_out(version, tmp_path, stripped)
    code, report = rings(folder, "host", ".")
    assert code == 1
    assert report["problems"] == []
    assert _found(report) == {
        ("a", "b"): ("plugin-open-ring", *INIT),
        ("self",): ("plugin-open-ring", *INIT),
        ("chain", "leaf"): ("plugin-open-ring", *INIT),
        ("m2", "maybe"): ("plugin-open-ring", "breaks-load", "possible"),
        ("run1", "run2"): ("plugin-open-ring", *RUN),
        ("spawn",): ("plugin-open-ring", *RUN),
        ("c1", "c2"): ("plugin-symbol-ring", *INIT),
    }
    for hangs in ("a.so", "self.so", "chain.so"):
        assert opened(folder, hangs) is None
    assert opened(folder, "maybe.so") == "opens maybe.so\n"
    assert opened(folder, "maybe.so", PLUGIN_RINGS="1") is None  # the condition
    assert opened(folder, "run1.so", "run2.so") == "opens run1.so\nran run1.so\nopens run2.so\nran run2.so\n"
    assert opened(folder, "spawn.so") == "opens spawn.so\n"
    said = opened(folder, "c1.so", "c2.so") or ""
    assert [line.rpartition(": ")[2] for line in said.splitlines()] == ["goknot_two", "goknot_one"]


def test_where_each_edge_is(tmp_path: Path) -> None:
    folder = laid_out(QUICK, tmp_path)
    _, report = rings(folder, "host", "chain.so", "leaf.so")
    (knot,) = report["knots"]
    first, second = knot["edges"]
    assert [(seen["file"], seen["line"]) for seen in first["evidence"]] == [
        ("plugin_rings/chain/chain.go", 6),
        ("plugin_rings/chain/chain.go", 9),
        ("plugin_rings/shared/shared.go", 8),
    ]
    assert [(seen["file"], seen["line"]) for seen in second["evidence"]] == [("plugin_rings/leaf/leaf.go", 7)]
    assert knot["cuts"][0]["edges"] == [[0, 1]]


def test_plugins_that_are_linked_against_each_other(tmp_path: Path) -> None:
    folder, go = laid_out(QUICK, tmp_path), toolchain(QUICK)
    source = tmp_path / "source"
    shutil.copytree(builds.GO_SOURCES / "plugin_rings", source)
    (source / "go.mod").write_text(f"module plugin_rings\n\ngo 1.{minor(QUICK)}\n")
    for name, other in (("n2", ""), ("n1", "n2"), ("n2", "n1")):
        flags = f"-ldflags=-extldflags=-Wl,--no-as-needed,-L{folder},-l:{other}.so"
        command = [str(go), "build", "-trimpath", "-buildmode=plugin", *([flags] if other else []), "-o"]
        env = go_env(go) | {"CGO_ENABLED": "1"}
        subprocess.run([*command, str(folder / f"{name}.so"), f"./{name}"], cwd=source, env=env, check=True)
    _, report = rings(folder, "host", "n1.so", "n2.so")
    assert _found(report) == {("n1", "n2"): ("plugin-needed-ring", *INIT)}
    said = (opened(folder, "n1.so", "n2.so", LD_LIBRARY_PATH=".") or "").splitlines()
    assert said == ["opens n1.so", "ran n1.so", 'error plugin.Open("n2"): plugin already loaded']


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    folder = laid_out(QUICK, tmp_path)
    (folder / "script.so").write_text("#!/bin/sh\n")
    (folder / "cut.so").write_bytes((folder / "a.so").read_bytes()[:100_000])
    code, report = rings(folder, "host", "script.so", "cut.so", "missing.so", "a.so", "b.so")
    assert code == 1
    assert _found(report) == {("a", "b"): ("plugin-open-ring", *INIT)}
    assert [problem["where"] for problem in report["problems"]] == ["cut.so", "missing.so", "script.so"]
    alone, report = rings(folder, "host", "script.so")
    assert alone == 3
    other, report = rings(folder, "host", "a.so")
    assert (other, report["knots"]) == (3, [])
    assert "opens b.so while it is initialised, which is none of the plugins given" in report["problems"][0]["what"]


@pytest.mark.parametrize("arguments", [[], ["host"]])
def test_without_plugins(arguments: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "goknot", "plugin", "rings", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "a host and its plugins are needed" in done.stderr
