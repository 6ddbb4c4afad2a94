from __future__ import annotations

import itertools

import numpy as np
import pytest
from graphs import Lists, csr, graphs, rings
from hypothesis import given
from hypothesis import strategies as st

from goknot.kernels.components import find_rings, list_inner_edges, shortest_cycle
from goknot.kernels.rows import Rows


@given(graphs(), st.sets(st.integers(0, 13)))
def test_rings_are_those_of_all_pairs(rows: Lists, chosen: set[int]) -> None:
    opaque = np.zeros(len(rows), np.uint8)
    opaque[[node for node in chosen if node < len(rows)]] = 1
    found = find_rings(csr(rows), opaque)
    expected = rings(rows, chosen)
    bounds = found.node_start
    assert [found.node[bounds[r] : bounds[r + 1]].tolist() for r in range(found.n_rings)] == expected
    ring_of = {node: ring for ring, members in enumerate(expected) for node in members}
    assert found.ring_by_node.tolist() == [ring_of.get(node, -1) for node in range(len(rows))]
    edges = [[] for _ in expected]
    position = 0
    for node, row in enumerate(rows):
        for other in row:
            if node != other and node in ring_of and ring_of[node] == ring_of.get(other):
                edges[ring_of[node]].append((position, node))
            position += 1
    inner = list_inner_edges(found, csr(rows))
    bounds = inner.start
    assert [
        list(
            zip(
                inner.edge[bounds[r] : bounds[r + 1]].tolist(),
                inner.source[bounds[r] : bounds[r + 1]].tolist(),
                strict=True,
            )
        )
        for r in range(found.n_rings)
    ] == edges


@given(st.integers(20, 120), st.integers(0, 2**32 - 1), st.floats(0.3, 2.5))
def test_larger_graphs(n: int, seed: int, density: float) -> None:
    random = np.random.default_rng(seed)
    rows = [random.integers(0, n, random.poisson(density)).tolist() for _ in range(n)]
    found = find_rings(csr(rows))
    members = [found.node[a:b].tolist() for a, b in itertools.pairwise(found.node_start)]
    assert members == rings(rows)


def test_a_million_nodes_in_one_ring_and_in_one_chain() -> None:
    n = 1_000_000
    start = np.arange(n + 1, dtype=np.int64)
    ring = np.roll(np.arange(n, dtype=np.int32), -1)
    found = find_rings(Rows(start, ring))
    assert found.n_rings == 1
    assert len(found.node) == len(list_inner_edges(found, Rows(start, ring)).edge) == n
    start[-1] -= 1
    assert find_rings(Rows(start, ring[:-1].copy())).n_rings == 0


def test_no_nodes() -> None:
    found = find_rings(csr([]))
    assert (found.n_rings, len(found.node)) == (0, 0)
    assert len(list_inner_edges(found, csr([])).edge) == 0


@given(graphs(), st.data())
def test_shortest_cycles(rows: Lists, data: st.DataObject) -> None:
    edges = csr(rows)
    found = find_rings(edges)
    for ring, members in enumerate(rings(rows)):
        origin = data.draw(st.sampled_from(members))
        nodes, cycle_edges = shortest_cycle(found, edges, ring, origin)
        assert nodes[0] == origin
        assert edges.target[cycle_edges].tolist() == [*nodes[1:], origin]
        assert all(
            edges.start[node] <= edge < edges.start[node + 1] for node, edge in zip(nodes, cycle_edges, strict=True)
        )
        level, length = {t for t in rows[origin] if t in members and t != origin}, 1
        while origin not in level:
            level, length = {t for node in level for t in rows[node] if t in members and t != node}, length + 1
        assert len(nodes) == length


def test_a_node_off_the_ring_has_no_cycle() -> None:
    edges = csr([[1], [0], [0]])
    with pytest.raises(ValueError, match="no member"):
        shortest_cycle(find_rings(edges), edges, 0, 2)
