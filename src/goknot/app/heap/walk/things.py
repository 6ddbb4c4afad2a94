"""Pages about one thing: a knot, a type, a goroutine or those alike, a root. Objects: `object_page`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.dominance import NodeKind
from goknot.analyses.heap.holders import HolderKind
from goknot.analyses.heap.views import object_at, objects_of_type, weigh
from goknot.app.heap.steps import holder_name
from goknot.app.heap.walk.page import Line, Page, Place, Stop, make_page
from goknot.kernels.subsets import largest
from goknot.model.table import Cell, Column
from goknot.reports.heap_text import field_text
from goknot.reports.knot_text import write_knot
from goknot.reports.words import bytes_text, count

if TYPE_CHECKING:
    from goknot.app.heap.walk.known import Known
    from goknot.model.knot import HeapStep, Knot
    from goknot.model.named_heap import FrameName
    from goknot.reports.pen import Pen

_MAX_MEMBERS = 1_000
_STEP = (Column("is"), Column("what"), Column("field"), Column("address"))
_MEMBER = (Column("retained", "bytes"), Column("bytes", "bytes"), Column("address"), Column("keeps"))
_GOROUTINE = (Column("retained", "bytes"), Column("goroutine"), Column("started by"))
_HELD = (Column("retained", "bytes"), Column("by"), Column("what"), Column("address"))


def knot(walk: Known, stop: Stop, pen: Pen) -> Page:
    """A knot: its ring and what it means; below it one instance, object by object, and how it is held."""
    found = walk.report.knots[stop.number]
    lines: list[Line] = []
    shown = found
    if found.heap is not None:
        shown = replace(found, heap=replace(found.heap, example=(), path_to_root=(), holders=()))
        if found.nodes[0].kind == "goroutine":
            lines += _goroutines_of(walk, found)
        lines += _steps(walk, pen, "instance", found.heap.example)
        lines += _steps(walk, pen, "held by", found.heap.path_to_root)
        lines += [Line(("also by", f"{name} ({n:,})", "", "")) for name, n in found.heap.holders[1:]]
    write_knot(pen, shown, walk.report, whole=True)
    return make_page(pen, stop, found.title, _STEP, lines)


def _goroutines_of(walk: Known, found: Knot) -> Iterator[Line]:
    goids = found.heap.goroutines if found.heap is not None else ()
    for number, one in enumerate(walk.study.heap.goroutines):
        if one.goid in goids:
            yield Line(("goroutine", f"goroutine {one.goid}", one.wait_reason, ""), Stop(Place.GOROUTINE, number))


def _steps(walk: Known, pen: Pen, name: str, steps: Sequence[HeapStep]) -> Iterator[Line]:
    for at, step in enumerate(steps):
        number = object_at(walk.study.graph, step.address) if step.address else -1
        cells = (name if not at else "", step.name, field_text(pen, step.field, step.offset))
        where = f"{step.address:#x}" if step.address else ""
        yield Line((*cells, where), Stop(Place.OBJECT, number) if number >= 0 else None)


def type_(walk: Known, stop: Stop, pen: Pen) -> Page:
    """A type: what all its objects weigh together, and those that keep most."""
    study, graph = walk.study, walk.study.graph
    name = study.heap.type_names[stop.number] if stop.number >= 0 else "unknown"
    objects = objects_of_type(graph, stop.number)
    sizes = weigh(study.holders, study.tree, objects, study.alloc)
    kept = study.tree.tree.retained(objects)
    chosen = largest(kept, _MAX_MEMBERS)
    pen.line(("strong", f"{sizes.n_objects:,} reachable objects, {bytes_text(sizes.own_bytes)}"))
    pen.line(f"When all of them go, {count(sizes.n_retained, 'object')} go: {bytes_text(sizes.retained_bytes)}")
    if len(objects) > sizes.n_objects:
        pen.line(("dim", f"{len(objects) - sizes.n_objects:,} more are garbage"))
    lines = []
    for number, n_bytes in zip(objects[chosen].tolist(), kept[chosen].tolist(), strict=True):
        cells = (n_bytes, int(graph.bytes_by_object[number]), f"{int(graph.addr_by_object[number]):#x}")
        n_out = int(graph.edge_start[number + 1] - graph.edge_start[number])
        lines.append(Line((*cells, count(n_out, "pointer")), Stop(Place.OBJECT, number)))
    return make_page(pen, stop, name, _MEMBER, lines)


def stack(walk: Known, stop: Stop, pen: Pen) -> Page:
    """Goroutines that do the same: their stack, and each of them."""
    group = walk.groups[stop.number]
    first = walk.study.heap.goroutines[int(group.members[0])]
    _write_frames(pen, first.frames, first.created_at)
    kept = _kept(walk, NodeKind.GOROUTINE, group.members.tolist())
    rows = sorted(zip(group.members.tolist(), kept, strict=True), key=lambda row: (-row[1], row[0]))[:_MAX_MEMBERS]
    lines = []
    for number, n_bytes in rows:
        one = walk.study.heap.goroutines[number]
        lines.append(Line((n_bytes, f"goroutine {one.goid}", one.created_at), Stop(Place.GOROUTINE, number)))
    waits = group.waits if group.is_live else f"for ever: {group.waits}"
    return make_page(
        pen, stop, f"{group.function}: {count(len(group.members), 'goroutine')}, {waits}", _GOROUTINE, lines
    )


def goroutine(walk: Known, stop: Stop, pen: Pen) -> Page:
    """A goroutine: its stack and what that points at."""
    study, number = walk.study, stop.number
    one = study.heap.goroutines[number]
    _write_frames(pen, one.frames, one.created_at)
    if not one.precise:
        pen.line(("warn", "its stack was read word by word"))
    lines: list[Line] = []
    for at in np.flatnonzero(study.graph.roots.goroutine_by_root == number).tolist():
        lines += _targets(walk, at, study.heap.roots[at].where)
    waits = "" if study.holders.leaked.is_live[number] else "for ever: "
    title = f"goroutine {one.goid}, {waits}{one.wait_reason or one.status}"
    return make_page(pen, stop, title, _HELD, lines)


def root(walk: Known, stop: Stop, pen: Pen) -> Page:
    """A root and what it points at."""
    found = walk.study.heap.roots[stop.number]
    if found.where:
        pen.line(("place", pen.given(found.where)))
    if not found.precise:
        pen.line(("warn", "it was read word by word"))
    lines = [*_targets(walk, stop.number, "")]
    kept = _kept(walk, NodeKind.ROOT, [stop.number])[0]
    return make_page(pen, stop, f"{root_name(walk, stop.number)}: keeps {bytes_text(kept)}", _HELD, lines)


def root_name(walk: Known, number: int) -> str:
    """What a person calls a root."""
    return holder_name(walk.study.heap, HolderKind.ROOT, number)


def _targets(walk: Known, number: int, name: str) -> Iterator[Line]:
    given, study = walk.study.graph.roots, walk.study
    objects = np.unique(given.target_object[given.target_start[number] : given.target_start[number + 1]])
    kept = study.tree.tree.retained(objects)
    for at in largest(kept, _MAX_MEMBERS).tolist():
        target = int(objects[at])
        by = study.heap.root_variable(number, target) or name
        cells: tuple[Cell, ...] = (int(kept[at]), by, study.heap.type_name(target))
        yield Line((*cells, f"{int(study.graph.addr_by_object[target]):#x}"), Stop(Place.OBJECT, target))


def _kept(walk: Known, kind: NodeKind, numbers: Sequence[int]) -> list[int]:
    nodes = np.array(numbers, np.int32) + np.int32(walk.study.tree.node_of(kind))
    found: list[int] = walk.study.tree.tree.retained(nodes).tolist()
    return found


def _write_frames(pen: Pen, frames: Sequence[FrameName], created_at: str) -> None:
    for frame in frames:
        pen.line("  ", pen.given(frame.function), "  ", ("place", pen.given(frame.where)))
    if created_at:
        pen.line("  ", ("dim", f"started by {pen.given(created_at)}"))
