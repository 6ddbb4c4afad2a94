"""The shortest cycles of a ring: what a person can follow, where listing all cycles would never end."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from goknot.model.graph import Graph, NodeId
from goknot.model.ring import Ring

Cycle = tuple[NodeId, ...]
_MAX_SEARCHES = 400  # one search costs as much as the ring has edges
_MAX_VISITS = 4_000_000  # of nodes, to find out which nodes lie on tight cycles: a few seconds


def shortest_cycles(graph: Graph, ring: Ring, limit: int) -> tuple[Cycle, ...]:
    """For each edge of the ring a shortest cycle through it; the tightest cycle of the ring is always among them.

    Args:
        graph: The graph the ring is of.
        ring: The ring.
        limit: At most this many cycles are returned.

    Returns:
        Cycles without doubles, each rotated to its smallest name, tightest first, ties by name. Of several shortest
        cycles through an edge the one with the smallest names is taken, so ids and edge order play no part. In a ring
        of more than 400 nodes the edges into the 400 nodes that lie on the tightest cycles are searched; if there are
        so many nodes and all cycles so long that finding out which those are takes too much work, of the nodes that
        were looked at.
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
    if len(starts) > _MAX_SEARCHES:
        starts = _tightest(starts, successors)[:_MAX_SEARCHES]
    for start in starts:
        # a cycle through last -> start is a path from start to last and back over the edge
        parents = _search(start, successors)
        for last in predecessors[start]:
            found.add(_rotated(_path(last, parents), by_name))
    ordered = sorted(found, key=lambda cycle: (len(cycle), [by_name[node] for node in cycle]))
    return tuple(ordered[:limit])


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


def _tightest(starts: list[NodeId], successors: dict[int, list[int]]) -> list[NodeId]:
    """Nodes ordered by the length of the tightest cycle through them, searched no deeper than needed."""
    length_by_node: dict[NodeId, int] = dict.fromkeys(starts, len(starts) + 1)
    deepest = len(starts)
    n_left = _MAX_VISITS
    for n_done, start in enumerate(starts):
        # once enough nodes with tight cycles are known, longer ones need not be measured
        if n_done >= _MAX_SEARCHES:
            if n_left < 0:
                break
            deepest = sorted(length_by_node[node] for node in starts[:n_done])[_MAX_SEARCHES - 1]
        length_by_node[start], n_visits = _cycle_length(start, successors, deepest)
        n_left -= n_visits
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
