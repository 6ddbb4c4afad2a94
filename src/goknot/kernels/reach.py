"""What is reached from where: breadth-first search in tiers, shortest paths, and floods that avoid a set."""

# ruff: noqa: PLR0917  (kernels take arrays one by one and are one loop each)

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


@kernel(_jit.i64, IN_I64, IN_I32, IN_U8, IN_I32, IN_I64, OUT_U8, OUT_I32, OUT_I32, OUT_I32)
def _spread(
    edge_start: NDArray[np.int64],
    edge_target: NDArray[np.int32],
    expand_tier: NDArray[np.uint8],
    seed: NDArray[np.int32],
    seed_end: NDArray[np.int64],
    tier_by_node: NDArray[np.uint8],
    parent: NDArray[np.int32],
    queue: NDArray[np.int32],
    waiting: NDArray[np.int32],
) -> int:
    """Fills tiers, parents and the queue; returns how many nodes were reached."""
    head = 0
    tail = 0
    n_waiting = 0
    first_seed = 0
    for tier in range(len(seed_end)):
        for index in range(first_seed, seed_end[tier]):
            node = seed[index]
            if tier_by_node[node] == UNREACHED:
                tier_by_node[node] = tier
                parent[node] = -2 - index
                queue[tail] = node
                tail += 1
        first_seed = seed_end[tier]
        kept = 0
        for index in range(n_waiting):  # nodes reached before, whose edges count from this tier on
            node = waiting[index]
            if expand_tier[node] > tier:
                waiting[kept] = node
                kept += 1
                continue
            for edge in range(edge_start[node], edge_start[node + 1]):
                target = edge_target[edge]
                if tier_by_node[target] == UNREACHED:
                    tier_by_node[target] = tier
                    parent[target] = node
                    queue[tail] = target
                    tail += 1
        n_waiting = kept
        while head < tail:
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
    return tail


def spread(
    edges: Rows,
    seeds_by_tier: list[NDArray[np.int32]],
    expand_tier: NDArray[np.uint8],
    alloc: Allocator | None = None,
) -> Spread:
    """Searches breadth first, all of one tier before the next.

    Args:
        edges: node -> nodes it points at.
        seeds_by_tier: tier -> nodes it starts from; a node named twice keeps the first name.
        expand_tier: node -> the first tier in which its edges are followed (0: at once, 255: never).
        alloc: Where arrays come from.
    """
    alloc = alloc or Allocator()
    n = edges.n_rows
    seed = np.concatenate([*seeds_by_tier, np.empty(0, np.int32)]).astype(np.int32, copy=False)
    seed_end = np.cumsum([len(seeds) for seeds in seeds_by_tier], dtype=np.int64)
    tier_by_node = alloc.full(n, UNREACHED, np.uint8)
    parent = alloc.full(n, -1, np.int32)
    queue = alloc.empty(n, np.int32)
    waiting = alloc.empty(int(np.count_nonzero(expand_tier)), np.int32)
    n_reached = _spread(*edges, expand_tier, seed, seed_end, tier_by_node, parent, queue, waiting)
    return Spread(tier_by_node, parent, queue[:n_reached])


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
