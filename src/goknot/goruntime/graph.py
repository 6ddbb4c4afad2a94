"""An image as the plain arrays that the heap analyses take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime.conditions import condition_holders
from goknot.goruntime.image import RootPlace
from goknot.goruntime.naming import name_types
from goknot.goruntime.pools import pool_objects
from goknot.goruntime.specials import CLEANUP, FINALIZER, WEAK_HANDLE
from goknot.model.heap import (
    NO_ID,
    Block,
    HeapGoroutines,
    HeapGraph,
    HeapRoots,
    HeapSpecials,
    ObjectFlag,
    RootKind,
    SpecialKind,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from goknot.goruntime.goroutines import Goroutine
    from goknot.goruntime.image import HeapImage, Root
    from goknot.goruntime.types_flow import HeapTypes
    from goknot.goruntime.types_slots import FlowTypes
    from goknot.goruntime.variables import Variables

FOREVER = ("chan receive (nil chan)", "chan send (nil chan)", "select (no cases)")
ON_OBJECTS = ("chan receive", "chan send", "select", "semacquire", "sync.", "coroutine")
KIND_BY_PLACE = {
    RootPlace.DATA: RootKind.DATA,
    RootPlace.BSS: RootKind.BSS,
    RootPlace.FRAME: RootKind.STACK,
    RootPlace.DEFER: RootKind.STACK,
    RootPlace.REGISTERS: RootKind.REGISTERS,
    RootPlace.QUEUE: RootKind.QUEUE,
    RootPlace.RUNTIME: RootKind.RUNTIME,
    RootPlace.TIMERS: RootKind.TIMER,
}
KIND_BY_NAME = {
    "sync.allPools": RootKind.POOL,
    "sync.oldPools": RootKind.POOL,
    "runtime/cgo.handles": RootKind.CGO_HANDLE,
}
SPECIAL_KINDS = {
    FINALIZER: SpecialKind.FINALIZER,
    CLEANUP: SpecialKind.CLEANUP,
    WEAK_HANDLE: SpecialKind.WEAK_HANDLE,
}
MAP_STORAGE = ("(group", "(bucket", "internal/sync.entry[", "internal/concurrent.entry[")  # types_slots names the first


@dataclass(frozen=True, slots=True)
class NamedGraph:
    """The arrays, and the names that their numbers stand for.

    Attributes:
        graph: What the analyses take.
        types: Names of types and where each object's comes from.
        flow: The compiled types: fields by offset.
        specials: special of the graph -> its index in the image's.
        stack_names: stack id -> function names, innermost first.
        problems: What of the types could not be read.
        variables: module -> what its DWARF says of variables, or None.
    """

    graph: HeapGraph
    types: HeapTypes
    flow: FlowTypes
    specials: tuple[int, ...]
    stack_names: tuple[tuple[str, ...], ...]
    problems: tuple[str, ...]
    variables: tuple[Variables | None, ...]


def heap_graph(image: HeapImage, meanwhile: Callable[[HeapGraph], None] | None = None) -> NamedGraph:
    """Turns an image into arrays: flags, root kinds, waits and types are decided here.

    Args:
        image: The image.
        meanwhile: Begins work on the graph that asks for no types, in another thread.
    """
    specials, which = _specials(image)
    goroutines, stacks = _goroutines(image)
    graph = HeapGraph(
        addr_by_object=image.object_addr,
        bytes_by_object=image.object_bytes,
        state_by_object=image.object_state,
        flags_by_object=_flags(image),
        type_by_object=np.empty(image.n_objects, np.int32),  # known below
        edge_start=image.edge_start,
        edge_target=image.edge_target,
        roots=_roots(image),
        specials=specials,
        goroutines=goroutines,
    )
    if meanwhile is not None:
        meanwhile(graph)
    naming = name_types(image, graph.type_by_object)
    types = naming.types
    _mark_maps(graph, types)
    return NamedGraph(
        graph,
        types,
        naming.flow,
        which,
        stacks,
        naming.problems,
        naming.variables,
    )


def _flags(image: HeapImage) -> NDArray[np.uint8]:
    flags = image.runtime_objects * np.uint8(ObjectFlag.RUNTIME)
    for objects in (image.scheduler.goroutines, image.scheduler.sudogs):
        flags[objects] |= np.uint8(ObjectFlag.GOROUTINE)
    flags[pool_objects(image)] |= np.uint8(ObjectFlag.POOL)
    return flags


def _mark_maps(graph: HeapGraph, types: HeapTypes) -> None:
    storage = [ObjectFlag.MAP if any(mark in name for mark in MAP_STORAGE) else 0 for name in types.names]
    if any(storage):
        graph.flags_by_object[:] |= np.array([*storage, 0], np.uint8)[types.type_by_object]  # -1, unknown: the last


def _roots(image: HeapImage) -> HeapRoots:
    table = image.roots
    own = np.concatenate(([0], np.cumsum(image.runtime_objects[table.target_object])))
    all_own = np.diff(own[table.target_start]) == np.diff(table.target_start)
    kinds = [_kind(root, bool(only)) for root, only in zip(table.roots, all_own.tolist(), strict=True)]
    goroutine = [root.goroutine if root.place in (RootPlace.FRAME, RootPlace.DEFER) else -1 for root in table.roots]
    return HeapRoots(np.array(kinds, np.uint8), np.array(goroutine, np.int32), table.target_start, table.target_object)


def _kind(root: Root, only_runtime: bool) -> RootKind:
    """Variables of the runtime, and those that lead only to its own structures, stand apart."""
    if root.place in (RootPlace.DATA, RootPlace.BSS):
        if root.name in KIND_BY_NAME:
            return KIND_BY_NAME[root.name]
        if only_runtime or root.name.startswith("runtime."):
            return RootKind.RUNTIME
    return KIND_BY_PLACE[root.place]


def _specials(image: HeapImage) -> tuple[HeapSpecials, tuple[int, ...]]:
    objects = image.resolve(np.array([special.object_addr for special in image.specials], np.uint64))
    chosen = [i for i, s in enumerate(image.specials) if s.kind in SPECIAL_KINDS and objects[i] >= 0]
    rows = []
    for index in chosen:
        words = image.space.words_at(np.array(image.specials[index].word_addr, np.uint64))
        targets = image.resolve(words)
        rows.append(targets[targets >= 0])
    start = np.cumsum([0, *(len(row) for row in rows)]).astype(np.int64)
    kinds = [SPECIAL_KINDS[image.specials[index].kind] for index in chosen]
    return HeapSpecials(
        np.array(kinds, np.uint8),
        objects[chosen].astype(np.int32),
        start,
        np.concatenate([np.zeros(0, np.int32), *rows]),
    ), tuple(chosen)


def _block(goroutine: Goroutine) -> Block:
    """What can wake it; the runtime's own goroutines wait for the runtime."""
    start = goroutine.start_function
    if goroutine.status not in ("waiting", "leaked") or (start.startswith("runtime.") and start != "runtime.main"):
        return Block.NONE
    if goroutine.wait_reason in FOREVER:
        return Block.FOREVER
    return Block.ON_OBJECTS if goroutine.wait_reason.startswith(ON_OBJECTS) else Block.NONE


