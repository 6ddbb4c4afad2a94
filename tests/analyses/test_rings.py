"""Rings, cycles, quotients and conditional rings, against naive searches."""

from __future__ import annotations

import random
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from goknot.analyses import cycles
from goknot.analyses.conditional import rings_by_configuration
from goknot.analyses.cycles import shortest_cycles
from goknot.analyses.extra_rings import extra_rings
from goknot.analyses.quotient import collapse
from goknot.analyses.rings import components, find_rings
from goknot.model.graph import Graph

N = 8
edge_sets = st.sets(st.tuples(st.integers(0, N - 1), st.integers(0, N - 1)), max_size=24)


def make(edges, n=N) -> Graph:
    return Graph.from_edges([f"n{i}" for i in range(n)], edges)


def reach(edges, n=N):
    """reach[u] = nodes reachable from u over at least one edge."""
    closure = [{v for u, v in edges if u == node} for node in range(n)]
    for _ in range(n):
        for node in range(n):
            for other in list(closure[node]):
                closure[node] |= closure[other]
    return closure


@given(edge_sets)
def test_rings_are_the_classes_that_reach_each_other(edges):
    closure = reach(edges)
    expected = {
        frozenset(v for v in range(N) if v in closure[u] and u in closure[v]) for u in range(N) if u in closure[u]
    }
    rings = find_rings(make(edges))
    assert {frozenset(r.nodes) for r in rings} == expected
    for ring in rings:
        assert set(ring.edges) == {(u, v) for u, v in edges if u in ring.nodes and v in ring.nodes}
    assert [r.nodes[0] for r in rings] == sorted(r.nodes[0] for r in rings)


@given(edge_sets)
def test_components_are_numbered_after_what_they_reach(edges):
    component = components(make(edges))
    assert all(component[u] >= component[v] for u, v in edges)


def test_depth_costs_no_recursion():
    n = 200_000
    graph = make([(i, (i + 1) % n) for i in range(n)], n)
    assert len(find_rings(graph)[0].nodes) == n


@given(edge_sets)
def test_every_edge_gets_a_shortest_cycle(edges):
    graph = make(edges)
    for ring in find_rings(graph):
        cycles = shortest_cycles(graph, ring, 1000)
        naive = shortest_by_edge(ring)
        for edge, length in naive.items():
            through = [c for c in cycles if edge in zip(c, (*c[1:], c[0]), strict=True)]
            assert min(map(len, through)) == length
        assert len(cycles[0]) == min(naive.values())
        assert all(len(set(c)) == len(c) and c[0] == min(c) for c in cycles)
        assert len(set(cycles)) == len(cycles)


def shortest_by_edge(ring):
    lengths = {}
    for u, v in ring.edges:
        level, length, seen = {v}, 1, {v}
        while u not in level:
            level = {b for a, b in ring.edges if a in level} - seen
            seen |= level
            length += 1
        lengths[u, v] = length
    return lengths


@given(edge_sets, st.permutations(range(N)))
def test_cycles_do_not_depend_on_ids(edges, order):
    graph = make(edges)
    other = Graph.from_edges([f"n{order.index(i)}" for i in range(N)], [(order[u], order[v]) for u, v in edges])

    def by_name(g):
        return sorted(tuple(g.names[n] for n in c) for ring in find_rings(g) for c in shortest_cycles(g, ring, 1000))

    assert by_name(graph) == by_name(other)


def test_a_large_ring_is_searched_in_part_and_keeps_its_tightest_cycle():
    n = 900
    edges = [(i, (i + 1) % n) for i in range(n)] + [(701, 700)]
    graph = Graph.from_edges([f"n{i:04}" for i in range(n)], edges)
    (ring,) = find_rings(graph)
    assert shortest_cycles(graph, ring, 10)[0] == (700, 701)


