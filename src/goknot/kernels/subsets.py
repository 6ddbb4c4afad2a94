"""Parts of a graph, and graphs made of pairs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goknot.kernels import _jit
from goknot.kernels._jit import IN_I32, IN_I64, IN_U8, OUT_I32, OUT_I64, kernel
from goknot.kernels.memory import Allocator
from goknot.kernels.rows import Rows


@kernel(_jit.i64, IN_I64, IN_I32, IN_I32, IN_I32, OUT_I32, OUT_I32)
def _pairs_within(
    edge_start: NDArray[np.int64],
    edge_target: NDArray[np.int32],
    nodes: NDArray[np.int32],
    after_by_node: NDArray[np.int32],
    source: NDArray[np.int32],
    target: NDArray[np.int32],
) -> int:
    """Lists the edges between chosen nodes; only counts them when `source` is empty."""
    n_pairs = 0
    for index in range(len(nodes)):
        node = nodes[index]
        for edge in range(edge_start[node], edge_start[node + 1]):
            new = after_by_node[edge_target[edge]]
            if new > 0:
                if len(source):
                    source[n_pairs] = index
                    target[n_pairs] = new - 1
                n_pairs += 1
    return n_pairs


def pairs_within(
    edges: Rows,
    nodes: NDArray[np.int32],
    after_by_node: NDArray[np.int32],
    alloc: Allocator | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The edges between `nodes`, as pairs of new numbers.

    Args:
        edges: node -> nodes it points at.
        nodes: new number -> node.
        after_by_node: node -> 1 + new number, or 0: where few are chosen, most of it is never touched.
        alloc: Where arrays come from.
    """
    alloc = alloc or Allocator()
    none = np.empty(0, np.int32)
    n_pairs = _pairs_within(*edges, nodes, after_by_node, none, none)
    source, target = alloc.empty(n_pairs, np.int32), alloc.empty(n_pairs, np.int32)
    if n_pairs:
        _pairs_within(*edges, nodes, after_by_node, source, target)
    return source, target


@kernel(_jit.void, IN_I32, IN_I32, OUT_I64, OUT_I32)
def _place_pairs(
    source: NDArray[np.int32], target: NDArray[np.int32], edge_start: NDArray[np.int64], edge_target: NDArray[np.int32]
) -> None:
    """Counting sort; `edge_start` is zero before."""
    for index in range(len(source)):
        edge_start[source[index] + 1] += 1
    for node in range(len(edge_start) - 1):
        edge_start[node + 1] += edge_start[node]
    for index in range(len(source)):
        edge_target[edge_start[source[index]]] = target[index]
        edge_start[source[index]] += 1
    for node in range(len(edge_start) - 1, 0, -1):
        edge_start[node] = edge_start[node - 1]
    edge_start[0] = 0


def rows_of(n_nodes: int, source: NDArray[np.int32], target: NDArray[np.int32], alloc: Allocator | None = None) -> Rows:
    """Compressed sparse rows of the pairs, in their order within each row."""
    alloc = alloc or Allocator()
    edge_start, edge_target = alloc.zeros(n_nodes + 1, np.int64), alloc.empty(len(source), np.int32)
    _place_pairs(source, target, edge_start, edge_target)
    return Rows(edge_start, edge_target)


@kernel(_jit.void, IN_I64, IN_I32, OUT_I64, OUT_I32)
def _reverse(
    edge_start: NDArray[np.int64],
    edge_target: NDArray[np.int32],
    back_start: NDArray[np.int64],
    back_source: NDArray[np.int32],
) -> None:
    """Counting sort by target; `back_start` is zero before."""
    for edge in range(len(edge_target)):
        back_start[edge_target[edge] + 1] += 1
    for node in range(len(back_start) - 1):
        back_start[node + 1] += back_start[node]
    for node in range(len(edge_start) - 1):
        for edge in range(edge_start[node], edge_start[node + 1]):
            target = edge_target[edge]
            back_source[back_start[target]] = node
            back_start[target] += 1
    for node in range(len(back_start) - 1, 0, -1):
        back_start[node] = back_start[node - 1]
    back_start[0] = 0


def reverse(edges: Rows, alloc: Allocator | None = None) -> Rows:
    """The graph with every edge turned round; sources ascending within a row."""
    alloc = alloc or Allocator()
    back_start, back_source = alloc.zeros(len(edges.start), np.int64), alloc.empty(len(edges.target), np.int32)
    _reverse(*edges, back_start, back_source)
    return Rows(back_start, back_source)


@kernel(_jit.i64, IN_I64, IN_I32, IN_U8, OUT_I32, OUT_I32)
def _sources_of(
    edge_start: NDArray[np.int64],
    edge_target: NDArray[np.int32],
    wanted: NDArray[np.uint8],
    source: NDArray[np.int32],
    target: NDArray[np.int32],
) -> int:
    """Lists the edges into wanted nodes; only counts them when `source` is empty."""
    n_pairs = 0
    for node in range(len(edge_start) - 1):
        for edge in range(edge_start[node], edge_start[node + 1]):
            if wanted[edge_target[edge]]:
                if len(source):
                    source[n_pairs] = node
                    target[n_pairs] = edge_target[edge]
                n_pairs += 1
    return n_pairs


def sources_of(edges: Rows, nodes: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """All edges into some nodes, as pairs of source and target; sources ascending."""
    wanted = np.zeros(edges.n_rows, np.uint8)
    wanted[nodes] = 1
    none = np.empty(0, np.int32)
    n_pairs = _sources_of(*edges, wanted, none, none)
    source, target = np.empty(n_pairs, np.int32), np.empty(n_pairs, np.int32)
    if n_pairs:
        _sources_of(*edges, wanted, source, target)
    return source, target


def largest(value: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The indices of the `count` largest values, largest first, equal ones by index."""
    count = min(count, len(value))
    if count == 0:
        return np.empty(0, np.int64)
    least = np.partition(value, len(value) - count)[len(value) - count]
    above = np.flatnonzero(value > least)
    level = np.flatnonzero(value == least)[: count - len(above)]
    chosen = np.concatenate((above, level))
    return chosen[np.lexsort((chosen, -value[chosen]))]
