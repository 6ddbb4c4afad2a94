"""The dominator tree, a handful of branches at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.dominance import NodeKind
from goknot.app.heap.dominators import groups_below
from goknot.app.heap.names import node_name
from goknot.app.heap.walk.page import Place, Stop
from goknot.kernels.subsets import largest

if TYPE_CHECKING:
    from goknot.app.heap.study import HeapStudy
    from goknot.model.heap import Int32s

_PLACES = {NodeKind.OBJECT: Place.OBJECT, NodeKind.GOROUTINE: Place.GOROUTINE, NodeKind.ROOT: Place.ROOT}


@dataclass(frozen=True, slots=True)
class Branch:
    """A node of the tree, or several that stand together.

    Attributes:
        name: A type, a root, a goroutine, ...; not yet fit for a terminal.
        retained_bytes: What goes when all of them go.
        nodes: They; int32.
        stop: Where its page is; None: it has none.
        is_leaf: Nothing is below it.
    """

    name: str
    retained_bytes: int
    nodes: Int32s
    stop: Stop | None
    is_leaf: bool


def branches(study: HeapStudy, above: Branch | None, first: int, limit: int) -> tuple[tuple[Branch, ...], int]:
    """Branches from the `first` on, largest first, at most `limit`; and how many there are in all.

    Args:
        study: The heap.
        above: What they are below; several nodes: those, one by one; None: everything.
        first: How many to leave out.
        limit: How many at most.
    """
    if above is None or len(above.nodes) == 1:
        node = int(above.nodes[0]) if above is not None else study.tree.node_of(NodeKind.EVERYTHING)
        groups, n = groups_below(study, node, first, limit)
        return tuple(_branch(study, one.name, one.retained_bytes, one.nodes) for one in groups), n
    kept = study.tree.tree.retained(above.nodes)
    chosen = above.nodes[largest(kept, first + limit)[first:]]
    each = [
        _branch(study, node_name(study, *study.tree.kind_of(node)), n_bytes, np.array([node], np.int32))
        for node, n_bytes in zip(chosen.tolist(), study.tree.tree.retained(chosen).tolist(), strict=True)
    ]
    return tuple(each), len(above.nodes)


def _branch(study: HeapStudy, name: str, retained: int, nodes: Int32s) -> Branch:
    if len(nodes) > 1:
        number = int(study.graph.type_by_object[nodes[0]])  # only objects of one type stand together
        return Branch(f"{name} x {len(nodes):,}", retained, nodes, Stop(Place.TYPE, number), is_leaf=False)
    kind, number = study.tree.kind_of(int(nodes[0]))
    place = _PLACES.get(kind)
    own = int(study.graph.bytes_by_object[number]) if kind is NodeKind.OBJECT else 0
    return Branch(name, retained, nodes, Stop(place, number) if place else None, is_leaf=retained <= own)
