"""A heap as the samples of a profile: each object's own bytes on the path of what dominates it.

Summed up along such paths, a frame's cumulative value is exactly what its kind keeps, and the whole sums to the heap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.dominance import HeapTree, own_bytes
from goknot.kernels.folding import fold, sum_by
from goknot.kernels.memory import Allocator

if TYPE_CHECKING:
    from goknot.model.heap import Int32s


@dataclass(frozen=True, slots=True)
class HeapSample:
    """Objects with one path of labels.

    Attributes:
        labels: Outermost first; the last is the objects' own. A label that recurs stands where it first occurred, and
            once more at the end if it is the objects' own.
        n_objects: How many objects.
        n_bytes: Their own bytes.
    """

    labels: tuple[int, ...]
    n_objects: int
    n_bytes: int


def samples_of(heap: HeapTree, label_by_node: Int32s, alloc: Allocator | None = None) -> tuple[HeapSample, ...]:
    """Folds the dominator tree into samples, sorted by labels.

    Args:
        heap: The dominator tree.
        label_by_node: node of the tree -> label: of an object its type, of a goroutine's stack its function, ...; -1
            for nodes that leave no trace. Objects need a label.
        alloc: Where arrays come from.
    """
    graph, tree = heap.graph, heap.tree
    label = label_by_node[tree.node_by_position]
    folded = fold(tree.idom_by_position, label, alloc=alloc)
    is_object = tree.node_by_position < graph.n_objects
    n_paths = len(folded.parent_by_path)
    n_labels = int(label_by_node.max(initial=0)) + 1
    at_end = folded.label_by_path[folded.path_by_position] == label
    plain = np.where(is_object & at_end, folded.path_by_position, -1).astype(np.int32)
    own = own_bytes(heap)
    counts, sizes = sum_by(plain, np.ones(len(plain), np.int64), n_paths), sum_by(plain, own, n_paths)
    samples = [
        HeapSample(folded.labels(path), int(counts[path]), int(sizes[path])) for path in np.flatnonzero(counts).tolist()
    ]
    again = np.flatnonzero(is_object & ~at_end)
    pairs = folded.path_by_position[again].astype(np.int64) * n_labels + label[again]
    keys, positions = np.unique(pairs, return_inverse=True)
    index = positions.astype(np.int32)
    counts, sizes = sum_by(index, np.ones(len(index), np.int64), len(keys)), sum_by(index, own[again], len(keys))
    for key, count, size in zip(keys.tolist(), counts.tolist(), sizes.tolist(), strict=True):
        samples.append(HeapSample((*folded.labels(key // n_labels), key % n_labels), count, size))
    return tuple(sorted(samples, key=lambda one: one.labels))
