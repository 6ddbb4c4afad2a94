"""Compiled types as plain arrays, and the sizes that the allocator gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# runtime/sizeclasses.go, internal/runtime/gc/sizeclasses.go: the same from Go 1.21 to 1.27.
# fmt: off
SIZE_CLASSES = (
    0, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416, 448,
    480, 512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096,
    4864, 5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480,
    21760, 24576, 27264, 28672, 32768,
)
# fmt: on
PAGE_BYTES = 8192
HEADER_BYTES = 8


@dataclass(frozen=True, slots=True)
class FlowArrays:
    """Types as the kernel takes them; names and meanings as in `kernels.type_flow.spread`."""

    size_by_type: NDArray[np.int64]
    class_by_type: NDArray[np.int64]
    header_class_by_type: NDArray[np.int64]
    open_by_type: NDArray[np.uint8]
    rank_by_type: NDArray[np.int64]
    slot_start: NDArray[np.int64]
    slot_kind: NDArray[np.uint8]
    slot_arg: NDArray[np.int32]
    other_by_type: NDArray[np.int32]
    described_by_type: NDArray[np.uint8]  # type -> 1: only DWARF says what stands in it
    rivalled_by_type: NDArray[np.bool_]  # type -> another type of the same size class begins with it


def slot_bytes(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The slot that each size gets: the smallest class that holds it, whole pages past the last class."""
    classes = np.array(SIZE_CLASSES, np.int64)
    small = classes[np.searchsorted(classes, np.minimum(sizes, classes[-1]))]
    pages = (sizes + PAGE_BYTES - 1) // PAGE_BYTES * PAGE_BYTES
    return np.where(sizes > classes[-1], pages, small)
