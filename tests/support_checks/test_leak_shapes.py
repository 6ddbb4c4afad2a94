"""What the marks of tests/go/leak_shapes say is what the runtime does."""

from __future__ import annotations

import pytest
from support.leak_shapes import CORPUS, Shape, registry, shapes
from support.leak_truth import leak_truth
from support.toolchains import QUICK_VERSIONS, VERSIONS, minor


@pytest.mark.parametrize(
    "version",
    [v if v in QUICK_VERSIONS else pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS],
)
def test_the_runtime_agrees_with_every_claim(version: str) -> None:
    claimed = {shape.name: shape.claim(minor(version)) for shape in shapes() if shape.built(minor(version))}
    measured = leak_truth(version)
    wrong = {name: (claimed.get(name), measured.get(name)) for name in {*claimed, *measured}}
    assert {name: both for name, both in sorted(wrong.items()) if both[0] != both[1]} == {}


def test_the_registry_is_what_the_sources_make() -> None:
    there = {path.name: path.read_text() for path in CORPUS.glob("registry_*.go")}
    assert there == registry(), "run: cd tests && python -m support.leak_shapes"


def _bad(shape: Shape, minor: int) -> bool:
    return shape.built(minor) and shape.claim(minor) != "collected"


def test_findings_are_wanted_where_something_leaks_and_only_there() -> None:
    for shape in shapes():
        ever_bad = any(_bad(shape, minor(version)) for version in VERSIONS)
        firm = [mark for mark in shape.marks if mark.confidence in ("certain", "likely")]
        assert ever_bad or not firm, f"{shape.name} is collected, and yet {firm}"
        assert not ever_bad or shape.marks or shape.unmarked, f"{shape.name} leaks, and nothing says so"
        assert not (shape.marks and shape.unmarked), f"{shape.name} has marks and a reason for none"
        for mark in firm:
            told = [minor(v) for v in VERSIONS if mark.span.holds(minor(v)) and shape.built(minor(v))]
            assert all(_bad(shape, m) for m in told), f"{shape.name} does not leak wherever {mark} says so"


def test_the_corpus_has_look_alikes_for_every_kind_that_fails_a_run() -> None:
    by_package: dict[str, set[str]] = {}
    for shape in shapes():
        by_package.setdefault(shape.name.split(".")[0], set()).update(what for what, _ in shape.claims)
    assert len(shapes()) >= 200
    for package, claims in by_package.items():
        assert "collected" in claims, f"{package} has no clean shape"
