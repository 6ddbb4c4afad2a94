"""Holds knots against an older state: what is new, what was known, what is fixed, and which edge did it.

A state remembers ring edges by (kind, from, to), never counts, so that it is silent about edits that change no ring.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from goknot.model.knot import Knot, KnotEdge, KnotNode
from goknot.model.known import KnownKnot
from goknot.model.sourcelevel import SourceLevel, source_level
from goknot.model.verdict import BaselineState, Confidence, Level, Verdict

KeyEdge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Knots with their state, and how many remembered ring edges are on no ring any more."""

    knots: tuple[Knot, ...]
    n_stale_edges: int


def key_edges(knot: Knot) -> tuple[KeyEdge, ...]:
    """The knot's edges by the keys of their ends, sorted."""
    return tuple(sorted({(knot.nodes[e.source].key, knot.nodes[e.target].key) for e in knot.edges}))


def remember(knots: Iterable[Knot]) -> tuple[KnownKnot, ...]:
    """What a state keeps of these knots, sorted by kind and id."""
    known = [KnownKnot(k.id, k.level, k.kind, k.verdict, k.title, key_edges(k)) for k in knots]
    return tuple(sorted(known, key=lambda k: (k.kind, k.id)))


def compare(knots: Sequence[Knot], known: Sequence[KnownKnot], existed: Callable[[str, KeyEdge], bool]) -> Comparison:
    """Marks each knot new or known and adds the fixed ones.

    A ring is known if all its edges are: it may have shrunk. A leak is known by its id: another function may well make
    the same pointers. Only where a known one has vanished (a function was renamed) its edges stand for it.

    Args:
        knots: The knots of today.
        known: The knots of the older state.
        existed: (level, edge) -> whether the older graph had the edge, on a ring or not; decides which edge caused
            a new knot.
    """
    old_edges_by_kind: dict[str, set[KeyEdge]] = defaultdict(set)
    for old in known:
        old_edges_by_kind[old.kind].update(old.edges)
    edges_by_kind: dict[str, set[KeyEdge]] = defaultdict(set)
    for knot in knots:
        edges_by_kind[knot.kind].update(key_edges(knot))
    leaks = _Leaks(knots, known)
    marked = [_mark(knot, old_edges_by_kind[knot.kind], existed, leaks) for knot in knots]
    gone = [
        old
        for old in known
        if edges_by_kind[old.kind].isdisjoint(old.edges) or (_is_leak(old) and leaks.has_vanished(old))
    ]
    n_stale = sum(len(edges - edges_by_kind[kind]) for kind, edges in old_edges_by_kind.items())
    n_stale += sum(edges_by_kind[old.kind].issuperset(old.edges) for old in gone)  # a leak whose edges others share
    return Comparison((*marked, *map(_fixed, gone)), n_stale)


def _is_leak(knot: Knot | KnownKnot) -> bool:
    return source_level(knot.level, knot.kind) is SourceLevel.LEAKS


class _Leaks:
    """Which leaks were there, and which of them are gone."""

    def __init__(self, knots: Sequence[Knot], known: Sequence[KnownKnot]) -> None:
        today = {knot.id for knot in knots}
        self._known = {old.id for old in known}
        self._vanished = {old.id: old for old in known if old.id not in today}

    def was_there(self, knot: Knot) -> bool:
        """Whether it was known, or takes the place of one that has vanished and had the same edges."""
        if knot.id in self._known:
            return True
        edges = key_edges(knot)
        alike = next((old for old in self._vanished.values() if old.kind == knot.kind and old.edges == edges), None)
        return alike is not None and self._vanished.pop(alike.id) is alike

    def has_vanished(self, old: KnownKnot) -> bool:
        """Whether nothing of today stands for it."""
        return old.id in self._vanished


def _mark(knot: Knot, old_edges: set[KeyEdge], existed: Callable[[str, KeyEdge], bool], leaks: _Leaks) -> Knot:
    by_edge = {
        (edge.source, edge.target): (knot.nodes[edge.source].key, knot.nodes[edge.target].key) for edge in knot.edges
    }
    fresh = [edge for edge, keys in by_edge.items() if keys not in old_edges]
    if _is_leak(knot):
        if leaks.was_there(knot):
            return replace(knot, baseline=BaselineState.KNOWN, causes=())
    elif not fresh:
        return replace(knot, baseline=BaselineState.KNOWN, causes=())
    causes = [edge for edge in fresh if not existed(knot.level, by_edge[edge])] or fresh
    return replace(knot, baseline=BaselineState.NEW, causes=tuple(sorted(causes)))


def _fixed(old: KnownKnot) -> Knot:
    names = sorted({name for edge in old.edges for name in edge})
    index_by_name = {name: index for index, name in enumerate(names)}
    return Knot(
        id=old.id,
        level=Level(old.level),
        kind=old.kind,
        verdict=Verdict(old.verdict),
        confidence=Confidence.CERTAIN,
        reason="The older state lists this knot; none of its edges is on a ring any more.",
        title=old.title,
        nodes=tuple(KnotNode(name, old.level, name) for name in names),
        edges=tuple(KnotEdge(index_by_name[a], index_by_name[b], "gone") for a, b in old.edges),
        baseline=BaselineState.FIXED,
    )
