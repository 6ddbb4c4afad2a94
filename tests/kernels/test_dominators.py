from __future__ import annotations

import numpy as np
import pytest
from graphs import Lists, csr, graphs, ints, reach
from hypothesis import given
from hypothesis import strategies as st

from goknot.kernels.dominators import Dominated, dominate
from goknot.kernels.folding import fold, sum_by
from goknot.kernels.rows import Rows


@st.composite
def rooted(draw: st.DrawFn) -> tuple[Lists, Lists]:
    """Objects, and top nodes whose first is the root and points at the others."""
    objects = draw(graphs())
    some = st.lists(st.integers(0, len(objects) - 1), max_size=4) if objects else st.just([])
    tops = draw(st.lists(some, max_size=3))
    n = len(objects)
    return objects, [[*draw(some), *(n + 1 + top for top in range(len(tops)))], *tops]


def build(objects: Lists, tops: Lists, cut: list[int] | None = None, tier: list[int] | None = None) -> Dominated:
    sizes = np.array([8 * (3 * node + 1) for node in range(len(objects))], np.int64)
    plain = [0] * len(objects)
    return dominate(
        csr(objects),
        csr(tops),
        bytes_by_node=sizes,
        cut=np.array(cut or plain, np.uint8),
        tier_by_node=np.array(tier or plain, np.uint8),
    )


def check(found: Dominated, rows: Lists, root: int, n_objects: int) -> None:
    """Compares with removing each node in turn."""
    whole = reach(rows, [root])
    assert {node for node, at in enumerate(found.position_by_node.tolist()) if at >= 0} == whole
    assert sorted(found.node_by_position.tolist()) == sorted(whole)
    lost = {node: whole - reach(rows, [root], {node}) for node in whole}
    for node in whole:
        dominators = {other for other in whole if other != node and node in lost[other]}
        assert set(found.dominators_of(node)) == dominators
        size = sum(8 * (3 * other + 1) for other in lost[node] if other < n_objects)
        assert found.retained(np.array([node], np.int32)).tolist() == [size]
        nearest = [o for o in lost[node] if o != node and found.dominators_of(o)[0] == node]
        assert found.children(node).tolist() == sorted(nearest)


@given(rooted())
def test_dominators_are_what_removing_shows(case: tuple[Lists, Lists]) -> None:
    objects, tops = case
    check(build(objects, tops), objects + tops, len(objects), len(objects))


@given(rooted(), st.data())
def test_cut_edges_do_not_count(case: tuple[Lists, Lists], data: st.DataObject) -> None:
    objects, tops = case
    levels = st.lists(st.integers(0, 2), min_size=len(objects), max_size=len(objects))
    cut, tier = data.draw(levels), data.draw(levels)
    rows = [[t for t in row if tier[t] >= cut[node]] for node, row in enumerate(objects)] + tops
    check(build(objects, tops, cut, tier), rows, len(objects), len(objects))


@given(rooted(), st.data())
def test_objects_may_own_top_nodes(case: tuple[Lists, Lists], data: st.DataObject) -> None:
    objects, tops = case
    n = len(objects)
    pair = st.tuples(st.integers(0, n - 1), st.integers(n, n + len(tops) - 1))
    pairs = sorted(data.draw(st.lists(pair, max_size=4))) if n else []
    rows = [[*row, *(top for owner, top in pairs if owner == node)] for node, row in enumerate(objects)] + tops
    plain = np.zeros(n, np.uint8)
    found = dominate(
        csr(objects),
        csr(tops),
        bytes_by_node=np.array([8 * (3 * node + 1) for node in range(n)], np.int64),
        cut=plain,
        tier_by_node=plain,
        owner=ints(owner for owner, _ in pairs),
        owned=ints(top for _, top in pairs),
    )
    assert not plain.any()
    check(found, rows, n, n)


@given(st.integers(20, 90), st.integers(0, 2**32 - 1), st.floats(0.8, 2.5))
def test_larger_graphs(n: int, seed: int, density: float) -> None:
    random = np.random.default_rng(seed)
    objects = [random.integers(0, n, random.poisson(density)).tolist() for _ in range(n)]
    tops = [random.integers(0, n, 2).tolist()]
    check(build(objects, tops), objects + tops, n, n)


@pytest.mark.parametrize("back", [False, True])
def test_a_list_of_a_million(back: bool) -> None:
    n = 1_000_000
    forward = np.arange(1, n, dtype=np.int32)
    if back:
        rows = np.stack((np.arange(-1, n - 1, dtype=np.int32), np.arange(1, n + 1, dtype=np.int32)), axis=1).ravel()
        start, target = np.clip(np.arange(0, 2 * n + 1, 2) - 1, 0, 2 * n - 2).astype(np.int64), rows[1:-1].copy()
    else:
        start, target = np.minimum(np.arange(n + 1), n - 1).astype(np.int64), forward
    plain = np.zeros(n, np.uint8)
    top = Rows(np.array([0, 1], np.int64), np.zeros(1, np.int32))
    found = dominate(Rows(start, target), top, bytes_by_node=np.ones(n, np.int64), cut=plain, tier_by_node=plain)
    assert found.retained(np.array([0, 1, n - 1], np.int32)).tolist() == [n, n - 1, 1]


@given(rooted(), st.data())
def test_folding_knows_the_outermost_of_each_label(case: tuple[Lists, Lists], data: st.DataObject) -> None:
    objects, tops = case
    found = build(objects, tops)
    label = data.draw(st.lists(st.integers(0, 3), min_size=len(objects) + len(tops), max_size=len(objects) + len(tops)))
    labels = np.array(label, np.int32)[found.node_by_position]
    folded = fold(found.idom_by_position, labels)
    for position, node in enumerate(found.node_by_position.tolist()):
        above = [label[other] for other in reversed(found.dominators_of(node))]
        assert folded.is_outermost[position] == (label[node] not in above)
        assert folded.labels(int(folded.path_by_position[position])) == tuple(dict.fromkeys([*above, label[node]]))


def test_folding_grows_and_stops_at_the_depth() -> None:
    n = 5000
    idom = np.arange(-1, n - 1, dtype=np.int32)
    folded = fold(idom, np.arange(n, dtype=np.int32), max_depth=n)
    assert folded.labels(int(folded.path_by_position[-1])) == tuple(range(n))
    short = fold(idom, np.arange(n, dtype=np.int32), max_depth=10)
    assert len(short.parent_by_path) == 11
    assert short.is_outermost.tolist() == [1] * 10 + [0] * (n - 10)


def test_folding_has_room_for_many_paths() -> None:
    n = 100_000
    idom = np.zeros(n, np.int32)
    idom[0] = -1
    folded = fold(idom, np.arange(n, dtype=np.int32))
    assert folded.is_outermost.all()
    assert folded.path_by_position.tolist() == list(range(1, n + 1))
    assert folded.labels(n) == (0, n - 1)


def test_sums_are_exact_beyond_floats() -> None:
    key = np.array([0, -1, 1, 0], np.int32)
    assert sum_by(key, np.array([2**60, 5, 7, 1], np.int64), 3).tolist() == [2**60 + 1, 7, 0]
