"""Programs with plugins: whose variables keep what, a refused plugin, and the root that is lost with it."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support import builds
from support.cores import take_core
from support.programs import running
from support.toolchains import VERSIONS

SCHEMA = json.loads(files("goknot.reports").joinpath("report.schema.json").read_text("utf-8"))
PROGRAMS = Path(__file__).resolve().parent.parent / "goruntime" / "programs"
NEWEST = VERSIONS[-1]
MATRIX = [
    pytest.param(version, stripped, marks=() if version == NEWEST else pytest.mark.slow)
    for version in VERSIONS
    for stripped in (False, True)
]
NODE_BYTES, PART_BYTES = 64, 32  # tests/goruntime/programs/heap_lost


def goknot(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "goknot", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done


def report(*arguments: object) -> tuple[int, dict[str, Any]]:
    done = goknot(*arguments, "--format", "json")
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    jsonschema.validate(found, SCHEMA)
    return done.returncode, found


@cache
def built(version: str, stripped: bool) -> tuple[Path, Path, Path, Path]:
    """(host, plugin that will be refused, two good ones)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builds, "GO_SOURCES", PROGRAMS)
        options: dict[str, Any] = {"cgo": True, "stripped": stripped}
        host = builds.build("heap_lost", version, **options)
        plugin: dict[str, Any] = {"mode": "plugin", **options}
        refused = builds.build("heap_lost", version, package="./refused", tags="newer", **plugin)
        one, two = (builds.build("heap_lost", version, package=f"./{name}", **plugin) for name in ("one", "two"))
        return host, refused, one, two


def _knots(found: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return sorted((knot for knot in found["knots"] if knot["kind"] == kind), key=lambda knot: str(knot["title"]))


@pytest.mark.parametrize(("version", "stripped"), MATRIX)
def test_a_root_that_is_lost(version: str, stripped: bool, tmp_path: Path) -> None:
    """An object is finalized while a package variable reaches it: predicted, and shown from the core."""
    host, refused, one, two = built(version, stripped)
    code, predicted = report("plugin", "check", host, refused, one, two)
    assert code == 1
    assert [plugin["outcome"] for plugin in predicted["plugins"]] == ["error", "opens", "opens"]
    assert "lost-root" in [hazard["kind"] for hazard in predicted["plugins"][1]["hazards"]]
    with running(host, [str(refused), str(one), str(two)], folder=tmp_path) as program:
        said = program.said
        live_code, live = report("heap", program.process.pid)
        core = take_core(program, tmp_path / "core", "own")
    assert said["freed"] is True
    assert [bool(opened["error"]) for opened in said["plugins"]] == [True, False, False]
    core_code, found = report("heap", core, "--exe", host)
    assert live_code == core_code == 1
    assert _knots(live, "plugin-lost-root") == _knots(found, "plugin-lost-root")
    kept, later = _knots(found, "plugin-lost-root")
    assert {kept["verdict"], later["verdict"]} == {"freed-in-use"}
    assert kept["title"].startswith("heap_lost/common.Kept: ")  # freed; its memory may be another object's by now
    assert later["confidence"] == "certain"
    assert later["title"] == "heap_lost/common.Later: 7 objects of 448 bytes will be freed at the next collection"
    assert int(later["heap"]["example"][0]["address"], 16) == said["later"]
    assert [node["name"] for node in later["nodes"]] == ["heap_lost/one", "heap_lost/common.Later", "heap_lost/refused"]


@pytest.mark.parametrize(("version", "stripped"), MATRIX)
def test_what_each_module_has(version: str, stripped: bool, tmp_path: Path) -> None:
    host, refused, one, two = built(version, stripped)
    with running(host, [str(refused), str(one), str(two)], folder=tmp_path) as program:
        core = take_core(program, tmp_path / "core", "own")
        maps = Path(f"/proc/{program.process.pid}/maps").read_text()
    _, found = report("heap", core, "--exe", host)
    modules = found["modules"]
    names = ["heap_lost", "heap_lost/refused", "heap_lost/one", "heap_lost/two"]
    assert [module["name"] for module in modules] == names
    assert [module["state"] for module in modules] == ["active", "refused", "active", "active"]
    assert [module["masks"] for module in modules] == [True, False, True, True]
    assert [module["path"] for module in modules] == [str(path) for path in (host, refused, one, two)]
    for module in modules:  # its code is where the kernel mapped that file
        spans = [line.split()[0].split("-") for line in maps.splitlines() if line.endswith(module["path"])]
        assert any(int(start, 16) <= int(module["text"][0], 16) < int(end, 16) for start, end in spans)
    own = [(module["retained_objects"], module["retained_bytes"]) for module in modules[1:]]
    assert own == [(0, 0), *((n + 2, n * NODE_BYTES + 2 * PART_BYTES) for n in (1000, 250))]
    # four that the host was given, the array they came in, and a ring of two, which only DWARF can name
    n_named = 5 if stripped else 7
    assert [(module["objects"], module["bytes"]) for module in modules[2:]] == [(n_named, n_named * PART_BYTES)] * 2


@pytest.mark.parametrize(("version", "stripped"), MATRIX)
def test_rings_that_a_plugins_variable_holds(version: str, stripped: bool, tmp_path: Path) -> None:
    host, _, one, two = built(version, stripped)
    with running(host, [str(one), str(two)], folder=tmp_path) as program:
        code, found = report("heap", program.process.pid)
    assert code == 0
    assert _knots(found, "plugin-lost-root") == []
    rings = _knots(found, "heap-ring")
    assert {ring["verdict"] for ring in rings} == {"kept-alive"}
    assert len(rings) == (1 if stripped else 2)  # without DWARF both are of unknown type, and look alike
    holders = {holder["name"]: holder["instances"] for ring in rings for holder in ring["heap"]["holders"]}
    assert (
        holders.items() >= {f"variable heap_lost/{name}.Ring of heap_lost/{name}": 1 for name in ("one", "two")}.items()
    )
    assert all("Go never unloads plugins: heap_lost/" in ring["reason"] for ring in rings)


def test_modules_as_text(tmp_path: Path) -> None:
    host, refused, one, two = built(NEWEST, True)
    with running(host, [str(refused), str(one), str(two)], folder=tmp_path) as program:
        text = goknot("heap", program.process.pid).stdout
        table = goknot("heap", program.process.pid, "--modules").stdout
    assert "  heap_lost/refused  refused: its variables are no roots\n" in text
    assert "  heap_lost/two      its variables keep 15.7 KiB, its types take 160 B\n" in text
    assert table.startswith("4 modules\n")
