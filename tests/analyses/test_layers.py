"""Rules between groups of nodes, against a naive search."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from goknot.analyses.layers import violations
from goknot.model.graph import Graph


def graph(n: int, edges: set[tuple[int, int]]) -> Graph:
    return Graph.from_edges([f"n{i:02}" for i in range(n)], edges)


def test_a_direct_edge_is_named_even_if_a_chain_exists():
    (found,) = violations(graph(3, {(0, 1), (0, 2), (2, 1)}), {"low": [0], "high": [1]}, [("low", "high")])
    assert found.direct
    assert found.edges == ((0, 1),)


def test_the_shortest_chain_through_outsiders():
    g = graph(5, {(0, 2), (2, 3), (3, 1), (0, 4), (4, 1)})
    (found,) = violations(g, {"low": [0], "high": [1]}, [("low", "high")])
    assert not found.direct
    assert found.edges == ((0, 4), (4, 1))


def test_a_chain_through_another_group_is_that_groups_affair():
    g = graph(3, {(0, 2), (2, 1)})
    groups = {"low": [0], "mid": [2], "high": [1]}
    assert violations(g, groups, [("low", "high")]) == ()


def test_direct_only():
    g = graph(3, {(0, 2), (2, 1)})
    assert violations(g, {"low": [0], "high": [1]}, [("low", "high")], indirect=False) == ()


@given(
    st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20),
    st.lists(st.integers(0, 3), min_size=8, max_size=8),
)
def test_against_all_simple_paths(edges, group_by_node):
    g = graph(8, edges)
    groups = {f"g{k}": [n for n in range(8) if group_by_node[n] == k] for k in range(3)}  # group 3: outside
    pairs = list(permutations(groups, 2))
    found = {(v.source, v.target): v for v in violations(g, groups, pairs)}
    for source, target in pairs:
        length = shortest(edges, groups, source, target)
        assert ((source, target) in found) == (length > 0)
        if length:
            violation = found[source, target]
            assert violation.direct == (length == 1)
            assert set(violation.edges) <= edges
            if length > 1:
                assert len(violation.edges) == length


def shortest(edges, groups, source, target) -> int:
    inside = {n for nodes in groups.values() for n in nodes}
    level, seen, length = set(groups[source]), set(groups[source]), 0
    while level:
        length += 1
        after = {v for u, v in edges if u in level}
        if after & set(groups[target]):
            return length
        level = {n for n in after if n not in inside and n not in seen}
        seen |= level
    return 0
