"""What each module of a program has on the heap, and what hangs on variables that the collector does not see."""

from __future__ import annotations

import numpy as np

from goknot.analyses.heap.dominance import retained_by_set
from goknot.analyses.heap.tiers import Tier, edges_of
from goknot.app.heap.study import HeapStudy
from goknot.kernels.reach import flood
from goknot.model.cut import Cut
from goknot.model.fingerprint import fingerprint
from goknot.model.knot import HeapSize, HeapStep, Knot, KnotEdge, KnotNode
from goknot.model.named_heap import LostVariable
from goknot.model.report import HeapModule
from goknot.model.table import Column, Table
from goknot.model.verdict import Confidence, Level, Verdict
from goknot.reports.words import count

_NO_OBJECTS = np.zeros(0, np.int32)


def module_sizes(study: HeapStudy) -> tuple[HeapModule, ...]:
    """Every module, in the order of loading; nothing of a program that is one alone."""
    heap, graph = study.heap, study.graph
    if len(heap.modules) < 2 or heap.module_by_root is None or heap.module_by_type is None:
        return ()
    live = study.holders.tier_by_object != Tier.GARBAGE
    typed = live & (graph.type_by_object >= 0)
    owner = heap.module_by_type[graph.type_by_object[typed]]
    known, own = owner >= 0, graph.bytes_by_object[typed]
    n_objects = np.bincount(owner[known], minlength=len(heap.modules)).tolist()
    n_bytes = np.bincount(owner[known], own[known], minlength=len(heap.modules)).astype(np.int64).tolist()
    found = []
    for number, module in enumerate(heap.modules):
        roots = np.flatnonzero(heap.module_by_root == number)
        kept = retained_by_set(study.tree, study.holders, _NO_OBJECTS, study.alloc, roots) if len(roots) else (0, 0)
        state = "refused" if module.is_bad else "active" if module.is_active else "opening"
        found.append(
            HeapModule(
                name=module.name,
                path=module.path,
                state=state,
                text=module.text,
                data=module.data,
                bss=module.bss,
                has_masks=module.has_masks,
                roots=len(roots),
                retained_objects=kept[0],
                retained_bytes=kept[1],
                objects=n_objects[number],
                bytes=n_bytes[number],
            )
        )
    return tuple(found)


def modules(study: HeapStudy) -> Table:
    """Modules as a table."""
    sizes = module_sizes(study)
    columns = (
        Column("retained", "bytes"),
        Column("roots", "count"),
        Column("objects", "count"),
        Column("own", "bytes"),
        Column("state"),
        Column("module"),
        Column("text"),
        Column("data"),
        Column("bss"),
        Column("masks"),
        Column("path"),
    )
    rows = tuple(
        (
            one.retained_bytes,
            one.roots,
            one.objects,
            one.bytes,
            one.state,
            one.name,
            _range(one.text),
            _range(one.data),
            _range(one.bss),
            "yes" if one.has_masks else "no",
            one.path,
        )
        for one in sizes
    )
    notes = (
        "retained: what goes when all variables of the module let go. objects, own: of types the module describes.",
        "refused: plugin.Open returned an error; the module stays mapped, and its variables are no roots.",
    )
    title = f"{len(rows):,} modules" if rows else "One module: the program has no plugins"
    return Table("modules", title, columns, rows, notes=notes if rows else ())


def _range(stretch: tuple[int, int]) -> str:
    return f"{stretch[0]:#x}-{stretch[1]:#x}"


def lost_knot(study: HeapStudy, lost: LostVariable) -> Knot:
    """A variable of a refused plugin that a later one uses: what it points at is freed in use."""
    heap, graph = study.heap, study.graph
    holder, user = heap.modules[lost.holder].name, heap.modules[lost.user].name
    seeds = np.array(lost.objects, np.int32)
    garbage = study.holders.tier_by_object == Tier.GARBAGE
    at_risk = flood(
        edges_of(graph),
        seeds,
        np.where(garbage, 0, 2).astype(np.uint8),
        cut=np.zeros(graph.n_objects, np.uint8),
        tier_by_node=study.holders.tier_by_object,
        alloc=study.alloc,
    )
    own = int(graph.bytes_by_object[at_risk].sum())
    steps = tuple(
        HeapStep(heap.type_name(number), "object", int(graph.addr_by_object[number])) for number in lost.objects
    )
    parts = []
    if len(at_risk):
        parts.append(f"{count(len(at_risk), 'object')} of {count(own, 'byte')} will be freed at the next collection")
    if lost.n_freed:
        parts.append(f"{count(lost.n_freed, 'pointer')} into memory that is freed already")
    if not parts:
        parts.append("what it points at is held by others too, or memory in use again")
    return Knot(
        id=fingerprint(Level.PLUGIN, "plugin-lost-root", (lost.name, holder, user)),
        level=Level.PLUGIN,
        kind="plugin-lost-root",
        verdict=Verdict.FREED_IN_USE,
        confidence=Confidence.CERTAIN if len(at_risk) or lost.n_freed else Confidence.POSSIBLE,
        reason=f"{user} uses the copy of {lost.name} in {holder}, which plugin.Open refused. A refused plugin stays "
        "mapped, but the collector does not scan its variables: what only they reach is freed while the program uses "
        "it.",
        title=f"{lost.name}: {', '.join(parts)}",
        nodes=(
            KnotNode(user, "plugin", user),
            KnotNode(lost.name, "variable", lost.name),
            KnotNode(holder, "plugin", holder),
        ),
        edges=(KnotEdge(0, 1, "uses"), KnotEdge(1, 2, "lies in")),
        cycles=(),
        cuts=(
            Cut(
                (),
                0,
                0,
                "mend-or-open-last",
                f"Mend {holder} so that it opens, or open it after all others; once a plugin was refused, open no "
                "further one: start the process anew.",
            ),
        ),
        heap=HeapSize(1, len(at_risk), own, own, steps),
    )
