"""The shortest cycles of a ring: what a person can follow, where listing all cycles would never end."""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Sequence
from itertools import accumulate

from goknot.model.graph import Graph, NodeId
from goknot.model.ring import Ring

Cycle = tuple[NodeId, ...]
_MAX_SEARCHES = 400  # one search costs as much as the ring has edges
_MAX_LISTED = 20_000  # nodes of all cycles that are returned, but for the tightest
_MIN_SEARCHES = 20
_MAX_STEPS = 10_000_000  # edges in all searches: a few seconds; of a larger ring fewer nodes are searched
_MAX_VISITS = 4_000_000  # of nodes, to find out which nodes lie on tight cycles: a few seconds


def shortest_cycles(graph: Graph, ring: Ring, limit: int) -> tuple[Cycle, ...]:
    """For each edge of the ring a shortest cycle through it; the tightest cycle of the ring is always among them.

    Args:
        graph: The graph the ring is of.
        ring: The ring.
        limit: At most this many cycles are returned; fewer where they are very long, but always the tightest.

    Returns:
        Cycles without doubles, each rotated to its smallest name, tightest first, ties by name. Of several shortest
        cycles through an edge the one with the smallest names is taken, so ids and edge order play no part. In a ring
        of more than 400 nodes the edges into the 400 nodes that lie on the tightest cycles are searched (fewer where
        the ring has more than 25,000 edges); if there are so many nodes and all cycles so long that finding out which
        those are takes too much work, of the nodes that were looked at.
    """
    names = graph.names
    by_name = {node: rank for rank, node in enumerate(sorted(ring.nodes, key=lambda n: (names[n], n)))}
    successors: dict[int, list[int]] = {node: [] for node in ring.nodes}
    predecessors: dict[int, list[int]] = {node: [] for node in ring.nodes}
    for u, v in sorted(ring.edges, key=lambda edge: (by_name[edge[0]], by_name[edge[1]])):
        successors[u].append(v)
        predecessors[v].append(u)
    found: set[Cycle] = set()
    starts = sorted(ring.nodes, key=by_name.__getitem__)
    n_searches = max(_MIN_SEARCHES, min(_MAX_SEARCHES, _MAX_STEPS // max(1, len(ring.edges))))
    if len(starts) > n_searches:
        starts = _tightest(starts, successors, n_searches)[:n_searches]
    for start in starts:
        # a cycle through last -> start is a path from start to last and back over the edge
        parents = _search(start, successors)
        for last in predecessors[start]:
            found.add(_rotated(_path(last, parents), by_name))
    ordered = sorted(found, key=lambda cycle: (len(cycle), [by_name[node] for node in cycle]))[:limit]
    nodes_up_to = accumulate(map(len, ordered))
    return tuple(
        cycle for cycle, n in zip(ordered, nodes_up_to, strict=True) if n <= _MAX_LISTED or n == len(ordered[0])
    )


def _search(start: int, successors: dict[int, list[int]]) -> dict[int, int]:
    """Node -> the node before it on the shortest path from `start` whose names come first."""
    parents = {start: start}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for successor in successors[node]:
            if successor not in parents:
                parents[successor] = node
                queue.append(successor)
    return parents


def _path(node: int, parents: dict[int, int]) -> list[int]:
    path = [node]
    while parents[node] != node:
        node = parents[node]
        path.append(node)
    path.reverse()
    return path


def _rotated(cycle: Sequence[int], by_name: dict[NodeId, int]) -> Cycle:
    first = min(range(len(cycle)), key=lambda i: by_name[NodeId(cycle[i])])
    return tuple(NodeId(node) for node in (*cycle[first:], *cycle[:first]))


def _tightest(starts: list[NodeId], successors: dict[int, list[int]], n_wanted: int) -> list[NodeId]:
    """Nodes ordered by the length of the tightest cycle through them, searched no deeper than needed."""
    length_by_node: dict[NodeId, int] = dict.fromkeys(starts, len(starts) + 1)
    tightest: list[int] = []  # the lengths of the `n_wanted` tightest cycles so far, ascending
    deepest = len(starts)
    n_left = _MAX_VISITS
    for start in starts:
        # once enough nodes with tight cycles are known, longer ones need not be measured
        if len(tightest) == n_wanted:
            if n_left < 0:
                break
            deepest = tightest[-1]
        length_by_node[start], n_visits = _cycle_length(start, successors, deepest)
        n_left -= n_visits
        insort(tightest, length_by_node[start])
        del tightest[n_wanted:]
    return sorted(starts, key=length_by_node.__getitem__)


def _cycle_length(start: int, successors: dict[int, list[int]], deepest: int) -> tuple[int, int]:
    """The length of the tightest cycle through a node, `deepest + 1` if it is longer, and how many nodes were seen."""
    seen: set[int] = set()
    level = [start]
    for length in range(1, deepest + 1):
        after: list[int] = []
        for node in level:
            for successor in successors[node]:
                if successor == start:
                    return length, len(seen) + 1
                if successor not in seen:
                    seen.add(successor)
                    after.append(successor)
        level = after
    return deepest + 1, len(seen) + 1
