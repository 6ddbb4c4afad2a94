"""Storage of `sync.Pool`s: what they hold goes within two cycles (sync/pool.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime.heap import pointer_slices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.goruntime.image import HeapImage

POOL_LISTS = ("sync.allPools", "sync.oldPools")
LOCAL_BYTES = 128  # sync.poolLocal, padded
LOCAL_OFF, VICTIM_OFF = 0, 16  # sync.Pool
MAX_POOLS = 1 << 20
MAX_PROCESSORS = 1 << 16
N_SAMPLE = 64
MAX_ROUNDS = 64


def pool_objects(image: HeapImage) -> NDArray[np.int32]:
    """Arrays of local and victim caches, and the chains behind them; found through sync's two lists."""
    found = pool_lists(image)
    if not len(found):
        return found
    # poolLocal: private (any), shared.head, shared.tail; poolChainElt: headTail, vals, next, prev.
    ends = [_words(image, found, off, LOCAL_BYTES) for off in (16, 24)]
    chain = _objects(image, np.concatenate(ends))
    for _ in range(MAX_ROUNDS):
        links = [image.space.words_at(image.object_addr[chain] + np.uint64(off)) for off in (32, 40)]
        more = np.union1d(chain, _objects(image, np.concatenate(links))).astype(np.int32)
        if len(more) == len(chain):
            break
        chain = more
    values = _objects(image, image.space.words_at(image.object_addr[chain] + np.uint64(8)))
    return np.unique(np.concatenate((found, chain, values))).astype(np.int32)


def pool_lists(image: HeapImage) -> NDArray[np.int32]:
    """The arrays of local and victim caches."""
    places = [
        int(image.roots.place_addr[image.roots.target_start[index]])
        for index, root in enumerate(image.roots.roots)
        if root.name in POOL_LISTS
    ]
    pools = places or lists_by_structure(image)
    if not pools:
        return np.zeros(0, np.int32)
    addrs = []
    for place in pools:
        first, length = image.space.word(place), image.space.word(place + 8)
        addrs.append(image.space.words(first, min(length, MAX_POOLS)))
    pool = np.unique(np.concatenate(addrs))
    arrays = np.concatenate([image.space.words_at(pool + np.uint64(off)) for off in (LOCAL_OFF, VICTIM_OFF)])
    return _objects(image, arrays)


def lists_by_structure(image: HeapImage) -> list[int]:
    """Where the two lists are in a stripped program: slices of pools that all have local (or victim) caches.

    A pool is (local, number of them, victim, number of them, New); the caches are an object of 128 bytes a processor.
    """
    found = []
    for place, first, length in pointer_slices(image.space, image.modules):
        if length > MAX_POOLS:
            continue
        pools = image.space.words_at(
            np.uint64(first) + np.arange(min(length, N_SAMPLE), dtype=np.uint64) * np.uint64(8)
        )
        if not (pools > 4096).all() or (pools % np.uint64(8)).any():
            continue
        if any(_all_have_caches(image, pools + np.uint64(off)) for off in (LOCAL_OFF, VICTIM_OFF)):
            found.append(place)
    return found


def _all_have_caches(image: HeapImage, places: NDArray[np.uint64]) -> bool:
    caches, count = image.space.words_at(places), image.space.words_at(places + np.uint64(8))
    if not ((count > 0) & (count <= MAX_PROCESSORS) & (caches > 4096)).all():
        return False
    objects = image.resolve(caches)
    if (objects < 0).any() or (image.object_addr[objects] != caches).any():
        return False
    return bool((image.object_bytes[objects].astype(np.uint64) >= count * np.uint64(LOCAL_BYTES)).all())


def _words(image: HeapImage, objects: NDArray[np.int32], off: int, step: int) -> NDArray[np.uint64]:
    """The word at `off`, `off + step`, ... of each object."""
    parts = [np.zeros(0, np.uint64)]
    for index in objects.tolist():
        places = np.arange(off, int(image.object_bytes[index]), step, dtype=np.uint64)
        parts.append(image.space.words_at(image.object_addr[index] + places))
    return np.concatenate(parts)


def _objects(image: HeapImage, addrs: NDArray[np.uint64]) -> NDArray[np.int32]:
    found = image.resolve(addrs)
    return np.unique(found[found >= 0])
