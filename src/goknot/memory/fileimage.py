"""A file as it would lie in memory at the addresses it was linked for: nothing is loaded, nothing runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import InputError
from goknot.formats.elf import ET_DYN, ElfFile, map_file
from goknot.formats.elfdynamic import ABSOLUTE, RELATIVE, STT_GNU_IFUNC, STT_TLS, DynamicFile
from goknot.formats.macho import MAGIC_64, MAGIC_FAT, read_macho
from goknot.formats.macho_fixups import chained_pointers
from goknot.formats.objectfile import ObjectFile, Part, elf_object
from goknot.formats.pe import read_pe
from goknot.memory.space import AddressSpace, Stretch

if TYPE_CHECKING:
    from numpy.typing import NDArray

GO_FILE = "a Go executable, plugin or shared library is expected (ELF, Mach-O or PE)"
MAX_COPY_BYTES = 1 << 30
END_OF_PROGRAMS = 1 << 63  # above is the kernel's
OTHER_FILES = (
    (b"#!", "is a script"),
    (b"!<arch>\n", "is an archive of object files: link it first"),
    (b"\0asm", "is a WebAssembly module"),
    (b"PK\x03\x04", "is a zip archive"),
    (b"\x1f\x8b", "is compressed with gzip"),
    (b"\xce\xfa\xed\xfe", "is a 32-bit Mach-O file"),
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A part that is loaded, with what lies in it once relocated: as much as the file holds, bytes."""

    part: Part
    content: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FileImage:
    """A file with its memory.

    Attributes:
        loaded: Its parts, ascending.
        dynamic: What the dynamic loader reads; ELF alone.
    """

    file: ObjectFile
    loaded: tuple[Loaded, ...]
    space: AddressSpace
    dynamic: DynamicFile | None


def open_file_image(path: str) -> FileImage:
    """Opens an executable or library of any format.

    Raises:
        InputError: It cannot be read, or is damaged or of another kind.
    """
    data = map_file(path)
    head = bytes(data[:8])
    if head[:4] == b"\x7fELF":
        return _elf(path)
    if head[:4] in (MAGIC_64, MAGIC_FAT):
        return _macho(_checked(read_macho(path, data)))
    if head[:2] == b"MZ":
        return _plain(_checked(read_pe(path, data)))
    what = next((what for magic, what in OTHER_FILES if head.startswith(magic)), "is no executable or library")
    raise InputError(path, what, GO_FILE)


def _checked(file: ObjectFile) -> ObjectFile:
    """The file, if what it loads lies where programs can be."""
    if any(one.addr + one.n_bytes > END_OF_PROGRAMS for one in file.parts):
        raise InputError(file.path, "is damaged: it would be loaded where no program can be")
    return file


def _plain(file: ObjectFile) -> FileImage:
    return _image(file, tuple(Loaded(one, _content(file, one)) for one in file.parts), None)


def _macho(file: ObjectFile) -> FileImage:
    places, values = chained_pointers(file)
    return _image(file, tuple(Loaded(one, _relocated(file, one, places, values)) for one in file.parts), None)


def _elf(path: str) -> FileImage:
    elf = ElfFile(path)
    if elf.is_core:
        raise InputError(path, "is a core of a process, not a program", f"goknot heap {path} reads it")
    dynamic = DynamicFile(elf)
    file = _checked(elf_object(elf, dynamic))
    places, values = _pointers(dynamic)
    loaded = tuple(Loaded(one, _relocated(file, one, places, values)) for one in file.parts)
    return _image(file, loaded, dynamic)


def _image(file: ObjectFile, loaded: tuple[Loaded, ...], dynamic: DynamicFile | None) -> FileImage:
    there = [one for one in loaded if len(one.content)]
    space = AddressSpace(
        [one.content for one in there],
        [Stretch(one.part.addr, one.part.addr + len(one.content), index, 0) for index, one in enumerate(there)],
    )
    return FileImage(file, loaded, space, dynamic)


def _content(file: ObjectFile, one: Part) -> NDArray[np.uint8]:
    return np.frombuffer(file.content(one), np.uint8)


def _relocated(
    file: ObjectFile, one: Part, places: NDArray[np.uint64], values: NDArray[np.uint64]
) -> NDArray[np.uint8]:
    """What lies in a part; it is copied if there are pointers to put in."""
    first, end = np.searchsorted(places, np.array([one.addr, one.addr + max(one.n_file_bytes - 7, 0)], np.uint64))
    content = _content(file, one)
    if first >= end or len(content) < 8:
        return content
    if len(content) > MAX_COPY_BYTES:
        raise InputError(file.path, f"is too large: {len(content)} bytes are to be relocated")
    copy = content.copy()
    words = np.ndarray((len(copy) - 7,), "<u8", copy, strides=(1,))
    words[(places[first:end] - np.uint64(one.addr)).astype(np.int64)] = values[first:end]
    return copy


def _pointers(file: DynamicFile) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """(places ascending, the words there): what the loader would put in, found through DT_RELA, not through sections.

    What other files define is left alone. DT_RELR needs nothing: it keeps the addends in place.
    """
    elf = file.elf
    none = np.zeros(0, np.uint64)
    rows = file.relocations if elf.kind == ET_DYN and elf.machine in RELATIVE else None
    if rows is None or not len(rows):
        return none, none
    kind = rows["info"] & np.uint64(0xFFFFFFFF)
    relative = rows[kind == RELATIVE[elf.machine]]
    named = rows[np.isin(kind, ABSOLUTE[elf.machine])]
    number = (named["info"] >> np.uint64(32)).astype(np.int64)
    inside = number < len(file.symbols)
    named, symbol = named[inside], file.symbols[number[inside]]
    here = (symbol["section"] != 0) & ~np.isin(symbol["info"] & 15, (STT_TLS, STT_GNU_IFUNC))
    named, symbol = named[here], symbol[here]
    places = np.concatenate((relative["addr"], named["addr"]))
    values = np.concatenate((relative["addend"].astype(np.uint64), symbol["addr"] + named["addend"].astype(np.uint64)))
    order = np.argsort(places, kind="stable")
    return places[order], values[order]
