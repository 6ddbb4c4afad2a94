"""What is reached from where: breadth-first search in tiers, shortest paths, and floods that avoid a set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goknot.kernels import _jit
from goknot.kernels._jit import IN_I32, IN_I64, IN_U8, OUT_I32, OUT_U8, kernel
from goknot.kernels.memory import Allocator
from goknot.kernels.rows import Rows

UNREACHED = 255  # in an array of tiers


@dataclass(frozen=True, slots=True)
class Spread:
    """What a search in tiers reached.

    Attributes:
        tier_by_node: node -> the lowest tier that reaches it, or `UNREACHED`; uint8.
        parent_by_node: node -> the node before it on a shortest path within its tier; -1 if unreached, -2 - seed where
            a seed names it; int32.
        order: the reached nodes in the order of discovery; int32.
    """

    tier_by_node: NDArray[np.uint8]
    parent_by_node: NDArray[np.int32]
    order: NDArray[np.int32]


@kernel(
    _jit.tuple_of(_jit.i64, _jit.i64),
    *(IN_I64, IN_I32, IN_U8, IN_I32, _jit.i64, _jit.i64),
    *(OUT_U8, OUT_I32, OUT_I32, OUT_I32, _jit.i64, _jit.i64),
)
def _spread(
    edge_start: NDArray[np.int64],
    edge_target: NDArray[np.int32],
    expand_tier: NDArray[np.uint8],
    seed: NDArray[np.int32],
    first_seed: int,
    tier: int,
    tier_by_node: NDArray[np.uint8],
    parent: NDArray[np.int32],
    queue: NDArray[np.int32],
    waiting: NDArray[np.int32],
    tail: int,
    n_waiting: int,
) -> tuple[int, int]:
    """Runs one tier; returns how many nodes are reached and how many of them wait for a later tier."""
    head = tail
    for index in range(len(seed)):
        node = seed[index]
        if tier_by_node[node] == UNREACHED:
            tier_by_node[node] = tier
            parent[node] = -2 - first_seed - index
            queue[tail] = node
            tail += 1
    kept = 0
    n_before = n_waiting
    at = 0  # first the nodes reached before whose edges count from this tier on, then the queue
    while at < n_before or head < tail:
        if at < n_before:
            node = waiting[at]
            at += 1
            if expand_tier[node] > tier:
                waiting[kept] = node
                kept += 1
                continue
        else:
            if at == n_before:
                n_waiting = kept
                at += 1
            node = queue[head]
            head += 1
            if expand_tier[node] > tier:
                waiting[n_waiting] = node
                n_waiting += 1
                continue
        for edge in range(edge_start[node], edge_start[node + 1]):
            target = edge_target[edge]
            if tier_by_node[target] == UNREACHED:
                tier_by_node[target] = tier
                parent[target] = node
                queue[tail] = target
                tail += 1
    if at == n_before:
        n_waiting = kept
    return tail, n_waiting


class Search:
    """A breadth-first search that goes tier by tier.

    Args:
        edges: node -> nodes it points at.
        expand_tier: node -> the first tier in which its edges are followed (0: at once, 255: never).
        alloc: Where arrays come from.
    """

    def __init__(self, edges: Rows, expand_tier: NDArray[np.uint8], alloc: Allocator | None = None) -> None:
        alloc = alloc or Allocator()
        self._edges = edges
        self._expand_tier = expand_tier
        self._tier_by_node = alloc.full(edges.n_rows, UNREACHED, np.uint8)
        self._parent = alloc.full(edges.n_rows, -1, np.int32)
        self._queue = alloc.empty(edges.n_rows, np.int32)
        self._waiting = alloc.empty(int(np.count_nonzero(expand_tier)), np.int32)
        self._n_reached = 0
        self._n_waiting = 0
        self._n_seeds = 0

    def go(self, tier: int, seeds: NDArray[np.int32]) -> NDArray[np.int32]:
        """Reaches all it can in `tier`, which is never lower than before; returns the nodes that are new.

        Seeds are numbered through all calls; a node named twice keeps its first name.
        """
        before = self._n_reached
        self._n_reached, self._n_waiting = _spread(
            *self._edges,
            self._expand_tier,
            seeds,
            self._n_seeds,
            tier,
            self._tier_by_node,
            self._parent,
            self._queue,
            self._waiting,
            before,
            self._n_waiting,
        )
        self._n_seeds += len(seeds)
        return self._queue[before : self._n_reached]

    @property
    def tier_by_node(self) -> NDArray[np.uint8]:
        """node -> the tier it was reached in so far."""
        return self._tier_by_node

    def found(self) -> Spread:
        """What was reached so far."""
        return Spread(self._tier_by_node, self._parent, self._queue[: self._n_reached])


def spread(
    edges: Rows,
    seeds_by_tier: list[NDArray[np.int32]],
    expand_tier: NDArray[np.uint8],
    alloc: Allocator | None = None,
) -> Spread:
    """Searches breadth first, all of one tier before the next.

    Args:
        edges: node -> nodes it points at.
        seeds_by_tier: tier -> nodes it starts from.
        expand_tier: node -> the first tier in which its edges are followed.
        alloc: Where arrays come from.
    """
    search = Search(edges, expand_tier, alloc)
    for tier, seeds in enumerate(seeds_by_tier):
        search.go(tier, seeds)
    return search.found()


@kernel(_jit.void, IN_I32, IN_I32, OUT_I32)
def _carry_seed(parent: NDArray[np.int32], order: NDArray[np.int32], seed_by_node: NDArray[np.int32]) -> None:
    for index in range(len(order)):
        node = order[index]
        before = parent[node]
        seed_by_node[node] = -2 - before if before < 0 else seed_by_node[before]


def seeds_of(found: Spread, alloc: Allocator | None = None) -> NDArray[np.int32]:
    """node -> the seed its shortest path starts at, or -1; int32."""
    seed_by_node = (alloc or Allocator()).full(len(found.parent_by_node), -1, np.int32)
    _carry_seed(found.parent_by_node, found.order, seed_by_node)
    return seed_by_node


@kernel(_jit.void, IN_I32, IN_I32, OUT_I32, OUT_I32)
def _seek_seeds(
    parent: NDArray[np.int32], chosen: NDArray[np.int32], known: NDArray[np.int32], seed: NDArray[np.int32]
) -> None:
    """`known` is zero before; then node -> 1 + its seed, for the nodes that were walked through."""
    for index in range(len(chosen)):
        node = chosen[index]
        while parent[node] >= 0 and known[node] == 0:
            node = parent[node]
        found = known[node] - 1 if known[node] > 0 else max(-2 - parent[node], -1)
        seed[index] = found
        node = chosen[index]
        while found >= 0 and known[node] == 0:
            known[node] = found + 1
            if parent[node] < 0:
                break
            node = parent[node]


def seeds_of_some(found: Spread, nodes: NDArray[np.int32]) -> NDArray[np.int32]:
    """The same for some nodes: memory off their paths is not touched."""
    seed = np.empty(len(nodes), np.int32)
    _seek_seeds(found.parent_by_node, nodes, np.zeros(len(found.parent_by_node), np.int32), seed)
    return seed


def path_to(found: Spread, node: int) -> tuple[int, tuple[int, ...]]:
    """The seed (or -1) and the nodes of the shortest path to `node`, the seed's first, `node` last."""
    if found.tier_by_node[node] == UNREACHED:
        return -1, ()
    path = [node]
    while (before := int(found.parent_by_node[path[-1]])) >= 0:
        path.append(before)
    return -2 - before, tuple(reversed(path))


