"""Known, new and fixed, and the edge that did it."""

from __future__ import annotations

from goknot.analyses.baseline import compare, remember
from goknot.model.fingerprint import fingerprint
from goknot.model.knot import Knot, KnotEdge, KnotNode
from goknot.model.verdict import BaselineState, Confidence, Level, Verdict


def ring(*names: str, extra: tuple[tuple[str, str], ...] = ()) -> Knot:
    pairs = [*zip(names, (*names[1:], names[0]), strict=True), *extra]
    nodes = sorted(set(names))
    index = {name: i for i, name in enumerate(nodes)}
    return Knot(
        id=fingerprint(Level.FOLDER, "folder-ring", nodes),
        level=Level.FOLDER,
        kind="folder-ring",
        verdict=Verdict.COUPLES,
        confidence=Confidence.CERTAIN,
        reason="r",
        title=" ".join(names),
        nodes=tuple(KnotNode(n, "folder", n) for n in nodes),
        edges=tuple(KnotEdge(index[a], index[b], "import") for a, b in sorted(pairs)),
    )


def never(level: str, edge: tuple[str, str]) -> bool:
    return False


def test_the_same_knots_are_known():
    knots = [ring("a", "b"), ring("c", "d", "e")]
    found = compare(knots, remember(knots), never)
    assert [k.baseline for k in found.knots] == [BaselineState.KNOWN] * 2
    assert found.n_stale_edges == 0


def test_a_ring_that_grew_is_new_and_names_the_edge_that_was_not_there():
    old = ring("a", "b")
    grown = ring("a", "b", "c", extra=(("b", "a"),))
    found = compare([grown], remember([old]), lambda level, edge: edge == ("b", "c"))
    (knot,) = found.knots
    assert knot.baseline is BaselineState.NEW
    names = [(knot.nodes[s].key, knot.nodes[t].key) for s, t in knot.causes]
    assert names == [("c", "a")]


def test_without_memory_every_new_ring_edge_is_a_cause():
    (knot,) = compare([ring("a", "b")], [], never).knots
    assert len(knot.causes) == 2


def test_a_ring_that_fell_apart_partly_stays_known_and_leaves_stale_edges():
    old = ring("a", "b", "c", extra=(("b", "a"),))
    found = compare([ring("a", "b")], remember([old]), never)
    assert [k.baseline for k in found.knots] == [BaselineState.KNOWN]
    assert found.n_stale_edges == 2


def test_a_ring_that_is_gone_is_fixed():
    old = ring("a", "b")
    found = compare([], remember([old]), never)
    (knot,) = found.knots
    assert knot.baseline is BaselineState.FIXED
    assert knot.id == old.id
    assert found.n_stale_edges == 2


def test_the_kind_counts():
    from dataclasses import replace

    old = replace(ring("a", "b"), kind="import-ring")
    found = compare([ring("a", "b")], remember([old]), never)
    assert [k.baseline for k in found.knots] == [BaselineState.NEW, BaselineState.FIXED]
