from __future__ import annotations

import numpy as np
from graphs import Lists, csr, graphs, ints
from hypothesis import given
from hypothesis import strategies as st

from goknot.kernels.components import find_rings, list_inner_edges
from goknot.kernels.edge_fields import relabel, ring_places
from goknot.kernels.pointer_scan import ODD


@given(graphs(), st.data())
def test_places_are_words_of_types(rows: Lists, data: st.DataObject) -> None:
    edges = csr(rows)
    rings = find_rings(edges)
    inner = list_inner_edges(rings, edges)
    n_edges, most = len(edges.target), 6
    words = data.draw(st.lists(st.sampled_from([0, 1, 2, 5, 9, 70_000]), min_size=n_edges, max_size=n_edges))
    is_odd = [
        word >= ODD or flip
        for word, flip in zip(
            words, data.draw(st.lists(st.booleans(), min_size=n_edges, max_size=n_edges)), strict=True
        )
    ]
    odd = np.flatnonzero(np.array(is_odd, np.bool_))
    kinds = data.draw(st.lists(st.integers(-1, 2), min_size=len(rows), max_size=len(rows)))
    headers = data.draw(st.lists(st.sampled_from([0, 8]), min_size=len(rows), max_size=len(rows)))
    folds = [0, 16, 24]
    found = ring_places(
        rings,
        edges,
        (
            np.array([ODD if one else word for one, word in zip(is_odd, words, strict=True)], np.uint16),
            odd,
            np.array([words[edge] for edge in odd.tolist()], np.int64),
        ),
        type_by_node=ints(kinds),
        header_by_node=np.array(headers, np.uint8),
        fold_by_type=np.array(folds, np.int64),
        most_words=most,
    )
    expected = []
    for edge, source in zip(inner.edge.tolist(), inner.source.tolist(), strict=True):
        kind, off = kinds[source], 8 * words[edge] - headers[source]
        if kind < 0 or off < 0:
            expected.append(None)
            continue
        word = (off % folds[kind] if folds[kind] else off) // 8
        expected.append((kind, word) if word < most else None)
    said = []
    for place in found.place_by_edge.tolist():
        kind = int(np.searchsorted(found.start, place, side="right")) - 1
        said.append((kind, place - int(found.start[kind])) if place >= 0 else None)
    assert said == expected
    used = np.flatnonzero(found.is_used).tolist()
    assert used == sorted({place for place in found.place_by_edge.tolist() if place >= 0})
    label = np.arange(len(found.is_used), dtype=np.int32)[::-1].copy()
    relabelled = found.place_by_edge.copy()
    relabel(relabelled, label)
    assert relabelled.tolist() == [-1 if place < 0 else label[place] for place in found.place_by_edge.tolist()]
