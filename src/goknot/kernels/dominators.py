"""Dominators and retained sizes.

Semi-NCA (Georgiadis, "Linear-time algorithms for dominators and related problems", 2005; the variant of LLVM's
GenericDomTreeConstruction.h). Everything after the search works on positions in depth-first order, where a tree edge
needs no list of predecessors: most objects of a heap have one referrer, so only the other edges are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goknot.kernels import _jit
from goknot.kernels._jit import IN_I32, IN_I64, IN_U8, OUT_I32, OUT_I64, helper, kernel
from goknot.kernels.memory import Allocator
from goknot.kernels.rows import Rows

_LEAF = -2  # in `position`: not reached yet and without edges
_OWNS = 128  # in `cut`: the object owns top nodes


@dataclass(frozen=True, slots=True)
class Dominated:
    """The dominator tree of what the first top node reaches.

    Nodes are the objects 0..n-1 and then the top nodes. Positions count in depth-first order: an immediate dominator
    always stands before what it dominates, so one loop over positions goes down the tree and the reverse goes up.

    Attributes:
        position_by_node: node -> position, or -1 when not reached; int32.
        node_by_position: position -> node; int32.
        idom_by_position: position -> position of the immediate dominator; -1 for the first; int32.
        retained_by_position: position -> bytes that go when this node goes; int64.
    """

    position_by_node: NDArray[np.int32]
    node_by_position: NDArray[np.int32]
    idom_by_position: NDArray[np.int32]
    retained_by_position: NDArray[np.int64]

    def retained(self, nodes: NDArray[np.int32]) -> NDArray[np.int64]:
        """Retained bytes of nodes, 0 for those not reached."""
        position = self.position_by_node[nodes]
        return np.where(position < 0, 0, self.retained_by_position[position])

    def dominators_of(self, node: int) -> list[int]:
        """The nodes that dominate `node`, nearest first, the first top node last."""
        chain: list[int] = []
        position = int(self.position_by_node[node])
        while position > 0:
            position = int(self.idom_by_position[position])
            chain.append(int(self.node_by_position[position]))
        return chain

    def children(self, node: int) -> NDArray[np.int32]:
        """The nodes that `node` dominates immediately, ascending."""
        position = self.position_by_node[node]
        if position < 0:
            return np.empty(0, np.int32)
        return np.sort(self.node_by_position[np.flatnonzero(self.idom_by_position == position)])


@helper
def _first_at(values: NDArray[np.int32], value: int) -> int:
    """Where `value` stands or would stand in ascending `values`."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@kernel(
    _jit.tuple_of(_jit.i64, _jit.i64),
    *(IN_I64, IN_I32, IN_I64, IN_I32, IN_I32, IN_I32, IN_U8, IN_U8),
    *(OUT_I32, OUT_I32, OUT_I32, OUT_I32, OUT_I32, OUT_I32, OUT_I32, OUT_I32),
)
def _search(
    edge_start: NDArray[np.int64],
    edge_target: NDArray[np.int32],
    top_start: NDArray[np.int64],
    top_target: NDArray[np.int32],
    owner: NDArray[np.int32],
    owned: NDArray[np.int32],
    cut: NDArray[np.uint8],
    tier_by_node: NDArray[np.uint8],
    position: NDArray[np.int32],
    node_at: NDArray[np.int32],
    parent: NDArray[np.int32],
    cursor: NDArray[np.int32],
    head: NDArray[np.int32],
    least: NDArray[np.int32],
    pair_source: NDArray[np.int32],
    pair_next: NDArray[np.int32],
) -> tuple[int, int]:
    """Depth-first search from the first top node; returns how many nodes it reached and how many pairs it kept.

    Of the edges that lead to a position, `least` has the first source before it; `head` and `pair_next` link the
    sources behind it.
    """
    n = len(edge_start) - 1
    for node in range(n):
        leaf = edge_start[node] == edge_start[node + 1] and cut[node] < _OWNS
        position[node] = _LEAF if leaf else -1
    for node in range(n, len(position)):
        position[node] = -1
    position[n] = 0
    node_at[0] = n
    parent[0] = -1
    cursor[0] = 0  # depth in the search -> edges followed
    head[0] = -1
    n_seen = 1
    n_pairs = 0
    here = 0
    depth = 0
    while here >= 0:
        node = node_at[here]
        descended = False
        first_owned = 0
        if node < n:
            first = edge_start[node]
            edge = first + cursor[depth]
            last = edge_start[node + 1]
            end = last
            lowest = cut[node] & (_OWNS - 1)
            if cut[node] >= _OWNS:
                first_owned = _first_at(owner, node)
                end += _first_at(owner, node + 1) - first_owned
        else:
            first = top_start[node - n]
            edge = first + cursor[depth]
            last = top_start[node - n + 1]
            end = last
            lowest = 0
        while edge < end:
            if edge >= last:
                target = owned[first_owned + edge - last]
            else:
                target = edge_target[edge] if node < n else top_target[edge]
            edge += 1
            if lowest > 0 and target < n and tier_by_node[target] < lowest:
                continue
            there = position[target]
            if there < 0:
                position[target] = n_seen
                node_at[n_seen] = target
                parent[n_seen] = here
                least[n_seen] = here
                head[n_seen] = -1
                n_seen += 1
                if there == _LEAF:
                    continue
                descended = True
                break
            if here < there:
                least[there] = min(least[there], here)
            elif here > there:
                pair_source[n_pairs] = here
                pair_next[n_pairs] = head[there]
                head[there] = n_pairs
                n_pairs += 1
        if descended:
            cursor[depth] = edge - first
            depth += 1
            cursor[depth] = 0
            here = n_seen - 1
        else:
            depth -= 1
            here = parent[here]
    for node in range(n):
        if position[node] == _LEAF:
            position[node] = -1
    return n_seen, n_pairs


