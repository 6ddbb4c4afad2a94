"""A table: what an answer looks like that is no knot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Cell = str | int | float | bool | None
Unit = Literal["", "bytes", "count", "share"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        name: Its head; also its name in JSON.
        unit: `bytes` and `count` are whole numbers, `share` is a part of one; empty: text.
    """

    name: str
    unit: Unit = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells.

    Attributes:
        view: What it shows, one word: `top`, `dominators`, ...
        title: One line for a person.
        columns: What each cell of a row is.
        rows: The rows; as long as `columns` each.
        depths: row -> how deep it stands, where the rows are a tree; empty where they are not.
        notes: What a reader must know of the figures, a sentence each.
    """

    view: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    depths: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tables:
    """Several tables of one input.

    Attributes:
        version: goknot's.
        inputs: What was read, as (kind, path).
        tables: They, in the order asked for.
        problems: What could not be read.
    """

    version: str
    inputs: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    problems: tuple[str, ...] = ()
