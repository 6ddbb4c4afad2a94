"""The dominator tree as a table: who alone keeps how much of what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from goknot.analyses.heap.dominance import NodeKind
from goknot.app.heap.names import node_name
from goknot.app.heap.study import HeapStudy
from goknot.model.table import Cell, Column, Table

_LARGE = 0.1  # of what its parent keeps: such a child stands by itself, smaller ones of one type together
_LEAST = 0.001  # of everything: less is left out


@dataclass(frozen=True, slots=True)
class _Bounds:
    """How deep, how many children of a node, and how many bytes at least."""

    depth: int
    limit: int
    least: int


def dominators(study: HeapStudy, depth: int, limit: int) -> Table:
    """The tree down to `depth`, of each node the `limit` children that keep most."""
    tree = study.tree
    everything = tree.node_of(NodeKind.EVERYTHING)
    total = tree.describe(everything).retained_bytes
    rows = list(_below(study, everything, 0, _Bounds(depth, limit, max(1, int(total * _LEAST)))))
    return Table(
        "dominators",
        "Who alone keeps how much: what goes when the line goes",
        (
            Column("name"),
            Column("retained", "bytes"),
            Column("share", "share"),
            Column("objects", "count"),
            Column("address"),
        ),
        tuple((*row[:2], int(row[1] or 0) / total, *row[2:]) for _, row in rows),
        tuple(at for at, _ in rows),
        notes=(
            f"Of {total:,} bytes; what keeps less than {_LEAST:.1%} is left out, and below each line all but the "
            f"{limit:,} largest.",
        ),
    )


def _below(study: HeapStudy, node: int, depth: int, bounds: _Bounds) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    """(depth, row) of what is below a node."""
    if depth >= bounds.depth:
        return
    for kept, name, members in _groups(study, node)[: bounds.limit]:
        if kept < bounds.least:
            break
        alone = len(members) == 1
        kind, number = study.tree.kind_of(members[0])
        address = f"{int(study.graph.addr_by_object[number]):#x}" if alone and kind is NodeKind.OBJECT else ""
        yield depth, (name if alone else f"{name} x {len(members):,}", kept, len(members), address)
        if alone:
            yield from _below(study, members[0], depth + 1, bounds)


def _groups(study: HeapStudy, node: int) -> list[tuple[int, str, list[int]]]:
    """(retained bytes, name, nodes) of children; small ones of one type, or of one kind, together; largest first."""
    tree = study.tree
    children = tree.tree.children(node).astype(np.int64)
    if not len(children):
        return []
    kept = tree.tree.retained(children.astype(np.int32))
    large = kept >= _LARGE * max(1, int(kept.sum()))
    found = []
    for child, n_bytes in zip(children[large].tolist(), kept[large].tolist(), strict=True):
        found.append((n_bytes, node_name(study, *tree.kind_of(child)), [child]))
    small, small_kept = children[~large], kept[~large]
    is_object = small < study.graph.n_objects
    label = np.where(is_object, study.graph.type_by_object[np.where(is_object, small, 0)], -2)
    for one in np.unique(label[is_object]).tolist():
        at = np.flatnonzero(label == one)
        members = small[at]
        found.append((int(small_kept[at].sum()), study.heap.type_name(int(members[0])), members.tolist()))
    for child, n_bytes in zip(small[~is_object].tolist(), small_kept[~is_object].tolist(), strict=True):
        if n_bytes:
            found.append((n_bytes, node_name(study, *tree.kind_of(child)), [child]))
    return sorted(found, key=lambda group: (-group[0], group[1], group[2][0]))
