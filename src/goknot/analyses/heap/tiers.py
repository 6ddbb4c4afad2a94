"""How firmly an object is held, as tiers of a search from the roots."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from goknot.kernels.rows import Rows
from goknot.model.heap import HeapGraph, ObjectFlag, RootKind

if TYPE_CHECKING:
    from goknot.model.heap import Int32s, Int64s, UInt8s


class Tier(IntEnum):
    """What holds an object, firmest first; an object is in the first tier that reaches it.

    Tier + 1 is "through a special (a cleanup's closure, say) of an object held in that tier".
    """

    ORDINARY = 0  # a variable, the stack of a goroutine that is not leaked, a register
    TIMER = 2
    RUNTIME = 4  # only the runtime's own structures
    CGO_HANDLE = 6
    LEAKED = 8  # the stack of a goroutine that nothing can wake
    GOROUTINE = 10  # only what the runtime keeps about goroutines (g, sudog)
    STUCK = 12  # a finalizer or cleanup that can never run because what it holds reaches its object
    POOL = 14  # until the collector empties the pools
    QUEUE = 16  # until queued finalizers and cleanups have run
    PENDING = 18  # until finalizers and cleanups that are due have run
    GARBAGE = 255


ROOT_TIER_BY_KIND = {
    RootKind.DATA: Tier.ORDINARY,
    RootKind.BSS: Tier.ORDINARY,
    RootKind.STACK: Tier.ORDINARY,
    RootKind.REGISTERS: Tier.ORDINARY,
    RootKind.TIMER: Tier.TIMER,
    RootKind.CGO_HANDLE: Tier.CGO_HANDLE,
    RootKind.POOL: Tier.POOL,
    RootKind.QUEUE: Tier.QUEUE,
    RootKind.RUNTIME: Tier.RUNTIME,
    RootKind.OTHER: Tier.ORDINARY,
}


def _tier_of_flags(flags: int) -> Tier:
    if flags & ObjectFlag.GOROUTINE:
        return Tier.GOROUTINE
    if flags & ObjectFlag.RUNTIME:
        return Tier.RUNTIME
    if flags & ObjectFlag.POOL:
        return Tier.POOL
    return Tier.CGO_HANDLE if flags & ObjectFlag.CGO_HANDLE else Tier.ORDINARY


_EXPAND_BY_FLAGS = np.array([_tier_of_flags(flags) for flags in range(256)], np.uint8)
_OWN = ObjectFlag.RUNTIME | ObjectFlag.GOROUTINE
_CUT_BY_FLAGS = np.array([_tier_of_flags(flags) if flags & _OWN else 0 for flags in range(256)], np.uint8)


def expand_tiers(graph: HeapGraph) -> UInt8s:
    """object -> the tier in which its edges begin to count."""
    return _by_flags(graph, _EXPAND_BY_FLAGS)


def cut_tiers(graph: HeapGraph, tier_by_object: UInt8s) -> UInt8s:
    """object -> the lowest tier its edges lead to: neither garbage nor the runtime's structures share in holding."""
    cut = _by_flags(graph, _CUT_BY_FLAGS)
    cut[tier_by_object == Tier.GARBAGE] = Tier.GARBAGE
    return cut


def _by_flags(graph: HeapGraph, tier_by_flags: UInt8s) -> UInt8s:
    """object -> tier; nearly all have no flags and tier 0."""
    flagged = np.flatnonzero(graph.flags_by_object)
    tiers = np.zeros(graph.n_objects, np.uint8)
    tiers[flagged] = tier_by_flags[graph.flags_by_object[flagged]]
    return tiers


def edges_of(graph: HeapGraph) -> Rows:
    """The pointers between objects, as the kernels take them."""
    return Rows(graph.edge_start, graph.edge_target)


def gather(rows: Rows, chosen: Int64s | Int32s) -> tuple[Int64s, Int32s]:
    """The targets of chosen rows one after the other, and for each the index of its row in `chosen`."""
    first, last = rows.start[chosen], rows.start[np.asarray(chosen) + 1]
    length = last - first
    owner = np.repeat(np.arange(len(chosen)), length)
    ends = np.cumsum(length)
    index = np.arange(len(owner)) + np.repeat(first - (ends - length), length)
    return owner, rows.target[index]


def rows_from(owner: Int64s, target: Int32s, n_rows: int) -> Rows:
    """Rows of targets whose owners are given in any order."""
    order = np.argsort(owner, kind="stable")
    start = np.zeros(n_rows + 1, np.int64)
    np.cumsum(np.bincount(owner, minlength=n_rows), out=start[1:])
    return Rows(start, target[order].astype(np.int32, copy=False))
