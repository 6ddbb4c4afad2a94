"""Variables that are no roots though the program uses them: those of a module that `plugin.Open` refused.

Such a module stays mapped, and the dynamic loader binds later plugins to its copy of what both define. The collector
scans active modules only (runtime/symtab.go, `activeModules`), so what only those variables reach is freed in use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goknot.formats.elfsymbols import read_exported
from goknot.goruntime.pointers import resolve
from goknot.memory.space import MissingMemoryError
from goknot.model.named_heap import LostVariable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from goknot.formats.elfsymbols import Symbols
    from goknot.goruntime.modules import Module
    from goknot.goruntime.objects import Objects
    from goknot.memory.source import MappedElf
    from goknot.memory.space import AddressSpace


def lost_variables(
    space: AddressSpace, modules: Sequence[Module], files: Sequence[MappedElf | None], objects: Objects
) -> tuple[LostVariable, ...]:
    """Every variable of refused modules that a later active module is bound to and that points into the heap.

    A name is bound to its first definition in the order of loading (ELF, "Shared Object Dependencies"), which is the
    order of the modules. Where its pointers stand is in the masks of the user's own copy, which nobody uses.
    """
    if all(module.is_active or not module.is_bad for module in modules):
        return ()
    tables = [_by_name(file) for file in files]
    seen: set[bytes] = set()
    found = []
    for holder, module in enumerate(modules):
        for name in sorted(tables[holder].keys() - seen) if module.is_bad else ():
            users = (at for at in range(holder + 1, len(modules)) if modules[at].is_active and name in tables[at])
            user = next(users, -1)
            file, other = files[holder], files[user]
            if user < 0 or file is None or other is None:
                continue
            addr, n_bytes = tables[holder][name]
            offs = _pointer_offs(space, modules[user], tables[user][name][0] + other.slide, n_bytes)
            targets = resolve(objects, space.words_at(np.uint64(addr + file.slide) + offs))
            held, n_freed = np.unique(targets[targets >= 0]).tolist(), int((targets == -2).sum())
            if held or n_freed:
                found.append(LostVariable(name.decode("utf-8", "replace"), holder, user, tuple(held), n_freed))
        seen |= tables[holder].keys()
    return tuple(found)


def _by_name(file: MappedElf | None) -> dict[bytes, tuple[int, int]]:
    """Variables that other files can bind to -> (address as linked, size)."""
    symbols: Symbols | None = read_exported(file.elf) if file is not None else None
    if symbols is None:
        return {}
    ends = [symbols.strings.find(b"\0", off) for off in symbols.name_off.tolist()]
    names = [symbols.strings[off:end] for off, end in zip(symbols.name_off.tolist(), ends, strict=True)]
    return dict(zip(names, zip(symbols.addr.tolist(), symbols.n_bytes.tolist(), strict=True), strict=True))


def _pointer_offs(space: AddressSpace, module: Module, addr: int, n_bytes: int) -> NDArray[np.uint64]:
    """Offsets of the pointers in a variable of a module, by its masks."""
    for (start, end), mask_addr in ((module.data, module.gcdatamask_addr), (module.bss, module.gcbssmask_addr)):
        if not start <= addr < end:
            continue
        first, last = (addr - start) // 8, (min(addr + n_bytes, end) - start + 7) // 8
        try:
            bits = np.frombuffer(space.read(mask_addr + first // 8, last // 8 - first // 8 + 1), np.uint8)
        except MissingMemoryError:
            break
        words = np.flatnonzero(np.unpackbits(bits, bitorder="little")[first % 8 : first % 8 + last - first])
        return words.astype(np.uint64) * np.uint64(8)
    return np.zeros(0, np.uint64)
