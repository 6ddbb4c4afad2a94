"""A place in source code."""

from __future__ import annotations

from typing import NamedTuple


class Spot(NamedTuple):
    """A place in the source; the path is relative to the scanned folder, line and column count from 1."""

    file: str
    line: int
    column: int
