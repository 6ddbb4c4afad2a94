"""Python's own collector, while much is made and little of it dies."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_OBJECTS = (
    1_000_000  # made before it looks for rings among them: a tree of syntax has few, and looking is a fifth of a run
)


@contextmanager
def few_collections() -> Iterator[None]:
    """Lets the collector run seldom."""
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
