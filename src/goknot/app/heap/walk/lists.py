"""Pages that are lists: knots, types, goroutines, roots, and what a search finds."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.dominance import NodeKind
from goknot.app.heap.goroutine_groups import GoroutineGroup
from goknot.app.heap.names import object_or_type
from goknot.app.heap.views import sized_types
from goknot.app.heap.walk import things
from goknot.app.heap.walk.object_page import object_
from goknot.app.heap.walk.page import Line, Page, Place, Stop, make_page
from goknot.model.heap import RootKind
from goknot.model.table import Column
from goknot.reports.words import bytes_text, count

if TYPE_CHECKING:
    from goknot.app.heap.walk.known import Known
    from goknot.model.knot import Knot
    from goknot.model.report import TypeSize
    from goknot.reports.pen import Pen

MAX_LINES = 1_000
_MAX_FOUND = 200  # of each kind
_KNOT = (Column("verdict"), Column("retained", "bytes"), Column("instances", "count"), Column("kind"), Column("what"))
_TYPE = (Column("retained", "bytes"), Column("bytes", "bytes"), Column("objects", "count"), Column("type"))
_STACK = (Column("retained", "bytes"), Column("goroutines", "count"), Column("waits"), Column("does"))
_ROOT = (Column("retained", "bytes"), Column("pointers", "count"), Column("kind"), Column("root"))
_FOUND = (Column("is"), Column("retained", "bytes"), Column("what"))


def knots(walk: Known, stop: Stop, pen: Pen) -> Page:
    """Every knot, worst first."""
    found, graph = walk.report.knots, walk.study.graph
    facts = [
        f"{count(graph.n_objects, 'object')}, {bytes_text(int(graph.bytes_by_object.sum()))}",
        count(graph.n_edges, "pointer"),
        count(graph.n_goroutines, "goroutine"),
        f"{count(walk.study.verdicts.rings.n_rings, 'ring')}, those of the runtime's own not shown",
    ]
    pen.wrapped(pen.signs.dot.join(facts), 0, "dim", first=("",))
    for problem in walk.report.problems:
        pen.wrapped(pen.given(problem.what, 300), 2, "dim", first=(("warn", f"{pen.signs.calm} "),))
    return make_page(
        pen, stop, count(len(found), "knot"), _KNOT, [_knot(pen, *one) for one in enumerate(found[:MAX_LINES])]
    )


def _knot(pen: Pen, number: int, knot: Knot) -> Line:
    style, verdict = pen.verdict(knot.verdict)
    kept, n = (knot.heap.retained_bytes, knot.heap.instances) if knot.heap else (0, 1)
    return Line((verdict, kept, n, knot.kind, knot.title), Stop(Place.KNOT, number), style)


def types(walk: Known, stop: Stop, pen: Pen) -> Page:
    """Types by what their objects keep."""
    found = sized_types(walk.study)
    pen.wrapped("Retained: what single objects of the type keep, summed; a lower bound.", 0, "dim", first=("",))
    title = _shown(len(found), "type", "by what they keep")
    return make_page(pen, stop, title, _TYPE, [_type(*one) for one in found[:MAX_LINES]])


def _type(number: int, size: TypeSize) -> Line:
    return Line((size.retained_bytes, size.bytes, size.objects, size.name), Stop(Place.TYPE, number))


def goroutines(walk: Known, stop: Stop, pen: Pen) -> Page:
    """Goroutines by stack."""
    n = walk.study.graph.n_goroutines
    pen.wrapped("Retained: what each one's stack alone keeps, summed.", 0, "dim", first=("",))
    title = f"{count(n, 'goroutine')} in {count(len(walk.groups), 'group')} of one stack"
    return make_page(pen, stop, title, _STACK, [_stack(*one) for one in enumerate(walk.groups[:MAX_LINES])])


def _stack(number: int, group: GoroutineGroup) -> Line:
    waits = group.waits if group.is_live else f"for ever: {group.waits}"
    cells = (group.retained_bytes, len(group.members), waits, group.function)
    return Line(cells, Stop(Place.STACK, number), "" if group.is_live else "bad")


def roots(walk: Known, stop: Stop, pen: Pen) -> Page:
    """Roots by what they alone keep."""
    graph, tree = walk.study.graph, walk.study.tree
    kept = tree.tree.retained(np.arange(graph.n_roots, dtype=np.int32) + np.int32(tree.node_of(NodeKind.ROOT)))
    order = np.lexsort((np.arange(graph.n_roots), -np.diff(graph.roots.target_start), -kept))[:MAX_LINES]
    lines = [_root(walk, number, int(kept[number])) for number in order.tolist()]
    return make_page(pen, stop, _shown(graph.n_roots, "root", "by what they alone keep"), _ROOT, lines)


def _root(walk: Known, number: int, kept: int) -> Line:
    given = walk.study.graph.roots
    n = int(given.target_start[number + 1] - given.target_start[number])
    kind = RootKind(int(given.kind_by_root[number])).name.lower()
    return Line((kept, n, kind, things.root_name(walk, number)), Stop(Place.ROOT, number))


def search(walk: Known, stop: Stop, pen: Pen) -> Page:
    """An object by address; knots, types, goroutines and roots by any part of their names.

    Raises:
        UsageError: No object lies at the address.
    """
    text = stop.text.strip()
    if text.lower().startswith("0x"):
        return object_(walk, Stop(Place.OBJECT, object_or_type(walk.study, text)[0]), pen)
    wanted = text.lower()
    lines: list[Line] = []
    fitting: Iterable[Line]
    fitting = (_knot(pen, at, one) for at, one in enumerate(walk.report.knots) if wanted in _words(one))
    lines += [Line(("knot", one.cells[1], one.cells[4]), one.stop) for one in islice(fitting, _MAX_FOUND)]
    fitting = (_type(*one) for one in sized_types(walk.study) if wanted in one[1].name.lower())
    lines += [Line(("type", one.cells[0], one.cells[3]), one.stop) for one in islice(fitting, _MAX_FOUND)]
    fitting = (_stack(at, one) for at, one in enumerate(walk.groups) if wanted in _functions(walk, one))
    lines += [Line(("goroutines", one.cells[0], one.cells[3]), one.stop) for one in islice(fitting, _MAX_FOUND)]
    named = (at for at, one in enumerate(walk.study.heap.roots) if wanted in one.name.lower())
    numbers = np.fromiter(islice(named, _MAX_FOUND), np.int32)
    kept = walk.study.tree.tree.retained(numbers + np.int32(walk.study.tree.node_of(NodeKind.ROOT)))
    for number, n_bytes in zip(numbers.tolist(), kept.tolist(), strict=True):
        lines.append(Line(("root", n_bytes, things.root_name(walk, number)), Stop(Place.ROOT, number)))
    return make_page(pen, stop, f"{len(lines):,} found for {text}", _FOUND, lines)


def _words(knot: Knot) -> str:
    return " ".join((knot.id, knot.kind, knot.verdict, knot.title, *(node.name for node in knot.nodes))).lower()


def _functions(walk: Known, group: GoroutineGroup) -> str:
    return " ".join(walk.study.heap.stack_names[group.stack]).lower()


def _shown(n: int, what: str, order: str) -> str:
    return f"{MAX_LINES:,} of {count(n, what)} {order}" if n > MAX_LINES else f"{count(n, what)} {order}"
