"""Types of static memory where no DWARF says them: behind interfaces of the module's own data, and from its code."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime.code_types import CodeTypes
from goknot.goruntime.code_values import HOLDS, POINTS_AT, POINTS_AT_SEVERAL
from goknot.goruntime.roots import masked
from goknot.goruntime.types_seeds import (
    STRENGTH_MANY,
    STRENGTH_ONE,
    STRENGTH_WORD,
    FlowHeap,
    NamedBy,
    Seeds,
    boxed,
    variable_seeds,
)
from goknot.goruntime.types_slots import SHAPE
from goknot.memory.space import MissingMemoryError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from goknot.goruntime.image import HeapImage
    from goknot.goruntime.modules import Module
    from goknot.goruntime.types_slots import FlowTypes

    Resolve = Callable[[NDArray[np.uint64]], tuple[NDArray[np.int32], NDArray[np.int64]]]

CODE_UNDERSTOOD = frozenset({"amd64"})


class StaticTypes:
    """Statements about heap objects, from memory that the linker laid out.

    Args:
        image: The image.
        types: Compiled types; grows.
        heap: Its objects.
        resolve: pointers -> (object or -1, offset in its slot).
        is_static: pointers -> whether they point into the modules' data.
        dark: Modules without DWARF.
    """

    def __init__(  # noqa: PLR0917 - an image and the ways to look things up in it
        self,
        image: HeapImage,
        types: FlowTypes,
        heap: FlowHeap,
        resolve: Resolve,
        is_static: Callable[[NDArray[np.uint64]], NDArray[np.bool_]],
        dark: Sequence[Module],
    ) -> None:
        self._image, self._types, self._heap = image, types, heap
        self._resolve, self._is_static = resolve, is_static
        self._dark = dark if image.arch in CODE_UNDERSTOOD else ()

    @property
    def asks_code(self) -> bool:
        """Whether `from_code` has any code to read."""
        return bool(self._dark)

    def interfaces(self) -> Seeds:
        """What lies behind interfaces in data that point at data (`var Err error = &T{}`)."""
        places, pointers, is_lone = self._inner
        places, pointers = places[is_lone], pointers[is_lone]
        kinds, several = boxed(self._heap.words_at(places - np.uint64(8)), self._image.types, self._types)
        known = (kinds >= 0) & (several == 0)
        return self._variables(list(zip(pointers[known].tolist(), kinds[known].tolist(), strict=True)))

    @cached_property
    def _inner(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.bool_]]:
        """(place, what it points at, whether the word before is none) of pointers in data that point at data."""
        places = [np.zeros(0, np.uint64)]
        for module in self._image.modules:
            for (start, end), mask in (
                (module.data, module.gcdatamask_addr),
                (module.bss, module.gcbssmask_addr),
            ):
                try:
                    places.append(masked(self._image.space, start, end, mask))
                except MissingMemoryError:
                    continue  # the roots, which need it too, have said so
        every = np.concatenate(places)
        pointers = self._heap.words_at(every)
        chosen = self._is_static(pointers)
        places_in, is_lone = every[chosen], ~np.isin(every[chosen] - np.uint64(8), every)
        return places_in, pointers[chosen], is_lone

    def from_code(self, is_typed: NDArray[np.bool_], closures: NDArray[np.int32]) -> Seeds:
        """What code says of variables and closures that hold objects without a type.

        Args:
            is_typed: object -> whether its type is known.
            closures: Objects that begin with a function's entry.
        """
        missing = ~is_typed & (self._heap.noscan_by_object == 0)
        wanted = self._image.roots.place_addr[missing[self._image.roots.target_object]]
        wanted = np.unique(wanted[self._is_dark(wanted)])
        holders = self._holding(closures, missing)
        entries = self._heap.words_at(self._heap.addr_by_object[holders])
        if not len(wanted) and not len(holders):
            return Seeds.joined([self._variables([])])
        code = CodeTypes(self._image, self._dark, self._types)
        said = code.places(np.unique(np.concatenate([wanted, self._leading_to(wanted)])))
        kind_by_entry = code.closures(np.unique(entries))
        captured = [
            (int(self._heap.addr_by_object[one]), kind_by_entry[entry])
            for one, entry in zip(holders.tolist(), entries.tolist(), strict=True)
            if entry in kind_by_entry
        ]
        return Seeds.joined([*self._pointers(said), self._variables(captured)])

    def _leading_to(self, wanted: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Places in data whose pointer leads to the beginning of what a place lies in (`var Default = &config`)."""
        places, pointers, _ = self._inner
        beginnings = np.unique(pointers)
        if not len(beginnings):
            return places
        at = np.searchsorted(beginnings, wanted, side="right") - 1
        return places[np.isin(pointers, beginnings[at[at >= 0]])]

    def _pointers(self, said: list[tuple[int, int, int, bool]]) -> list[Seeds]:
        """Statements about places as statements about what they point at."""
        parts = [self._variables([(place, kind) for place, says, kind, _ in said if says == HOLDS])]
        for says, many in ((POINTS_AT, 0), (POINTS_AT_SEVERAL, 1)):
            for exact in (False, True):
                rows = [(place, kind) for place, what, kind, sure in said if (what, sure) == (says, exact)]
                each = np.array(rows, np.int64).reshape(-1, 2)
                pointers = self._heap.words_at(each[:, 0].astype(np.uint64))
                target, delta = self._resolve(pointers)
                strength = STRENGTH_MANY if many else STRENGTH_WORD if exact else STRENGTH_ONE
                several = np.full(len(each), many, np.int64)
                parts.append(self._certain(Seeds.of(target, delta, each[:, 1], many=several, strength=strength)))
                if not many:
                    static = (target < 0) & self._is_static(pointers)
                    inner = zip(pointers[static].tolist(), each[static, 1].tolist(), strict=True)
                    parts.append(self._variables(list(inner)))
        return parts

    def _variables(self, variables: list[tuple[int, int]]) -> Seeds:
        return self._certain(
            variable_seeds(
                self._heap, self._types, variables, self._resolve, source=NamedBy.RUNTIME, is_static=self._is_static
            )
        )

    def _certain(self, seeds: Seeds) -> Seeds:
        """Those of real types: generic code, shared by all types of one shape, does not say which one it was."""
        shaped = np.array([SHAPE in name for name in self._types.qualified], np.bool_)
        return seeds.chosen(~shaped[seeds.kind])

    def _is_dark(self, places: NDArray[np.uint64]) -> NDArray[np.bool_]:
        inside = np.zeros(len(places), np.bool_)
        for module in self._dark:
            for start, end in (module.data, module.bss):
                inside |= (places >= start) & (places < end)
        return inside

    def _holding(self, closures: NDArray[np.int32], missing: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Closures that point at an object of which no type is known."""
        starts = self._heap.edge_start[closures]
        counts = self._heap.edge_start[closures + 1] - starts
        edges = np.repeat(starts - np.concatenate(([0], np.cumsum(counts)[:-1])), counts) + np.arange(counts.sum())
        owner = np.repeat(closures, counts)
        return np.unique(owner[missing[self._heap.edge_target[edges]]]).astype(np.int64)
