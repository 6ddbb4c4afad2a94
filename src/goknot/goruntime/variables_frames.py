"""What variables of frames point at, as DWARF describes them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime.types_seeds import STRENGTH_MANY, STRENGTH_ONE, NamedBy, Seeds
from goknot.kernels.type_flow import MANY, ONE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from goknot.goruntime.image import HeapImage
    from goknot.goruntime.types_slots import FlowTypes
    from goknot.goruntime.variables import Variables

    Pointer = tuple[int, int, int]  # offset from the frame's end, type it points at, whether at several


def frame_seeds(
    image: HeapImage,
    types: FlowTypes,
    modules: Sequence[Variables | None],
    resolve: Callable[[NDArray[np.uint64]], tuple[NDArray[np.int32], NDArray[np.int64]]],
) -> Seeds:
    """Statements about what stands in frames, at places that the stack maps call pointers too.

    Args:
        image: Its goroutines' frames.
        types: Compiled types; grows.
        modules: module -> its variables.
        resolve: pointers -> (object or -1, offset in its slot).
    """
    said: dict[int, list[Pointer]] = {}
    places: list[int] = []
    kinds: list[tuple[int, int]] = []
    for goroutine in image.goroutines:
        for index, (frame, outer) in enumerate(pairwise(goroutine.frames)):
            if not frame.precise or not len(frame.place_addr) or not frame.pc_addr:
                continue
            pc = frame.pc_addr - (1 if index else 0)  # of a call: the instruction before the return address
            if pc not in said:
                said[pc] = _pointers_at(image, types, modules, pc)
            if said[pc]:
                live = set(frame.place_addr.tolist())
                # A frame ends where that of its caller begins (runtime/traceback.go, `frame.fp`).
                for off, kind, many in said[pc]:
                    if outer.sp_addr + off in live:
                        places.append(outer.sp_addr + off)
                        kinds.append((kind, many))
    target, delta = resolve(image.space.words_at(np.array(places, np.uint64)))
    each = np.array(kinds, np.int64).reshape(-1, 2)
    parts = [
        Seeds.of(
            target, delta, np.where(each[:, 1] == many, each[:, 0], -1), many=each[:, 1], strength=strength,
            source=NamedBy.DWARF,
        )
        for many, strength in ((0, STRENGTH_ONE), (1, STRENGTH_MANY))
    ]  # fmt: skip
    return Seeds.joined(parts)


def _pointers_at(image: HeapImage, types: FlowTypes, modules: Sequence[Variables | None], pc: int) -> list[Pointer]:
    """Typed pointers of the frame at `pc`; where two variables claim one place, neither is believed."""
    number = next((i for i, m in enumerate(image.modules) if m.text_addr <= pc < m.etext_addr), -1)
    variables = modules[number] if 0 <= number < len(modules) else None
    if variables is None:
        return []
    claims: dict[int, set[tuple[int, int]]] = {}
    for local in variables.locals_at(pc):
        kind = types.id_at(local.type_addr)
        if kind < 0:
            continue
        types.settle()
        for word, says, arg in types.slots(kind):
            inner = 8 * word - local.inner_off
            if inner < 0 or (local.n_bytes >= 0 and inner + 8 > local.n_bytes):
                continue
            claim = (arg, int(says == MANY)) if says in (ONE, MANY) else (-1, 0)
            claims.setdefault(local.off + inner, set()).add(claim)
    chosen = {off: next(iter(said)) for off, said in claims.items() if len(said) == 1}
    return [(off, arg, many) for off, (arg, many) in sorted(chosen.items()) if arg >= 0]
