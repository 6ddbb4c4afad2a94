"""Random reports with hostile texts: no renderer crashes, every format stays valid, nothing is lost, bytes repeat."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import unicodedata
from itertools import pairwise
from pathlib import Path

import jsonschema
import pytest
from graph_checks import DotReader, read_mermaid
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_report_github import read_command
from test_report_schemas import SARIF_SCHEMA, SCHEMA

from goknot.model.cut import Cut
from goknot.model.knot import Evidence, Knot, KnotEdge, KnotNode, Place
from goknot.model.report import Problem, Report, ReportInput
from goknot.model.verdict import BaselineState, Confidence, Level, Verdict
from goknot.reports import FORMATS, render

HOSTILE = (
    "", "\n", "\r\n::error::x", "\x1b[2J", "\x9b31m", "\u202e", "\ud800", "\udcff", "</script>", '"]', '"', "\\", "%",
    "::", "],", "{0}", "](x)", "#35;", "&lt;", "`", "%%{init:{}}%%", "--> x", "日本語", "e\u0301", "\0", "\u2028",
    "a/b/c", "end",
)  # fmt: skip
# every code point, lone surrogates too
texts = st.one_of(st.text(st.characters(), max_size=12), st.sampled_from(HOSTILE), st.just("x" * 10_000))
names = st.lists(texts, min_size=1, max_size=3).map("/".join)
counts = st.integers(0, 10**9)


@st.composite
def knots(draw: st.DrawFn) -> Knot:
    n_nodes = draw(st.integers(1, 14))
    nodes = tuple(
        KnotNode(
            draw(names), draw(st.sampled_from(["package", "folder", "module"])), draw(names), draw(texts), draw(counts)
        )
        for _ in range(n_nodes)
    )
    ring = tuple(draw(st.permutations(range(n_nodes))))[: draw(st.integers(0, n_nodes))]
    more = draw(st.lists(st.tuples(st.integers(0, n_nodes - 1), st.integers(0, n_nodes - 1)), max_size=20))
    pairs = sorted({*pairwise(ring), *((ring[-1], ring[0]) for _ in range(bool(ring))), *more})
    edges = tuple(draw(edges_of(a, b)) for a, b in pairs)
    chosen = st.lists(st.sampled_from(pairs), max_size=12, unique=True).map(tuple) if pairs else st.just(())
    cost = draw(counts)
    cut_edges = draw(chosen)
    steps = tuple((draw(texts), draw(texts)) for _ in cut_edges) if draw(st.booleans()) else ()
    cuts = (Cut(cut_edges, cost, draw(st.integers(0, cost)), draw(texts), draw(texts), steps),) if cut_edges else ()
    return Knot(
        id=draw(st.text("0123456789abcdef", min_size=12, max_size=12)),
        level=draw(st.sampled_from(Level)),
        kind=draw(st.sampled_from(["import-ring", "folder-ring", "module-ring", "heap-ring"])),
        verdict=draw(st.sampled_from(Verdict)),
        confidence=draw(st.sampled_from(Confidence)),
        reason=draw(texts),
        title=draw(texts),
        nodes=nodes,
        edges=edges,
        cycles=(ring,) * draw(st.integers(1, 3)) if ring else (),
        cuts=cuts,
        where=draw(st.none() | st.builds(Place, texts, counts, counts)),
        platforms=draw(st.lists(texts, max_size=8).map(tuple)),
        baseline=draw(st.sampled_from(BaselineState)),
        causes=draw(chosen),
    )


@st.composite
def edges_of(draw: st.DrawFn, source: int, target: int) -> KnotEdge:
    return KnotEdge(
        source,
        target,
        draw(st.sampled_from(["import", "test-import", "require"])),
        draw(counts),
        draw(counts),
        draw(st.lists(texts, max_size=4).map(tuple)),
        tuple(draw(st.lists(st.builds(Evidence, texts, counts, counts, texts), max_size=3))),
        draw(st.lists(texts, max_size=2).map(tuple)),
        draw(texts),
    )


details = st.dictionaries(texts, st.one_of(texts, counts, st.lists(texts, max_size=3).map(tuple)), max_size=3)
reports = st.builds(
    Report,
    version=st.just("1.2.3"),
    inputs=st.lists(st.builds(ReportInput, st.just("source"), texts, details), max_size=2).map(tuple),
    knots=st.lists(knots(), max_size=4).map(tuple),
    problems=st.lists(st.builds(Problem, texts, texts, texts), max_size=3).map(tuple),
    stats=st.dictionaries(st.sampled_from(["packages", "n_files", "knots", "odd_thing"]), counts),
    complete=st.booleans(),
)
calm = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def _spelled(text: str) -> str:
    """What a lone surrogate becomes in JSON: the byte it stands for, else its code."""

    def one(match: re.Match[str]) -> str:
        code = ord(match[0])
        return f"\\x{code & 0xFF:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"

    return re.sub("[\ud800-\udfff]", one, text)


@calm
@given(reports)
def test_json_is_valid_and_holds_everything(report: Report) -> None:
    text = render(report, "json")
    assert text.encode().decode() == text
    read = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(read)
    assert "null" not in re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    for knot, got in zip(report.knots, read["knots"], strict=True):
        assert (got["id"], got["verdict"], got["title"]) == (knot.id, knot.verdict, _spelled(knot.title))
        assert [node["name"] for node in got["nodes"]] == [_spelled(node.name) for node in knot.nodes]
        assert got["cycles"] == [list(cycle) for cycle in knot.cycles]
        assert got.get("causes", []) == [list(pair) for pair in knot.causes]
        for edge, seen in zip(knot.edges, got["edges"], strict=True):
            assert (seen["from"], seen["to"], seen["weight"]) == (edge.source, edge.target, edge.weight)
            assert seen.get("symbols", []) == [_spelled(symbol) for symbol in edge.symbols]
            places = [(at["file"], at.get("line", 0), at.get("text", "")) for at in seen.get("evidence", [])]
            assert places == [(_spelled(at.file), at.line, _spelled(at.text)) for at in edge.evidence]
        for cut, seen in zip(knot.cuts, got["cuts"], strict=True):
            assert [tuple(pair) for pair in seen["edges"]] == list(cut.edges)
            assert (seen["cost"], seen["lower_bound"], seen["how"]) == (cut.cost, cut.lower_bound, _spelled(cut.how))
    assert [found["what"] for found in read["problems"]] == [_spelled(found.what) for found in report.problems]


@calm
@given(reports)
def test_sarif_is_valid(report: Report) -> None:
    text = render(report, "sarif")
    assert text.isascii()
    jsonschema.Draft4Validator(SARIF_SCHEMA).validate(json.loads(text))


@calm
@given(reports)
def test_drawings_are_well_formed(report: Report) -> None:
    drawing = DotReader(render(report, "dot")).read()
    n_edges = sum(len(knot.edges) for knot in report.standing())
    assert len(drawing.edges) == n_edges
    assert len(read_mermaid(render(report, "mermaid"))) <= min(n_edges, 60)


@calm
@given(reports)
def test_annotations_are_one_line_each(report: Report) -> None:
    text = render(report, "github")
    found = [read_command(line) for line in text.split("\n")[:-1]]
    n_new = sum(knot.baseline is BaselineState.NEW for knot in report.knots)
    n_known = sum(knot.baseline is BaselineState.KNOWN for knot in report.knots)
    assert len(found) == n_new + len(report.problems) + bool(n_known)
    assert all(set(properties) <= {"file", "line", "col", "title"} for _, properties, _ in found)


@calm
@given(reports, st.booleans(), st.booleans(), st.sampled_from(["worst", "all"]), st.integers(1, 200))
def test_text_acts_on_no_terminal(report: Report, color: bool, ascii: bool, detail: str, width: int) -> None:
    text = render(report, "text", color=color, ascii=ascii, detail=detail, width=width)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text) if color else text
    assert not {c for c in plain if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} - {"\n"}
    assert text.isascii() or not ascii
    assert "✔ no rings" not in text or report.complete
    for knot in report.knots if detail == "all" else ():
        assert knot.id in text


@calm
@given(reports)
def test_the_same_report_gives_the_same_bytes(report: Report) -> None:
    for format in FORMATS:
        assert render(report, format).encode() == render(report, format).encode()


_DIGEST = """
import hashlib, sys
from report_samples import SAMPLES
from goknot.reports import FORMATS, render
for format in FORMATS:
    texts = [render(make(), format, color=True) for make in SAMPLES.values()]
    print(format, hashlib.sha256("".join(texts).encode()).hexdigest())
"""


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_bytes_do_not_depend_on_the_hash_seed(seed: str) -> None:
    from report_samples import SAMPLES

    done = subprocess.run(
        [sys.executable, "-c", _DIGEST],
        env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    here = {
        format: hashlib.sha256(
            "".join(render(make(), format, color=True) for make in SAMPLES.values()).encode()
        ).hexdigest()
        for format in FORMATS
    }
    assert dict(line.split() for line in done.stdout.splitlines()) == here
