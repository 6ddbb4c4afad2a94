"""Folds a dominator tree by labels: who is the outermost of its kind, and the paths of a profile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goknot.kernels import _jit
from goknot.kernels._jit import IN_I32, IN_I64, IN_U8, OUT_I32, OUT_I64, OUT_U8, kernel
from goknot.kernels.dominators import Dominated
from goknot.kernels.memory import Allocator

_FIRST_ROOM = 1 << 14
_MAX_DEPTH = 256  # distinct labels on one path; what lies deeper is folded into the last


@dataclass(frozen=True, slots=True)
class Folded:
    """A dominator tree folded into paths of distinct labels.

    Attributes:
        path_by_position: position -> path that ends at or before it; int32. Path 0 is empty.
        is_outermost: position -> 1 if no dominator has the same label (nor the path its greatest length); uint8.
        parent_by_path: path -> the path one label shorter; -1 for path 0; int32.
        label_by_path: path -> its last label; -1 for path 0; int32.
    """

    path_by_position: NDArray[np.int32]
    is_outermost: NDArray[np.uint8]
    parent_by_path: NDArray[np.int32]
    label_by_path: NDArray[np.int32]

    def labels(self, path: int) -> tuple[int, ...]:
        """The labels of a path, outermost first."""
        found: list[int] = []
        while path > 0:
            found.append(int(self.label_by_path[path]))
            path = int(self.parent_by_path[path])
        return tuple(reversed(found))


@kernel(_jit.i64, IN_I32, IN_I32, OUT_I32, OUT_U8, OUT_I32, OUT_I32, OUT_I32, OUT_I64, OUT_I32, _jit.i64)
def _fold(
    idom: NDArray[np.int32],
    label_by_position: NDArray[np.int32],
    path_by_position: NDArray[np.int32],
    is_outermost: NDArray[np.uint8],
    parent: NDArray[np.int32],
    label_of: NDArray[np.int32],
    depth_of: NDArray[np.int32],
    table_key: NDArray[np.int64],
    table_path: NDArray[np.int32],
    max_depth: int,
) -> int:
    """Fills the two arrays by position; returns how many paths there are, or -1 when the tables are too small.

    Each pair of a path and a label is decided once and kept in an open hash table of -1s before: the path it leads to,
    or -1 - path when it leads nowhere: the label is on the path already, or the path is full.
    """
    last = len(table_key) - 1
    parent[0], label_of[0], depth_of[0] = -1, -1, 0
    n_paths = 1
    n_keys = 0
    for here in range(len(idom)):
        above = path_by_position[idom[here]] if here > 0 else np.int32(0)
        label = label_by_position[here]
        if label < 0:
            is_outermost[here] = 0
            path_by_position[here] = above
            continue
        key = (np.int64(above) << 32) | np.int64(label)
        slot = key * np.int64(-7046029254386353131)
        slot = (slot ^ (slot >> 32)) & last
        while table_key[slot] != key and table_key[slot] >= 0:
            slot = (slot + 1) & last
        if table_key[slot] < 0:
            n_keys += 1
            if 2 * n_keys > last:
                return -1
            seen = above
            while seen > 0 and label_of[seen] != label:
                seen = parent[seen]
            table_key[slot] = key
            if seen > 0 or depth_of[above] >= max_depth:
                table_path[slot] = -1 - above
            else:
                table_path[slot] = n_paths
                parent[n_paths] = above
                label_of[n_paths] = label
                depth_of[n_paths] = depth_of[above] + 1
                n_paths += 1
        found = table_path[slot]
        is_outermost[here] = found >= 0
        path_by_position[here] = found if found >= 0 else -1 - found
    return n_paths


def fold(
    idom_by_position: NDArray[np.int32],
    label_by_position: NDArray[np.int32],
    max_depth: int = _MAX_DEPTH,
    alloc: Allocator | None = None,
) -> Folded:
    """Folds the dominator tree by labels.

    A path lists labels in the order they first occur on the way down, so recursion costs nothing: a list of a million
    nodes is one path.

    Args:
        idom_by_position: position -> position of its immediate dominator; -1 for the first.
        label_by_position: position -> label; a negative one leaves no trace on the path.
        max_depth: A path has at most this many labels; further labels below it are not told apart, nor outermost.
        alloc: Where arrays come from.
    """
    alloc = alloc or Allocator()
    path, outermost = alloc.empty(len(idom_by_position), np.int32), alloc.empty(len(idom_by_position), np.uint8)
    n_paths, room = -1, _FIRST_ROOM
    while n_paths < 0:  # rarely twice: most heaps have few paths
        parent, label_of, depth = (np.empty(room, np.int32) for _ in range(3))
        keys = np.full(2 * room, -1, np.int64)
        n_paths = _fold(
            idom_by_position,
            label_by_position,
            path,
            outermost,
            parent,
            label_of,
            depth,
            keys,
            np.empty(2 * room, np.int32),
            max_depth,
        )
        room *= 8
    return Folded(path, outermost, parent[:n_paths].copy(), label_of[:n_paths].copy())


@kernel(_jit.void, IN_I32, IN_I64, OUT_I64)
def _add_up(key: NDArray[np.int32], value: NDArray[np.int64], total: NDArray[np.int64]) -> None:
    for index in range(len(key)):
        if key[index] >= 0:
            total[key[index]] += value[index]


def sum_by(key: NDArray[np.int32], value: NDArray[np.int64], n_keys: int) -> NDArray[np.int64]:
    """key -> sum of the values under it; items with key -1 are left out. Exact, unlike `numpy.bincount`."""
    total = np.zeros(n_keys, np.int64)
    _add_up(key, value, total)
    return total


@kernel(_jit.void, IN_I64, IN_I32, IN_I64, OUT_I64)
def _sum_rows(
    start: NDArray[np.int64], node: NDArray[np.int32], value: NDArray[np.int64], total: NDArray[np.int64]
) -> None:
    for row in range(len(total)):
        added = 0
        for index in range(start[row], start[row + 1]):
            added += value[node[index]]
        total[row] = added


def sum_rows(start: NDArray[np.int64], node: NDArray[np.int32], value_by_node: NDArray[np.int64]) -> NDArray[np.int64]:
    """row -> sum of the values of its nodes."""
    total = np.empty(len(start) - 1, np.int64)
    _sum_rows(start, node, value_by_node, total)
    return total


@kernel(_jit.void, IN_I32, IN_I32, _jit.i64, _jit.i64, OUT_I32)
def _label_types(
    node_at: NDArray[np.int32], type_by_object: NDArray[np.int32], garbage: int, n_types: int, label: NDArray[np.int32]
) -> None:
    for here in range(len(node_at)):
        node = node_at[here]
        if node >= len(type_by_object):
            label[here] = n_types + 1
        else:
            label[here] = type_by_object[node] if type_by_object[node] >= 0 else n_types
    label[garbage] = n_types + 2


def label_types(
    node_by_position: NDArray[np.int32],
    type_by_object: NDArray[np.int32],
    garbage: int,
    n_types: int,
    alloc: Allocator | None = None,
) -> NDArray[np.int32]:
    """position -> the type of an object, n_types if not known; n_types + 1 for top nodes, + 2 for garbage's."""
    label = (alloc or Allocator()).empty(len(node_by_position), np.int32)
    _label_types(node_by_position, type_by_object, garbage, n_types, label)
    return label


