"""What a page is, and what can be on one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from goknot.model.table import Cell, Column, Table
from goknot.reports.pen import Pen
from goknot.reports.tables import fitted_rows


class Place(StrEnum):
    """Kinds of pages."""

    KNOTS = "knots"
    TYPES = "types"
    DOMINATORS = "dominators"
    GOROUTINES = "goroutines"
    ROOTS = "roots"
    SEARCH = "search"
    KNOT = "knot"
    TYPE = "type"
    OBJECT = "object"
    STACK = "stack"
    GOROUTINE = "goroutine"
    ROOT = "root"


@dataclass(frozen=True, slots=True)
class Stop:
    """A page that a walk can stop at.

    Attributes:
        place: Its kind.
        number: Of a knot in the report, a type, an object, a group of goroutines, a goroutine, a root; by `place`.
        text: What is searched for.
    """

    place: Place
    number: int = -1
    text: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page's list.

    Attributes:
        cells: As the page's columns say.
        stop: Where it leads; None: nowhere.
        style: How its first cell looks, in a pen's words; empty: plain.
    """

    cells: tuple[Cell, ...]
    stop: Stop | None = None
    style: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page, fit for a terminal: nothing in it can act on one.

    Attributes:
        stop: Which page it is.
        title: One line.
        head: Text above the list, with escape sequences for colours alone.
        columns: The list's first line.
        rows: The list: cells as wide as their columns.
        lines: row -> what it was made of.
    """

    stop: Stop
    title: str
    head: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[Line, ...]


def make_page(pen: Pen, stop: Stop, title: str, columns: Sequence[Column], lines: Sequence[Line]) -> Page:
    """A page with what the pen has written as its head."""
    table = Table(stop.place, title, tuple(columns), tuple(line.cells for line in lines))
    heads, *rows = (tuple(row) for row in fitted_rows(pen, table))
    text = pen.text().strip("\n")
    return Page(stop, pen.given(title), text, heads if lines else (), tuple(rows), tuple(lines))
