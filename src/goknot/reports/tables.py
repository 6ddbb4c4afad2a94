"""Tables for a terminal, and as JSON (`heap_view.schema.json`)."""

from __future__ import annotations

import json

from goknot.model.table import Cell, Column, Table, Tables
from goknot.reports.pen import Pen, Span
from goknot.reports.view import View
from goknot.reports.words import bytes_text, n_cells, printable

SCHEMA = "goknot.heap-view/1"
_NAME_CELLS = 24  # the least that the widest column of text keeps
_MAX_PROBLEMS = 5


def render_tables(tables: Tables, view: View) -> str:
    """Tables for a person: text to the left, numbers to the right, as wide as the terminal."""
    pen = Pen(view)
    for index, table in enumerate(tables.tables):
        if index:
            pen.blank()
        _write(pen, table)
    if tables.problems:
        pen.blank()
        for problem in tables.problems[:_MAX_PROBLEMS]:
            pen.wrapped(pen.given(problem, 400), 4, "dim", first=(("warn", f"{pen.signs.calm} "),))
        if len(tables.problems) > _MAX_PROBLEMS:
            pen.line(("dim", f"  and {len(tables.problems) - _MAX_PROBLEMS:,} more problems"))
    return pen.text()


def render_tables_json(tables: Tables) -> str:
    """The same with exact numbers."""
    whole = {
        "schema": SCHEMA,
        "goknot": tables.version,
        "inputs": [{"kind": kind, "path": printable(path)} for kind, path in tables.inputs],
        "views": [_view(table) for table in tables.tables],
        "problems": [printable(problem) for problem in tables.problems],
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _view(table: Table) -> dict[str, object]:
    depths = table.depths or (None,) * len(table.rows)
    return {
        "view": table.view,
        "title": printable(table.title),
        "columns": [{"name": printable(column.name), "unit": column.unit} for column in table.columns],
        "rows": [_row(table, row, depth) for row, depth in zip(table.rows, depths, strict=True)],
        "notes": [printable(note) for note in table.notes],
    }


def _row(table: Table, row: tuple[Cell, ...], depth: int | None) -> dict[str, Cell]:
    cells = {
        printable(column.name): printable(cell) if isinstance(cell, str) else cell
        for column, cell in zip(table.columns, row, strict=True)
    }
    return cells if depth is None else {"depth": depth, **cells}


def _write(pen: Pen, table: Table) -> None:
    pen.line(("strong", pen.given(table.title, 400)))
    if not table.rows:
        pen.line(("dim", "  none"))
    else:
        _write_rows(pen, table)
    for note in table.notes:
        pen.wrapped(pen.given(note, 400), 2, "dim", first=("  ",))


def _write_rows(pen: Pen, table: Table) -> None:
    for number, row in enumerate(fitted_rows(pen, table)):
        spans: list[Span] = ["  "]
        for cell in row:
            spans += [("dim", cell) if number == 0 else cell, "  "]
        pen.line(*spans)


def fitted_rows(pen: Pen, table: Table) -> list[list[str]]:
    """The heads, then the rows, each cell fit for the terminal and as wide as its column."""
    depths = table.depths or (0,) * len(table.rows)
    texts = [
        ["  " * depth * (not at) + _text(pen, column, cell) for at, (column, cell) in enumerate(_cells(table, row))]
        for row, depth in zip(table.rows, depths, strict=True)
    ]
    heads = [pen.given(column.name.replace("_", " ")) for column in table.columns]
    widths = [max(n_cells(row[at]) for row in [heads, *texts]) for at in range(len(heads))]
    _narrow(pen, table, widths)
    return [[_padded(pen, *one) for one in zip(table.columns, row, widths, strict=True)] for row in [heads, *texts]]


def _padded(pen: Pen, column: Column, text: str, width: int) -> str:
    shown = pen.fitted(text, width)
    gap = " " * (width - n_cells(shown))
    return gap + shown if column.unit else shown + gap


def _cells(table: Table, row: tuple[Cell, ...]) -> zip[tuple[Column, Cell]]:
    return zip(table.columns, row, strict=True)


def _narrow(pen: Pen, table: Table, widths: list[int]) -> None:
    """Takes from the widest column of text what the terminal lacks."""
    while sum(widths) + 2 * len(widths) > pen.width:
        at = max((at for at, column in enumerate(table.columns) if not column.unit), key=lambda one: widths[one])
        lack = sum(widths) + 2 * len(widths) - pen.width
        narrower = max(_NAME_CELLS, widths[at] - lack)
        if narrower >= widths[at]:
            return
        widths[at] = narrower


def _text(pen: Pen, column: Column, cell: Cell) -> str:
    if cell is None:
        return ""
    if column.unit == "bytes" and isinstance(cell, int):
        return ("-" if cell < 0 else "") + bytes_text(abs(cell))
    if column.unit == "count" and isinstance(cell, int):
        return f"{cell:,}"
    if column.unit == "share" and isinstance(cell, float):
        return f"{100 * cell:.1f} %"
    return pen.given(str(cell), 400)
