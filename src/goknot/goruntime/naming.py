"""Types for an image's objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime.specials import FINALIZER
from goknot.goruntime.types_flow import FlowHeap, HeapTypes, Seeds, finalizer_seeds, name_objects
from goknot.goruntime.types_slots import FlowTypes

if TYPE_CHECKING:
    from goknot.goruntime.image import HeapImage

STRENGTH_KNOWN = 5  # the scheduler's own lists: as sure as a malloc header


def name_types(image: HeapImage, more: tuple[Seeds, ...] = ()) -> tuple[HeapTypes, FlowTypes]:
    """Names every object that can be named; also gives the compiled types, for field names.

    Args:
        image: The image.
        more: Further statements about objects.
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
    seeds = (_finalizers(image, types), *_scheduler(image, types), *more)
    return name_objects(heap, image.types, types, image.functions.entries(), seeds), types


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
