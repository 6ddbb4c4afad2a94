from __future__ import annotations

import shutil
import subprocess

import pytest
from graph_checks import DotReader, Malformed, read_mermaid
from report_samples import SAMPLES

from goknot.reports import render


@pytest.mark.parametrize("sample", SAMPLES)
def test_dot_draws_every_edge_of_what_stands(sample: str) -> None:
    report = SAMPLES[sample]()
    drawing = DotReader(render(report, "dot")).read()
    cut = {
        (f"k{number}n{a}", f"k{number}n{b}")
        for number, knot in enumerate(report.standing())
        for cut in knot.cuts
        for a, b in cut.edges
    }
    assert len(drawing.edges) == sum(len(knot.edges) for knot in report.standing())
    assert len(drawing.nodes) == sum(len(knot.nodes) for knot in report.standing())
    assert {(a, b) for a, b, attributes in drawing.edges if attributes.get("style") == "dashed"} == cut


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("sample", SAMPLES)
def test_graphviz_takes_it(sample: str) -> None:
    text = render(SAMPLES[sample](), "dot")
    done = subprocess.run(["dot", "-Tcanon"], input=text.encode(), capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_dot_reader_refuses_what_broke_out() -> None:
    good = render(SAMPLES["import_ring"](), "dot")
    with pytest.raises(Malformed):
        DotReader(good.replace('label="shop/log"', 'label="shop/"log"')).read()
    with pytest.raises(Malformed):
        DotReader(good.replace("k0n1 ->", "k9n1 ->")).read()


@pytest.mark.parametrize("sample", SAMPLES)
def test_mermaid_keeps_to_its_grammar_and_cap(sample: str) -> None:
    report = SAMPLES[sample]()
    text = render(report, "mermaid")
    links = read_mermaid(text)
    n_edges = sum(len(knot.edges) for knot in report.standing())
    assert len(links) == min(n_edges, 60)
    assert ("left out" in text) == (n_edges > 60)


def test_mermaid_draws_the_tightest_ring_and_the_cut_first() -> None:
    knot = SAMPLES["tangle"]().knots[0]
    links = read_mermaid(render(SAMPLES["tangle"](), "mermaid"))
    drawn = {(int(a.split("n")[1]), int(b.split("n")[1])) for a, b, _ in links}
    assert {(3, 4), (4, 3), *knot.cuts[0].edges} <= drawn
    assert sum(dashed for _, _, dashed in links) == len(knot.cuts[0].edges)


def test_mermaid_says_what_it_left_out() -> None:
    knot = SAMPLES["tangle"]().knots[0]
    text = render(SAMPLES["several"](), "mermaid")
    drawn = [line for line in text.splitlines() if "subgraph" in line]
    n_edges = sum(len(knot.edges) for knot in SAMPLES["several"]().knots[:4])
    assert f"left out: {len(knot.edges) - (60 - n_edges)} edges" in text
    assert len(drawn) == 5
    assert "%% left out: 1 further knot" in text


def test_mermaid_reader_refuses_what_broke_out() -> None:
    good = render(SAMPLES["import_ring"](), "mermaid")
    with pytest.raises(Malformed):
        read_mermaid(good.replace("shop/log", 'shop"]; x --> y["'))
    with pytest.raises(Malformed):
        read_mermaid(good.replace("linkStyle 2", "linkStyle 3"))
