"""Draws one cycle for a terminal: its nodes as a loop, and for each edge where it is and what is used over it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from goknot.model.knot import Knot, KnotEdge
from goknot.reports.heap_text import field_text
from goknot.reports.pen import Pen, Span, cells
from goknot.reports.words import count, edge_by_pair, n_cells, place, steps

_INDENT = 2
_MAX_STEPS = 8  # of a cycle drawn in short
_N_FIRST, _N_LAST = 5, 2  # steps drawn when it is longer
_MIN_USES = 36  # cells that "uses ..." needs beside the place


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    edge: KnotEdge
    where: str
    is_cut: bool
    is_cause: bool


def draw_cycle(pen: Pen, knot: Knot, cycle: Sequence[int], names: Sequence[str], *, whole: bool) -> None:
    """Draws a cycle of the knot.

    Args:
        pen: Where to draw.
        knot: The knot.
        cycle: Node indices.
        names: Node index -> name to show, fit for the terminal.
        whole: Whether a long cycle is drawn in full.
    """
    edges = edge_by_pair(knot)
    cut = {pair for cut in knot.cuts[:1] for pair in cut.edges}
    found = [
        _Step(names[pair[0]], edges[pair], where_of(pen, edges[pair]), pair in cut, pair in knot.causes)
        for pair in steps(cycle)
    ]
    left_out = () if whole or len(found) <= _MAX_STEPS else range(_N_FIRST, len(found) - _N_LAST)
    beside = _place_width(pen, [step for index, step in enumerate(found) if index not in left_out])
    for index, step in enumerate(found):
        if left_out and index == left_out[0]:
            hint = f"{len(left_out):,} more; --knot {knot.id} shows all"
            pen.line(" " * _INDENT, ("dim", f"{pen.signs.side}{pen.signs.skip}{hint}"))
        if index not in left_out:
            _draw_step(pen, step, beside, is_first=index == 0, is_last=index == len(found) - 1)


def where_of(pen: Pen, edge: KnotEdge) -> str:
    """The first place an edge was seen at, and how many more there are."""
    if not edge.evidence:
        return ""
    more = edge.n_imports - 1
    return pen.given(place(edge.evidence[0])) + (f" (+{more:,} more)" if more > 0 else "")


def uses(pen: Pen, edge: KnotEdge, width: int) -> str:
    """What is used over an edge, as many names as fit; without names, the text of the import. Of memory, the field."""
    if edge.field:
        more = f" and {len(edge.symbols) - 1} more" if len(edge.symbols) > 1 else ""
        return pen.fitted(field_text(pen, edge.field, edge.offset) + more, width)
    if not edge.symbols:
        return pen.fitted(edge.evidence[0].text, width) if edge.evidence else ""
    tail = f" ({count(len(edge.symbols), 'symbol')})"
    shown = ""
    for index, symbol in enumerate(edge.symbols):
        name = pen.given(symbol)
        longer = f"{shown}, {name}" if shown else f"uses {name}"
        is_last = index == len(edge.symbols) - 1
        if n_cells(longer) + (0 if is_last else 2 + len(pen.signs.dots)) + len(tail) > width:
            break
        shown = longer
    else:
        return shown + tail
    return (
        f"{shown}, {pen.signs.dots}{tail}" if shown else pen.fitted(f"uses {count(len(edge.symbols), 'symbol')}", width)
    )


def limits(pen: Pen, edge: KnotEdge) -> str:
    """On which platforms an edge exists, and the remark on it."""
    on = f"only on {platforms(pen, edge.platforms)}" if edge.platforms else ""
    return "; ".join(part for part in (on, pen.given(edge.note)) if part)


def platforms(pen: Pen, names: Sequence[str]) -> str:
    """A list of platforms, cut short."""
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return ", ".join(pen.given(name) for name in names[:6]) + more


def _place_width(pen: Pen, shown: Collection[_Step]) -> int:
    """The width of the column of places; 0 if "uses ..." has to go below them."""
    widest = max(n_cells(step.where) for step in shown)
    taken = _INDENT + len(pen.signs.side) + len(pen.signs.down) + widest + 2
    return widest if pen.width - taken >= _MIN_USES else 0


def _draw_step(pen: Pen, step: _Step, beside: int, *, is_first: bool, is_last: bool) -> None:
    signs, pad = pen.signs, " " * _INDENT
    room = pen.width - _INDENT - len(signs.side)
    pen.line(pad, ("dim", signs.enter if is_first else signs.side), ("strong", pen.fitted(step.name, room)))
    stem = (signs.cut_up if is_last else signs.cut_down) if step.is_cut else (signs.up if is_last else signs.down)
    lead: tuple[Span, ...] = (
        pad,
        ("dim", signs.leave if is_last else signs.side),
        ("cut" if step.is_cut else "dim", stem),
    )
    below: tuple[Span, ...] = (pad, ("dim", " " * len(signs.side) if is_last else signs.side), " " * len(stem))
    marks = _marks(pen, step)
    room = pen.width - cells(lead)
    remark = limits(pen, step.edge)
    if beside:
        what = uses(pen, step.edge, room - beside - 2 - cells(marks))
        if not what and not step.where and not marks:
            what, remark, beside = pen.fitted(remark, room), "", -2
        gap = " " * (beside - n_cells(step.where) + 2) if what or marks else ""
        pen.line(*lead, ("place", step.where), gap, what, *marks)
    else:
        if step.where:
            pen.line(*lead, ("place", step.where))
            lead = below
        what = uses(pen, step.edge, room - cells(marks))
        if not what and not step.where and not marks:
            what, remark = pen.fitted(remark, room), ""
        pen.line(*lead, what, *marks)
    if remark:
        pen.line(*below, ("dim", pen.fitted(remark, room)))


def _marks(pen: Pen, step: _Step) -> tuple[Span, ...]:
    marks: list[Span] = []
    if step.is_cause:
        marks += ["  ", ("new", f"{pen.signs.mark}new")]
    if step.is_cut:
        marks += ["  ", ("cut", f"{pen.signs.mark}cut")]
    return tuple(marks)
