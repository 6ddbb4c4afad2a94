"""The detectors over the shapes whose truth Go itself has told: every mark found, nothing claimed of what is clean."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.leak_shapes import CORPUS, Mark, clean_spans, marks, shapes

from goknot.app.leaks import SURE, LeaksRequest, find_leaks
from goknot.inputs.source import SourceOptions
from goknot.model.knot import Knot
from goknot.model.report import Report
from goknot.model.verdict import Confidence

_ORDER = list(Confidence)
# shapes whose mark is not found, and what it would take; docs/leaks.md says the same to users
GAPS = {
    "blocked.CallbackSends": "calls more than two deep",
    "ctxcancel.Derived": "parents that only callers know",
}
# found, and less sure than the mark: what speaks for it does not show how often it happens
WEAKER = {
    "blocked.EmptySelect": "often meant so",
}


@pytest.fixture(scope="module")
def report() -> Report:
    return find_leaks(LeaksRequest(Path(CORPUS), SourceOptions("linux", "amd64")))


def at(report: Report) -> dict[tuple[str, int, str], Knot]:
    return {(k.where.file, k.where.line, k.kind): k for k in report.knots if k.where is not None}


def expected() -> list[tuple[str, Mark]]:
    return [(shape.name, mark) for shape in shapes() if shape.built(27) for mark in shape.marks]


def test_every_mark_is_found_but_the_known_gaps(report: Report) -> None:
    found = at(report)
    missed = {name for name, mark in expected() if (mark.path, mark.line, mark.kind) not in found}
    assert missed == GAPS.keys()


def test_confidence_is_that_of_the_mark_or_surer(report: Report) -> None:
    found = at(report)
    weaker = set()
    for name, mark in expected():
        knot = found.get((mark.path, mark.line, mark.kind))
        if knot is not None and _ORDER.index(knot.confidence) > _ORDER.index(Confidence(mark.confidence)):
            weaker.add(name)
    assert weaker == WEAKER.keys()


def test_nothing_is_claimed_of_clean_shapes(report: Report) -> None:
    spans = clean_spans()
    claimed = [
        (knot.kind, knot.where)
        for knot in report.knots
        if knot.confidence in SURE
        for path, first, last in spans
        if knot.where is not None and knot.where.file == path and first <= knot.where.line <= last
    ]
    assert claimed == []
    assert len(spans) > 60  # the corpus was there


def test_what_is_claimed_leaks(report: Report) -> None:
    """A certain or likely finding without a mark of its own lies in a shape that leaks all the same."""
    marked = {(mark.path, mark.line, mark.kind) for mark in marks()}
    spans = [(s.path, *s.lines) for s in shapes() if any(what != "collected" for what, _ in s.claims)]
    for (path, line, kind), knot in at(report).items():
        if knot.confidence in SURE and (path, line, kind) not in marked:
            assert any(p == path and first <= line <= last for p, first, last in spans), (path, line, kind)


def test_every_edge_has_its_place_and_text(report: Report) -> None:
    for knot in report.knots:
        assert knot.where is not None
        assert knot.edges
        for edge in knot.edges:
            for seen in edge.evidence:
                line = (CORPUS / seen.file).read_text().splitlines()[seen.line - 1]
                assert seen.text == line.strip()
            assert edge.evidence


def test_ids_do_not_hang_on_lines(report: Report, tmp_path: Path) -> None:
    for path in CORPUS.rglob("*"):
        if path.suffix in {".go", ".mod"}:
            copy = tmp_path / path.relative_to(CORPUS)
            copy.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_text()
            head, package, rest = text.partition("\npackage ")
            copy.write_text(f"{head}{package}{rest}" if not package else f"{head}\n\n\n{package}{rest}")
    moved = find_leaks(LeaksRequest(tmp_path, SourceOptions("linux", "amd64")))
    assert sorted(k.id for k in moved.knots) == sorted(k.id for k in report.knots)
    assert len({k.id for k in report.knots}) == len(report.knots)
