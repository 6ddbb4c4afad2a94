"""The folded dominator tree: what a node keeps is what is below it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from goknot.analyses.heap.profile import HeapSample
from goknot.app.heap.kept import fold_samples

NAMES = [f"t{n}" for n in range(6)] + [f"root{n}" for n in range(3)]
SAMPLES = st.lists(
    st.builds(
        HeapSample,
        st.lists(st.integers(0, 8), min_size=1, max_size=5).map(tuple),
        st.integers(1, 9),
        st.integers(1, 10**6),
    ),
    max_size=30,
)


@given(SAMPLES)
def test_sums(samples: list[HeapSample]) -> None:
    nodes = fold_samples(samples, NAMES, 6)
    assert sum(node.bytes for node in nodes) == sum(sample.n_bytes for sample in samples)
    for at, node in enumerate(nodes):
        assert -1 <= node.parent < at
        below = [other for other in nodes if other.parent == at]
        assert node.retained_bytes == node.bytes + sum(other.retained_bytes for other in below)
        assert node.kind == ("rest" if node.name == "rest" else "root" if node.name.startswith("root") else "object")
    tops = [node for node in nodes if node.parent < 0]
    assert sum(node.retained_bytes for node in tops) == sum(sample.n_bytes for sample in samples)


def test_small_ones_are_the_rest() -> None:
    nodes = fold_samples(
        [HeapSample((6, 0), 1, 1_000_000), HeapSample((6, 1), 3, 10), HeapSample((7,), 1, 5)], NAMES, 6
    )
    assert [(node.name, node.parent, node.retained_bytes) for node in nodes] == [
        ("rest", -1, 5),
        ("root0", -1, 1_000_010),
        ("rest", 1, 10),
        ("t0", 1, 1_000_000),
    ]
