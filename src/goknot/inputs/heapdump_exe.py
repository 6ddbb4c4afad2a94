"""What the executable adds to a heap dump: names of variables, functions and the types behind interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goknot.errors import InputError
from goknot.formats.buildinfo import find_blob, go_version
from goknot.formats.elf import ElfFile, Section
from goknot.formats.elfsymbols import Symbols, read_functions, read_variables

if TYPE_CHECKING:
    from pathlib import Path

    from goknot.formats.heapdump_records import DumpMemory, DumpType, HeapDump

PAGE_BYTES = 4096
TYPE_BYTES = 48  # internal/abi, Type
EXTRA_STAR = 1 << 1  # TFlagExtraStar


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
        self._strings = _type_strings(elf, dump, self._slide)

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

    def pointer_type(self, kind: DumpType) -> str:
        """The name of a type that the dump names by its package alone, e.g. `*main.conn`; empty if not found."""
        text = self._strings.at(kind.addr - self._slide) if self._strings else ""
        return f"*{kind.name}{text.partition('.')[2]}" if text.startswith("*") and "." in text else ""


class _TypeStrings:
    """The strings of the compiled types (internal/abi, Type.Str), which lie behind the first of all types."""

    def __init__(self, elf: ElfFile, section: Section) -> None:
        self._addr = section.addr
        self._data = elf.section_bytes(section)

    def at(self, linked: int) -> str:
        """The string of the type at `linked`; empty if there can be none."""
        at = linked - self._addr
        if not 0 <= at <= len(self._data) - TYPE_BYTES:
            return ""
        flags, off = self._data[at + 20], int.from_bytes(self._data[at + 40 : at + 44], "little")
        n_bytes = shift = 0
        for byte in self._data[off + 1 : off + 4]:  # a name: flags, varint, bytes
            off += 1
            n_bytes |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        text = self._data[off + 1 : off + 1 + n_bytes].decode("utf-8", "replace")
        return text.removeprefix("*") if flags & EXTRA_STAR else text


def _type_strings(elf: ElfFile, dump: HeapDump, slide: int) -> _TypeStrings | None:
    """Where the types are: where those stand that the dump names in full."""
    known = [kind for kind in dump.types.values() if not kind.name.endswith(".") and "." in kind.name]
    sections = elf.sections()
    for name in (".go.type", ".rodata", ".data.rel.ro", ".data.rel.ro.go.type"):
        if section := sections.get(name):
            strings = _TypeStrings(elf, section)
            same = [strings.at(kind.addr - slide).partition(".")[2] == kind.name.rpartition(".")[2] for kind in known]
            if known and all(same):
                return strings
    return None


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
