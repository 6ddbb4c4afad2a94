"""Types for an image's objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import InputError
from goknot.goruntime.specials import FINALIZER
from goknot.goruntime.static_types import StaticTypes
from goknot.goruntime.types_flow import HeapTypes, name_objects
from goknot.goruntime.types_runtime import pools, timers
from goknot.goruntime.types_seeds import FlowHeap, Seeds, finalizer_seeds, variable_seeds
from goknot.goruntime.types_slots import FlowTypes
from goknot.goruntime.variables import Variables
from goknot.goruntime.variables_frames import frame_seeds

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from goknot.goruntime.image import HeapImage
    from goknot.goruntime.types_fields import Capture

STRENGTH_KNOWN = 5  # the scheduler's own lists: as sure as a malloc header


@dataclass(frozen=True, slots=True)
class Naming:
    """Names of objects, and what else came to light on the way.

    Attributes:
        types: The names.
        flow: The compiled types: fields by offset.
        problems: What could not be read.
        variables: module -> what its DWARF says of variables, or None.
    """

    types: HeapTypes
    flow: FlowTypes
    problems: tuple[str, ...]
    variables: tuple[Variables | None, ...]


def name_types(image: HeapImage, into: NDArray[np.int32] | None = None) -> Naming:
    """Names every object that can be named.

    Args:
        image: The image.
        into: Room for the types of all objects.
    """
    heap = FlowHeap(
        addr_by_object=image.object_addr,
        bytes_by_object=image.object_bytes,
        header_by_object=image.object_header_bytes,
        noscan_by_object=image.object_noscan,
        edge_start=image.edge_start,
        edge_target=image.edge_target,
        places=image.edge_places(),
        header_object=image.header_object,
        header_type_addr=image.header_type_addr,
        words_at=image.space.words_at,
        holding=image.holding,
        root_target=image.roots.target_object,
        root_delta=image.roots.target_off,
        before_by_root=image.roots.before,
    )
    types = FlowTypes(image.types)
    described = Described(image, types, heap)
    static = described.static()
    known = [
        _finalizers(image, types),
        *_scheduler(image, types),
        pools(image, types),
        timers(image, types, heap.places),
        static.interfaces(),
    ]
    seeds = (*known, *described.seeds())
    found = name_objects(
        heap,
        image.types,
        types,
        image.functions.entries(),
        seeds,
        described.captures,
        static.from_code if static.asks_code else None,
        into,
    )
    return Naming(found, types, tuple(described.problems), tuple(described.modules))


class Described:
    """What the modules' DWARF says; where it is damaged, it says nothing from there on."""

    def __init__(self, image: HeapImage, types: FlowTypes, heap: FlowHeap) -> None:
        self._image, self._types, self._heap = image, types, heap
        self.problems: list[str] = []
        self.modules: list[Variables | None] = []
        for number, (module, mapped) in enumerate(zip(image.modules, image.files, strict=False)):
            found: list[Variables] = []
            if mapped is not None:
                self._try(lambda: found.append(Variables(mapped, module, number, image.types)))  # noqa: B023
            self.modules.append(found[0] if found and not found[0].is_empty else None)

    def seeds(self) -> list[Seeds]:
        """What package variables and variables of frames point at."""
        parts: list[Seeds] = []
        for variables in self.modules:
            if variables is not None:
                self._try(lambda: parts.append(self._package(variables)))  # noqa: B023
        if any(self.modules):
            self._try(lambda: parts.append(frame_seeds(self._image, self._types, self.modules, self._resolve)))
        return parts

    def static(self) -> StaticTypes:
        """What can be said without DWARF; code is asked of modules that have none."""
        dark = [
            module
            for number, module in enumerate(self._image.modules)
            if number >= len(self.modules) or self.modules[number] is None
        ]
        return StaticTypes(self._image, self._types, self._heap, self._resolve, self._is_static, dark)

    def captures(self, entry_addr: int) -> list[Capture]:
        """What closures of the function at `entry_addr` hold."""
        found: list[Capture] = []
        for module, variables in zip(self._image.modules, self.modules, strict=False):
            if variables is not None and module.text_addr <= entry_addr < module.etext_addr:
                self._try(lambda: found.extend(variables.captures(entry_addr)))  # noqa: B023
        return found

    def _package(self, variables: Variables) -> Seeds:
        known = [(addr, self._types.id_at(type_addr)) for addr, type_addr in variables.package_variables()]
        chosen = [(addr, kind) for addr, kind in known if kind >= 0]
        return variable_seeds(self._heap, self._types, chosen, self._resolve, is_static=self._is_static)

    def _resolve(self, pointers: NDArray[np.uint64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        target = self._image.resolve(pointers)
        return target, (pointers - self._image.object_addr[np.maximum(target, 0)]).astype(np.int64)

    def _is_static(self, pointers: NDArray[np.uint64]) -> NDArray[np.bool_]:
        inside = np.zeros(len(pointers), np.bool_)
        for module in self._image.modules:
            for start, end in (module.data, module.bss):
                inside |= (pointers >= start) & (pointers < end)
        return inside

    def _try(self, step: Callable[[], object]) -> None:
        try:
            step()
        except InputError as bad:
            problem = f"types of variables: {bad}"
            if problem not in self.problems:
                self.problems.append(problem)


def _finalizers(image: HeapImage, types: FlowTypes) -> Seeds:
    noted = [special for special in image.specials if special.kind == FINALIZER]
    targets = image.resolve(np.array([special.object_addr for special in noted], np.uint64)).tolist()
    return finalizer_seeds(types, image.types, targets, [0] * len(noted), [special.type_addr for special in noted])


def _scheduler(image: HeapImage, types: FlowTypes) -> list[Seeds]:
    """The runtime's lists say which objects are g and sudog."""
    parts = []
    for name, objects in (("runtime.g", image.scheduler.goroutines), ("runtime.sudog", image.scheduler.sudogs)):
        nothing = np.zeros(len(objects), np.int64)
        kinds = np.full(len(objects), types.opaque_id(name), np.int32)
        parts.append(Seeds.of(objects, nothing, kinds, many=nothing, strength=STRENGTH_KNOWN))
    return parts
