"""Who points at one object: a question to the arrays as they are, without a second, reversed graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from goknot.kernels.rows import Rows
    from goknot.model.heap import HeapGraph, Int64s

_PIECE = 1 << 24  # targets looked at in one go: 16 MB beside the arrays


def pointers_to(graph: HeapGraph, number: int) -> Int64s:
    """The edges that end at an object, ascending; int64."""
    pieces = [
        np.flatnonzero(graph.edge_target[start : start + _PIECE] == number) + start
        for start in range(0, graph.n_edges, _PIECE)
    ]
    return np.concatenate(pieces) if pieces else np.empty(0, np.int64)


def sources_of(graph: HeapGraph, edges: Int64s) -> Int64s:
    """edge -> the object it leaves; int64."""
    return np.searchsorted(graph.edge_start, edges, side="right") - 1


def rows_with(rows: Rows, number: int) -> Int64s:
    """The rows that list a target, ascending, each once; int64."""
    at = np.flatnonzero(rows.target == number)
    return np.unique(np.searchsorted(rows.start, at, side="right") - 1)
