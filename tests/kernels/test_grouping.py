from __future__ import annotations

import numpy as np
from graphs import Lists, csr, graphs, ints
from hypothesis import given
from hypothesis import strategies as st

from goknot.kernels.components import find_rings
from goknot.kernels.dominators import dominate
from goknot.kernels.grouping import group_rings, single_entries

Triple = tuple[int, int, int]


@given(st.lists(st.tuples(st.integers(0, 1), st.lists(st.tuples(*[st.integers(-1, 2)] * 3), max_size=6)), max_size=12))
def test_groups_are_equal_sets(made: list[tuple[int, list[Triple]]]) -> None:
    start = np.cumsum([0, *(len(triples) for _, triples in made)], dtype=np.int64)
    flat = [triple for _, triples in made for triple in triples]
    columns = [ints(triple[column] for triple in flat) for column in range(3)]
    found = group_rings(
        start,
        source_label=columns[0],
        field_label=columns[1],
        target_label=columns[2],
        class_by_ring=ints(kind for kind, _ in made),
    )
    keys = [(kind, frozenset(triples)) for kind, triples in made]
    order = list(dict.fromkeys(keys))
    assert found.group_by_ring.tolist() == [order.index(key) for key in keys]
    for group, (_, triples) in enumerate(order):
        ids = found.triple[found.triple_start[group] : found.triple_start[group + 1]]
        assert sorted(
            zip(found.source_by_triple[ids], found.field_by_triple[ids], found.target_by_triple[ids], strict=True)
        ) == sorted(triples)


def test_many_groups_and_many_triples() -> None:
    n = 40_000  # past the first tables
    label = np.arange(n, dtype=np.int32)
    found = group_rings(
        np.arange(n + 1, dtype=np.int64),
        source_label=label,
        field_label=label,
        target_label=label,
        class_by_ring=np.zeros(n, np.int32),
    )
    assert found.group_by_ring.tolist() == list(range(n))


@given(graphs(), st.data())
def test_single_entries(objects: Lists, data: st.DataObject) -> None:
    n = len(objects)
    seeds = data.draw(st.lists(st.integers(0, n - 1), max_size=4)) if n else []
    rings = find_rings(csr(objects))
    plain = np.zeros(n, np.uint8)
    tree = dominate(csr(objects), csr([seeds]), bytes_by_node=np.ones(n, np.int64), cut=plain, tier_by_node=plain)
    entry = single_entries(rings, tree)
    for ring in range(rings.n_rings):
        members = set(rings.node[rings.node_start[ring] : rings.node_start[ring + 1]].tolist())
        heads = [
            m
            for m in members
            if tree.position_by_node[m] >= 0
            and members - {m} <= {other for other in members if m in tree.dominators_of(other)}
        ]
        assert entry[ring] == (heads[0] if heads else -1)
