"""Which words of a type are pointers, as the collector sees them (`abi.Type.GCData`)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime import types as go
from goknot.goruntime.types import TypeLayout, TypeModule, TypeTable
from goknot.memory.space import MissingMemoryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.goruntime.modules import Module
    from goknot.layouts.layout import Layout
    from goknot.memory.space import AddressSpace

KIND_GC_PROG = 1 << 6  # before Go 1.24: GCData is a program
TFLAG_ON_DEMAND = 1 << 4  # Go 1.24 and later: GCData points at a mask that is made when it is first needed
MAX_MASK_WORDS = 1 << 30
MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Masks:
    """Masks of some types, as `kernels.pointer_scan.scan` takes them."""

    words: NDArray[np.int64]
    ptr_words: NDArray[np.int64]
    first_bit: NDArray[np.int64]
    bits: NDArray[np.uint64]


class _NoMaskError(Exception):
    """What lies there describes no type whose pointers can be told."""


def type_table(space: AddressSpace, layout: Layout, modules: tuple[Module, ...]) -> TypeTable:
    """The types of all modules.

    Raises:
        GoknotError: A module's types cannot be read.
    """
    maps = next(
        name
        for name in ("internal/abi.SwissMapType", "internal/abi.MapType", "runtime.maptype", "internal/abi.OldMapType")
        if name in layout.structs
    )
    type_layout = TypeLayout(
        map_type_bytes=layout.size(maps),
        swiss_maps="internal/runtime/maps.Map" in layout.structs,
        channel_elem_off=layout.off("runtime.hchan", "elemtype"),
        direct_in_tflag=bool(layout.constants["TFlagDirectIface"]),
    )
    return TypeTable([TypeModule(*module.types) for module in modules], space.read, type_layout)


class MaskReader:
    """Reads masks of types, each once."""

    def __init__(self, space: AddressSpace, layout: Layout, table: TypeTable) -> None:
        self._space, self._table = space, table
        self._programs = bool(layout.constants["KindGCProg"])
        self._on_demand = bool(layout.constants["TFlagGCMaskOnDemand"])

    def masks(self, type_addrs: NDArray[np.uint64]) -> tuple[Masks, NDArray[np.bool_]]:
        """Masks of all the types, and which of them make sense; the others have no pointers."""
        words, ptr_words, parts, sane = [], [], [], []
        for addr in type_addrs.tolist():
            try:
                size, n_ptr, bits = self._mask(addr)
            except (MissingMemoryError, _NoMaskError, struct.error):
                size, n_ptr, bits = 1, 0, np.zeros(0, np.uint8)
            words.append(size)
            ptr_words.append(n_ptr)
            parts.append(bits)
            sane.append(n_ptr > 0)
        padded = [np.concatenate((bits, np.zeros(-len(bits) % 64, np.uint8))) for bits in parts]
        lengths = np.array([0, *(len(bits) for bits in padded)], np.int64)
        packed = np.packbits(np.concatenate([np.zeros(0, np.uint8), *padded]), bitorder="little")
        return Masks(
            np.array(words, np.int64),
            np.array(ptr_words, np.int64),
            np.cumsum(lengths)[:-1],
            np.concatenate((packed.view(np.uint64), np.zeros(1, np.uint64))),
        ), np.array(sane, np.bool_)

    def _mask(self, addr: int) -> tuple[int, int, NDArray[np.uint8]]:
        """(words, words up to the last pointer, 1 for each of those that is a pointer)."""
        if not addr or addr % 8:
            raise _NoMaskError
        head = self._space.read(addr, 48)
        size, ptr_bytes, _, tflag, _, _, kind, _, gcdata = struct.unpack_from("<QQIBBBBQQ", head)
        n_words, n_ptr = -(-size // 8), ptr_bytes // 8
        if not 0 < n_ptr <= n_words <= MAX_MASK_WORDS or ptr_bytes % 8:
            raise _NoMaskError
        if self._on_demand and tflag & TFLAG_ON_DEMAND:
            gcdata = self._space.word(gcdata)
        if not gcdata or (self._programs and kind & KIND_GC_PROG):
            return n_words, n_ptr, self._built(addr, 0)[:n_ptr]
        data = np.frombuffer(self._space.read(gcdata, -(-n_ptr // 8)), np.uint8)
        return n_words, n_ptr, np.unpackbits(data, bitorder="little")[:n_ptr]

    def _built(self, addr: int, depth: int) -> NDArray[np.uint8]:
        """From the type's own description (runtime/type.go, `buildGCMask`); one entry a word of its size."""
        found = self._table.type_at(addr)
        if found is None or depth > MAX_DEPTH or found.size_bytes > 8 * MAX_MASK_WORDS:
            raise _NoMaskError
        bits = np.zeros(-(-found.size_bytes // 8), np.uint8)
        if not found.pointer_bytes:
            return bits
        if found.kind == go.ARRAY:
            elem = self._built(found.elem_addr, depth + 1)
            return np.tile(elem, found.length)
        if found.kind == go.STRUCT:
            for member in found.fields:
                inner = self._built(member.type_addr, depth + 1)
                if inner.any():
                    bits[member.off // 8 : member.off // 8 + len(inner)] |= inner
            return bits
        if found.kind in (go.STRING, go.SLICE):
            bits[0] = 1
        elif found.kind == go.INTERFACE:
            bits[1] = 1  # typebits.Set: the type or itab word is not treated as a pointer
        else:
            bits[0] = 1
        return bits
