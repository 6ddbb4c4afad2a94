from __future__ import annotations

import numpy as np
from graphs import Lists, csr, graphs, ints
from hypothesis import given
from hypothesis import strategies as st

from goknot.kernels.subsets import largest, pairs_within, reverse, rows_of


@given(graphs(), st.data())
def test_the_part_between_chosen_nodes(rows: Lists, data: st.DataObject) -> None:
    chosen = sorted(data.draw(st.sets(st.integers(0, len(rows) - 1)))) if rows else []
    after = np.zeros(len(rows), np.int32)
    after[chosen] = np.arange(1, len(chosen) + 1)
    source, target = pairs_within(csr(rows), ints(chosen), after)
    expected = [(a, chosen.index(t)) for a, node in enumerate(chosen) for t in rows[node] if t in chosen]
    assert list(zip(source.tolist(), target.tolist(), strict=True)) == expected
    start, targets = rows_of(len(chosen), source, target)
    assert (start.tolist(), targets.tolist()) == tuple(
        part.tolist() for part in csr([[t for a, t in expected if a == node] for node in range(len(chosen))])
    )


@given(graphs())
def test_reverse(rows: Lists) -> None:
    start, source = reverse(csr(rows))
    expected = [[node for node, row in enumerate(rows) for t in row if t == other] for other in range(len(rows))]
    assert (start.tolist(), source.tolist()) == tuple(part.tolist() for part in csr(expected))


@given(st.lists(st.integers(0, 5)), st.integers(0, 8))
def test_largest(values: list[int], count: int) -> None:
    expected = sorted(range(len(values)), key=lambda index: (-values[index], index))[:count]
    assert largest(np.array(values, np.int64), count).tolist() == expected
