"""A cut depends on the graph alone: not on the order it came in, on the seed of hashes or on earlier calls."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from functools import cache

import pytest

from goknot.analyses.cuts import CutProof, minimum_cut

# (nodes, density, largest weight, seed): two proven by their packing, one by the solver, one not to the end
GRAPHS = [(8, 0.4, 3, 1), (20, 0.3, 1, 2), (30, 0.3, 1, 3), (60, 0.5, 1, 4)]
_SCRIPT = """
import random
from goknot.analyses.cuts import minimum_cut
for n_nodes, density, max_weight, seed in {graphs!r}:
    dice = random.Random(seed)
    pairs = [(u, v) for u in range(n_nodes) for v in range(n_nodes)]
    print(minimum_cut(n_nodes, {{pair: dice.randint(1, max_weight) for pair in pairs if dice.random() < density}}))
"""


def graph(n_nodes: int, density: float, max_weight: int, seed: int) -> dict[tuple[int, int], int]:
    dice = random.Random(seed)
    pairs = [(u, v) for u in range(n_nodes) for v in range(n_nodes)]
    return {pair: dice.randint(1, max_weight) for pair in pairs if dice.random() < density}


@cache
def proof_of(case: tuple[int, float, int, int]) -> CutProof:
    return minimum_cut(case[0], graph(*case))


@pytest.mark.parametrize("case", GRAPHS, ids=str)
def test_order_of_the_edges_is_of_no_account(case: tuple[int, float, int, int]) -> None:
    items = list(graph(*case).items())
    random.Random(1).shuffle(items)
    assert minimum_cut(case[0], dict(items)) == proof_of(case)


def test_hash_seed_is_of_no_account() -> None:
    script = _SCRIPT.format(graphs=GRAPHS)
    printed = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "4242")
    ]
    assert printed[0].count("CutProof(") == len(GRAPHS)
    assert len(set(printed)) == 1
    here = "".join(f"{proof_of(case)}\n" for case in GRAPHS)
    assert printed[0] == here


def test_solver_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    proof = minimum_cut(30, graph(30, 0.3, 1, 3))  # not from the cache: it has to run here
    assert sum(multiplicity for _, multiplicity in proof.packing) < proof.cost  # so the solver was asked
    assert capfd.readouterr() == ("", "")
