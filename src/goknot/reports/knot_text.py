"""One knot in full, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from goknot.model.cut import Cut
from goknot.model.knot import Knot, KnotEdge
from goknot.model.report import Report
from goknot.model.verdict import BaselineState, Confidence
from goknot.reports.heap_text import write_heap
from goknot.reports.pen import Pen, Span, cells
from goknot.reports.ring_drawing import draw_cycle, limits, platforms, uses, where_of
from goknot.reports.words import bytes_text, count, edge_by_pair, n_cells, older_state, shared_prefix, size_of

_MAX_EDGES = 8  # of a cut, or of a knot without a ring
_MAX_STEPS = 3  # a cut of more edges is told how for the first only
_MAX_CYCLES = 10  # written in a line each, when all is asked for
_PAD = " " * 5


def write_knot(pen: Pen, knot: Knot, report: Report, *, whole: bool) -> None:
    """Writes a knot: verdict, reason, its tightest ring, the cut.

    Args:
        pen: Where to write.
        knot: The knot.
        report: The report it stands in.
        whole: Whether nothing is cut short that a person may want to see.
    """
    prefix = shared_prefix(knot.nodes)
    names = [pen.given(node.name[len(prefix) :]) for node in knot.nodes]
    _write_head(pen, knot, prefix)
    pen.blank()
    pen.wrapped(pen.given(knot.reason, 600), 2, first=("  ",))
    _write_standing(pen, knot, report, names)
    pen.blank()
    if knot.baseline is BaselineState.FIXED:
        return
    if knot.cycles:
        draw_cycle(pen, knot, knot.cycles[0], names, whole=whole)
        _write_further_cycles(pen, knot, names, whole=whole)
    else:
        _write_edges(pen, knot, [(edge.source, edge.target) for edge in knot.edges], names, whole=whole)
    if knot.heap:
        write_heap(pen, knot, knot.heap, whole=whole)
    if knot.chain:
        _write_chain(pen, knot)
    for cut in knot.cuts:
        pen.blank()
        if cut.edges:
            _write_cut(pen, knot, cut, names, whole=whole)
        else:
            pen.wrapped(pen.given(f"{cut.move}: {cut.how}", 600), 7, first=("  ", ("cut", "Cut"), "  "))


def _write_head(pen: Pen, knot: Knot, prefix: str) -> None:
    pen.wrapped(pen.given(knot.title, 400), 2, "strong", first=(pen.verdict(knot.verdict), "  "))
    facts = [knot.id, knot.kind, bytes_text(knot.heap.retained_bytes) if knot.heap else size_of(knot)]
    if knot.confidence is not Confidence.CERTAIN:
        facts.append(knot.confidence)
    if knot.baseline is not BaselineState.NEW:
        facts.append(knot.baseline)
    if prefix:
        facts.append(f"under {pen.given(prefix)}")
    pen.wrapped(pen.signs.dot.join(facts), 2, "dim", first=("  ",))


def _write_standing(pen: Pen, knot: Knot, report: Report, names: Sequence[str]) -> None:
    """Where the ring exists, and what made it new."""
    if knot.platforms:
        pen.wrapped(f"Only on {platforms(pen, knot.platforms)}.", 2, first=("  ",))
    if knot.causes and knot.baseline is BaselineState.NEW:
        against = f" against {pen.given(older_state(report))}" if older_state(report) else ""
        pen.blank()
        pen.line("  ", ("new", "New"), f"{against}; made by")
        _write_edges(pen, knot, knot.causes, names, whole=False)


def _write_further_cycles(pen: Pen, knot: Knot, names: Sequence[str], *, whole: bool) -> None:
    further = knot.cycles[1:]
    if not further:
        return
    pen.blank()
    pen.line("  ", ("dim", f"and {count(len(further), 'further shortest cycle')}{':' if whole else ''}"))
    if not whole:
        return
    for cycle in further[:_MAX_CYCLES]:
        loop = pen.signs.arrow.join(names[node] for node in (*cycle, cycle[0]))
        pen.wrapped(loop, 6, first=("    ",))
    if len(further) > _MAX_CYCLES:
        pen.line("    ", ("dim", f"and {len(further) - _MAX_CYCLES:,} more"))


def _write_chain(pen: Pen, knot: Knot) -> None:
    """The levels the knot lives on, a line each."""
    pen.blank()
    pen.line("  ", ("strong", "Chain"))
    widest = max(len(step.level) for step in knot.chain)
    for step in knot.chain:
        where = f"{pen.given(step.file)}:{step.line}" if step.line else pen.given(step.file)
        text = " ".join((step.text or step.note).split())
        said = "  ".join(part for part in (pen.given(step.name), where, pen.given(text)) if part)
        pen.line("    ", ("dim", step.level.ljust(widest)), "  ", pen.fitted(said, pen.width - widest - 6))
    if knot.links:
        linked = ", ".join(f"{link.id} ({link.why})" for link in knot.links)
        pen.wrapped(f"see also {linked}", 4, "dim", first=("    ",))


def _write_edges(pen: Pen, knot: Knot, pairs: Sequence[tuple[int, int]], names: Sequence[str], *, whole: bool) -> None:
    """Edges outside a drawing: what made a knot new, or a knot that is no ring."""
    edges = edge_by_pair(knot)
    found = [edges[pair] for pair in pairs if pair in edges]
    shown = found if whole else found[:_MAX_EDGES]
    for edge in shown:
        _write_edge(pen, edge, names)
    if len(found) > len(shown):
        pen.line(_PAD, ("dim", f"and {len(found) - len(shown):,} more"))


def _write_edge(pen: Pen, edge: KnotEdge, names: Sequence[str]) -> None:
    """`from -> to  file:line` and below it what is used."""
    _write_ends(pen, edge, names, "")
    for remark in (uses(pen, edge, pen.width - 7), limits(pen, edge)):
        if remark:
            pen.line(_PAD, "  ", ("dim", pen.fitted(remark, pen.width - 7)))


def _write_ends(pen: Pen, edge: KnotEdge, names: Sequence[str], cost: str) -> None:
    """`from -> to  file:line  cost`, the last two below if the line is too long."""
    ends = f"{names[edge.source]}{pen.signs.arrow}{names[edge.target]}"
    where = where_of(pen, edge)
    rest: tuple[Span, ...] = (("place", where), "  " if where else "", ("dim", cost))
    if len(_PAD) + n_cells(ends) + 2 + cells(rest) <= pen.width:
        pen.line(_PAD, ("strong", ends), "  ", *rest)
    else:
        pen.wrapped(ends, len(_PAD) + 2, "strong", first=(_PAD,))
        if where or cost:
            pen.line(_PAD, "  ", *rest)


def _write_cut(pen: Pen, knot: Knot, cut: Cut, names: Sequence[str], *, whole: bool) -> None:
    """The cut and its bound, then each edge and the move that removes it (of a large cut, of the first only)."""
    pen.line("  ", ("cut", "Cut"), f"  {_cost(pen, cut)}", *_after(knot))
    edges = edge_by_pair(knot)
    how_by_edge = cut.steps if len(cut.steps) == len(cut.edges) else ((cut.move, cut.how),)
    shown = cut.edges if whole else cut.edges[:_MAX_EDGES]
    n_told = len(shown) if whole or len(cut.edges) <= _MAX_STEPS else 1
    for index, pair in enumerate(shown):
        if pair in edges:
            _write_ends(pen, edges[pair], names, f"cost {edges[pair].weight:,}")
        if index < min(n_told, len(how_by_edge)):
            move, how = how_by_edge[index]
            pen.wrapped(pen.given(f"{move}: {how}", 600), len(_PAD) + 2, first=(_PAD, "  "))
    if len(cut.edges) > len(shown):
        pen.line(_PAD, ("dim", f"and {len(cut.edges) - len(shown):,} more; --all shows them"))


def _cost(pen: Pen, cut: Cut) -> str:
    edges = f"{count(len(cut.edges), 'edge')}, cost {cut.cost:,}"
    if cut.lower_bound >= cut.cost:
        return f"{edges}, minimal: proven"
    return f"{edges}: cut {pen.signs.at_most} {cut.cost:,}, proof {pen.signs.at_least} {cut.lower_bound:,}"


def _after(knot: Knot) -> tuple[Span, ...]:
    return ("; ", ("good", "after the cut: acyclic")) if knot.cycles else ()
