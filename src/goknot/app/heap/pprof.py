"""A heap as a profile for `go tool pprof`: own bytes on the path of what dominates them; cum is what is kept."""

from __future__ import annotations

import numpy as np

from goknot.analyses.heap.dominance import NodeKind
from goknot.analyses.heap.profile import samples_of
from goknot.app.heap.names import node_name
from goknot.app.heap.study import HeapStudy
from goknot.reports.pprof import ProfileSample, ValueType, write_profile

_NAMED = (NodeKind.STACK, NodeKind.ROOT, NodeKind.SPECIAL, NodeKind.GARBAGE)
_NUMBER = "goroutine "


def heap_profile(study: HeapStudy) -> bytes:
    """The gzipped profile; frames are names alone, so that `-diff_base` lines up."""
    graph, tree = study.graph, study.tree
    names = [*study.heap.type_names, "unknown"]
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
    samples = (
        ProfileSample(tuple(names[one] for one in sample.labels), (sample.n_objects, sample.n_bytes))
        for sample in samples_of(tree, label, study.alloc)
    )
    comment = "retained heap by goknot: flat is own size, cum is what goes with it"
    kinds = (ValueType("objects", "count"), ValueType("space", "bytes"))
    return write_profile(kinds, samples, "space", (comment,))


def _stable(study: HeapStudy, kind: NodeKind, number: int) -> str:
    """Without numbers of goroutines and lines, which differ from run to run."""
    if kind is NodeKind.ROOT:
        name = study.heap.roots[number].name
        return f"goroutine in {name.partition(' in ')[2]}" if name.startswith(_NUMBER) else name
    return node_name(study, kind, number)
