"""Which variable of a frame points at an object, where DWARF tells."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goknot.goruntime.image import HeapImage
    from goknot.goruntime.variables import Local, Variables


def variable_of(image: HeapImage, modules: Sequence[Variables | None], root: int, number: int) -> str:
    """Name of the variable of root `root`, a frame, that points at object `number`; empty where it is not said."""
    table = image.roots
    goroutine = table.roots[root].goroutine
    if goroutine < 0:
        return ""
    first, last = int(table.target_start[root]), int(table.target_start[root + 1])
    at = first + np.flatnonzero(table.target_object[first:last] == number)
    places = [place for place in table.place_addr[at].tolist() if place]
    frames = image.goroutines[goroutine].frames
    for place in places:
        for index, (frame, outer) in enumerate(pairwise(frames)):
            if frame.sp_addr <= place < outer.sp_addr and frame.pc_addr:
                name = _local_at(image, modules, frame.pc_addr - (1 if index else 0), place - outer.sp_addr)
                if name:
                    return name
    return ""


def _local_at(image: HeapImage, modules: Sequence[Variables | None], pc: int, off: int) -> str:
    """The one variable that stands at `off` from the frame's end; none where two claim the place."""
    number = next((i for i, m in enumerate(image.modules) if m.text_addr <= pc < m.etext_addr), -1)
    variables = modules[number] if 0 <= number < len(modules) else None
    if variables is None:
        return ""
    try:
        names = {local.name for local in variables.locals_at(pc) if local.off <= off < local.off + _size(image, local)}
    except InputError:
        return ""  # the damage is among the problems already: types were read from the same tables
    return names.pop() if len(names) == 1 else ""


def _size(image: HeapImage, local: Local) -> int:
    if local.n_bytes >= 0:
        return local.n_bytes
    known = image.types.type_at(local.type_addr)
    return known.size_bytes - local.inner_off if known else 8
