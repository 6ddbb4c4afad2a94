from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goknot.model.knot import KnotNode
from goknot.reports import words

anything = st.text(st.characters(), max_size=40)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain/path.go", "plain/path.go"),
        ("ä 日本", "ä 日本"),
        ("a\tb\nc\r", "a\\tb\\nc\\r"),
        ("\x1b[31m\x9b\x00", "\\x1b[31m\\x9b\\x00"),
        ("caf\udce9\ud800", "caf\\xe9\\ud800"),
        ("\u202eab\u200b\U000e0001", "\\u202eab\\u200b\\U000e0001"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert words.printable(text) == shown


def test_printable_takes_the_middle_out() -> None:
    assert words.printable("a" * 10_000 + "/end.go", 20) == "aaaaaaaaaa…aa/end.go"


@pytest.mark.parametrize(("text", "cells"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("→…│", 3), ("", 0)])
def test_n_cells(text: str, cells: int) -> None:
    assert words.n_cells(text) == cells


@given(anything)
def test_printable_is_safe_and_stays_as_it_is(text: str) -> None:
    shown = words.printable(text)
    assert not {c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}}
    assert words.printable(shown) == shown
    shown.encode()


@given(anything.map(words.printable), st.integers(2, 30))
def test_fit_keeps_to_the_width_and_both_ends(text: str, width: int) -> None:
    fitted = words.fit(text, width)
    assert words.n_cells(fitted) <= width
    if fitted != text:
        before, _, after = fitted.partition("…")
        assert text.startswith(before) and text.endswith(after.removeprefix("…"))


@given(anything.map(words.printable), st.integers(0, 30))
def test_take_is_the_longest_beginning_that_fits(text: str, width: int) -> None:
    taken = words.take(text, width)
    assert text.startswith(taken) and words.n_cells(taken) <= width
    assert taken == text or words.n_cells(text[: len(taken) + 1]) > width


paths = st.lists(st.sampled_from(["a", "b", "example.com", ""]), min_size=1, max_size=5).map("/".join)


@given(st.lists(paths, min_size=1, max_size=5), st.integers(0, 2))
def test_shared_prefix_is_shared_and_leaves_a_name(names: list[str], n_kept: int) -> None:
    nodes = [KnotNode(name, "package", name) for name in names]
    prefix = words.shared_prefix(nodes, n_kept)
    assert all(name.startswith(prefix) for name in names)
    assert not prefix or prefix.endswith("/")
    assert len({name[len(prefix) :] for name in names}) == len(set(names))
    assert all(len(name[len(prefix) :].split("/")) >= 1 for name in names)


@pytest.mark.parametrize(
    ("names", "prefix"),
    [
        (["example.com/shop/a", "example.com/shop/b"], "example.com/"),
        (["example.com/shop", "example.com/shop/b"], "example.com/"),
        (["a/x", "b/x"], ""),
        (["a"], ""),
        (["k8s.io/a/b", "k8s.io/a/bc"], "k8s.io/"),
    ],
)
def test_shared_prefix(names: list[str], prefix: str) -> None:
    assert words.shared_prefix([KnotNode(name, "package", name) for name in names]) == prefix


def test_counting() -> None:
    assert words.count(1, "package") == "1 package"
    assert words.count(1316, "package") == "1,316 packages"
    assert words.plural("package", 2) == "2 packages"
    assert words.plural("property", 2) == "2 properties"
