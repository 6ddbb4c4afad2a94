"""Chained pointers of Mach-O files: each says what it points at and where the next one is.

Files that Apple's linker made (Go programs with cgo, among others) keep their pointers so. Source:
mach-o/fixup-chains.h of Apple's dyld: DYLD_CHAINED_PTR_64 and _64_OFFSET, those of amd64 and arm64.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.formats.objectfile import ObjectFile, Part

    UInt64s = NDArray[np.uint64]

PTR_64, PTR_64_OFFSET = 2, 6  # the target is an address; an offset from the image's first
NO_START, MAX_POINTERS = 0xFFFF, 1 << 26
TARGET_BITS, HIGH_BITS, NEXT_BITS, STRIDE = 36, 8, 12, 4


def chained_pointers(file: ObjectFile) -> tuple[UInt64s, UInt64s]:
    """(places ascending, addresses that the loader puts there); what other files define is left out.

    Raises:
        InputError: The chains make no sense.
    """
    none = np.zeros(0, np.uint64)
    off, n_bytes = file.fixups
    if not n_bytes:
        return none, none
    try:
        found = _image(file, bytes(file.data[off : off + n_bytes]))
    except struct.error as bad:
        raise InputError(file.path, "is truncated or damaged: its chains of pointers are not all there") from bad
    places = np.concatenate([none, *(place for place, _ in found)])
    values = np.concatenate([none, *(value for _, value in found)])
    order = np.argsort(places, kind="stable")
    return places[order], values[order]


def _image(file: ObjectFile, data: bytes) -> list[tuple[UInt64s, UInt64s]]:
    """dyld_chained_starts_in_image."""
    starts = struct.unpack_from("<I", data, 4)[0]
    n = struct.unpack_from("<I", data, starts)[0]
    base = next((part.addr for part in file.parts if part.name == "__TEXT"), 0)
    found: list[tuple[UInt64s, UInt64s]] = []
    n_pointers = 0
    for off in struct.unpack_from(f"<{min(n, len(file.parts) + 1)}I", data, starts + 4):
        for places, values in _segment(file, data, starts + off, base) if off else ():
            found.append((places, values))
            n_pointers += len(places)
            if n_pointers > MAX_POINTERS:
                raise InputError(file.path, "is damaged: its chains of pointers make no sense")
    return found


def _segment(file: ObjectFile, data: bytes, at: int, base: int) -> list[tuple[UInt64s, UInt64s]]:
    """dyld_chained_starts_in_segment: the chains of all its pages, one link of each at a time."""
    _, page_bytes, kind, segment_off, _, n_pages = struct.unpack_from("<IHHQIH", data, at)
    if kind not in (PTR_64, PTR_64_OFFSET):
        raise InputError(file.path, f"keeps its pointers in a way that is not known ({kind})")
    part = next((one for one in file.parts if one.addr == base + segment_off), None)
    if part is None or not page_bytes:
        raise InputError(file.path, "is damaged: its chains of pointers are of no segment")
    starts = np.frombuffer(data, "<u2", n_pages, at + 22) if len(data) >= at + 22 + 2 * n_pages else None
    if starts is None:
        raise struct.error
    page = np.flatnonzero(starts != NO_START)
    end = (page + 1) * page_bytes
    return _links(file, part, page * page_bytes + starts[page], end, base if kind == PTR_64_OFFSET else 0)


def _links(
    file: ObjectFile, part: Part, off: NDArray[np.int64], end: NDArray[np.int64], base: int
) -> list[tuple[UInt64s, UInt64s]]:
    content = np.frombuffer(file.content(part), np.uint8)
    words = np.ndarray((max(0, len(content) - 7),), "<u8", content, strides=(1,))
    found = []
    while len(off):
        inside = (off < end) & (off < len(words))
        off, end = off[inside], end[inside]
        value = words[off]
        bound = value >> np.uint64(63) != 0
        low = value & np.uint64((1 << TARGET_BITS) - 1)
        high = (value >> np.uint64(TARGET_BITS)) & np.uint64((1 << HIGH_BITS) - 1)
        target = (low + np.uint64(base)) | (high << np.uint64(56))
        found.append(((off[~bound] + part.addr).astype(np.uint64), target[~bound]))
        after = ((value >> np.uint64(51)) & np.uint64((1 << NEXT_BITS) - 1)).astype(np.int64) * STRIDE
        off, end = (off + after)[after > 0], end[after > 0]
    return found
