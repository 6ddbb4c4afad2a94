"""Folds a dominator tree by labels: who is the outermost of its kind, and the paths of a profile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goknot.kernels import _jit
from goknot.kernels._jit import IN_I32, IN_I64, OUT_I32, OUT_I64, OUT_U8, helper, kernel
from goknot.kernels.memory import Allocator

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


@helper
def _slot_of(key: int, table_key: NDArray[np.int64]) -> int:
    """Where `key` is, or may be put; keys are not negative and -1 is an empty slot."""
    last = len(table_key) - 1
    mixed = np.int64(key) * np.int64(-7046029254386353131)
    slot = (mixed ^ (mixed >> 32)) & last
    while table_key[slot] != key and table_key[slot] >= 0:
        slot = (slot + 1) & last
    return int(slot)


@kernel(_jit.tuple_of(OUT_I32, OUT_I32), IN_I32, IN_I32, OUT_I32, OUT_U8, _jit.i64)
def _fold(
    idom: NDArray[np.int32],
    label_by_position: NDArray[np.int32],
    path_by_position: NDArray[np.int32],
    is_outermost: NDArray[np.uint8],
    max_depth: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Fills the two arrays by position and returns the parents and labels of the paths.

    Each pair of a path and a label is decided once and kept in an open hash table: the path it leads to, or -1 - path
    when it leads nowhere: the label is on the path already, or the path is full.
    """
    parent, label_of, depth_of = np.full(64, -1, np.int32), np.full(64, -1, np.int32), np.zeros(64, np.int32)
    table_key, table_path = np.full(256, -1, np.int64), np.empty(256, np.int32)
    n_paths = 1
    n_keys = 0
    for here in range(len(idom)):
        label = label_by_position[here]
        if label < 0:
            is_outermost[here] = 0
            path_by_position[here] = path_by_position[idom[here]] if here > 0 else np.int32(0)
            continue
        above = path_by_position[idom[here]] if here > 0 else np.int32(0)
        key = (np.int64(above) << 32) | np.int64(label)
        slot = _slot_of(int(key), table_key)
        if table_key[slot] < 0:
            seen = above
            while seen > 0 and label_of[seen] != label:
                seen = parent[seen]
            found = np.int32(n_paths)
            if seen > 0 or depth_of[above] >= max_depth:
                found = np.int32(-1 - above)
            else:
                if n_paths == len(parent):
                    parent = np.concatenate((parent, np.full(n_paths, -1, np.int32)))
                    label_of = np.concatenate((label_of, np.full(n_paths, -1, np.int32)))
                    depth_of = np.concatenate((depth_of, np.zeros(n_paths, np.int32)))
                parent[n_paths] = above
                label_of[n_paths] = label
                depth_of[n_paths] = depth_of[above] + 1
                n_paths += 1
            table_key[slot] = key
            table_path[slot] = found
            n_keys += 1
            if 2 * n_keys > len(table_key):
                old_key, old_path = table_key, table_path
                table_key, table_path = np.full(2 * len(old_key), -1, np.int64), np.empty(2 * len(old_key), np.int32)
                for old in range(len(old_key)):
                    if old_key[old] >= 0:
                        slot = _slot_of(int(old_key[old]), table_key)
                        table_key[slot] = old_key[old]
                        table_path[slot] = old_path[old]
        else:
            found = table_path[slot]
        is_outermost[here] = found >= 0
        path_by_position[here] = found if found >= 0 else -1 - found
    return parent[:n_paths].copy(), label_of[:n_paths].copy()


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
    parent, label = _fold(idom_by_position, label_by_position, path, outermost, max_depth)
    return Folded(path, outermost, parent, label)


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
