"""What the executable adds to a heap dump: names of variables, functions and the types behind interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goknot.errors import InputError
from goknot.formats.buildinfo import find_blob, go_version
from goknot.formats.elf import ElfFile, Section
from goknot.formats.elfsymbols import Symbols, read_functions, read_variables

if TYPE_CHECKING:
    from pathlib import Path

    from goknot.formats.heapdump_records import DumpMemory, HeapDump

PAGE_BYTES = 4096
ITAB = "go:itab."  # the linker's name of a static itab: go:itab.*pkg.T,pkg.I (cmd/link/internal/ld/symtab.go)


class DumpExe:
    """An executable that a dump was written by.

    Args:
        path: The executable.
        dump: The dump; both say which Go made them and where the variables lie, and must agree.

    Raises:
        InputError: It cannot be read, or is of another build.
    """

    def __init__(self, path: Path, dump: HeapDump) -> None:
        elf = ElfFile(str(path))
        if elf.arch != dump.params.arch:
            raise InputError(str(path), f"is for {elf.arch}; the dump is of a program for {dump.params.arch}")
        self._slide = _slide(elf, dump)
        self._variables: Symbols | None = read_variables(elf)
        self._functions: Symbols | None = read_functions(elf)

    @property
    def is_stripped(self) -> bool:
        """Whether it has no symbol table."""
        return self._variables is None

    def variable(self, addr: int) -> str:
        """The variable that covers `addr` in the dump's process; empty if none does."""
        return _name(self._variables, addr - self._slide)

    def function(self, entry_addr: int) -> str:
        """The function that begins at `entry_addr` in the dump's process; empty if none does."""
        symbols, linked = self._functions, entry_addr - self._slide
        if symbols is None or not 0 <= linked < 1 << 64:
            return ""
        found = symbols.find(linked)
        return symbols.name(found) if found >= 0 and int(symbols.addr[found]) == linked else ""

    def type_of_itab(self, itab_addr: int) -> str:
        """The type in a static itab, e.g. `*main.conn`; empty if there is no such itab."""
        name = self.variable(itab_addr)
        return _first_part(name.removeprefix(ITAB)) if name.startswith(ITAB) else ""


def _first_part(text: str) -> str:
    """Up to the first comma outside brackets: type arguments may hold some."""
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter in "[({") - (letter in "])}")
        if letter == "," and not depth:
            return text[:at]
    return text


def _name(symbols: Symbols | None, linked: int) -> str:
    if symbols is None or not 0 <= linked < 1 << 64:
        return ""
    found = symbols.find(linked)
    return symbols.name(found) if found >= 0 else ""


def _slide(elf: ElfFile, dump: HeapDump) -> int:
    """How far from where it was linked the program ran; the runtime's segments are the file's sections."""
    sections = elf.sections()
    blob = sections.get(".go.buildinfo")
    data = elf.section_bytes(blob) if blob else b""
    at = find_blob(data)
    version = go_version(data[at:]) if at >= 0 else None
    if version is not None and version.split(" ")[0] != dump.params.version.split(" ")[0]:
        raise InputError(
            elf.path, f"was built by {version}; the dump is of a program built by {dump.params.version}", _HINT
        )
    slides = {
        _slide_of(sections.get(name), segments[0])
        for name, segments in ((".data", dump.data_segments), (".bss", dump.bss_segments))
        if segments
    }
    if len(slides) != 1 or None in slides:
        raise InputError(elf.path, "is another build than the dump's: its variables lie elsewhere", _HINT)
    return next(slide for slide in slides if slide is not None)


_HINT = "name the executable that wrote the dump with --exe"


def _slide_of(section: Section | None, segment: DumpMemory) -> int | None:
    """Where a C linker made the section, C's own variables stand around Go's in it."""
    if section is None:
        return None
    fixed = section.addr <= segment.addr < section.addr + section.n_bytes
    slide = 0 if fixed else (segment.addr - section.addr) & -PAGE_BYTES
    start, end = segment.addr - slide, segment.addr - slide + segment.n_bytes
    fits = section.addr <= start and end <= section.addr + section.n_bytes
    same_size = start != section.addr or segment.n_bytes == section.n_bytes
    return slide if fits and same_size else None
