"""Random graphs and the naive answers that the kernels are compared with."""

from __future__ import annotations

from collections import deque

import numpy as np
from hypothesis import strategies as st

from goknot.kernels.rows import Rows

Lists = list[list[int]]


@st.composite
def graphs(draw: st.DrawFn, max_nodes: int = 14) -> Lists:
    """Lists of targets, in any order, with doubled edges and edges to oneself."""
    n = draw(st.integers(0, max_nodes))
    if n == 0:
        return []
    return draw(st.lists(st.lists(st.integers(0, n - 1), max_size=5), min_size=n, max_size=n))


def csr(rows: Lists) -> Rows:
    start = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    return Rows(start, np.array([target for row in rows for target in row], np.int32))


def ints(values: object) -> np.ndarray:
    return np.array(list(values), np.int32)


def reach(rows: Lists, seeds: object, without: set[int] | frozenset[int] = frozenset()) -> set[int]:
    found = {seed for seed in seeds if seed not in without}
    todo = deque(found)
    while todo:
        for target in rows[todo.popleft()]:
            if target not in found and target not in without:
                found.add(target)
                todo.append(target)
    return found


def rings(rows: Lists, opaque: set[int] | frozenset[int] = frozenset()) -> list[list[int]]:
    """Sets of two or more nodes that reach each other, by trying all pairs."""
    open_rows = [[] if node in opaque else [t for t in row if t not in opaque] for node, row in enumerate(rows)]
    reached = [reach(open_rows, [node]) for node in range(len(rows))]
    found = {
        tuple(sorted(other for other in reached[node] if node in reached[other]))
        for node in range(len(rows))
        if node not in opaque
    }
    return sorted([list(ring) for ring in found if len(ring) > 1])
