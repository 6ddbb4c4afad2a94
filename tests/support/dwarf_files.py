"""DWARF sections by name, as `DwarfEntries` takes them of a file: real ones, and what a test makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from goknot.formats.elf import ElfFile, Section


class Sections:
    """Stands for an ELF file that has nothing but these sections."""

    path = "file"

    def __new__(cls, contents: dict[str, bytes]) -> ElfFile:  # type: ignore[misc]
        made = super().__new__(cls)
        made.contents = contents
        return cast("ElfFile", made)

    contents: dict[str, bytes]

    def sections(self) -> dict[str, Section]:
        """Their headers."""
        return {name: Section(name, 1, 0, 0, 0, len(data), 0, 0) for name, data in self.contents.items()}

    def section_bytes(self, section: Section) -> bytes:
        """What is in one."""
        return self.contents[section.name]


def sections_of(exe: Path) -> ElfFile:
    """The DWARF sections of a file, inflated."""
    elf = ElfFile(str(exe))
    found = {name: elf.section_bytes(s) for name, s in elf.sections().items() if name.startswith(".debug_")}
    return Sections(found)
