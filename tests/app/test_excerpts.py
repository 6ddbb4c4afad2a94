"""The source around what knots point at: only from below the folder that was scanned, and never too much of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from goknot.app import excerpts
from goknot.app.excerpts import with_excerpts
from goknot.model.knot import Evidence, Knot, KnotEdge, KnotNode, Place
from goknot.model.pictures import Excerpt
from goknot.model.report import Report
from goknot.model.verdict import Confidence, Level, Verdict


def report(*places: tuple[str, int]) -> Report:
    evidence = tuple(Evidence(file, line, 1) for file, line in places)
    knot = Knot(
        id="000000000001",
        level=Level.TYPE,
        kind="type-ring",
        verdict=Verdict.COLLECTED,
        confidence=Confidence.NOTE,
        reason="r",
        title="t",
        nodes=(KnotNode("a", "type", "a"),),
        edges=(KnotEdge(0, 0, "pointer", evidence=evidence),),
        cycles=((0,),),
        where=Place(*places[0], 1),
    )
    return Report("1", (), (knot,))


def numbered(path: Path, n: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"line {number}\n" for number in range(1, n + 1)))
    return path


def test_lines_around_places_are_joined(tmp_path: Path) -> None:
    numbered(tmp_path / "a" / "a.go", 40)
    found = with_excerpts(report(("a/a.go", 2), ("a/a.go", 9), ("a/a.go", 30)), tmp_path).excerpts
    assert [(one.file, one.line, len(one.lines)) for one in found] == [("a/a.go", 1, 13), ("a/a.go", 26, 9)]
    assert found[0].lines[1] == "line 2"


def test_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    secret = numbered(tmp_path / "secret.go", 3)
    root = tmp_path / "root"
    numbered(root / "own.go", 3)
    (root / "way.go").symlink_to(secret)
    places = [
        ("../secret.go", 1),
        (str(secret), 1),
        ("way.go", 1),
        ("gone.go", 1),
        ("", 0),
        ("own.go", 99),
        ("a\0b", 1),
    ]
    assert with_excerpts(report(*places), root).excerpts == ()
    assert with_excerpts(report(*places, ("own.go", 2)), root).excerpts == (
        Excerpt("own.go", 1, ("line 1", "line 2", "line 3", "")),
    )


def test_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wide.go").write_text("x" * 10_000)
    numbered(tmp_path / "long.go", 1000)
    monkeypatch.setattr(excerpts, "MAX_LINES", 20)
    places = [("wide.go", 1), *(("long.go", line) for line in range(10, 990, 20))]
    found = with_excerpts(report(*places), tmp_path).excerpts
    assert 10 <= sum(len(one.lines) for one in found) <= 20
    assert len(next(one for one in found if one.file == "wide.go").lines[0]) == 240
