"""Paths between objects against a naive search."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from goknot.analyses.leaks.reach import Pointers, is_pointer
from goknot.model.leakfacts import Context, FunctionFacts, LeakEdge, LeakNode, Spot

_SPOT = Spot("a.go", 1, 1)
_HERE = Context(_SPOT, (), (), "f", _SPOT, False, 0)
_EDGES = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.sampled_from(["field", "handle"])), max_size=24)


def facts(edges: list[tuple[int, int, str]]) -> FunctionFacts:
    nodes = tuple(LeakNode("new", f"n{i}", f"n{i}", "", _HERE, -1, "", (), None, False) for i in range(8))
    made = tuple(LeakEdge(a, b, kind, "f", _HERE, n) for n, (a, b, kind) in enumerate(edges))
    return FunctionFacts("f", "p", _SPOT, nodes, made, ())


def distance(edges: list[tuple[int, int, str]], start: int, target: int) -> int | None:
    """Length of a shortest path of one edge or more over pointers, by plain rounds."""
    reached = {start}
    for length in range(1, 10):
        reached = {b for a, b, kind in edges if a in reached and kind != "handle"}
        if target in reached:
            return length
    return None


@given(_EDGES, st.integers(0, 7), st.integers(0, 7))
def test_path_is_shortest_and_real(edges: list[tuple[int, int, str]], start: int, target: int) -> None:
    path = Pointers(facts(edges)).path([start], {target})
    want = distance(edges, start, target)
    assert (path is None) == (want is None)
    if path is not None:
        assert len(path) == want
        assert path[0].source == start and path[-1].target == target
        assert all(a.target == b.source for a, b in pairwise(path))
        assert all((edge.source, edge.target, edge.kind) in edges for edge in path)


@given(_EDGES, st.integers(0, 7))
def test_reached_is_what_paths_reach(edges: list[tuple[int, int, str]], start: int) -> None:
    found = Pointers(facts(edges)).reached([start], is_pointer)
    assert found == {start} | {node for node in range(8) if distance(edges, start, node) is not None}