def _goroutines(image: HeapImage) -> tuple[HeapGoroutines, tuple[tuple[str, ...], ...]]:
    """A wait whose object is not found counts as reachable: nothing is called leaked without proof."""
    conditions = condition_holders(image)
    blocks, waits, stacks = [], [], []
    ids: dict[tuple[str, ...], int] = {}
    for goroutine in image.goroutines:
        block = _block(goroutine)
        found: list[int] = []
        if block is Block.ON_OBJECTS:
            words = (*goroutine.channel_addrs, *goroutine.semaphore_addrs)
            found = image.resolve(np.array(words, np.uint64)).clip(NO_ID).tolist() if words else []
            found = found or conditions.get(goroutine.addr, [NO_ID])
        blocks.append(block)
        waits.append(found)
        names = tuple(frame.function for frame in goroutine.frames)
        stacks.append(ids.setdefault(names, len(ids)))
    objects = image.resolve(np.array([goroutine.addr for goroutine in image.goroutines], np.uint64))
    return HeapGoroutines(
        np.array([goroutine.goid for goroutine in image.goroutines], np.int64),
        objects.clip(NO_ID).astype(np.int32),
        np.array(blocks, np.uint8),
        np.array(stacks, np.int32),
        np.cumsum([0, *(len(row) for row in waits)]).astype(np.int64),
        np.array([one for row in waits for one in row], np.int32),
    ), tuple(ids)
