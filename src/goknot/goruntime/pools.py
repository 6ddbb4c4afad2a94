"""Storage of `sync.Pool`s: what they hold goes within two cycles (sync/pool.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.goruntime.image import HeapImage

POOL_LISTS = ("sync.allPools", "sync.oldPools")
LOCAL_BYTES = 128  # sync.poolLocal, padded
LOCAL_OFF, VICTIM_OFF = 0, 16  # sync.Pool
MAX_POOLS = 1 << 20
MAX_ROUNDS = 64


def pool_objects(image: HeapImage) -> NDArray[np.int32]:
    """Arrays of local and victim caches, and the chains behind them; found by the names of sync's two lists."""
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
    pools = [
        image.roots.place_addr[image.roots.target_start[index]]
        for index, root in enumerate(image.roots.roots)
        if root.name in POOL_LISTS
    ]
    if not pools:
        return np.zeros(0, np.int32)
    addrs = []
    for place in pools:
        first, length = image.space.word(int(place)), image.space.word(int(place) + 8)
        addrs.append(image.space.words(first, min(length, MAX_POOLS)))
    pool = np.unique(np.concatenate(addrs))
    arrays = np.concatenate([image.space.words_at(pool + np.uint64(off)) for off in (LOCAL_OFF, VICTIM_OFF)])
    return _objects(image, arrays)


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
