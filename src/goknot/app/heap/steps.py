"""Paths through the heap, put into words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.holders import HolderKind, Hop
from goknot.model.knot import HeapStep

if TYPE_CHECKING:
    from goknot.model.named_heap import NamedHeap

_KIND_BY_HOLDER: dict[HolderKind | None, str] = {HolderKind.ROOT: "root", HolderKind.GOROUTINE: "goroutine"}


def holder_name(heap: NamedHeap, kind: HolderKind | None, number: int) -> str:
    """What a person calls the start of a path."""
    if kind is HolderKind.ROOT:
        root = heap.roots[number]
        place = f" at {root.where}" if root.where else ""
        return f"{root.name}{place}" + (f" of {root.module}" if root.module else "")
    if kind is HolderKind.GOROUTINE:
        return f"goroutine {heap.goroutines[number].goid}"
    return heap.special_name(number)


def path_steps(heap: NamedHeap, hops: Sequence[Hop]) -> tuple[HeapStep, ...]:
    """The steps of a path from a holder to an object, each with the field that leads on."""
    steps: list[HeapStep] = []
    for index, hop in enumerate(hops):
        edge = hops[index + 1].edge if index + 1 < len(hops) else -1
        if hop.edge < 0:
            steps.append(HeapStep(_start_name(heap, hop), _KIND_BY_HOLDER.get(hop.kind, "special")))
        steps.append(object_step(heap, hop.object, edge))
    return tuple(steps)


def _start_name(heap: NamedHeap, hop: Hop) -> str:
    """With the variable of the frame, where that is known."""
    name = holder_name(heap, hop.kind, hop.holder)
    variable = heap.root_variable(hop.holder, hop.object) if hop.kind is HolderKind.ROOT else ""
    return f"{name}, variable {variable}" if variable else name


def object_step(heap: NamedHeap, number: int, edge: int = -1) -> HeapStep:
    """An object, and the field through which `edge` leaves it."""
    field, off = field_of(heap, edge)
    return HeapStep(heap.type_name(number), "object", int(heap.graph.addr_by_object[number]), field, off)


def cycle_steps(heap: NamedHeap, objects: Sequence[int], edges: Sequence[int]) -> tuple[HeapStep, ...]:
    """The members of a cycle, each with the field that leads to the next."""
    return tuple(object_step(heap, number, edge) for number, edge in zip(objects, edges, strict=True))


def field_of(heap: NamedHeap, edge: int) -> tuple[str, int]:
    """(name, offset) of the field that an edge goes through; empty and -1 where not known."""
    if edge < 0:
        return "", -1
    fields = heap.fields_of(np.array([edge], np.int64))
    label = int(fields.label_by_edge[0])
    return fields.names[label] if label >= 0 else "", int(fields.off_by_edge[0])
