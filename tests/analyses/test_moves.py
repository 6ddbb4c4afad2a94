"""Which move is suggested, and what its sentences say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goknot.analyses.moves import Move, suggest

NAMES = {
    "external-test-package",
    "reverse-registration",
    "move-constants",
    "callback",
    "consumer-interface",
    "interface-and-constructor",
    "move-or-merge",
}
COUNTS = st.dictionaries(st.sampled_from(["const", "var", "func", "type", "label"]), st.integers(0, 9))
SYMBOLS = st.lists(st.from_regex(r"[A-Z][a-z]{2,8}", fullmatch=True), max_size=8)
PATHS = st.lists(st.sampled_from(["a", "b", "v2", "internal", "shop"]), min_size=1, max_size=4).map("/".join)


def move(
    n_by_kind: dict[str, int],
    symbols: tuple[str, ...] = (),
    *,
    blank: bool = False,
    only_tests: bool = False,
    source: str = "example.com/shop/mail",
    target: str = "example.com/shop/order",
) -> Move:
    return suggest(n_by_kind, blank=blank, only_tests=only_tests, symbols=symbols, source=source, target=target)


@pytest.mark.parametrize(
    ("n_by_kind", "name"),
    [
        ({"const": 1}, "move-constants"),
        ({"var": 2}, "move-constants"),
        ({"const": 1, "var": 2}, "move-constants"),
        ({"const": 1, "func": 0, "type": 0}, "move-constants"),
        ({"func": 3}, "callback"),
        ({"type": 3}, "consumer-interface"),
        ({"type": 1, "func": 1}, "interface-and-constructor"),
        ({"type": 1, "func": 1, "const": 1}, "move-or-merge"),
        ({"type": 1, "const": 1}, "move-or-merge"),
        ({"func": 1, "var": 1}, "move-or-merge"),
        ({"func": 1, "unknown": 1}, "move-or-merge"),
        ({"unknown": 4}, "move-or-merge"),
        ({"type": 0}, "move-or-merge"),
        ({}, "move-or-merge"),
    ],
)
def test_kinds_decide(n_by_kind: dict[str, int], name: str) -> None:
    assert move(n_by_kind).name == name


def test_tests_and_blank_imports_come_before_kinds() -> None:
    assert move({"func": 1}, only_tests=True).name == "external-test-package"
    assert move({}, only_tests=True, blank=True).name == "external-test-package"
    assert move({}, blank=True).name == "reverse-registration"


@pytest.mark.parametrize(
    ("symbols", "n_known", "expected"),
    [
        (("Place",), 1, "take Place as"),
        (("Place", "Find"), 2, "take Place and Find as"),
        (("Place", "Find", "Drop"), 3, "take Place, Find and Drop as"),
        (("Place", "Find", "Drop", "List"), 4, "take Place, Find, Drop and 1 more as"),
        (("Place", "Find", "Drop"), 9, "take Place, Find, Drop and 6 more as"),
        (("Place",), 2, "take Place and 1 more as"),
        (("Place", "Place"), 1, "take Place as"),
        ((), 5, "take the 5 symbols mail uses as"),
        ((), 1, "take what mail uses as"),
    ],
)
def test_three_symbols_are_named_and_the_rest_counted(symbols: tuple[str, ...], n_known: int, expected: str) -> None:
    assert expected in move({"func": n_known}, symbols).how


@pytest.mark.parametrize(
    ("source", "target", "short"),
    [
        ("example.com/shop/mail", "example.com/shop/order", ("mail", "order")),
        ("example.com/web/types", "example.com/mail/types", ("web/types", "mail/types")),
        ("example.com/shop/v2", "example.com/mail/v3", ("shop/v2", "mail/v3")),
        ("shop/v2", "shop", ("shop/v2", "shop")),
        ("mail", "web", ("mail", "web")),
        ("types", "web/types", ("types", "web/types")),
        ("v2", "order", ("v2", "order")),
        (".", "order", ("the top folder", "order")),
    ],
)
def test_paths_are_shortened_while_they_differ(source: str, target: str, short: tuple[str, str]) -> None:
    how = move({"type": 1, "func": 1}, ("T",), source=source, target=target).how
    assert f"Declare in {short[0]} an interface" in how
    assert f"merge {short[0]} and {short[1]}." in how


def test_self_import_is_told_to_drop_itself() -> None:
    here = "example.com/shop/order"
    assert "drop" in move({"const": 1}, ("Max",), source=here, target=here).how.lower()
    how = move({"const": 1}, ("Max",), source=here, target=here, only_tests=True).how
    assert "`package order_test`" in how


def test_test_package_is_spelt_only_where_a_package_can_be_called_so() -> None:
    assert "`package mail_test`" in move({}, only_tests=True).how
    assert "`package shop_test`" in move({}, only_tests=True, source="example.com/shop/v2").how
    assert "mail-kit_test" not in move({}, only_tests=True, source="example.com/mail-kit").how


def test_a_variable_is_not_told_to_leave_a_copy_behind() -> None:
    assert "`const X = leaf.X`" in move({"const": 1}, ("Max",)).how
    assert "`const X = leaf.X`" not in move({"const": 1, "var": 1}, ("Max", "Now")).how


@given(COUNTS, SYMBOLS, PATHS, PATHS, st.booleans(), st.booleans())
def test_any_edge_gets_one_or_two_sentences(
    n_by_kind: dict[str, int], symbols: list[str], source: str, target: str, blank: bool, only_tests: bool
) -> None:
    found = move(n_by_kind, tuple(symbols), blank=blank, only_tests=only_tests, source=source, target=target)
    assert found.name in NAMES
    assert found.how.endswith(".")
    assert "\n" not in found.how
    assert 1 <= found.how.count(". ") + 1 <= 2
    assert sum(name in found.how.replace(",", " ").split() for name in set(symbols)) <= 3


@given(COUNTS, PATHS, PATHS, st.randoms(use_true_random=False))
def test_order_of_counts_is_of_no_account(n_by_kind: dict[str, int], source: str, target: str, dice: object) -> None:
    shuffled = list(n_by_kind.items())
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert move(n_by_kind, source=source, target=target) == move(dict(shuffled), source=source, target=target)
