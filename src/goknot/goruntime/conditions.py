"""What goroutines wait on that `g.waiting` does not say: semaphores and conditions.

Before Go 1.26 a goroutine in `semacquire` has no sudog of its own in `g`; in a `sync.Cond` none has: both are found
through the sudogs in the heap, by their first word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime.goroutines import SUDOG, sudog_words
from goknot.model.heap import NO_ID

if TYPE_CHECKING:
    from goknot.goruntime.image import HeapImage

CONDITION = "sync.Cond.Wait"


def condition_holders(image: HeapImage) -> dict[int, list[int]]:
    """Address of a g -> objects that hold what it waits on; NO_ID where that lies outside of the heap."""
    unsaid = {
        goroutine.addr: goroutine.wait_reason
        for goroutine in image.goroutines
        if goroutine.status in ("waiting", "leaked") and not goroutine.channel_addrs and not goroutine.semaphore_addrs
    }
    sudogs = image.scheduler.sudogs
    owners = image.space.words_at(image.object_addr[sudogs] + np.uint64(image.layout.off(SUDOG, "g")))
    found: dict[int, list[int]] = {}
    for sudog, owner in zip(sudogs.tolist(), owners.tolist(), strict=True):
        if owner not in unsaid or unsaid[owner] == CONDITION:
            continue
        _, elem = sudog_words(image.space, image.layout, int(image.object_addr[sudog]))
        if elem:
            found.setdefault(owner, []).append(max(int(image.resolve(np.array([elem], np.uint64))[0]), NO_ID))
    waiting = {addr for addr, reason in unsaid.items() if reason == CONDITION}
    for owner, holders in _lists(image, waiting).items():
        found[owner] = holders
    return found


def _lists(image: HeapImage, waiting: set[int]) -> dict[int, list[int]]:
    """`sync.notifyList` (runtime/sema.go) points at the first sudog of its list, and each at the next."""
    sudogs = image.scheduler.sudogs
    if not waiting or not len(sudogs):
        return {}
    is_sudog = np.zeros(image.n_objects, np.bool_)
    is_sudog[sudogs] = True
    edges = np.flatnonzero(is_sudog[image.edge_target])
    source = np.searchsorted(image.edge_start, edges, side="right") - 1
    outer = image.runtime_objects[source] == 0
    found: dict[int, list[int]] = {}
    for holder, first in zip(source[outer].tolist(), image.edge_target[edges[outer]].tolist(), strict=True):
        at, seen = int(image.object_addr[first]), set()
        while at and at not in seen:
            seen.add(at)
            owner = image.space.word(at + image.layout.off(SUDOG, "g"))
            if owner in waiting and holder not in found.setdefault(owner, []):
                found[owner].append(holder)
            at = image.space.word(at + image.layout.off(SUDOG, "next"))
    return found
