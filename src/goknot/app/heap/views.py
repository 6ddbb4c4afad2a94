"""Views of a heap as tables: types, roots, goroutines, what a type keeps, how something is held."""

from __future__ import annotations

import numpy as np

from goknot.analyses.heap.dominance import NodeKind, sizes_by_type
from goknot.analyses.heap.views import objects_of_type, path_to_type, weigh
from goknot.app.heap.goroutine_groups import goroutine_groups
from goknot.app.heap.names import named_by, node_name, object_or_type
from goknot.app.heap.steps import path_steps
from goknot.app.heap.study import HeapStudy
from goknot.model.heap import RootKind
from goknot.model.knot import HeapStep
from goknot.model.report import TypeSize
from goknot.model.table import Cell, Column, Table, Unit

BYTES: Unit = "bytes"
COUNT: Unit = "count"


def type_sizes(study: HeapStudy) -> tuple[TypeSize, ...]:
    """Every type that has reachable objects, by what they keep, then by size, then by name."""
    return tuple(size for _, size in sized_types(study))


def sized_types(study: HeapStudy) -> tuple[tuple[int, TypeSize], ...]:
    """The same, each with the type's number; -1 for objects of unknown type."""
    names = [*study.heap.type_names, "unknown"]
    sizes = sizes_by_type(study.tree, len(names) - 1, study.alloc)
    numbers = [*range(len(names) - 1), -1]
    found = [
        (number, TypeSize(*row))
        for number, *row in zip(
            numbers,
            names,
            [*named_by(study), "unknown"],
            sizes.n_objects_by_type.tolist(),
            sizes.bytes_by_type.tolist(),
            sizes.dominated_by_type.tolist(),
            strict=True,
        )
        if row[2]
    ]
    return tuple(sorted(found, key=lambda one: (-one[1].retained_bytes, -one[1].bytes, one[1].name)))


def top(study: HeapStudy, limit: int) -> Table:
    """Types by what their objects keep."""
    sizes = type_sizes(study)
    rows = [(one.retained_bytes, one.bytes, one.objects, one.name, one.named_by) for one in sizes[:limit]]
    return Table(
        "top",
        f"{len(rows):,} of {len(sizes):,} types by retained size",
        (
            Column("retained", BYTES),
            Column("own", BYTES),
            Column("objects", COUNT),
            Column("type"),
            Column("named_by"),
        ),
        tuple(rows),
        notes=(
            "retained: what single objects of the type keep, summed; an object inside another of its type counts once. "
            "--retained TYPE says exactly what goes when all go.",
        ),
    )


def retained(study: HeapStudy, text: str) -> Table:
    """What goes when all objects of a type go, or one object."""
    number, label = object_or_type(study, text)
    objects = objects_of_type(study.graph, label) if label >= 0 else np.array([number], np.int32)
    sizes = weigh(study.holders, study.tree, objects, study.alloc)
    name = study.heap.type_names[label] if label >= 0 else f"{study.heap.type_name(number)} at {text}"
    garbage = len(objects) - sizes.n_objects
    return Table(
        "retained",
        f"What goes when every {name} goes" if label >= 0 else f"What goes when {name} goes",
        (
            Column("retained", BYTES),
            Column("retained_objects", COUNT),
            Column("own", BYTES),
            Column("objects", COUNT),
            Column("type"),
        ),
        ((sizes.retained_bytes, sizes.n_retained, sizes.own_bytes, sizes.n_objects, name),),
        notes=(f"{garbage:,} more are garbage already.",) if garbage else (),
    )


def path_to(study: HeapStudy, text: str) -> Table:
    """The shortest path from what holds it firmest to an object, or to the nearest object of a type."""
    number, label = object_or_type(study, text)
    hops = path_to_type(study.graph, study.holders, label) if label >= 0 else study.holders.path(number)
    steps = path_steps(study.heap, hops)
    name = study.heap.type_names[label] if label >= 0 else text
    columns = (Column("held_by"), Column("field"), Column("offset", COUNT), Column("address"))
    if not steps:
        return Table("path-to", f"Nothing holds {name}: it is garbage", columns, ())
    return Table(
        "path-to",
        f"How {name} is held",
        columns,
        tuple(_step(step) for step in steps),
        tuple(range(len(steps))),
    )


def _step(step: HeapStep) -> tuple[Cell, ...]:
    offset = step.offset if step.offset >= 0 else None
    return step.name, step.field, offset, f"{step.address:#x}" if step.address else ""


def roots(study: HeapStudy, limit: int) -> Table:
    """Roots by what they alone keep."""
    graph, heap = study.graph, study.heap
    first = study.tree.node_of(NodeKind.ROOT)
    nodes = np.arange(first, first + graph.n_roots, dtype=np.int32)
    kept = study.tree.tree.retained(nodes)
    n_targets = np.diff(graph.roots.target_start)
    order = np.lexsort((np.arange(graph.n_roots), -n_targets, -kept))[:limit]
    rows = tuple(
        (
            int(kept[one]),
            int(n_targets[one]),
            RootKind(int(graph.roots.kind_by_root[one])).name.lower(),
            node_name(study, NodeKind.ROOT, one),
            heap.roots[one].module,
            "" if heap.roots[one].precise else "word by word",
        )
        for one in order.tolist()
    )
    n_vague = sum(not root.precise for root in heap.roots)
    return Table(
        "roots",
        f"{len(rows):,} of {graph.n_roots:,} roots by what they alone keep",
        (
            Column("retained", BYTES),
            Column("pointers", COUNT),
            Column("kind"),
            Column("root"),
            Column("module"),
            Column("scan"),
        ),
        rows,
        notes=(f"{n_vague:,} roots were scanned word by word; all others exactly.",),
    )


def goroutines(study: HeapStudy, limit: int, *, each: bool) -> Table:
    """Goroutines by stack and what they keep; with `each`, every one."""
    groups = goroutine_groups(study, each=each)
    rows: list[tuple[Cell, ...]] = []
    for group in groups[:limit]:
        first = study.heap.goroutines[int(group.members[0])]
        rows.append((
            group.retained_bytes,
            len(group.members),
            group.waits,
            "" if group.is_live else "leaked",
            group.function,
            next((frame.where for frame in first.frames if frame.function == group.function), ""),
            first.created_at,
            f"{first.goid}",
        ))  # fmt: skip
    return Table(
        "goroutines",
        f"{len(study.heap.goroutines):,} goroutines" + ("" if each else f" in {len(groups):,} groups of one stack"),
        (
            Column("retained", BYTES),
            Column("goroutines", COUNT),
            Column("waits_for"),
            Column("leaked"),
            Column("function"),
            Column("where"),
            Column("created_by"),
            Column("first"),
        ),
        tuple(rows),
        notes=("retained: what each goroutine's stack alone keeps, summed.",),
    )
