"""What executables of all formats have in common: what is loaded where, and what has a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from goknot.errors import InputError
from goknot.formats.elf import Section

if TYPE_CHECKING:
    from goknot.formats.elf import ElfFile
    from goknot.formats.elfdynamic import DynamicFile

ET_REL, ET_EXEC, ET_DYN = 1, 2, 3
ARCH_BY_MACHINE = {62: "amd64", 183: "arm64", 243: "riscv64", 258: "loong64", 21: "ppc64le", 8: "mips64le"}
KIND_BY_TYPE = {ET_REL: "object file", ET_EXEC: "executable", ET_DYN: "shared library"}
DEBUG_SECTIONS = frozenset((".debug_info", ".zdebug_info", "__debug_info", "__zdebug_info"))
PCLNTAB_SECTIONS = (".gopclntab", ".data.rel.ro.gopclntab", "__gopclntab")
BUILDINFO_SECTIONS = (".go.buildinfo", "__go_buildinfo")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of memory that the file describes: a segment, or a section.

    Attributes:
        n_bytes: In memory.
        n_file_bytes: What the file holds of it, never beyond the file's end.
    """

    name: str
    addr: int
    n_bytes: int
    file_off: int
    n_file_bytes: int
    writable: bool
    executable: bool


@dataclass(frozen=True, slots=True)
class ObjectFile:
    """An executable or library.

    Attributes:
        format: `elf`, `macho` or `pe`.
        kind: `executable`, `shared library` or `object file`.
        parts: What is loaded, ascending.
        sections: Named sections; of a repeated name the first.
        moves: Whether it may be loaded at any address.
        has_symbols: Whether it has a symbol table for debuggers.
        libraries: What it needs, in order.
        fixups: (offset, bytes) of what describes its chained pointers; Mach-O.
        problems: What of it is not read.
    """

    path: str
    format: str
    arch: str
    kind: str
    data: memoryview
    parts: tuple[Part, ...]
    sections: dict[str, Part]
    moves: bool
    has_symbols: bool
    libraries: tuple[str, ...] = ()
    fixups: tuple[int, int] = (0, 0)
    problems: tuple[str, ...] = ()

    @property
    def has_dwarf(self) -> bool:
        """Whether it has debugging information."""
        return not DEBUG_SECTIONS.isdisjoint(self.sections)

    def section(self, *names: str) -> Part | None:
        """The first section of these that is there."""
        return next((self.sections[name] for name in names if name in self.sections), None)

    def content(self, part: Part) -> memoryview:
        """What the file holds of a part."""
        return self.data[part.file_off : part.file_off + part.n_file_bytes]


class DwarfSections:
    """A file of another format, dressed as an ELF file for those who read its debugging information.

    Args:
        file: The file.
    """

    def __init__(self, file: ObjectFile) -> None:
        self._file = file
        self.path = file.path

    def sections(self) -> dict[str, Section]:
        """Sections by name."""
        return {
            name: Section(name, 1, 0, one.addr, one.file_off, one.n_file_bytes, 0, 0)
            for name, one in self._file.sections.items()
        }

    def section_bytes(self, section: Section) -> bytes:
        """A section's content as the file holds it."""
        return bytes(self._file.content(self._file.sections[section.name]))


def part(  # noqa: PLR0917 - a row of a header
    data: memoryview, name: str, addr: int, n_bytes: int, file_off: int, n_file: int, writable: bool, executable: bool
) -> Part:
    """A part, cut where the file ends."""
    n_file = max(0, min(n_file, n_bytes, len(data) - file_off)) if file_off <= len(data) else 0
    return Part(name, addr, n_bytes, file_off, n_file, writable, executable)


def elf_object(elf: ElfFile, dynamic: DynamicFile) -> ObjectFile:
    """An ELF file, section headers or not.

    Raises:
        InputError: It is of an architecture that Go does not know, or its section headers are damaged.
    """
    arch = ARCH_BY_MACHINE.get(elf.machine)
    if arch is None:
        raise InputError(elf.path, f"is for ELF machine {elf.machine}", "a 64-bit architecture of Go's is expected")
    kind = KIND_BY_TYPE.get(elf.kind, "file of unknown type")
    if kind == "shared library" and (dynamic.interpreter or dynamic.is_pie):
        kind = "executable"
    sections = elf.sections()
    problems = () if sections else ("it has no section headers; what they alone tell (DWARF, symbols) is left out",)
    loaded = [
        part(elf.data, "", s.addr, s.n_bytes, s.file_off, s.n_file_bytes, bool(s.flags & 2), bool(s.flags & 1))
        for s in elf.segments
    ]
    named = {
        s.name: part(
            elf.data, s.name, s.addr, s.n_bytes, s.file_off, 0 if s.kind == 8 else s.n_bytes, bool(s.flags & 1), False
        )
        for s in sections.values()
    }
    return ObjectFile(
        path=elf.path,
        format="elf",
        arch=arch,
        kind=kind,
        data=elf.data,
        parts=tuple(sorted(loaded, key=lambda one: one.addr)),
        sections=named,
        moves=elf.kind == ET_DYN,
        has_symbols=".symtab" in sections,
        libraries=tuple(dynamic.needed),
        problems=problems,
    )
