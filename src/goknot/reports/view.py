"""How a report is to look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """How a report is to look; only the text renderer asks most of it.

    Attributes:
        width: Columns of the terminal.
        color: Whether escape sequences for colour may be used.
        ascii: Whether to do without box drawing and symbols.
        all_in_full: Whether every knot is shown in full, not only the worst.
        n_hidden: Knots that were asked to be left out.
    """

    width: int = 100
    color: bool = False
    ascii: bool = False
    all_in_full: bool = False
    n_hidden: int = 0
