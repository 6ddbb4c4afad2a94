"""Build constraint lines against go/build/constraint."""

from __future__ import annotations

import random
from itertools import combinations
from pathlib import Path

from go_asked import ask

from goknot.formats.constraint import ConstraintError, parse_go_build, parse_plus_build

TAGS = ["linux", "a", "b.c", "ü"]
WORDS = [*TAGS, "&&", "||", "!", "(", ")", "(", ")", "!!", "&", "a-b", " ", "\t", "²", "_", "386", ",", "&&", "||", ""]
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


def _lines() -> list[str]:
    rng = random.Random(3)
    lines = [f"//go:build {_expression(rng, 5)}" for _ in range(1500)]
    lines += ["//go:build " + "".join(rng.choices(WORDS, k=rng.randrange(8))) for _ in range(2500)]
    lines += ["// +build " + " ".join(_old_word(rng) for _ in range(rng.randrange(5))) for _ in range(2000)]
    lines += ["//go:build " + " || ".join(["a"] * n) for n in (1000, 1001)]
    lines += ["//go:build " + "(" * n + "a" + ")" * n for n in (999, 1000)]
    lines += ["//go:build " + "!(a && " * n + "b" + ")" * n for n in (400, 499, 500)]
    lines += ["// +build " + ",".join(["a"] * n) for n in (101, 102)]
    return lines


def _old_word(rng: random.Random) -> str:
    literals = [rng.choice(("", "", "!", "!!")) + rng.choice([*TAGS, "", "a-b"]) for _ in range(rng.randrange(1, 4))]
    return ",".join(literals)


def test_random_lines_mean_what_go_says(tmp_path: Path) -> None:
    lines = _lines()
    answers = ask(tmp_path, lines=lines, sets=SETS)["lines"]
    n_refused = 0
    for line, answer in zip(lines, answers, strict=True):
        ours = _truths(line)
        assert ours == answer, line
        n_refused += answer is None
    assert 500 < n_refused < len(lines) - 2000


def _truths(line: str) -> list[bool] | None:
    new = line.startswith("//go:build")
    text = line.removeprefix("//go:build" if new else "// +build").strip()
    try:
        found = parse_go_build(text) if new else parse_plus_build(text)
    except ConstraintError:
        return None
    return [found.holds(frozenset(tags).__contains__) for tags in SETS]
