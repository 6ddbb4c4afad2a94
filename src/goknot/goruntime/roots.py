"""Roots: variables by the modules' masks, frames by stack maps, registers, queues; each with a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime.image import Root, RootPlace, RootTable
from goknot.goruntime.queues import queued
from goknot.memory.space import MissingMemoryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from goknot.formats.elfsymbols import Symbols
    from goknot.goruntime.goroutines import Goroutine
    from goknot.goruntime.modules import Module
    from goknot.goruntime.objects import Objects
    from goknot.layouts.layout import Layout
    from goknot.memory.source import Source
    from goknot.memory.space import AddressSpace

    Int64s = NDArray[np.int64]
    UInt64s = NDArray[np.uint64]


class Names:
    """Variables of one module by address; without a symbol table `data+0x10`.

    Args:
        symbols: The file's variables, None when it is stripped or not at hand.
        slide: What to add to the symbols' addresses.
    """

    def __init__(self, module: Module, label: str, symbols: Symbols | None, slide: int) -> None:
        self.module, self.label, self.slide = module, label, slide
        self.symbols = symbols if symbols is not None and len(symbols.addr) else None
        self._pointed_addr = np.zeros(0, np.uint64)
        self._pointed_by: list[str] = []

    def note_pointers(self, places: UInt64s, values: UInt64s) -> None:
        """Learns which variables point at those that the compiler made without a name (`var x = &T{}`)."""
        low, high = min(self.module.data[0], self.module.bss[0]), max(self.module.data[1], self.module.bss[1])
        inside = (values >= low) & (values < high)
        places, values = places[inside], values[inside]
        unnamed = self.groups(values) < 0
        places, values = places[unnamed], values[unnamed]
        owner = self.groups(places)
        order = np.lexsort((places, owner < 0, values))  # of several, one with a name
        self._pointed_addr, first = np.unique(values[order], return_index=True)
        chosen = order[first]
        self._pointed_by = [
            self.name(group, place) if group >= 0 else ""
            for group, place in zip(owner[chosen].tolist(), places[chosen].tolist(), strict=True)
        ]

    def _pointed_from(self, place: int) -> str:
        """The variable that points at the unnamed one at `place`: nearest below it, with no name between.

        A section's variables lie by size (cmd/link/internal/ld/data.go, `dodataSect`), so an unnamed one is no longer
        than the next that has a name: what lies further behind it is another, which no variable points at.
        """
        index = int(np.searchsorted(self._pointed_addr, np.uint64(place), side="right")) - 1
        if index < 0 or self.symbols is None:
            return ""
        addr = int(self._pointed_addr[index])
        ends = np.array([addr, place], np.uint64) - np.uint64(self.slide)
        before, after = np.searchsorted(self.symbols.addr, ends, side="right").tolist()
        if before != after or place - addr >= self._most_bytes(place, after):
            return ""
        return self._pointed_by[index]

    def _most_bytes(self, place: int, following: int) -> int:
        """How long an unnamed variable at `place` can be: as symbol `following`, where that is in its section."""
        end = next((end for start, end in (self.module.data, self.module.bss) if start <= place < end), place)
        if self.symbols is None or following >= len(self.symbols.addr):
            return end
        addr = int(self.symbols.addr[following]) + self.slide
        n_bytes = int(self.symbols.n_bytes[following]) if addr < end else 0
        return n_bytes or end

    def groups(self, places: UInt64s) -> Int64s:
        """place -> which variable: the symbol's number, or -1 - (offset in words) where no symbol covers it."""
        start = np.uint64(min(self.module.data[0], self.module.bss[0]))
        unnamed = -1 - ((places - start) // np.uint64(8)).astype(np.int64)
        if self.symbols is None:
            return unnamed
        linked = places - np.uint64(self.slide)
        index = np.searchsorted(self.symbols.addr, linked, side="right").astype(np.int64) - 1
        safe = np.maximum(index, 0)
        inside = (index >= 0) & (linked - self.symbols.addr[safe] < self.symbols.n_bytes[safe])
        return np.where(inside, index, unnamed)

    def name(self, group: int, place: int) -> str:
        """What to call a group."""
        if group >= 0 and self.symbols is not None:
            return self.symbols.name(group)
        low, _ = self.module.data if self.module.data[0] <= place < self.module.data[1] else self.module.bss
        section = "data" if low == self.module.data[0] else "bss"
        by_place, pointed_from = f"{section}+{place - low:#x}", self._pointed_from(place)
        return f"{pointed_from} ({by_place})" if pointed_from else by_place


class RootBuilder:
    """Collects roots and where their pointers stand; resolves them all at once."""

    def __init__(self, space: AddressSpace, objects: Objects) -> None:
        self._space, self.objects = space, objects
        self._roots: list[Root] = []
        self._places: list[UInt64s] = []
        self._values: list[UInt64s] = []
        self._masked: list[UInt64s] = []

    def add(self, root: Root, places: UInt64s) -> None:
        """A root by the addresses of its pointers."""
        self._append(root, places, self._space.words_at(places))

    def note_masked(self, places: UInt64s) -> None:
        """Places of pointers, whatever they hold: the word there is nobody's type word."""
        self._masked.append(places)

    def add_values(self, root: Root, values: Sequence[int]) -> None:
        """A root by its pointers: registers."""
        self._append(root, np.zeros(len(values), np.uint64), np.array(values, np.uint64))

    def _append(self, root: Root, places: UInt64s, values: UInt64s) -> None:
        self._roots.append(root)
        self._places.append(places)
        self._values.append(values)

    def table(self) -> RootTable:
        """Roots that point into the heap, in the order they were added; those of free slots count as none."""
        from goknot.goruntime.pointers import resolve  # noqa: PLC0415 - loads kernels

        none = np.zeros(0, np.uint64)
        places, values = np.concatenate([none, *self._places]), np.concatenate([none, *self._values])
        owner = np.repeat(np.arange(len(self._roots)), [len(part) for part in self._places])
        target = resolve(self.objects, values)
        hit = target >= 0
        owner, target, places, values = owner[hit], target[hit], places[hit], values[hit]
        kept, number = np.unique(owner, return_inverse=True)
        start = np.concatenate(([0], np.cumsum(np.bincount(number, minlength=len(kept))))).astype(np.int64)
        off = (values - self.objects.addr[target]).astype(np.int64)
        known = np.concatenate([*self._places, *self._masked])
        lone = (places != 0) & ~np.isin(places - np.uint64(8), known)
        before = np.where(lone, self._space.words_at(np.where(lone, places - np.uint64(8), 0)), np.uint64(0))
        return RootTable(tuple(self._roots[index] for index in kept.tolist()), start, target, off, places, before)


def masked(space: AddressSpace, start: int, end: int, mask_addr: int) -> UInt64s:
    """Places of pointers from `start` to `end`, as a mask of one bit a word has them.

    Raises:
        MissingMemoryError: The mask is not there.
    """
    n_words = (end - start) // 8
    bits = np.frombuffer(space.read(mask_addr, (n_words + 7) // 8) if n_words else b"", np.uint8)
    words = np.flatnonzero(np.unpackbits(bits, bitorder="little")[:n_words]).astype(np.uint64)
    return np.uint64(start) + words * np.uint64(8)


def add_variables(builder: RootBuilder, space: AddressSpace, names: Names) -> list[str]:
    """A module's data and bss by its masks (`moduledata.gcdatamask`, `gcbssmask`)."""
    module, problems = names.module, []
    found: list[tuple[RootPlace, UInt64s]] = []
    for place, (start, end), mask_addr in (
        (RootPlace.DATA, module.data, module.gcdatamask_addr),
        (RootPlace.BSS, module.bss, module.gcbssmask_addr),
    ):
        try:
            places = masked(space, start, end, mask_addr)
        except MissingMemoryError as missing:
            problems.append(f"the pointer mask of {names.label}'s {place.name.lower()} is missing: {missing.what}")
            continue
        builder.note_masked(places)
        found.append((place, places[space.words_at(places) > 4096]))
    pointers = np.concatenate([np.zeros(0, np.uint64), *(places for _, places in found)])
    names.note_pointers(pointers, space.words_at(pointers))
    for place, places in found:
        groups = names.groups(places)
        for index in np.split(np.arange(len(places)), np.flatnonzero(np.diff(groups)) + 1):
            if len(index):
                first = int(places[index[0]])
                builder.add(Root(place, names.name(int(groups[index[0]]), first), names.label), places[index])
    return problems


def add_goroutines(builder: RootBuilder, goroutines: tuple[Goroutine, ...]) -> None:
    """Frames, and what else the collector scans for a goroutine."""
    for index, goroutine in enumerate(goroutines):
        for frame in goroutine.frames:
            name = frame.function or "(no stack maps)"
            builder.add(
                Root(RootPlace.FRAME, name, goroutine=index, where=frame.where, precise=frame.precise), frame.place_addr
            )
        own = Root(RootPlace.DEFER, "defer records and saved closure", goroutine=index)
        builder.add(own, np.array(goroutine.own_places, np.uint64))


def add_registers(builder: RootBuilder, source: Source, goroutines: tuple[Goroutine, ...]) -> None:
    """Registers of the threads that run goroutines; what stands in others' is left over from before."""
    running = {goroutine.tid: index for index, goroutine in enumerate(goroutines) if goroutine.tid}
    for thread in source.threads:
        if thread.tid in running:
            root = Root(RootPlace.REGISTERS, f"thread {thread.tid}", goroutine=running[thread.tid], precise=False)
            builder.add_values(root, thread.registers)


def add_timers(builder: RootBuilder, objects: Objects, heaps: NDArray[np.int32]) -> None:
    """Pending timers: the entries of each p's heap (runtime/time.go)."""
    for index in heaps.tolist():
        addr, n_bytes = int(objects.addr[index]), int(objects.n_bytes[index])
        places = np.arange(addr, addr + n_bytes, 8, dtype=np.uint64)
        builder.add(Root(RootPlace.TIMERS, "pending timers"), places)


def add_queues(builder: RootBuilder, space: AddressSpace, layout: Layout, modules: tuple[Module, ...]) -> None:
    """Finalizers and cleanups queued to run (mgcmark.go, `fixedRootFinalizers`, `fixedRootCleanups`)."""
    for name, places in queued(space, layout, modules, builder.objects):
        builder.add(Root(RootPlace.QUEUE, name), places)