@kernel(_jit.i64, IN_I64, IN_I32, IN_U8, IN_U8, IN_I32, OUT_U8, OUT_I32)
def _flood(
    edge_start: NDArray[np.int64],
    edge_target: NDArray[np.int32],
    cut: NDArray[np.uint8],
    tier_by_node: NDArray[np.uint8],
    seed: NDArray[np.int32],
    mark: NDArray[np.uint8],
    queue: NDArray[np.int32],
) -> int:
    head = 0
    tail = 0
    for index in range(len(seed)):
        node = seed[index]
        if mark[node] == 0:
            mark[node] = 1
            queue[tail] = node
            tail += 1
    while head < tail:
        node = queue[head]
        head += 1
        lowest = cut[node]
        for edge in range(edge_start[node], edge_start[node + 1]):
            target = edge_target[edge]
            if mark[target] == 0 and tier_by_node[target] >= lowest:
                mark[target] = 1
                queue[tail] = target
                tail += 1
    return tail


def flood(
    edges: Rows,
    seed: NDArray[np.int32],
    mark: NDArray[np.uint8],
    *,
    cut: NDArray[np.uint8],
    tier_by_node: NDArray[np.uint8],
    alloc: Allocator | None = None,
) -> NDArray[np.int32]:
    """Marks what is reachable without entering a node that is marked already; returns the newly marked nodes.

    Args:
        edges: node -> nodes it points at.
        seed: The nodes to start from.
        mark: node -> non-zero if not to be entered; written: 1 for every node reached.
        cut: node -> the lowest tier its edges lead to (0: everywhere); see `dominators.Dominated`.
        tier_by_node: node -> tier.
        alloc: Where arrays come from.
    """
    queue = (alloc or Allocator()).empty(len(mark), np.int32)
    return queue[: _flood(*edges, cut, tier_by_node, seed, mark, queue)]
