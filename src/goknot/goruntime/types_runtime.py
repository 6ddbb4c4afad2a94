"""What the runtime's own lists say of objects: pending timers, storage of sync.Pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime.pools import pool_lists
from goknot.goruntime.types_seeds import STRENGTH_MANY, Seeds

if TYPE_CHECKING:
    from goknot.goruntime.image import HeapImage
    from goknot.goruntime.pointers import EdgePlaces
    from goknot.goruntime.types_slots import FlowTypes

TIMER, TIME_TIMER = "runtime.timer", "runtime.timeTimer"
CHANNEL_BYTES = 8  # before Go 1.23 a time.Timer was its channel and the runtime's timer (time/sleep.go)


def timers(image: HeapImage, types: FlowTypes, places: EdgePlaces) -> Seeds:
    """Pending timers that point at the middle of an object: time's own (runtime/time.go, `newTimer`).

    A time.Ticker is the same object with a period. What points at the beginning is one of the runtime's.
    """
    layout = image.layout
    inside = layout.off(TIME_TIMER, "timer") if layout.has(TIME_TIMER, "timer") else CHANNEL_BYTES
    period_off = layout.off(TIMER, "period") if layout.has(TIMER, "period") else -1
    heaps = image.scheduler.timer_heaps
    edges = [np.arange(image.edge_start[one], image.edge_start[one + 1]) for one in heaps.tolist()]
    chosen = np.concatenate([np.zeros(0, np.int64), *edges])
    target, delta = image.edge_target[chosen], places.delta_of(chosen)
    own = types.struct_id(TIMER)
    kinds = np.where(delta == 0, own, -1)
    if period_off >= 0:
        addrs = image.object_addr[target] + delta.astype(np.uint64)
        ticks = image.space.words_at(addrs + np.uint64(period_off)).view(np.int64) > 0
        user = np.where(ticks, types.struct_id("time.Ticker"), types.struct_id("time.Timer"))
        kinds = np.where(delta == inside, user, kinds)
    nothing = np.zeros(len(chosen), np.int64)
    return Seeds.of(target, nothing, kinds, many=nothing, strength=STRENGTH_MANY)


def pools(image: HeapImage, types: FlowTypes) -> Seeds:
    """Arrays of `sync.poolLocal` behind every pool in the runtime's lists (sync/pool.go)."""
    arrays = pool_lists(image)
    nothing = np.zeros(len(arrays), np.int64)
    kinds = np.full(len(arrays), types.struct_id("sync.poolLocal") if len(arrays) else -1, np.int32)
    return Seeds.of(arrays, nothing, kinds, many=nothing + 1, strength=STRENGTH_MANY)
