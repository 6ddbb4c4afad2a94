"""Build constraints; what Go says of them is asked in tests/inputs/source."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goknot.formats.constraint import (
    ALWAYS,
    Constraint,
    ConstraintError,
    both,
    of_file_name,
    of_lead,
    parse_go_build,
    tag,
)

TAGS = ["linux", "a", "b.c", "ü"]
SETS = [tags for size in range(len(TAGS) + 1) for tags in combinations(TAGS, size)]


def _expression(rng: random.Random, depth: int) -> str:
    kind = rng.randrange(5) if depth else 0
    if kind < 2:
        return rng.choice(TAGS)
    if kind == 2:
        return f"!{rng.choice(TAGS)}" if rng.random() < 0.5 else f"!({_expression(rng, depth - 1)})"
    operator = rng.choice(("&&", "||"))
    joined = f"{_expression(rng, depth - 1)} {operator} {_expression(rng, depth - 1)}"
    return f"({joined})" if rng.random() < 0.5 else joined


@given(st.integers(0, 10**6))
def test_masks_say_the_same_as_truth_values(seed: int) -> None:
    found = parse_go_build(_expression(random.Random(seed), 4))
    everywhere = (1 << len(SETS)) - 1
    mask_by_tag = {name: sum(1 << n for n, tags in enumerate(SETS) if name in tags) for name in TAGS}
    mask = found.mask(mask_by_tag, everywhere)
    assert [bool(mask >> n & 1) for n in range(len(SETS))] == [found.holds(set(tags).__contains__) for tags in SETS]


def test_what_always_holds() -> None:
    assert ALWAYS.holds(lambda _: False)
    assert ALWAYS.mask({}, 7) == 7
    assert both(ALWAYS, tag("a")) == both(tag("a"), ALWAYS) == tag("a")
    assert both(tag("a"), tag("b")).tags() == {"a", "b"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x.go", set()),
        ("linux.go", set()),
        ("x_linux.go", {"linux"}),
        ("x_linux_test.go", {"linux"}),
        ("x_arm64.go", {"arm64"}),
        ("x_linux_arm64.go", {"linux", "arm64"}),
        ("x_arm64_linux.go", {"linux"}),
        ("x_unix.go", set()),
        ("x_windows.pb.go", {"windows"}),
        ("x_.go", set()),
        ("_linux.go", {"linux"}),
        ("x_nacl_amd64p32.go", {"nacl", "amd64p32"}),
    ],
)
def test_file_names(name: str, expected: set[str]) -> None:
    assert of_file_name(name).tags() == expected


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        (b"//go:build a\n\n", ("a",)),
        (b"//go:build a\n", ("a",)),
        (b"// +build a\n\n", ("a",)),
        (b"// +build a\n", ()),
        (b"// +build a\n\n// +build b\n\n", ("a", "b", "&&")),
        (b"// +build a\n//go:build b\n\n", ("b",)),
        (b"/* //go:build a */\n\n", ()),
        (b"/*\n//go:build a\n*/\n\n", ()),
        (b"/* c */\n//go:build a\n\n", ("a",)),
        (b"// //go:build a\n\n", ()),
        (b"//go:build a\r\n\r\n", ("a",)),
        (b"// how to build\n\n", ()),
    ],
)
def test_leads(lead: bytes, expected: tuple[str, ...]) -> None:
    assert of_lead(lead) == Constraint(expected)


def test_two_lines_are_refused() -> None:
    with pytest.raises(ConstraintError):
        of_lead(b"//go:build a\n//go:build a\n")