@kernel(_jit.void, IN_I32, IN_U8, IN_I32, IN_I64, IN_I64, OUT_I64, OUT_I64, OUT_I64)
def _sum_types(
    label: NDArray[np.int32],
    is_outermost: NDArray[np.uint8],
    node_at: NDArray[np.int32],
    retained: NDArray[np.int64],
    bytes_by_object: NDArray[np.int64],
    count: NDArray[np.int64],
    own: NDArray[np.int64],
    dominated: NDArray[np.int64],
) -> None:
    for here in range(len(label)):
        key = label[here]
        if key >= len(count):
            continue
        count[key] += 1
        own[key] += bytes_by_object[node_at[here]]
        if is_outermost[here]:
            dominated[key] += retained[here]


def sum_types(
    label_by_position: NDArray[np.int32],
    is_outermost: NDArray[np.uint8],
    tree: Dominated,
    bytes_by_object: NDArray[np.int64],
    n_labels: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """label -> objects, their bytes, and what the outermost of them retain; labels from `n_labels` on do not count."""
    count, own, dominated = (np.zeros(n_labels, np.int64) for _ in range(3))
    tables = tree.node_by_position, tree.retained_by_position
    _sum_types(label_by_position, is_outermost, *tables, bytes_by_object, count, own, dominated)
    return count, own, dominated
