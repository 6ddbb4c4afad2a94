"""The folded dominator tree of a heap, for a picture of who keeps what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from goknot.analyses.heap.profile import HeapSample, samples_of
from goknot.app.heap.labels import labels_of
from goknot.app.heap.study import HeapStudy
from goknot.model.pictures import KeptNode

_LEAST = 2000  # a node that keeps less than this part of everything is part of its parent's rest
_MAX_DEPTH = 40
Path = tuple[int, ...]


def kept_tree(study: HeapStudy) -> tuple[KeptNode, ...]:
    """The nodes that keep at least 1/2000 of the heap, parents first, largest first; the others summed as `rest`."""
    names, n_types, label = labels_of(study)
    return fold_samples(samples_of(study.tree, label, study.alloc), names, n_types)


def fold_samples(samples: Iterable[HeapSample], names: Sequence[str], n_types: int) -> tuple[KeptNode, ...]:
    """The tree of samples.

    Args:
        samples: Objects and bytes by their path of labels.
        names: Label -> name.
        n_types: The labels below are types, the others roots.
    """
    kept: dict[Path, int] = {}
    own: dict[Path, tuple[int, int]] = {}
    children: dict[Path, set[int]] = {}
    for sample in samples:
        path = sample.labels[:_MAX_DEPTH]
        objects, n_bytes = own.get(path, (0, 0))
        own[path] = (objects + sample.n_objects, n_bytes + sample.n_bytes)
        for depth in range(len(path) + 1):
            kept[path[:depth]] = kept.get(path[:depth], 0) + sample.n_bytes
            if depth:
                children.setdefault(path[: depth - 1], set()).add(path[depth - 1])
    least = max(1, kept.get((), 0) // _LEAST)
    found: list[KeptNode] = []
    waiting: list[tuple[Path, int]] = [((), -1)]
    while waiting:
        path, parent = waiting.pop()
        below = sorted(((kept[*path, one], names[one], one) for one in children.get(path, ())), key=_largest_first)
        large = [one for one in below if one[0] >= least]
        rest = sum(n_bytes for n_bytes, _, _ in below[len(large) :])
        if path:
            objects, n_bytes = own.get(path, (0, 0))
            kind = "object" if path[-1] < n_types else "root"
            found.append(KeptNode(parent, names[path[-1]], kind, objects, n_bytes, kept[path]))
            parent = len(found) - 1
        if rest:
            found.append(KeptNode(parent, "rest", "rest", 0, rest, rest))
        waiting.extend(((*path, one), parent) for _, _, one in reversed(large))
    return tuple(found)


def _largest_first(one: tuple[int, str, int]) -> tuple[int, str]:
    return (-one[0], one[1])
