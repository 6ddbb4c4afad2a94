"""Which knots of different levels are about the same thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from goknot.analyses.links.names import Names
from goknot.model.knot import Knot
from goknot.model.verdict import Level

_RUNTIME_LEVELS = frozenset((Level.HEAP, Level.GOROUTINE))
# what source calls a leak -> what a heap calls the same
_SAME_KIND = {
    "finalizer-goroutine": "heap-ring",
    "handle-never-deleted": "cgo-handle-ring",
    "registered-never-removed": "heap-ring",
}


@dataclass(frozen=True, slots=True, order=True)
class Match:
    """Two knots that belong together.

    Attributes:
        ids: Of source, and of the running program (or of source again).
        why: In a few words.
        is_proof: Whether the second shows what the first says may be.
    """

    ids: tuple[str, str]
    why: str
    is_proof: bool

    def other(self, own: str) -> str:
        """The other knot."""
        return self.ids[1] if self.ids[0] == own else self.ids[0]


def matches(knots: Sequence[Knot], names: Names) -> list[Match]:
    """Every match between a knot of source and one of a running program, and between rings of types and leaks."""
    running = [knot for knot in knots if knot.level in _RUNTIME_LEVELS and knot.heap is not None]
    source = [knot for knot in knots if knot.heap is None and knot.level in {Level.TYPE, *_RUNTIME_LEVELS}]
    types_by_id = {knot.id: names.of_knot(knot) for knot in (*running, *source)}
    found: set[Match] = set()
    for knot in source:
        own = types_by_id[knot.id]
        for other in running:
            why = _why(knot, other, own, types_by_id[other.id])
            if why:
                found.add(Match((knot.id, other.id), why, is_proof=_is_proof(knot, other)))
        for other in source:
            is_ring_of = other.kind == "type-ring" and knot.kind != "type-ring" and len(own) > 0
            if is_ring_of and types_by_id[other.id] and types_by_id[other.id] <= own:
                found.add(Match((knot.id, other.id), "same types", is_proof=False))
    return sorted(found)


def _why(knot: Knot, other: Knot, own: frozenset[str], others: frozenset[str]) -> str:
    if Level.GOROUTINE in {knot.level, other.level} and _places(knot) & _places(other):
        return "same statement"
    if other.level is Level.GOROUTINE or knot.level is Level.GOROUTINE:
        return ""
    if knot.kind == "type-ring":
        return "same types" if own and own <= others else ""
    if _same_kind(knot, other) and own and own <= others:
        return "same types and kind"
    return ""


def _same_kind(knot: Knot, other: Knot) -> bool:
    return other.kind in {knot.kind, _SAME_KIND.get(knot.kind)}


def _is_proof(knot: Knot, other: Knot) -> bool:
    return knot.kind != "type-ring" and _same_kind(knot, other) and knot.verdict is other.verdict


def _places(knot: Knot) -> set[tuple[str, int]]:
    """The lines of a knot's evidence, files by their own name: a binary knows other folders than a checkout."""
    return {
        (seen.file.replace("\\", "/").rpartition("/")[2], seen.line)
        for edge in knot.edges
        for seen in edge.evidence[:1] or edge.evidence
        if seen.line
    }
