"""`goknot report`: a program's source and its live heap, joined."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import pytest
from support.builds import GO_SOURCES, build
from support.toolchains import QUICK_VERSIONS

SOURCE = GO_SOURCES / "joined"


def goknot(*arguments: str | Path, codes: tuple[int, ...] = (0, 1)) -> str:
    command = [sys.executable, "-m", "goknot", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in codes, (done.stdout[-2000:], done.stderr[-2000:])
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module", params=QUICK_VERSIONS)
def parts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("joined")
    exe = build("joined", request.param)
    files = {name: folder / f"{name}.json" for name in ("leaks", "types", "heap")}
    for level in ("leaks", "types"):
        goknot(level, SOURCE, "--format", "json", "-o", files[level])
    with subprocess.Popen([exe], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        goknot("heap", process.pid, "--format", "json", "-o", files["heap"])
        process.kill()
    return list(files.values())


def by_kind(document: dict) -> dict[tuple[str, bool], list[dict]]:
    found: dict[tuple[str, bool], list[dict]] = {}
    for knot in document["knots"]:
        found.setdefault((knot["kind"], "heap" in knot), []).append(knot)
    return found


def test_every_planted_knot_is_one_chain(parts: list[Path]) -> None:
    found = by_kind(json.loads(goknot("report", *parts, "--format", "json", "--source", SOURCE)))
    (live,) = found["finalizer-in-ring", True]
    levels = [step["level"] for step in live["chain"]]
    assert list(dict.fromkeys(levels)) == [
        "module", "package", "type", "field", "statement", "root", "object",
    ]  # fmt: skip
    places = {(step["name"], step.get("file"), step.get("line")) for step in live["chain"]}
    lines = (SOURCE / "main.go").read_text().splitlines()
    line_of = {text: number for number, text in enumerate(lines, 1)}
    assert ("session", "main.go", line_of["type session struct {"]) in places
    assert ("joined.session.user @0", "main.go", line_of["\tuser *account"]) in places
    statements = {step["line"] for step in live["chain"] if step["level"] == "statement"}
    assert line_of["\ta.sessions = append(a.sessions, s)"] in statements
    said, quiet = sorted(found["finalizer-in-ring", False], key=lambda knot: "quiet" in knot["title"])
    assert {link["id"] for link in live["links"]} >= {said["id"]}
    assert said["confidence"] == "certain"
    assert "The heap shows it: 20 instances" in said["reason"]

    (blocked,) = found["goroutine-blocked", True]
    (waits,) = found["goroutine-blocked", False]
    assert [link["id"] for link in blocked["links"]] == [waits["id"]]
    assert line_of["\t\tjobs <- 1"] in {step.get("line") for step in blocked["chain"]}
    assert "20 goroutines" in waits["reason"]

    (ring,) = found["heap-ring", True]
    assert ring["verdict"] == "kept-alive"
    assert ("variable main.keep", "root") in {(step["name"], step["level"]) for step in ring["chain"]}
    assert ("store.Node", "store/store.go") in {(step["name"], step.get("file")) for step in ring["chain"]}

    assert quiet["confidence"] in {"certain", "likely"}  # the heap has a knot of that kind, so it proves nothing here


def test_order_plays_no_part(parts: list[Path]) -> None:
    said = {goknot("report", *order, "--format", "json") for order in permutations(parts)}
    assert len(said) == 1


def test_ids_are_those_of_the_parts(parts: list[Path]) -> None:
    own = {knot["id"] for part in parts for knot in json.loads(part.read_text())["knots"]}
    assert {knot["id"] for knot in json.loads(goknot("report", *parts, "--format", "json"))["knots"]} == own


@pytest.mark.parametrize("format_", ["text", "sarif", "github", "mermaid", "dot"])
def test_other_formats(parts: list[Path], format_: str) -> None:
    said = goknot("report", *parts, "--format", format_)
    assert "session" in said
    assert format_ != "text" or "Chain" in said


def test_a_joined_report_can_be_joined_again(parts: list[Path], tmp_path: Path) -> None:
    whole = tmp_path / "whole.json"
    goknot("report", *parts, "--format", "json", "-o", whole)
    again = json.loads(goknot("report", whole, "--format", "json"))
    assert again["knots"] == json.loads(whole.read_text())["knots"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "goknot.report/2"}', "[" * 100_000, "\0", "nonsense"])
def test_what_is_no_report(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    assert goknot("report", tmp_path / "a.json", codes=(2,)) == ""


def test_a_missing_file(tmp_path: Path) -> None:
    goknot("report", tmp_path / "none.json", codes=(2,))
