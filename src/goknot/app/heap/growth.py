"""Two heaps of one program: what grew."""

from __future__ import annotations

from collections.abc import Iterable

from goknot.analyses.heap.diff import Amount, Change, ChangeKind, Key, compare
from goknot.app.heap.report import find_knots
from goknot.app.heap.study import HeapStudy
from goknot.app.heap.views import type_sizes
from goknot.model.knot import Knot
from goknot.model.table import Column, Table


def growth(older: HeapStudy, newer: HeapStudy, limit: int) -> tuple[Table, ...]:
    """What grew between two images: knots, then types, then goroutines by stack."""
    before, after = find_knots(older), find_knots(newer)
    titles: dict[Key, str] = {(knot.id,): knot.title.partition(":")[0] for knot in (*before, *after)}
    kinds: dict[Key, str] = {(knot.id,): f"{knot.verdict} {knot.kind}" for knot in (*before, *after)}
    pairs = (
        ("knots", _of_knots(before), _of_knots(after)),
        ("types", _of_types(older), _of_types(newer)),
        ("goroutines", _of_stacks(older), _of_stacks(newer)),
    )
    return tuple(_table(what, compare(old, new), limit, titles, kinds) for what, old, new in pairs)


def _of_knots(knots: Iterable[Knot]) -> dict[Key, Amount]:
    found: dict[Key, Amount] = {}
    for knot in knots:
        if knot.heap:
            amount = Amount(knot.heap.instances, knot.heap.retained_bytes)
            found[knot.id,] = found.get((knot.id,), Amount(0, 0)).plus(amount)
    return found


def _of_types(study: HeapStudy) -> dict[Key, Amount]:
    return {(one.name,): Amount(one.objects, one.bytes) for one in type_sizes(study)}


def _of_stacks(study: HeapStudy) -> dict[Key, Amount]:
    found: dict[Key, Amount] = {}
    for one in study.graph.goroutines.stack_by_goroutine.tolist():
        key = (" < ".join(study.heap.stack_names[one]),)
        found[key] = found.get(key, Amount(0, 0)).plus(Amount(1, 0))
    return found


def _table(what: str, compared: Iterable[Change], limit: int, titles: dict[Key, str], kinds: dict[Key, str]) -> Table:
    changes = [one for one in compared if one.kind is not ChangeKind.SAME]
    grown = [one for one in changes if one.kind in (ChangeKind.NEW, ChangeKind.GREW)]
    gone = len(changes) - len(grown)
    rows = tuple(
        (
            one.grown_bytes,
            one.grown_count,
            one.base.count,
            one.target.count,
            titles.get(one.key, one.key[0]),
            kinds.get(one.key, ""),
            one.kind.value,
            one.key[0] if what == "knots" else "",
        )
        for one in grown[:limit]
    )
    return Table(
        f"diff-{what}",
        f"{len(grown):,} {what} grew",
        (
            Column("grown", "bytes"),
            Column("more", "count"),
            Column("before", "count"),
            Column("after", "count"),
            Column("name"),
            Column("kind"),
            Column("change"),
            Column("knot"),
        ),
        rows,
        notes=(f"{gone:,} shrank or are gone.",) if gone else (),
    )
