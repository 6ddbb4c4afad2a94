from __future__ import annotations

import itertools

import numpy as np
from graphs import Lists, csr, graphs, ints, reach
from hypothesis import given
from hypothesis import strategies as st

from goknot.kernels.leaks import wake_all
from goknot.kernels.reach import UNREACHED, flood, path_to, seeds_of, seeds_of_some, spread
from goknot.kernels.rows import Rows


def naive_tiers(rows: Lists, seeds: list[list[int]], expand: list[int]) -> list[int]:
    tiers = [UNREACHED] * len(rows)
    for tier in range(len(seeds)):
        changed = True
        known = [node for group in seeds[: tier + 1] for node in group]
        while changed:
            changed = False
            nodes = known + [t for n, row in enumerate(rows) if tiers[n] <= tier and expand[n] <= tier for t in row]
            for node in nodes:
                if tiers[node] == UNREACHED:
                    tiers[node] = tier
                    changed = True
    return tiers


@st.composite
def tiered(draw: st.DrawFn) -> tuple[Lists, list[list[int]], list[int]]:
    rows = draw(graphs())
    node = st.integers(0, max(len(rows) - 1, 0))
    group = st.lists(node, max_size=3) if rows else st.just([])
    seeds = draw(st.lists(group, min_size=1, max_size=4))
    expand = draw(st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 255]), min_size=len(rows), max_size=len(rows)))
    return rows, seeds, expand


@given(tiered())
def test_tiers_and_paths(case: tuple[Lists, list[list[int]], list[int]]) -> None:
    rows, seeds, expand = case
    found = spread(csr(rows), [ints(group) for group in seeds], np.array(expand, np.uint8))
    tiers = naive_tiers(rows, seeds, expand)
    assert found.tier_by_node.tolist() == tiers
    assert sorted(found.order.tolist()) == [node for node, tier in enumerate(tiers) if tier != UNREACHED]
    flat = [node for group in seeds for node in group]
    origin = seeds_of(found)
    some = np.flatnonzero(np.arange(len(rows)) % 3 != 1)[::-1].astype(np.int32)
    assert seeds_of_some(found, some).tolist() == origin[some].tolist()
    for node, tier in enumerate(tiers):
        seed, path = path_to(found, node)
        assert origin[node] == seed
        if tier == UNREACHED:
            assert (seed, path) == (-1, ())
            continue
        assert path[0] == flat[seed]
        assert path[-1] == node
        assert all(after in rows[before] for before, after in itertools.pairwise(path))


@given(graphs(), st.data())
def test_paths_are_shortest(rows: Lists, data: st.DataObject) -> None:
    seeds = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=3)) if rows else []
    found = spread(csr(rows), [ints(seeds)], np.zeros(len(rows), np.uint8))
    depth = dict.fromkeys(seeds, 1)
    level = list(depth)
    while level:
        level = list({t for node in level for t in rows[node] if t not in depth})
        depth.update(dict.fromkeys(level, max(depth.values()) + 1))
    assert {node: len(path_to(found, node)[1]) for node in range(len(rows))} == {
        node: depth.get(node, 0) for node in range(len(rows))
    }


@given(graphs(), st.data())
def test_flood_avoids_what_is_marked(rows: Lists, data: st.DataObject) -> None:
    node = st.integers(0, len(rows) - 1)
    seeds, closed = (data.draw(st.sets(node)) if rows else set() for _ in range(2))
    mark = np.zeros(len(rows), np.uint8)
    mark[list(closed)] = 2
    everywhere = np.zeros(len(rows), np.uint8)
    new = flood(csr(rows), ints(sorted(seeds)), mark, cut=everywhere, tier_by_node=everywhere)
    assert set(new.tolist()) == reach(rows, seeds, closed)
    assert set(np.flatnonzero(mark == 1).tolist()) == reach(rows, seeds, closed)


@st.composite
def waiting(draw: st.DrawFn) -> tuple[Lists, set[int], list[int], list[tuple[bool, list[int], list[int]]]]:
    rows = draw(graphs(10))
    node = st.integers(0, max(len(rows) - 1, 0))
    some = st.lists(node, max_size=3) if rows else st.just([])
    goroutines = draw(st.lists(st.tuples(st.sampled_from([True, False, False]), some, some), max_size=6))
    return rows, set(draw(some)), draw(some), goroutines


@given(waiting())
def test_goroutines_that_can_be_woken(
    case: tuple[Lists, set[int], list[int], list[tuple[bool, list[int], list[int]]]],
) -> None:
    rows, closed, seeds, goroutines = case
    open_rows = [[] if node in closed else row for node, row in enumerate(rows)]
    live = [runs for runs, _, _ in goroutines]
    while True:  # Go's own way: mark, wake, mark again
        reached = reach(
            open_rows, [*seeds, *(t for on, (_, stack, _) in zip(live, goroutines, strict=True) if on for t in stack)]
        )
        woken = [on or bool(reached & set(waits)) for on, (_, _, waits) in zip(live, goroutines, strict=True)]
        if woken == live:
            break
        live = woken
    got = wake_all(
        csr(rows),
        np.isin(np.arange(len(rows)), list(closed)),
        ints(seeds),
        csr([stack for _, stack, _ in goroutines]),
        wait_object=ints(w for _, _, waits in goroutines for w in waits),
        wait_goroutine=ints(g for g, (_, _, waits) in enumerate(goroutines) for _ in waits),
        is_live=np.array([runs for runs, _, _ in goroutines], np.bool_),
    )
    assert got.tolist() == live


def test_a_chain_of_a_million() -> None:
    n = 1_000_000
    start = np.arange(n + 1, dtype=np.int64)
    start[-1] -= 1
    found = spread(Rows(start, np.arange(1, n, dtype=np.int32)), [ints([0])], np.zeros(n, np.uint8))
    assert len(path_to(found, n - 1)[1]) == n


def test_a_chain_of_goroutines_each_waking_the_next() -> None:
    n = 100_000  # goroutine i holds object i + 1 and waits on object i
    nodes = np.arange(n + 1, dtype=np.int32)
    live = wake_all(
        Rows(np.zeros(n + 2, np.int64), ints([])),
        np.zeros(n + 1, np.bool_),
        ints([0]),
        Rows(np.arange(n + 1, dtype=np.int64), nodes[1:]),
        wait_object=nodes[:-1],
        wait_goroutine=nodes[:-1],
        is_live=np.zeros(n, np.bool_),
    )
    assert live.all()
