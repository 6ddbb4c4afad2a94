"""Slow and obvious ways to know what a minimum cut costs, and whether a proof holds; nothing of goknot's in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import permutations

Edge = tuple[int, int]
Weights = Mapping[Edge, int]


def cost_of_order(order: Iterable[int], weights: Weights) -> int:
    """What an order costs: the weight of the edges that do not point forwards in it."""
    place = {node: index for index, node in enumerate(order)}
    return sum(weight for (u, v), weight in weights.items() if place[u] >= place[v])


def cheapest_by_orders(n_nodes: int, weights: Weights) -> int:
    """Tries every order; for up to 6 nodes."""
    return min(cost_of_order(order, weights) for order in permutations(range(n_nodes)))


def cheapest_by_subsets(n_nodes: int, weights: Weights) -> int:
    """Held and Karp's recursion over sets of nodes that come first; for up to 11 nodes.

    The last node of a set pays for its edges into the set, itself included.
    """
    targets_by_node = [{v: weight for (u, v), weight in weights.items() if u == node} for node in range(n_nodes)]
    best = [0] * (1 << n_nodes)
    for first in range(1, 1 << n_nodes):
        best[first] = min(
            best[first ^ (1 << last)] + sum(w for v, w in targets_by_node[last].items() if first >> v & 1)
            for last in range(n_nodes)
            if first >> last & 1
        )
    return best[-1]


def is_acyclic(edges: Iterable[Edge]) -> bool:
    """Takes away nodes that nothing points at until none is left, or none can be taken."""
    remaining = set(edges)
    while remaining:
        pointed_at = {v for _, v in remaining}
        kept = {(u, v) for u, v in remaining if u in pointed_at}
        if kept == remaining:
            return False
        remaining = kept
    return True


def overcommitted(packing: Iterable[tuple[tuple[int, ...], int]], weights: Weights) -> list[Edge]:
    """Edges that the cycles of a packing use more often than their weight; an edge that is not there weighs 0."""
    used: Counter[Edge] = Counter()
    for cycle, multiplicity in packing:
        for edge in zip(cycle, (*cycle[1:], cycle[0]), strict=True):
            used[edge] += multiplicity
    return sorted(edge for edge, times in used.items() if times > weights.get(edge, 0))
