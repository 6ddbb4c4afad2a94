"""Cuts of random graphs: cost, proven bound, time; beside Eades' order alone.

    python bench/cuts.py [SEED]

`exact` says whether bound and cost meet. `eades` is the cost of the order of Eades, Lin and Smyth (1993) before any
improvement; `worse` is how many times the cost it is. `packed` is what disjoint cycles prove, without a solver.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Mapping

from goknot.analyses.cuts import minimum_cut

Edge = tuple[int, int]
SIZES = (
    # nodes, edges a node, largest weight
    (10, 3, 9),
    (20, 3, 9),
    (20, 10, 9),
    (40, 3, 1),
    (40, 3, 9),
    (40, 8, 9),
    (40, 20, 9),
    (80, 3, 9),
    (80, 8, 9),
    (80, 40, 9),
    (200, 2, 9),
    (200, 4, 9),
    (200, 20, 9),
    (600, 1.5, 9),
    (600, 3, 9),
    (2000, 1.15, 9),
)


def random_graph(n_nodes: int, n_edges: int, max_weight: int, dice: random.Random) -> dict[Edge, int]:
    """A ring of all nodes, so that it is one component, and random edges up to the number asked for."""
    weights = {(node, (node + 1) % n_nodes): dice.randint(1, max_weight) for node in range(n_nodes)}
    while len(weights) < n_edges:
        u, v = dice.randrange(n_nodes), dice.randrange(n_nodes)
        if u != v:
            weights[u, v] = dice.randint(1, max_weight)
    return weights


def eades(n_nodes: int, weights: Mapping[Edge, int]) -> int:
    """The cost of the plain greedy order, written down from the paper."""
    after: list[dict[int, int]] = [{} for _ in range(n_nodes)]
    before: list[dict[int, int]] = [{} for _ in range(n_nodes)]
    for (u, v), weight in weights.items():
        after[u][v] = weight
        before[v][u] = weight
    left = set(range(n_nodes))
    front: list[int] = []
    tail: list[int] = []
    while left:
        surplus = {n: sum(after[n].values()) - sum(before[n].values()) for n in left}
        sink = min((n for n in left if not after[n]), default=None)
        source = min((n for n in left if not before[n]), default=None)
        if sink is not None:
            node = sink
            tail.append(node)
        else:
            node = source if source is not None else max(left, key=lambda n: (surplus[n], -n))
            front.append(node)
        left.discard(node)
        for other in after[node]:
            del before[other][node]
        for other in before[node]:
            del after[other][node]
    place = {node: index for index, node in enumerate(front + tail[::-1])}
    return sum(weight for (u, v), weight in weights.items() if place[u] > place[v])


def main() -> int:
    dice = random.Random(int(sys.argv[1]) if sys.argv[1:] else 1)
    print(
        f"{'nodes':>6} {'edges':>6} {'weights':>8} {'cost':>7} {'bound':>7} {'packed':>7} {'exact':>6} {'seconds':>8}"
        f" {'eades':>7} {'worse':>6}"
    )
    for n_nodes, degree, max_weight in SIZES:
        weights = random_graph(n_nodes, int(n_nodes * degree), max_weight, dice)
        begin = time.perf_counter()
        proof = minimum_cut(n_nodes, weights)
        seconds = time.perf_counter() - begin
        plain = eades(n_nodes, weights)
        packed = sum(multiplicity for _, multiplicity in proof.packing)
        print(
            f"{n_nodes:6} {len(weights):6} {f'1-{max_weight}':>8} {proof.cost:7} {proof.lower_bound:7} {packed:7}"
            f" {'yes' if proof.exact else 'no':>6} {seconds:8.2f} {plain:7} {plain / proof.cost:6.2f}",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
