"""Reports read back: equal to what was written, and hostile ones refused with their place."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goknot.errors import InputError
from goknot.inputs.reportfile import read_report
from goknot.model.chain import ChainStep, KnotLink
from goknot.model.cut import Cut
from goknot.model.knot import Evidence, HeapSize, HeapStep, Knot, KnotEdge, KnotNode, Place
from goknot.model.pictures import FolderMatrix, KeptNode
from goknot.model.plugins import Hazard, PluginOutcome
from goknot.model.report import HeapModule, Problem, Report, ReportInput, TypeSize
from goknot.model.verdict import BaselineState, Confidence, Level, Verdict
from goknot.reports import render

TEXT = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=12)
NUMBER = st.integers(0, 2**62)
PLACES = st.builds(Place, TEXT, st.integers(1, 99), st.integers(1, 99))
EVIDENCE = st.builds(Evidence, TEXT, st.integers(1, 99), st.integers(1, 99), TEXT)
STEPS = st.lists(st.builds(HeapStep, TEXT, st.just("object"), NUMBER, TEXT, NUMBER), max_size=3).map(tuple)
HEAPS = st.builds(
    HeapSize, st.integers(1, 9), NUMBER, NUMBER, NUMBER, STEPS, STEPS, st.just((("x", 3),)), st.just((1, 5))
)


def few(one: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(one, max_size=3).map(tuple)


@st.composite
def knots(draw: st.DrawFn) -> Knot:
    nodes = draw(st.lists(st.builds(KnotNode, TEXT, TEXT, TEXT, TEXT, st.integers(1, 9)), min_size=1, max_size=3))
    index = st.integers(0, len(nodes) - 1)
    edge = st.builds(
        KnotEdge, index, index, TEXT, NUMBER, NUMBER, few(TEXT), few(EVIDENCE), few(TEXT), TEXT, TEXT, NUMBER
    )
    pairs = few(st.tuples(index, index))
    return Knot(
        id=draw(st.text("0123456789abcdef", min_size=12, max_size=12)),
        level=draw(st.sampled_from(Level)),
        kind=draw(TEXT),
        verdict=draw(st.sampled_from(Verdict)),
        confidence=draw(st.sampled_from(Confidence)),
        reason=draw(TEXT),
        title=draw(TEXT),
        nodes=tuple(nodes),
        edges=draw(few(edge)),
        cycles=draw(few(st.lists(index, min_size=1, max_size=3).map(tuple))),
        cuts=draw(few(st.builds(Cut, pairs, NUMBER, NUMBER, TEXT, TEXT, few(st.tuples(TEXT, TEXT))))),
        where=draw(st.none() | PLACES),
        platforms=draw(few(TEXT)),
        baseline=draw(st.sampled_from(BaselineState)),
        causes=draw(pairs),
        heap=draw(st.none() | HEAPS),
        links=draw(few(st.builds(KnotLink, TEXT, TEXT))),
        chain=draw(few(st.builds(ChainStep, st.just("type"), TEXT, TEXT, st.integers(1, 9), TEXT, TEXT))),
    )


RANGE = st.tuples(NUMBER, NUMBER)
MODULES = st.builds(HeapModule, TEXT, TEXT, TEXT, RANGE, RANGE, RANGE, st.booleans(), *[NUMBER] * 5)
HAZARDS = st.builds(Hazard, TEXT, TEXT, few(TEXT))
PLUGINS = st.builds(PluginOutcome, TEXT, TEXT, TEXT, TEXT, few(TEXT), TEXT, st.just(""), few(HAZARDS), TEXT, TEXT)
DETAILS = st.dictionaries(st.sampled_from(["go", "module", "n"]), TEXT | NUMBER | few(TEXT), max_size=3)
REPORTS = st.builds(
    Report,
    version=TEXT,
    inputs=few(st.builds(ReportInput, TEXT, TEXT, DETAILS)),
    knots=few(knots()),
    problems=few(st.builds(Problem, TEXT, TEXT, TEXT)),
    stats=st.dictionaries(st.sampled_from(["knots", "files"]), NUMBER),
    complete=st.booleans(),
    heap=st.dictionaries(st.sampled_from(["objects", "bytes"]), NUMBER),
    types=few(st.builds(TypeSize, TEXT, TEXT, NUMBER, NUMBER, NUMBER)),
    modules=few(MODULES),
    plugins=few(PLUGINS),
    kept=st.just((KeptNode(-1, "a", "root", 1, 2, 3), KeptNode(0, "b", "object", 4, 5, 6))),
    matrix=st.just(FolderMatrix(("a", "b"), (0, -1), ((0, 1, 3),))),
)


def read(text: str) -> Report:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "report.json"
        file.write_text(text, encoding="utf-8")
        return read_report(file)


@settings(max_examples=60, deadline=None)
@given(REPORTS)
def test_round_trip(report: Report) -> None:
    assert read(render(report, "json")) == report


@settings(max_examples=150, deadline=None)
@given(REPORTS, st.data())
def test_damaged_reports_are_refused_or_read(report: Report, data: st.DataObject) -> None:
    document = json.loads(render(report, "json"))
    at: object = document
    for _ in range(4):
        if isinstance(at, dict) and at:
            key: object = data.draw(st.sampled_from(sorted(at)))
        elif isinstance(at, list) and at:
            key = data.draw(st.integers(0, len(at) - 1))
        else:
            break
        if data.draw(st.booleans()):
            at[key] = data.draw(st.sampled_from([None, -5, "x", [], {}, [[1]], 10**30, 1.5, True]))  # type: ignore[index]
            break
        at = at[key]  # type: ignore[index]
    try:
        found = read(json.dumps(document))
    except InputError:
        return
    for knot in found.knots:
        assert all(edge.source < len(knot.nodes) and edge.target < len(knot.nodes) for edge in knot.edges)


def test_the_place_is_named() -> None:
    document = json.loads(render(Report("1", (), ()), "json"))
    document["knots"] = [{"id": 5}]
    with pytest.raises(InputError, match=r"knots\[0\]"):
        read(json.dumps(document))
