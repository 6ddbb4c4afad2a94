"""The dominator tree as a table: who alone keeps how much of what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.dominance import NodeKind
from goknot.app.heap.names import node_name
from goknot.app.heap.study import HeapStudy
from goknot.model.table import Cell, Column, Table

if TYPE_CHECKING:
    from goknot.model.heap import Int32s

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
    for group in groups_below(study, node, 0, bounds.limit)[0]:
        kept, name, members = group.retained_bytes, group.name, group.nodes
        if kept < bounds.least:
            break
        alone = len(members) == 1
        kind, number = study.tree.kind_of(int(members[0]))
        address = f"{int(study.graph.addr_by_object[number]):#x}" if alone and kind is NodeKind.OBJECT else ""
        yield depth, (name if alone else f"{name} x {len(members):,}", kept, len(members), address)
        if alone:
            yield from _below(study, int(members[0]), depth + 1, bounds)


@dataclass(frozen=True, slots=True)
class KeptGroup:
    """Nodes of the dominator tree that stand side by side and are shown as one line.

    Attributes:
        retained_bytes: What goes when all of them go.
        name: A type, a root, a goroutine, ...
        nodes: One, or small objects of one type, ascending; int32.
    """

    retained_bytes: int
    name: str
    nodes: Int32s


def groups_below(study: HeapStudy, node: int, first: int, count: int) -> tuple[tuple[KeptGroup, ...], int]:
    """Children of a node, largest first, from the `first` on at most `count`, and how many there are in all.

    A child that keeps a tenth of what all keep stands by itself; smaller objects of one type stand together.
    """
    tree, n_objects = study.tree, study.graph.n_objects
    children = tree.tree.children(node)
    kept = tree.tree.retained(children)
    is_object = children < n_objects
    is_large = kept >= _LARGE * max(1, int(kept.sum()))
    alone = is_large | (~is_object & (kept > 0))
    small = children[is_object & ~is_large]
    label = study.graph.type_by_object[small]
    order = np.argsort(label, kind="stable")
    small, starts = small[order], np.flatnonzero(np.diff(label[order], prepend=np.int32(-2)))
    ends = np.append(starts[1:], len(small))
    n_alone = int(alone.sum())
    sums = np.add.reduceat(tree.tree.retained(small), starts) if len(starts) else np.empty(0, np.int64)
    all_kept, all_first = np.concatenate((kept[alone], sums)), np.concatenate((children[alone], small[starts]))
    chosen = np.lexsort((all_first, -all_kept))[first : first + count]
    found = []
    for at in chosen.tolist():
        nodes = all_first[at : at + 1] if at < n_alone else small[starts[at - n_alone] : ends[at - n_alone]]
        found.append(KeptGroup(int(all_kept[at]), node_name(study, *tree.kind_of(int(nodes[0]))), nodes))
    return tuple(sorted(found, key=_largest_first)), len(all_kept)


def _largest_first(group: KeptGroup) -> tuple[int, str, int]:
    return -group.retained_bytes, group.name, int(group.nodes[0])
