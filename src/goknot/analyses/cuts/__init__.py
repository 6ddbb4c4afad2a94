"""The cheapest edges whose removal leaves no cycle, with a proof of how cheap it can be.

This is the minimum feedback arc set problem, which is NP-hard. An order of the nodes gives a cut (the edges that point
backwards in it); cycles that share no weight give a lower bound anyone can check; where the two do not meet, an integer
program closes the gap as far as a fixed amount of work allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from goknot.analyses.cuts.contraction import contract
from goknot.analyses.cuts.order import good_orders
from goknot.analyses.cuts.packing import pack_cycles
from goknot.analyses.rings import components, find_rings
from goknot.model.graph import Graph

Edge = tuple[int, int]
Cycle = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CutProof:
    """A cut and what is proven of it.

    Attributes:
        edges: The edges to remove, ascending; without them the graph is acyclic (checked).
        cost: Sum of their weights.
        lower_bound: No cut costs less.
        packing: (cycle, multiplicity): cycles that together use no edge more often than its weight, so that each has
            to be cut separately; their multiplicities sum up to a lower bound that can be checked by hand.
        exact: Whether the cut is proven minimal.
    """

    edges: tuple[Edge, ...]
    cost: int
    lower_bound: int
    packing: tuple[tuple[Cycle, int], ...]
    exact: bool


def minimum_cut(n_nodes: int, weight_by_edge: Mapping[Edge, int]) -> CutProof:
    """Finds a minimum-weight feedback arc set, or as good a one as a fixed amount of work finds.

    The result depends on nothing but the arguments: work is bounded by counts, not by time.

    Args:
        n_nodes: Nodes are 0 to n_nodes - 1.
        weight_by_edge: (from, to) -> weight, at least 1.

    Raises:
        ValueError: A weight below 1.
    """
    if any(weight < 1 for weight in weight_by_edge.values()):
        raise ValueError("weights begin at 1")
    graph = Graph.from_edges([""] * n_nodes, weight_by_edge)
    cut: list[Edge] = []
    packing: list[tuple[Cycle, int]] = []
    bound = 0
    for ring in find_rings(graph):
        loops = [edge for edge in ring.edges if edge[0] == edge[1]]
        cut += loops
        packing += [((edge[0],), weight_by_edge[edge]) for edge in loops]
        bound += sum(weight_by_edge[edge] for edge in loops)
        if len(ring.nodes) > 1:
            part = _cut_ring({edge: weight_by_edge[edge] for edge in ring.edges if edge[0] != edge[1]})
            cut += part.edges
            packing += part.packing
            bound += part.lower_bound
    cost = sum(weight_by_edge[edge] for edge in cut)
    left = Graph.from_edges([""] * n_nodes, weight_by_edge.keys() - set(cut))
    if len(set(components(left))) != n_nodes or bound > cost:
        raise AssertionError("a cut that leaves a cycle, or a bound above it")
    return CutProof(tuple(sorted(cut)), cost, bound, tuple(packing), cost == bound)


def _cut_ring(weights: Mapping[Edge, int]) -> CutProof:
    """Cuts one strongly connected part without loops."""
    whole = dict(sorted(weights.items()))
    small = contract(whole)
    nodes = sorted({node for edge in small.weights for node in edge})
    local = {node: index for index, node in enumerate(nodes)}
    edges = {(local[u], local[v]): weight for (u, v), weight in sorted(small.weights.items())}
    forced = sum(whole[edge] for edge in small.forced)
    packing = _pack(whole)
    bound = max(sum(multiplicity for _, multiplicity in packing), forced)

    def expanded(cut: Iterable[Edge]) -> tuple[Edge, ...]:
        """The cut of the whole graph that a cut of the small one stands for, without what can stay."""
        edges_cut = [edge for u, v in cut for edge in small.bundles[nodes[u], nodes[v]]]
        return _without_needless([*edges_cut, *small.forced], whole)

    # nothing is left where contraction alone has solved it
    orders = good_orders(len(nodes), edges) if edges else [[]]
    cuts = [_backward(order, edges) for order in orders]
    cut, cost = _best([expanded(candidate) for candidate in cuts], whole)
    if bound < cost and edges:
        from goknot.analyses.cuts.exact import improve  # noqa: PLC0415 (the solver is loaded only where it is needed)

        start, start_cost = _best(cuts, edges)
        # what the whole cut saved by leaving needless edges in is no cut of the small graph, but its cost is known
        better, proven = improve(len(nodes), edges, start, max(0, bound - forced), min(start_cost, cost - forced))
        cut, cost = _best([cut, expanded(better)], whole)
        bound = min(cost, max(bound, proven + forced))
    return CutProof(tuple(sorted(cut)), cost, bound, packing, cost == bound)


def _pack(weights: Mapping[Edge, int]) -> tuple[tuple[Cycle, int], ...]:
    nodes = sorted({node for edge in weights for node in edge})
    local = {node: index for index, node in enumerate(nodes)}
    packed = pack_cycles(len(nodes), {(local[u], local[v]): weight for (u, v), weight in weights.items()})
    return tuple((tuple(nodes[node] for node in cycle), multiplicity) for cycle, multiplicity in packed)


def _without_needless(cut: Iterable[Edge], weights: Mapping[Edge, int]) -> tuple[Edge, ...]:
    """A cut less the edges that close no cycle when they are put back, the dearest first."""
    gone = set(cut)
    after: dict[int, set[int]] = {}
    for u, v in weights.keys() - gone:
        after.setdefault(u, set()).add(v)
    for u, v in sorted(gone, key=lambda edge: (-weights[edge], edge)):
        if not _reaches(v, u, after):
            after.setdefault(u, set()).add(v)
            gone.discard((u, v))
    return tuple(sorted(gone))


def _reaches(source: int, target: int, after: Mapping[int, set[int]]) -> bool:
    seen = {source}
    stack = [source]
    while stack:
        node = stack.pop()
        if node == target:
            return True
        fresh = after.get(node, set()) - seen
        seen |= fresh
        stack.extend(fresh)
    return False


def _backward(order: list[int], edges: Mapping[Edge, int]) -> tuple[Edge, ...]:
    place_by_node = {node: place for place, node in enumerate(order)}
    return tuple(edge for edge in edges if place_by_node[edge[0]] > place_by_node[edge[1]])


def _best(cuts: list[tuple[Edge, ...]], edges: Mapping[Edge, int]) -> tuple[tuple[Edge, ...], int]:
    """The cheapest cut; among equals the one with fewer edges, then the smallest."""
    priced = [(sum(edges[edge] for edge in cut), len(cut), tuple(sorted(cut))) for cut in cuts]
    cost, _, cut = min(priced)
    return cut, cost
