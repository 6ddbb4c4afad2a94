"""Cuts are cuts, cost what they say, and their bounds hold: against every order, a recursion over sets, and by hand."""

from __future__ import annotations

import random

import pytest
from cut_oracles import cheapest_by_orders, cheapest_by_subsets, cost_of_order, is_acyclic, overcommitted
from hypothesis import example, given, settings
from hypothesis import strategies as st

from goknot.analyses.cuts import CutProof, minimum_cut

Weights = dict[tuple[int, int], int]
Case = tuple[int, Weights]


def graphs(max_nodes: int, max_weight: int) -> st.SearchStrategy[Case]:
    """Number of nodes and weights, loops and all; from no edge to every edge."""

    def of(n_nodes: int) -> st.SearchStrategy[Case]:
        node = st.integers(0, n_nodes - 1)
        weight = st.integers(1, max_weight)
        return st.tuples(st.just(n_nodes), st.dictionaries(st.tuples(node, node), weight, max_size=n_nodes * n_nodes))

    return st.integers(1, max_nodes).flatmap(of)


def random_graph(n_nodes: int, density: float, max_weight: int, seed: int) -> Weights:
    dice = random.Random(seed)
    pairs = [(u, v) for u in range(n_nodes) for v in range(n_nodes) if u != v]
    return {pair: dice.randint(1, max_weight) for pair in pairs if dice.random() < density}


def check(proof: CutProof, weights: Weights) -> None:
    """All that can be checked without knowing the optimum."""
    assert list(proof.edges) == sorted(set(proof.edges))
    assert set(proof.edges) <= set(weights)
    assert is_acyclic(set(weights) - set(proof.edges))
    assert proof.cost == sum(weights[edge] for edge in proof.edges)
    assert sum(multiplicity for _, multiplicity in proof.packing) <= proof.lower_bound <= proof.cost
    assert proof.exact == (proof.lower_bound == proof.cost)
    assert all(multiplicity >= 1 for _, multiplicity in proof.packing)
    assert all(len(set(cycle)) == len(cycle) >= 1 for cycle, _ in proof.packing)
    assert overcommitted(proof.packing, weights) == []


def test_oracles_on_cases_done_by_hand() -> None:
    two_rings = {(0, 1): 5, (1, 0): 3, (1, 2): 1, (2, 0): 9}  # 1 -> 0 and 1 -> 2, or 0 -> 1
    assert cheapest_by_orders(3, two_rings) == cheapest_by_subsets(3, two_rings) == 4
    assert cost_of_order([0, 1, 2], two_rings) == 12
    assert cheapest_by_orders(2, {(0, 0): 7, (0, 1): 1}) == cheapest_by_subsets(2, {(0, 0): 7, (0, 1): 1}) == 7
    assert is_acyclic({(0, 1), (1, 2), (0, 2)})
    assert not is_acyclic({(0, 1), (1, 2), (2, 1)})
    assert not is_acyclic({(3, 3)})
    assert overcommitted([((0, 1), 3), ((0, 1, 2), 2)], two_rings) == [(1, 2)]
    assert overcommitted([((0, 2), 1)], two_rings) == [(0, 2)]


@given(graphs(6, 9))
@example((1, {}))
@example((1, {(0, 0): 4}))
@example((2, {(0, 0): 1, (0, 1): 2, (1, 0): 3, (1, 1): 1}))
@example((5, {(u, v): 1 for u in range(5) for v in range(5) if u != v}))
@settings(max_examples=150, deadline=None)
def test_costs_what_the_best_order_costs(case: Case) -> None:
    n_nodes, weights = case
    proof = minimum_cut(n_nodes, weights)
    check(proof, weights)
    assert proof.cost == cheapest_by_orders(n_nodes, weights)
    assert proof.exact


@pytest.mark.parametrize("max_weight", [1, 3, 40, 10**9])
@pytest.mark.parametrize("density", [0.15, 0.3, 0.5, 0.8, 1.0])
def test_costs_what_a_recursion_over_sets_finds(density: float, max_weight: int) -> None:
    for seed, n_nodes in enumerate([7, 8, 9, 9, 10, 11]):
        weights = random_graph(n_nodes, density, max_weight, seed)
        best = cheapest_by_subsets(n_nodes, weights)
        proof = minimum_cut(n_nodes, weights)
        check(proof, weights)
        assert (proof.cost, proof.lower_bound) == (best, best)


@given(graphs(11, 3))
@settings(max_examples=30, deadline=None)
def test_recursion_over_sets_on_drawn_graphs(case: Case) -> None:
    n_nodes, weights = case
    proof = minimum_cut(n_nodes, weights)
    check(proof, weights)
    assert proof.cost == cheapest_by_subsets(n_nodes, weights)


def test_minimum_is_proven_where_the_packing_falls_short() -> None:
    gaps = 0
    for seed in range(40):
        weights = random_graph(10, 0.5, 3, seed)
        proof = minimum_cut(10, weights)
        check(proof, weights)
        if sum(multiplicity for _, multiplicity in proof.packing) < proof.cost:
            gaps += 1
            assert proof.cost == proof.lower_bound == cheapest_by_subsets(10, weights)
    assert gaps > 0