def test_long_cycles_are_searched_and_listed_in_part(monkeypatch):
    """Searches times edges, and cycles times nodes, stay bounded in a ring of many edges."""
    n = 20_000
    edges = [(i, (i + 1) % n) for i in range(n)] + [(i, (i - 1) % n) for i in range(0, n, 2)]
    graph = Graph.from_edges([f"n{i:05}" for i in range(n)], edges)
    (ring,) = find_rings(graph)
    seen = []
    real = cycles._search
    monkeypatch.setattr(cycles, "_search", lambda *given: (seen.append(1), real(*given))[1])
    monkeypatch.setattr(cycles, "_MAX_STEPS", 30 * len(edges))
    found = shortest_cycles(graph, ring, 50)
    assert len(seen) == 30
    assert len(found[0]) == 2
    assert sum(map(len, found)) < 20_000
    alone = Graph.from_edges([f"n{i:05}" for i in range(2 * n)], [(i, (i + 1) % (2 * n)) for i in range(2 * n)])
    (whole,) = shortest_cycles(alone, find_rings(alone)[0], 50)
    assert len(whole) == 2 * n


def test_the_limit_keeps_the_tightest():
    graph = make(list(permutations(range(5), 2)), 5)
    (ring,) = find_rings(graph)
    assert [len(c) for c in shortest_cycles(graph, ring, 3)] == [2, 2, 2]


@given(edge_sets, st.lists(st.integers(0, 2), min_size=N, max_size=N))
def test_collapse(edges, groups):
    graph, by_edge = collapse(make(edges), groups, ["a", "b", "c"])
    expected = {(groups[u], groups[v]) for u, v in edges if groups[u] != groups[v]}
    assert set(graph.edges()) == expected == set(by_edge)
    for (a, b), pairs in by_edge.items():
        assert pairs == sorted((u, v) for u, v in edges if (groups[u], groups[v]) == (a, b))


@given(edge_sets, edge_sets)
def test_extra_edges_of_one_node_at_a_time(edges, extra):
    extra -= edges
    found = {e.node: e for e in extra_rings(make(edges), extra)}
    for node in range(N):
        own = {(u, v) for u, v in extra if u == node}
        closure = reach(edges)
        closing = {(u, v) for u, v in own if v == node or node in closure[v]}
        assert (node in found) == bool(closing)
        if closing:
            ring = found[node].ring
            assert set(found[node].extra_edges) == closing
            assert closing <= set(ring.edges)
            # a real ring: every member reaches every other over the ring's own edges
            inner = reach(ring.edges)
            assert all(set(ring.nodes) <= inner[m] for m in ring.nodes)
            assert all((u, v) in edges for u, v in set(ring.edges) - closing)


def test_two_nodes_extra_edges_do_not_combine():
    assert extra_rings(make([]), [(0, 1), (1, 0)]) == ()


@given(edge_sets, st.integers(0, 2**31))
def test_conditional_rings(edges, seed):
    graph = make(edges)
    dice = random.Random(seed)
    mask = {edge: dice.randrange(8) for edge in edges}
    for ring in find_rings(graph):
        result = rings_by_configuration(ring, "xyz", mask)
        for part, configurations in result:
            # on each of its configurations, the members are on one ring there
            for c in configurations:
                here = [e for e in ring.edges if mask[e] >> c & 1]
                assert part.nodes in {r.nodes for r in find_rings(make(here))}
            assert set(part.edges) <= set(ring.edges)
        # nothing is lost: each ring of each configuration lies within a reported one that exists there
        for c in range(3):
            here = [e for e in ring.edges if mask[e] >> c & 1]
            for real in find_rings(make(here)):
                assert any(set(real.nodes) <= set(p.nodes) and c in where for p, where in result)


def test_a_ring_of_two_worlds_is_none():
    (ring,) = find_rings(make([(0, 1), (1, 0)]))
    assert rings_by_configuration(ring, ["linux", "windows"], {(0, 1): 1, (1, 0): 2}) == ()