@kernel(_jit.void, OUT_I32, OUT_I32, OUT_I32, OUT_I32, OUT_I32, IN_I32, IN_I32)
def _semi_nca(
    idom: NDArray[np.int32],
    head: NDArray[np.int32],
    ancestor: NDArray[np.int32],
    best: NDArray[np.int32],
    stack: NDArray[np.int32],
    pair_source: NDArray[np.int32],
    pair_next: NDArray[np.int32],
) -> None:
    """Turns `idom`, which holds the parents of the search tree, into immediate dominators; `head` becomes semi.

    `best` holds the `least` of `_search`.
    """
    n_seen = len(idom)
    for here in range(n_seen):
        ancestor[here] = idom[here]
    for here in range(n_seen - 1, 0, -1):
        semi = best[here]
        pair = head[here]
        while pair >= 0:
            there = pair_source[pair]
            pair = pair_next[pair]
            depth = 0
            while ancestor[there] > here:
                stack[depth] = there
                depth += 1
                there = ancestor[there]
            least = best[there]
            end = ancestor[there]
            while depth > 0:
                depth -= 1
                there = stack[depth]
                least = min(least, best[there])
                best[there] = least
                ancestor[there] = end
            semi = min(semi, least)
        head[here] = semi
        best[here] = semi
    for here in range(1, n_seen):
        above = idom[here]
        semi = head[here]
        while above > semi:
            above = idom[above]
        idom[here] = above


@kernel(_jit.void, IN_I32, IN_I32, IN_I64, OUT_I64)
def _retain(
    node_at: NDArray[np.int32],
    idom: NDArray[np.int32],
    bytes_by_node: NDArray[np.int64],
    retained: NDArray[np.int64],
) -> None:
    n = len(bytes_by_node)
    for here in range(len(node_at)):
        node = node_at[here]
        retained[here] = bytes_by_node[node] if node < n else 0
    for here in range(len(node_at) - 1, 0, -1):
        retained[idom[here]] += retained[here]


def dominate(
    edges: Rows,
    tops: Rows,
    *,
    bytes_by_node: NDArray[np.int64],
    cut: NDArray[np.uint8],
    tier_by_node: NDArray[np.uint8],
    owner: NDArray[np.int32] | None = None,
    owned: NDArray[np.int32] | None = None,
    alloc: Allocator | None = None,
) -> Dominated:
    """Builds the dominator tree of everything the first top node reaches.

    Args:
        edges: object -> objects it points at; n rows.
        tops: top node -> nodes it points at (an object, or n + a top node); the first is the tree's root, node n.
        bytes_by_node: object -> size; top nodes have none.
        cut: object -> the lowest tier its edges lead to, below 128 (0: everywhere); an edge to an object of a lower
            tier does not count. So the runtime's own structures, which point back into everything, never hide who
            holds it.
        tier_by_node: object -> tier (see `reach.spread`).
        owner: Objects that point at top nodes, ascending, one for each such edge.
        owned: The top nodes they point at, as nodes.
        alloc: Where arrays come from.
    """
    alloc = alloc or Allocator()
    n_nodes = edges.n_rows + tops.n_rows
    position, node_at = alloc.empty(n_nodes, np.int32), alloc.empty(n_nodes, np.int32)
    idom, cursor, head, best = (alloc.empty(n_nodes, np.int32) for _ in range(4))
    owner, owned = (np.empty(0, np.int32) if one is None else one for one in (owner, owned))
    cut = cut.copy()
    cut[owner] |= _OWNS
    n_edges = len(edges.target) + len(tops.target) + len(owned)
    pair_source, pair_next = alloc.empty(n_edges, np.int32), alloc.empty(n_edges, np.int32)
    n_seen, n_pairs = _search(
        *edges,
        *tops,
        owner,
        owned,
        cut,
        tier_by_node,
        position,
        node_at,
        idom,
        cursor,
        head,
        best,
        pair_source,
        pair_next,
    )
    idom, node_at = idom[:n_seen], node_at[:n_seen]
    _semi_nca(
        idom,
        head,
        alloc.empty(n_seen, np.int32),
        best,
        cursor,
        pair_source[:n_pairs],
        pair_next[:n_pairs],
    )
    del best, cursor, head, pair_source, pair_next
    retained = alloc.empty(n_seen, np.int64)
    _retain(node_at, idom, bytes_by_node, retained)
    return Dominated(position, node_at, idom, retained)


@kernel(_jit.void, IN_I32, OUT_I32, OUT_I32, OUT_I32)
def _number_subtrees(
    idom: NDArray[np.int32], first: NDArray[np.int32], size: NDArray[np.int32], free: NDArray[np.int32]
) -> None:
    for here in range(len(idom)):
        size[here] = 1
    for here in range(len(idom) - 1, 0, -1):
        size[idom[here]] += size[here]
    for here in range(len(idom)):
        first[here] = free[idom[here]] if here > 0 else 0
        free[here] = first[here] + 1
        if here > 0:
            free[idom[here]] += size[here]


def subtree_intervals(
    idom_by_position: NDArray[np.int32], alloc: Allocator | None = None
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """position -> first number of its subtree, and how many numbers that holds.

    One node dominates another when the other's number lies in its subtree.
    """
    alloc = alloc or Allocator()
    first, size, free = (alloc.empty(len(idom_by_position), np.int32) for _ in range(3))
    _number_subtrees(idom_by_position, first, size, free)
    return first, size
