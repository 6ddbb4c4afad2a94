"""What the nodes of a heap's dominator tree are called where objects of one kind are folded together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.dominance import NodeKind
from goknot.app.heap.names import node_name
from goknot.app.heap.study import HeapStudy

if TYPE_CHECKING:
    from goknot.model.heap import Int32s

_NAMED = (NodeKind.STACK, NodeKind.ROOT, NodeKind.SPECIAL, NodeKind.GARBAGE)
_NUMBER = "goroutine "


def labels_of(study: HeapStudy) -> tuple[list[str], int, Int32s]:
    """Names by label, how many of the first are types, and node of the tree -> label (-1: leaves no trace)."""
    graph, tree = study.graph, study.tree
    names = [*study.heap.type_names, "unknown"]
    n_types = len(names)
    index = {name: number for number, name in enumerate(names)}
    n_nodes = tree.node_of(NodeKind.GARBAGE) + 1
    label = np.full(n_nodes, -1, np.int32)
    types = graph.type_by_object
    label[: graph.n_objects] = np.where(types >= 0, types, len(names) - 1)
    for kind in _NAMED:
        first = tree.node_of(kind)
        last = n_nodes if kind is NodeKind.GARBAGE else tree.node_of(NodeKind(kind + 1))
        for node in range(first, last):
            name = _stable(study, kind, node - first)
            if name not in index:
                index[name] = len(names)
                names.append(name)
            label[node] = index[name]
    return names, n_types, label


def _stable(study: HeapStudy, kind: NodeKind, number: int) -> str:
    """Without numbers of goroutines and lines, which differ from run to run."""
    if kind is NodeKind.ROOT:
        name = study.heap.roots[number].name
        return f"goroutine in {name.partition(' in ')[2]}" if name.startswith(_NUMBER) else name
    return node_name(study, kind, number)
