"""A program's memory with what names it: the executable, the files it mapped, its threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goknot.formats.corenotes import BackingFile, CoreThread
    from goknot.formats.elf import ElfFile
    from goknot.memory.space import AddressSpace


@dataclass(frozen=True, slots=True)
class MappedElf:
    """An ELF file and where it was loaded: `slide` is added to its own addresses."""

    elf: ElfFile
    path: str
    slide: int


@dataclass(frozen=True, slots=True)
class Source:
    """What the runtime is looked for in.

    Attributes:
        where: What to call it in messages.
        writable: (start, end) of writable memory that a file or nothing backs, arenas included; ascending.
        executable: None when it is not at hand.
        libraries: Other mapped ELF files: plugins, shared libraries.
    """

    where: str
    arch: str
    space: AddressSpace
    writable: tuple[tuple[int, int], ...]
    executable: MappedElf | None
    libraries: tuple[MappedElf, ...]
    backing: tuple[BackingFile, ...]
    threads: tuple[CoreThread, ...]
    problems: tuple[str, ...]
