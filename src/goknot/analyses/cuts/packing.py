"""Cycles that share no weight: each has to be cut separately, so together they bound every cut from below."""

from __future__ import annotations

from collections.abc import Mapping

Edge = tuple[int, int]
Cycle = tuple[int, ...]
_WORK = 3_000_000  # edge visits
_SHORT = 7  # shorter cycles are taken before longer ones; from here on in any order


def pack_cycles(n_nodes: int, weights: Mapping[Edge, int]) -> list[tuple[Cycle, int]]:
    """Takes shortest cycles out of the graph until none is left, or the work is used up.

    Returns:
        (cycle, multiplicity) pairs; an edge is used at most as often as its weight.
    """
    left = dict(weights)
    after: list[set[int]] = [set() for _ in range(n_nodes)]
    for u, v in left:
        after[u].add(v)
    taken: list[tuple[Cycle, int]] = []
    work = _WORK
    for deepest in (*range(2, _SHORT), n_nodes):
        for start in range(n_nodes):
            while work > 0:
                cycle, visits = _shortest(start, after, deepest)
                work -= visits
                if not cycle:
                    break
                taken.append((cycle, _take(cycle, left, after)))
    return taken


def _take(cycle: Cycle, left: dict[Edge, int], after: list[set[int]]) -> int:
    edges = list(zip(cycle, (*cycle[1:], cycle[0]), strict=True))
    multiplicity = min(left[edge] for edge in edges)
    for edge in edges:
        left[edge] -= multiplicity
        if not left[edge]:
            after[edge[0]].discard(edge[1])
    return multiplicity


def _shortest(start: int, after: list[set[int]], deepest: int) -> tuple[Cycle, int]:
    """A shortest cycle through a node, empty if none is that short; and how many edges were visited."""
    parents = {start: start}
    level = [start]
    visits = 0
    for _ in range(deepest):
        below: list[int] = []
        for node in level:
            for successor in sorted(after[node]):
                visits += 1
                if successor == start:
                    return _back(node, parents), visits
                if successor not in parents:
                    parents[successor] = node
                    below.append(successor)
        level = below
        if not level:
            break
    return (), visits + 1


def _back(node: int, parents: dict[int, int]) -> Cycle:
    cycle = [node]
    while parents[node] != node:
        node = parents[node]
        cycle.append(node)
    return tuple(reversed(cycle))
