"""What the collector can do about a ring of objects, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.holders import Holders
from goknot.analyses.heap.tiers import Tier, edges_of
from goknot.kernels.components import RingSet, find_rings
from goknot.kernels.memory import Allocator
from goknot.model.heap import HeapGraph, ObjectFlag, ObjectState, SpecialKind
from goknot.model.verdict import Confidence, Verdict

if TYPE_CHECKING:
    from goknot.model.heap import Int32s, UInt8s


class Reason(IntEnum):
    """Why a ring has its verdict."""

    FINALIZER_IN_RING = 0  # a member has a finalizer: what it points at is kept, so it is kept, held or not
    CLEANUP_HOLDS_OBJECT = 1  # a member's cleanup (function or argument) reaches the member
    HELD_BY_STUCK = 2  # a finalizer or cleanup outside the ring that can never run holds it
    LEAKED_GOROUTINE = 3  # the stack of a goroutine that nothing can wake
    WEAK_KEY = 4  # a map's value reaches the map's weak key
    ROOT = 5  # a variable, a goroutine's frame, a register
    TIMER = 6
    RUNTIME = 7  # only the runtime's own structures
    CGO_HANDLE = 8
    POOL = 9  # only a sync.Pool: let go after two cycles
    QUEUE = 10  # a finalizer or cleanup that is queued to run
    PENDING_SPECIAL = 11  # a finalizer or cleanup outside the ring that is due: collected after it has run
    UNREACHABLE = 12
    GARBAGE_WAITING = 13  # found dead by the last cycle already; freed when its span is swept


VERDICT_BY_REASON = {
    Reason.FINALIZER_IN_RING: Verdict.NEVER_FREED,
    Reason.CLEANUP_HOLDS_OBJECT: Verdict.NEVER_FREED,
    Reason.HELD_BY_STUCK: Verdict.NEVER_FREED,
    Reason.LEAKED_GOROUTINE: Verdict.NEVER_FREED,
    Reason.WEAK_KEY: Verdict.NEVER_FREED,
    Reason.ROOT: Verdict.KEPT_ALIVE,
    Reason.TIMER: Verdict.KEPT_ALIVE,
    Reason.RUNTIME: Verdict.KEPT_ALIVE,
    Reason.CGO_HANDLE: Verdict.KEPT_ALIVE,
    Reason.POOL: Verdict.KEPT_ALIVE,
    Reason.QUEUE: Verdict.KEPT_ALIVE,
    Reason.PENDING_SPECIAL: Verdict.COLLECTED,
    Reason.UNREACHABLE: Verdict.COLLECTED,
    Reason.GARBAGE_WAITING: Verdict.COLLECTED,
}

# A frame's conservative word, an edge from memory that C holds: what an image cannot show may still let go of these.
CONFIDENCE_BY_REASON = {
    reason: Confidence.LIKELY if reason in (Reason.LEAKED_GOROUTINE, Reason.WEAK_KEY) else Confidence.CERTAIN
    for reason in Reason
}

_REASON_BY_TIER = {
    Tier.ORDINARY: Reason.ROOT,
    Tier.TIMER: Reason.TIMER,
    Tier.RUNTIME: Reason.RUNTIME,
    Tier.CGO_HANDLE: Reason.CGO_HANDLE,
    Tier.LEAKED: Reason.LEAKED_GOROUTINE,
    Tier.GOROUTINE: Reason.RUNTIME,
    Tier.STUCK: Reason.HELD_BY_STUCK,
    Tier.POOL: Reason.POOL,
    Tier.QUEUE: Reason.QUEUE,
    Tier.PENDING: Reason.PENDING_SPECIAL,
}

# Holders that letting go of does not free a ring with a finalizer inside, or a cleanup that reaches it.
HELD = (
    Reason.HELD_BY_STUCK,
    Reason.LEAKED_GOROUTINE,
    Reason.ROOT,
    Reason.TIMER,
    Reason.CGO_HANDLE,
    Reason.POOL,
)


@dataclass(frozen=True, slots=True)
class RingVerdicts:
    """All rings of objects, each with its reason.

    Attributes:
        rings: Members and inner edges; none leads through the runtime's structures.
        reason_by_ring: ring -> Reason; uint8.
        special_by_ring: ring -> the finalizer or cleanup that will keep it for ever, or -1; int32. Such a ring is
            never freed also while a root holds it: letting go will not free it, unless the special is cleared first.
            Only where the runtime alone holds it, or a queued call is to run first, does the holder's reason stand.
    """

    rings: RingSet
    reason_by_ring: UInt8s
    special_by_ring: Int32s


def reasons_of_tiers(tiers: UInt8s) -> UInt8s:
    """The reason that each tier gives by itself."""
    reason_by_tier = np.full(256, Reason.UNREACHABLE, np.uint8)
    for tier, reason in _REASON_BY_TIER.items():
        reason_by_tier[[tier, tier + 1]] = reason
    return reason_by_tier[tiers]


def ring_specials(graph: HeapGraph, rings: RingSet, holders: Holders) -> Int32s:
    """ring -> its first finalizer, else its first cleanup that reaches its object, or -1."""
    specials = graph.specials
    ring = rings.ring_by_node[specials.object_by_special]
    swept = graph.state_by_object[specials.object_by_special] == ObjectState.ALLOCATED
    found = np.full(rings.n_rings, -1, np.int32)
    for kind in (SpecialKind.CLEANUP, SpecialKind.FINALIZER):  # the later overwrites: a finalizer says more
        fits = swept & (ring >= 0) & (specials.kind_by_special == kind)
        if kind is SpecialKind.CLEANUP:
            fits &= holders.specials.is_self_held
        chosen = np.flatnonzero(fits)[::-1]
        found[ring[chosen]] = chosen
    return found


def judge_rings(graph: HeapGraph, holders: Holders, alloc: Allocator | None = None) -> RingVerdicts:
    """Finds every ring of objects and says what becomes of it."""
    opaque = graph.flags_by_object & np.uint8(ObjectFlag.RUNTIME | ObjectFlag.GOROUTINE)
    rings = find_rings(edges_of(graph), opaque, alloc)
    first = rings.node[rings.node_start[:-1]]
    tier = holders.tier_by_object[first]
    reasons = reasons_of_tiers(tier)
    ring_of_waiting = rings.ring_by_node[graph.state_by_object == ObjectState.WAITING]
    waiting = np.bincount(ring_of_waiting[ring_of_waiting >= 0], minlength=rings.n_rings)
    all_wait = waiting == np.diff(rings.node_start)
    reasons[all_wait & (tier >= Tier.PENDING)] = Reason.GARBAGE_WAITING
    special = ring_specials(graph, rings, holders)
    stuck = (special >= 0) & np.isin(reasons, HELD)
    is_finalizer = np.zeros(rings.n_rings, np.bool_)
    is_finalizer[special >= 0] = graph.specials.kind_by_special[special[special >= 0]] == SpecialKind.FINALIZER
    reasons[stuck & is_finalizer] = Reason.FINALIZER_IN_RING
    reasons[stuck & ~is_finalizer] = Reason.CLEANUP_HOLDS_OBJECT
    return RingVerdicts(rings, reasons, special)
