"""The page of one object: what it is, who holds it, what it points at, what points at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.dominance import NodeKind
from goknot.analyses.heap.holders import HolderKind, edge_between
from goknot.analyses.heap.neighbours import pointers_to, rows_with, sources_of
from goknot.analyses.heap.verdicts import VERDICT_BY_REASON, Reason
from goknot.app.heap.names import held_words, node_name
from goknot.app.heap.steps import field_of, holder_name
from goknot.app.heap.walk.page import Line, Page, Place, Stop, make_page
from goknot.kernels.rows import Rows
from goknot.model.heap import ObjectState
from goknot.model.table import Column
from goknot.reports.heap_text import field_text
from goknot.reports.words import bytes_text, count

if TYPE_CHECKING:
    from goknot.app.heap.study import HeapStudy
    from goknot.app.heap.walk.known import Known
    from goknot.model.heap import Int64s
    from goknot.reports.pen import Pen

_MAX_STEPS = 24  # of a path: as many from each end
_MAX_EDGES = 500
_COLUMNS = (
    Column("is"),
    Column("field"),
    Column("what"),
    Column("address"),
    Column("retained", "bytes"),
)


def object_(walk: Known, stop: Stop, pen: Pen) -> Page:
    """An object."""
    study, number = walk.study, stop.number
    _write_facts(study, pen, number)
    scribe = _Scribe(study, pen)
    lines = [
        *scribe.path(number),
        *scribe.pointers("points to", np.arange(*study.graph.edge_start[number : number + 2]), number),
        *scribe.pointers("pointed at by", pointers_to(study.graph, number), -1),
        *scribe.roots(number),
        *scribe.specials(number),
    ]
    title = f"{study.heap.type_name(number)} at {int(study.graph.addr_by_object[number]):#x}"
    return make_page(pen, stop, title, _COLUMNS, lines)


def _write_facts(study: HeapStudy, pen: Pen, number: int) -> None:
    graph = study.graph
    retained = int(study.tree.tree.retained(np.array([number], np.int32))[0])
    held = held_words()[int(study.holders.tier_by_object[number])]
    state = " waiting to be swept" if graph.state_by_object[number] == ObjectState.WAITING else ""
    facts = [
        f"{int(graph.bytes_by_object[number]):,} bytes",
        f"keeps {bytes_text(retained)}",
        f"held by: {held}{state}",
    ]
    pen.wrapped(pen.signs.dot.join(facts), 0, first=("",))
    ring = int(study.verdicts.rings.ring_by_node[number])
    if ring >= 0:
        rings = study.verdicts.rings
        n = int(rings.node_start[ring + 1] - rings.node_start[ring])
        style, verdict = pen.verdict(VERDICT_BY_REASON[Reason(int(study.verdicts.reason_by_ring[ring]))])
        pen.line((style, verdict), f"  on a ring of {count(n, 'object')}")
    above = next((one for one in study.tree.dominators_of(number)), None) if retained else None
    if above is not None and above.kind is not NodeKind.EVERYTHING:
        pen.line(("dim", f"kept by {pen.given(node_name(study, above.kind, above.id))} alone"))


@dataclass(frozen=True, slots=True)
class _Scribe:
    """Writes the lines of one object's list."""

    study: HeapStudy
    pen: Pen

    def path(self, number: int) -> Iterator[Line]:
        """From the holder to the object; the middle of a long path is left out."""
        heap, graph = self.study.heap, self.study.graph
        whole: list[tuple[HolderKind | None, int, int]] = []  # (kind, holder, -1) or (None, object, next)
        for leg in self.study.holders.legs(number):
            whole.append((leg.kind, leg.holder, -1))
            whole += [(None, one, after) for one, after in pairwise((*leg.objects, -1))]
        n_left_out = len(whole) - 2 * _MAX_STEPS
        for at, (kind, one, after) in enumerate(whole):
            word = "held by" if not at else ""
            if n_left_out > 1 and _MAX_STEPS <= at < _MAX_STEPS + n_left_out:
                if at == _MAX_STEPS:
                    yield Line(("", "", f"{self.pen.signs.dots} {n_left_out:,} more", "", None))
                continue
            if kind is not None:
                place = {HolderKind.ROOT: Place.ROOT, HolderKind.GOROUTINE: Place.GOROUTINE}.get(kind)
                stop = Stop(place, one) if place else None
                yield Line((word, "", holder_name(heap, kind, one), "", None), stop)
            else:
                field = field_of(heap, edge_between(graph, one, after)) if after >= 0 else ("", -1)
                yield self._line(word, field, one)

    def pointers(self, word: str, edges: Int64s, source: int) -> Iterator[Line]:
        """Edges, each with the object at its other end; `source` is where all of them start, or -1."""
        graph = self.study.graph
        shown = edges[:_MAX_EDGES].astype(np.int64)
        fields = self.study.heap.fields_of(shown)
        others = graph.edge_target[shown] if source >= 0 else sources_of(graph, shown)
        for at, other in enumerate(others.tolist()):
            label = int(fields.label_by_edge[at])
            field = (fields.names[label] if label >= 0 else "", int(fields.off_by_edge[at]))
            yield self._line(word if not at else "", field, other)
        if len(edges) > len(shown):
            yield Line(("", "", f"{self.pen.signs.dots} {len(edges) - len(shown):,} more", "", None))

    def roots(self, number: int) -> Iterator[Line]:
        """The roots that point at it."""
        given = self.study.graph.roots
        for one in rows_with(Rows(given.target_start, given.target_object), number)[:_MAX_EDGES].tolist():
            variable = self.study.heap.root_variable(one, number)
            name = holder_name(self.study.heap, HolderKind.ROOT, one)
            yield Line(("root", variable, name, "", None), Stop(Place.ROOT, one))

    def specials(self, number: int) -> Iterator[Line]:
        """Finalizers and the like that are set on it."""
        for one in np.flatnonzero(self.study.graph.specials.object_by_special == number).tolist():
            yield Line(("has", "", self.study.heap.special_name(one), "", None))

    def _line(self, word: str, field: tuple[str, int], number: int) -> Line:
        study = self.study
        retained = int(study.tree.tree.retained(np.array([number], np.int32))[0])
        where = f"{int(study.graph.addr_by_object[number]):#x}"
        cells = (word, field_text(self.pen, *field), study.heap.type_name(number), where, retained)
        return Line(cells, Stop(Place.OBJECT, number))
