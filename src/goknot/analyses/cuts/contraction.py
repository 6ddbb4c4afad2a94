"""Makes a graph smaller without changing what its cheapest cut costs.

A node with one edge in that weighs at least all its edges out is merged into where that edge comes from: whoever cuts
the edge in may as well cut all edges out. The same holds the other way round. Parallel edges become one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Edge = tuple[int, int]
Bundle = list[Edge]


@dataclass(frozen=True, slots=True)
class Contracted:
    """What is left of a graph.

    Attributes:
        weights: Edge -> weight, between the nodes that are left.
        bundles: Edge -> the edges of the whole graph it stands for.
        forced: Edges of the whole graph that some cheapest cut holds.
    """

    weights: dict[Edge, int]
    bundles: dict[Edge, Bundle]
    forced: Bundle


def contract(weights: Mapping[Edge, int]) -> Contracted:
    """Merges nodes until none can be merged.

    Args:
        weights: Edge -> weight; strongly connected, without loops.
    """
    after: dict[int, dict[int, int]] = {}
    before: dict[int, dict[int, int]] = {}
    for (u, v), weight in weights.items():
        after.setdefault(u, {})[v] = weight
        before.setdefault(v, {})[u] = weight
    bundles: dict[Edge, Bundle] = {edge: [edge] for edge in weights}
    forced: Bundle = []
    waiting = sorted(after, reverse=True)
    queued = set(waiting)
    while waiting:
        node = waiting.pop()
        queued.discard(node)
        into = _host(node, after, before)
        if into is None:
            continue
        _merge(node, into, after, before, bundles)
        if into in after[into]:
            del after[into][into]
            del before[into][into]
            forced += bundles.pop((into, into))
        touched = {into, *after[into], *before[into]} - queued
        waiting.extend(sorted(touched, reverse=True))
        queued |= touched
    left = {(u, v): weight for u, targets in after.items() for v, weight in targets.items()}
    return Contracted(left, bundles, forced)


def _host(node: int, after: dict[int, dict[int, int]], before: dict[int, dict[int, int]]) -> int | None:
    """The neighbour a node may be merged into; None if there is none."""
    if node not in after or not after[node] or not before[node]:
        return None
    for one, other in ((before[node], after[node]), (after[node], before[node])):
        if len(one) == 1:
            ((neighbour, weight),) = one.items()
            if weight >= sum(other.values()):
                return neighbour
    return None


def _merge(
    node: int,
    into: int,
    after: dict[int, dict[int, int]],
    before: dict[int, dict[int, int]],
    bundles: dict[Edge, Bundle],
) -> None:
    """Gives a node's edges to another; the one edge on the side that weighs enough disappears."""
    incoming, outgoing = before.pop(node), after.pop(node)
    by_its_edge_in = into in incoming and len(incoming) == 1 and incoming[into] >= sum(outgoing.values())
    moves = []
    for u, weight in incoming.items():
        del after[u][node]
        moves.append(((u, node), (u, into), weight))
    for v, weight in outgoing.items():
        del before[v][node]
        moves.append(((node, v), (into, v), weight))
    for old, (u, v), weight in moves:
        bundle = bundles.pop(old)
        if old != ((into, node) if by_its_edge_in else (node, into)):
            after[u][v] = before[v][u] = after[u].get(v, 0) + weight
            bundles.setdefault((u, v), []).extend(bundle)
