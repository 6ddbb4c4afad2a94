"""Which heap objects are the runtime's own: rings through them are nobody's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime.goroutines import SUDOG, G
from goknot.goruntime.heap import PAGE_BYTES, pointer_slices, variable_ranges
from goknot.goruntime.pointers import resolve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.goruntime.modules import Module
    from goknot.goruntime.objects import Objects
    from goknot.layouts.layout import Layout
    from goknot.memory.space import AddressSpace

    Bools = NDArray[np.bool_]
    Int32s = NDArray[np.int32]
    UInt64s = NDArray[np.uint64]

M, P = "runtime.m", "runtime.p"
MAX_ROUNDS = 1 << 20
MAX_PROCESSORS = 1 << 16
PROCESSOR_DEAD = 4  # _Pdead
U8, LOW32 = np.uint64(8), np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class RuntimeObjects:
    """Objects of the scheduler; ascending. `others` are m, p, their lists and the timer heaps."""

    goroutines: Int32s
    sudogs: Int32s
    others: Int32s
    timer_heaps: Int32s


def find_runtime_objects(  # noqa: PLR0917 - places found before
    space: AddressSpace, layout: Layout, modules: tuple[Module, ...], objects: Objects, allgs_addr: int, gs: UInt64s
) -> RuntimeObjects:
    """g by allgs; m through them; p by the shape of allp; sudogs by their first word, which is a g."""
    named, running = _named_threads(space, layout, modules, objects), _running(space, layout, gs)
    ms = _threads(space, layout, np.unique(np.concatenate((named, running))))
    own_gs = np.concatenate([space.words_at(ms + np.uint64(layout.off(M, name))) for name in ("g0", "gsignal")])
    ps, allp_addr = _processors(space, layout, modules, objects)
    all_gs = np.concatenate((gs, own_gs))
    goroutines = _numbers(objects, all_gs)
    sudogs = _sudogs(space, layout, objects, all_gs)
    lists = np.array([allgs_addr, allp_addr], np.uint64)
    timers = _timer_heaps(space, layout, objects, ps)
    others = np.concatenate((_numbers(objects, ms), _numbers(objects, ps), _numbers(objects, lists), timers))
    return RuntimeObjects(goroutines, sudogs, np.unique(others), timers)


def _numbers(objects: Objects, addrs: UInt64s) -> Int32s:
    found = np.unique(resolve(objects, addrs))
    return found[found >= 0]


def _running(space: AddressSpace, layout: Layout, gs: UInt64s) -> UInt64s:
    found = np.unique(space.words_at(gs + np.uint64(layout.off(G, "m"))))
    return found[found > 4096]


def _named_threads(space: AddressSpace, layout: Layout, modules: tuple[Module, ...], objects: Objects) -> UInt64s:
    """m's that variables point at (`runtime.allm` is the newest): objects with a g0 that points back at them."""
    parts = [np.zeros(0, np.uint64)]
    for module in modules:
        for start, end in variable_ranges(module):
            if end - start >= 8 and space.has(start, end - start):
                words = space.words(start, (end - start) // 8)
                parts.append(words[(words > 4096) & (words % np.uint64(8) == 0)])
    pointers = np.unique(np.concatenate(parts))
    number = resolve(objects, pointers)
    pointers, number = pointers[number >= 0], number[number >= 0]
    pointers = pointers[objects.n_bytes[number] >= layout.size(M) // 2]
    scheduler_g = space.words_at(pointers + np.uint64(layout.off(M, "g0")))
    pointers, scheduler_g = pointers[scheduler_g > 4096], scheduler_g[scheduler_g > 4096]
    found: UInt64s = pointers[space.words_at(scheduler_g + np.uint64(layout.off(G, "m"))) == pointers]
    return found


def _threads(space: AddressSpace, layout: Layout, found: UInt64s) -> UInt64s:
    """The m's given, and those behind them along `alllink`."""
    for _ in range(MAX_ROUNDS):
        more = np.unique(np.concatenate((found, space.words_at(found + np.uint64(layout.off(M, "alllink"))))))
        more = more[more > 4096]
        if len(more) == len(found):
            break
        found = more
    return found


def _processors(
    space: AddressSpace, layout: Layout, modules: tuple[Module, ...], objects: Objects
) -> tuple[UInt64s, int]:
    """(p's, where `runtime.allp` keeps its elements): the longest slice of heap objects like p's that say their index.

    Those beyond its length count too: `GOMAXPROCS` made smaller cuts the slice and keeps them (proc.go, `procresize`).
    """
    best, best_place = np.zeros(0, np.uint64), 0
    for place, first, length in pointer_slices(space, modules):
        if len(best) < length <= MAX_PROCESSORS:
            elements = space.words_at(np.uint64(first) + np.arange(length, dtype=np.uint64) * U8)
            if _like_processors(space, layout, objects, elements).all():
                best, best_place = elements, place
    if not best_place:
        return best, 0
    first, capacity = space.word(best_place), min(space.word(best_place + 16), MAX_PROCESSORS)
    elements = space.words_at(np.uint64(first) + np.arange(max(capacity, len(best)), dtype=np.uint64) * U8)
    return elements[_like_processors(space, layout, objects, elements)], first


def _like_processors(space: AddressSpace, layout: Layout, objects: Objects, at: UInt64s) -> Bools:
    """Heap objects of a p's size class that say their own index; all but dead ones have an mcache, which is no object.

    Their fields alone would not do: other programs' tables are full of pointers at 0, 1, 2 (protobuf's enums, say).
    """
    found = resolve(objects, at)
    inside = found >= 0
    if not inside.any():
        return inside
    rest = np.where(inside, objects.addr[found] + objects.n_bytes[found].astype(np.uint64) - at, np.uint64(0))
    size = layout.size(P)
    # its size varies with GOEXPERIMENT
    like: Bools = inside & (at % U8 == 0) & (rest >= size // 2) & (rest <= size + size // 4 + PAGE_BYTES)
    ids = space.words_at(at + np.uint64(layout.off(P, "id"))) & LOW32
    status = space.words_at(at + np.uint64(layout.off(P, "status"))) & LOW32
    caches = space.words_at(at + np.uint64(layout.off(P, "mcache")))
    like &= (ids == np.arange(len(at), dtype=np.uint64)) & (status <= PROCESSOR_DEAD)
    like &= np.where(status == PROCESSOR_DEAD, caches == 0, (caches > 4096) & (caches % U8 == 0))
    like &= resolve(objects, caches) < 0
    return like


def _sudogs(space: AddressSpace, layout: Layout, objects: Objects, gs: UInt64s) -> Int32s:
    """Objects of a sudog's size whose first word is a g: nothing but the runtime has pointers to g."""
    size = layout.size(SUDOG)
    fits = (objects.n_bytes >= size) & (objects.n_bytes < size + 32) & (objects.noscan == 0)
    candidates = np.flatnonzero(fits)
    first = space.words_at(objects.addr[candidates])
    return candidates[np.isin(first, gs)].astype(np.int32)


def _timer_heaps(space: AddressSpace, layout: Layout, objects: Objects, ps: UInt64s) -> Int32s:
    """The arrays of each p's timers (runtime/time.go, `timers.heap`; `p.timers` itself before Go 1.23)."""
    if not len(ps):
        return np.zeros(0, np.int32)
    off, element_bytes = layout.off(P, "timers"), 8
    if layout.has("runtime.timers", "heap"):
        off, element_bytes = off + layout.off("runtime.timers", "heap"), 16  # of timerWhen
    found = _numbers(objects, space.words_at(ps + np.uint64(off)))
    return found if len(found) else _slices_of(space, objects, ps, element_bytes)


def _slices_of(space: AddressSpace, objects: Objects, ps: UInt64s, element_bytes: int) -> Int32s:
    """Arrays that a p has slices of: its timers, wherever GOEXPERIMENT moved them; its other slices lie in itself."""
    own = resolve(objects, ps)
    parts = [np.zeros(0, np.int32)]
    for p_addr, number in zip(ps[own >= 0].tolist(), own[own >= 0].tolist(), strict=True):
        n_words = (int(objects.addr[number]) + int(objects.n_bytes[number]) - p_addr) // 8
        words = space.words(p_addr, n_words)
        first, length, room = words[:-2], words[1:-1], words[2:]
        at = resolve(objects, first)
        fits = room <= objects.n_bytes[at].astype(np.uint64) // np.uint64(element_bytes)
        parts.append(at[(at >= 0) & (at != number) & (length > 0) & (length <= room) & fits])
    return np.unique(np.concatenate(parts)).astype(np.int32)