@pytest.mark.parametrize(("density", "max_weight"), [(0.5, 1), (0.9, 9)])
def test_dense_graph_of_60_nodes(density: float, max_weight: int) -> None:
    weights = random_graph(60, density, max_weight, seed=60)
    proof = minimum_cut(60, weights)
    check(proof, weights)
    dice = random.Random(1)
    orders = [dice.sample(range(60), 60) for _ in range(50)]
    assert proof.cost <= min(cost_of_order(order, weights) for order in orders)
    pairs_both_ways = sum(min(w, weights.get((v, u), 0)) for (u, v), w in weights.items() if u < v)
    assert proof.lower_bound >= pairs_both_ways  # each such pair is a cycle, and they share no edge


def test_planted_cut_is_found() -> None:
    """Heavy edges that all point forwards, a few light ones that point back: no order is cheaper than the planted."""
    dice = random.Random(9)
    order = dice.sample(range(60), 60)
    weights = {(u, v): 50 for place, u in enumerate(order) for v in order[place + 1 : place + 6]}
    back = {}
    while len(back) < 25:
        late = dice.randrange(10, 60)
        back[order[late], order[dice.randrange(late)]] = dice.randint(1, 2)
    proof = minimum_cut(60, {**weights, **back})
    check(proof, {**weights, **back})
    assert proof.edges == tuple(sorted(back))
    assert proof.exact


def test_big_sparse_ring() -> None:
    n_nodes = 2000
    dice = random.Random(4)
    weights = {(node, (node + 1) % n_nodes): dice.randint(2, 9) for node in range(n_nodes)}
    alone = minimum_cut(n_nodes, weights)
    check(alone, weights)
    assert (alone.cost, len(alone.edges), alone.exact) == (2, 1, True)
    for _ in range(60):
        weights[dice.randrange(n_nodes), dice.randrange(n_nodes)] = dice.randint(1, 9)
    proof = minimum_cut(n_nodes, weights)
    check(proof, weights)
    assert proof.cost <= cost_of_order(range(n_nodes), weights)


def test_long_chain_of_small_rings_is_exact() -> None:
    """Parts that do not form one ring together are cut one by one."""
    weights: Weights = {}
    for first in range(0, 3000, 3):
        a, b, c = first, first + 1, first + 2
        weights |= {(a, b): 2, (b, c): 1, (c, a): 3, (c, c + 1): 7}
    del weights[2999, 3000]
    proof = minimum_cut(3000, weights)
    check(proof, weights)
    assert (proof.cost, proof.exact) == (1000, True)
    assert proof.edges == tuple((first + 1, first + 2) for first in range(0, 3000, 3))


@pytest.mark.parametrize("weight", [0, -1, -(10**9)])
@pytest.mark.parametrize("edge", [(0, 1), (1, 2), (2, 2)])
def test_weights_below_one_are_refused(weight: int, edge: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="begin at 1"):
        minimum_cut(3, {(0, 1): 1, (1, 0): 2, edge: weight})


@pytest.mark.parametrize("n_nodes", [0, 1, 5])
def test_nothing_to_cut(n_nodes: int) -> None:
    assert minimum_cut(n_nodes, {}) == CutProof((), 0, 0, (), exact=True)


def test_acyclic_graph_is_left_alone() -> None:
    weights = {(u, v): 3 for u in range(9) for v in range(u)}
    assert minimum_cut(9, weights) == CutProof((), 0, 0, (), exact=True)


def test_loops_are_cut_and_counted() -> None:
    weights = {(0, 0): 4, (0, 1): 1, (2, 2): 6, (2, 3): 5, (3, 2): 9}
    proof = minimum_cut(5, weights)
    check(proof, weights)
    assert proof.edges == ((0, 0), (2, 2), (2, 3))
    assert (proof.cost, proof.lower_bound, proof.exact) == (15, 15, True)
    assert {(cycle, times) for cycle, times in proof.packing} >= {((0,), 4), ((2,), 6)}


@given(graphs(6, 5), graphs(6, 5))
@settings(max_examples=60, deadline=None)
def test_parts_side_by_side_cost_their_sum(one: Case, other: Case) -> None:
    shift = one[0]
    both = one[1] | {(u + shift, v + shift): weight for (u, v), weight in other[1].items()}
    both |= {(u, v): 1 for u in range(shift) for v in range(shift, shift + other[0])}  # one way: no ring
    whole = minimum_cut(shift + other[0], both)
    check(whole, both)
    assert whole.cost == minimum_cut(*one).cost + minimum_cut(*other).cost


@given(graphs(7, 5), st.integers(2, 1000), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_names_and_units_are_of_no_account(case: Case, factor: int, dice: random.Random) -> None:
    n_nodes, weights = case
    renamed = dice.sample(range(n_nodes), n_nodes)
    other = {(renamed[u], renamed[v]): weight * factor for (u, v), weight in weights.items()}
    assert minimum_cut(n_nodes, other).cost == factor * minimum_cut(n_nodes, weights).cost
