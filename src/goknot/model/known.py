"""A knot as an older state (a baseline file, an older revision) remembers it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownKnot:
    """A remembered knot; `edges` are the keys of their ends, sorted."""

    id: str
    level: str
    kind: str
    verdict: str
    title: str
    edges: tuple[tuple[str, str], ...]
