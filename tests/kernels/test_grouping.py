from __future__ import annotations

import numpy as np
from graphs import Lists, csr, graphs, ints
from hypothesis import given
from hypothesis import strategies as st

from goknot.kernels.components import find_rings, list_inner_edges
from goknot.kernels.dominators import dominate
from goknot.kernels.grouping import group_rings, single_entries


@given(graphs(), st.data())
def test_groups_are_equal_sets_of_labels(rows: Lists, data: st.DataObject) -> None:
    edges = csr(rows)
    rings = find_rings(edges)
    inner = list_inner_edges(rings, edges)
    label = data.draw(st.lists(st.integers(-1, 2), min_size=len(rows), max_size=len(rows)))
    field = data.draw(st.lists(st.integers(-1, 1), min_size=len(inner.edge), max_size=len(inner.edge)))
    kind = data.draw(st.lists(st.integers(0, 1), min_size=rings.n_rings, max_size=rings.n_rings))
    given_fields = data.draw(st.booleans())
    found = group_rings(
        rings,
        edges,
        label_by_node=ints(label),
        class_by_ring=ints(kind),
        field_by_edge=ints(field) if given_fields else None,
    )
    triples = [
        (label[source], name if given_fields else -1, label[target])
        for source, name, target in zip(inner.source.tolist(), field, edges.target[inner.edge].tolist(), strict=True)
    ]
    keys = [(kind[r], frozenset(triples[inner.start[r] : inner.start[r + 1]])) for r in range(rings.n_rings)]
    order = list(dict.fromkeys(keys))
    assert found.group_by_ring.tolist() == [order.index(key) for key in keys]
    for group, (_, members) in enumerate(order):
        ids = found.triple[found.triple_start[group] : found.triple_start[group + 1]]
        assert sorted(
            zip(found.source_by_triple[ids], found.field_by_triple[ids], found.target_by_triple[ids], strict=True)
        ) == sorted(members)


def test_many_groups_and_many_triples() -> None:
    n = 40_000  # past the first tables
    edges = csr([[node ^ 1] for node in range(2 * n)])
    found = group_rings(
        find_rings(edges),
        edges,
        label_by_node=np.arange(2 * n, dtype=np.int32),
        class_by_ring=np.zeros(n, np.int32),
    )
    assert found.group_by_ring.tolist() == list(range(n))
    assert len(found.source_by_triple) == 2 * n


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
