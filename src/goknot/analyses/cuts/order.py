"""Orders of nodes in which little weight points backwards.

Eades, Lin, Smyth, "A fast and effective heuristic for the feedback arc set problem" (1993), weighted; then each node is
moved to where it costs least until none moves.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

Edge = tuple[int, int]
Neighbours = list[dict[int, int]]  # node -> neighbour -> weight
_WORK = 3_000_000  # edge visits the search may cost in all


def good_orders(n_nodes: int, weights: Mapping[Edge, int]) -> list[list[int]]:
    """A few orders, each as good as moving single nodes makes it; the same ones in every run."""
    after: Neighbours = [{} for _ in range(n_nodes)]
    before: Neighbours = [{} for _ in range(n_nodes)]
    for (u, v), weight in weights.items():
        after[u][v] = weight
        before[v][u] = weight
    dice = random.Random(1)
    start = _eades(after, before)
    reverse = _eades(before, after)[::-1]
    pass_cost = len(weights) + n_nodes
    orders = []
    best: list[int] = []
    best_cost = -1
    n_starts = max(2, min(40, _WORK // (20 * pass_cost)))
    budget = _WORK
    for number in range(n_starts):
        order = (start, reverse)[number] if number < 2 else _shaken(best, dice)
        order, cost, spent = _settle(list(order), after, before, budget // 2)
        budget -= spent
        orders.append(order)
        if best_cost < 0 or cost < best_cost:
            best, best_cost = order, cost
        if budget < pass_cost:
            break
    return orders


def _eades(after: Neighbours, before: Neighbours) -> list[int]:
    """Takes sinks off the end, sources off the front, and else the node with the most weight out over in."""
    n_nodes = len(after)
    out = [sum(edges.values()) for edges in after]
    into = [sum(edges.values()) for edges in before]
    left = set(range(n_nodes))
    front: list[int] = []
    tail: list[int] = []
    ready = [node for node in range(n_nodes) if not out[node] or not into[node]]
    while left:
        while ready:
            node = ready.pop()
            if node in left:
                (front if out[node] else tail).append(node)
                _remove(node, left, after, before, out=out, into=into, ready=ready)
        if left:
            node = max(left, key=lambda n: (out[n] - into[n], -n))
            front.append(node)
            _remove(node, left, after, before, out=out, into=into, ready=ready)
    return front + tail[::-1]


def _remove(
    node: int,
    left: set[int],
    after: Neighbours,
    before: Neighbours,
    *,
    out: list[int],
    into: list[int],
    ready: list[int],
) -> None:
    left.discard(node)
    for other, weight in after[node].items():
        if other in left:
            into[other] -= weight
            if not into[other]:
                ready.append(other)
    for other, weight in before[node].items():
        if other in left:
            out[other] -= weight
            if not out[other]:
                ready.append(other)


def _settle(order: list[int], after: Neighbours, before: Neighbours, budget: int) -> tuple[list[int], int, int]:
    """Moves single nodes while that saves weight; returns the order, its cost and the work it took."""
    place = [0] * len(order)
    for index, node in enumerate(order):
        place[node] = index
    spent = 0
    moved = True
    while moved and spent < budget:
        moved = False
        for node in list(order):
            gain, target = _best_place(node, place, after[node], before[node])
            spent += len(after[node]) + len(before[node]) + 1
            if gain > 0:
                moved = True
                spent += abs(target - place[node])
                _move(order, place, node, target)
    cost = sum(w for node in order for other, w in after[node].items() if place[other] < place[node])
    return order, cost, spent + len(order)


def _best_place(node: int, place: list[int], after: dict[int, int], before: dict[int, int]) -> tuple[int, int]:
    """How much weight the best move of a node saves, and its new place."""
    here = place[node]
    best_gain, best_place = 0, here
    neighbours = sorted({place[other] for other in after} | {place[other] for other in before})
    weight_at: dict[int, int] = {}
    for other, weight in after.items():
        weight_at[place[other]] = weight_at.get(place[other], 0) - weight
    for other, weight in before.items():
        weight_at[place[other]] = weight_at.get(place[other], 0) + weight
    # passing a node forwards: an edge to it becomes backward (costs), an edge from it becomes forward (saves)
    gain = 0
    for spot in neighbours:
        if spot > here:
            gain += weight_at[spot]
            if gain > best_gain:
                best_gain, best_place = gain, spot
    gain = 0
    for spot in reversed(neighbours):
        if spot < here:
            gain -= weight_at[spot]
            if gain > best_gain:
                best_gain, best_place = gain, spot
    return best_gain, best_place


def _move(order: list[int], place: list[int], node: int, target: int) -> None:
    here = place[node]
    order.pop(here)
    order.insert(target, node)
    for index in range(min(here, target), max(here, target) + 1):
        place[order[index]] = index


def _shaken(order: list[int], dice: random.Random) -> list[int]:
    """A stretch of the order shuffled, so that the search may leave where it is stuck."""
    length = max(3, len(order) // 3)
    begin = dice.randrange(max(1, len(order) - length + 1))
    middle = order[begin : begin + length]
    dice.shuffle(middle)
    return order[:begin] + middle + order[begin + length :]
