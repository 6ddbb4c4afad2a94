"""A page for every kind of knot: what it is, what Go says of it, how to cut it, how to keep it from coming back."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.resources import files

from goknot.errors import UsageError

_SUFFIX = ".md"


def kinds() -> tuple[str, ...]:
    """Returns the kinds that have a page, sorted."""
    names = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)))


def text(kind: str) -> str:
    """Returns the page of a kind, as Markdown.

    Raises:
        UsageError: There is no such kind; the error names those that come nearest, and all.
    """
    known = kinds()
    if kind not in known:
        near = get_close_matches(kind.lower(), known, n=3, cutoff=0.5)
        nearest = f"; the nearest: {', '.join(near)}" if near else ""
        raise UsageError(f"no page about {kind!r}{nearest}", f"All pages: {', '.join(known)}.")
    return files(__name__).joinpath(kind + _SUFFIX).read_text(encoding="utf-8")
