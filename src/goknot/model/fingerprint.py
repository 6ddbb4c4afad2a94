"""The id of a knot: the same tomorrow, elsewhere, and after unrelated edits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from goknot.model.verdict import Level


def fingerprint(level: Level, kind: str, keys: Iterable[str]) -> str:
    """12 hex digits made of names alone.

    Args:
        level: The knot's level.
        kind: The knot's kind.
        keys: The keys of its nodes (`KnotNode.key`), in any order.
    """
    text = "\0".join((level, kind, *sorted(set(keys))))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]
