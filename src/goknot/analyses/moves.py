"""Names the refactoring that removes one edge, from what is used across it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_N_NAMED = 3  # symbols written out; the rest are counted
_MAJOR = re.compile(r"v[0-9]+")  # the last element of a module path from v2 on: says nothing alone


@dataclass(frozen=True, slots=True)
class Move:
    """A way to remove one edge.

    Attributes:
        name: Which move it is; the same word for every edge.
        how: What to do, in terms of this edge: one or two sentences.
    """

    name: str
    how: str


def suggest(
    n_by_kind: Mapping[str, int], *, blank: bool, only_tests: bool, symbols: Sequence[str], source: str, target: str
) -> Move:
    """Suggests the cheapest move that removes an edge.

    Args:
        n_by_kind: "const", "var", "func", "type" -> how many distinct symbols of that kind are used across the edge.
            Empty if that is not known; other kinds may occur and count as neither.
        blank: The edge is there for its side effects alone (`import _`).
        only_tests: Only tests have it.
        symbols: Names used across the edge, the most telling first. May be fewer than n_by_kind counts.
        source: Import path or folder that uses.
        target: Import path or folder that is used.
    """
    short, far = _short_names(source, target)
    if only_tests:
        return _external_test(short, far)
    if source == target:
        return _drop_own_import(short)
    if blank:
        return _reverse_registration(short, far)
    kinds = {kind for kind, count in n_by_kind.items() if count > 0}
    names = _listed(symbols, sum(count for count in n_by_kind.values() if count > 0), short)
    if kinds and kinds <= {"const", "var"}:
        return _move_constants(names, short, far, has_vars="var" in kinds)
    return _MOVE_BY_KINDS.get(frozenset(kinds), _move_or_merge)(names, short, far)


def _external_test(source: str, target: str) -> Move:
    package = next((element for element in reversed(source.split("/")) if not _MAJOR.fullmatch(element)), "")
    clause = (
        f"`package {package}_test`" if package.isidentifier() else "the external test package (`package NAME_test`)"
    )
    return Move(
        "external-test-package",
        f"Only tests of {source} import {target}: put those _test.go files into {clause}, a package of its own that "
        f"may import both. What they need of {source}'s unexported names goes into an export_test.go.",
    )


def _drop_own_import(source: str) -> Move:
    return Move(
        "move-or-merge",
        f"Drop {source}'s import of itself, and the qualifier wherever a name is used: the names are in scope already.",
    )


def _reverse_registration(source: str, target: str) -> Move:
    return Move(
        "reverse-registration",
        f"{source} imports {target} only so that its init runs: drop the blank import there and let {target} (or main) "
        f"call a Register function of {source}, or write the blank import in main.",
    )


def _move_constants(names: str, source: str, target: str, *, has_vars: bool) -> Move:
    care = (
        "A variable has to move together with whatever assigns it: a copy left behind would not follow."
        if has_vars
        else f"Leave constants of the same value behind in {target} (`const X = leaf.X`) for its other users."
    )
    return Move(
        "move-constants",
        f"Move {names} out of {target} into {source}, or into a leaf package that imports neither of the two. {care}",
    )


def _callback(names: str, source: str, target: str) -> Move:
    return Move(
        "callback",
        f"Let {source} take {names} as a function value (a parameter or a struct field) that main or {target} "
        f"hands in, so that it need not import {target}. If what is called needs nothing else of {target}, "
        f"move it to {source}.",
    )


def _consumer_interface(names: str, source: str, target: str) -> Move:
    return Move(
        "consumer-interface",
        f"Declare in {source} an interface of just the methods it calls on {names}; {target} satisfies it without "
        f"being imported. A type used as plain data goes to a leaf package instead, with an alias "
        f"(`type T = leaf.T`) left in {target}.",
    )


def _interface_and_constructor(names: str, source: str, target: str) -> Move:
    return Move(
        "interface-and-constructor",
        f"Declare in {source} an interface for what it does with {names}, and let main or {target} hand in the value "
        f"or a constructor that returns it. If the two cannot work apart, merge {source} and {target}.",
    )


def _move_or_merge(names: str, source: str, target: str) -> Move:
    return Move(
        "move-or-merge",
        f"Move {names} out of {target} into a leaf package that both may import. "
        f"If the two cannot work apart, merge {source} and {target}.",
    )


_MOVE_BY_KINDS = {
    frozenset({"func"}): _callback,
    frozenset({"type"}): _consumer_interface,
    frozenset({"type", "func"}): _interface_and_constructor,
}


def _listed(symbols: Sequence[str], n_known: int, source: str) -> str:
    """Up to three names in full and a count of the rest."""
    distinct = list(dict.fromkeys(symbols))
    named = distinct[:_N_NAMED]
    n_more = max(n_known, len(distinct)) - len(named)
    if not named:
        return f"the {n_more} symbols {source} uses" if n_more > 1 else f"what {source} uses"
    if n_more:
        return f"{', '.join(named)} and {n_more} more"
    if len(named) == 1:
        return named[0]
    return f"{', '.join(named[:-1])} and {named[-1]}"


def _short_names(source: str, target: str) -> tuple[str, str]:
    """The last elements of both paths; more of them where the last alone does not tell the two apart."""
    ends = source.split("/"), target.split("/")
    for n_kept in range(1, max(len(end) for end in ends) + 1):
        first, second = (_last(end, n_kept) for end in ends)
        if first != second:
            return first, second
    return _last(ends[0], 1), _last(ends[1], 1)


def _last(elements: list[str], n_kept: int) -> str:
    if elements in (["."], [""]):
        return "the top folder"
    if _MAJOR.fullmatch(elements[-1]):
        n_kept += 1
    return "/".join(elements[-n_kept:])
