"""A file as it would lie in memory at the addresses it was linked for: nothing is loaded, nothing runs."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import InputError
from goknot.formats.elf import ET_DYN, ElfFile, map_file
from goknot.formats.elfdynamic import DynamicFile
from goknot.formats.elfrelocs import ABSOLUTE, RELATIVE, STT_GNU_IFUNC, STT_TLS, put_words
from goknot.formats.macho import MAGIC_64, MAGIC_FAT, read_macho
from goknot.formats.objectfile import ObjectFile, elf_object
from goknot.formats.pe import read_pe
from goknot.memory.space import AddressSpace, Stretch

if TYPE_CHECKING:
    from numpy.typing import NDArray

GO_FILE = "a Go executable, plugin or shared library is expected (ELF, Mach-O or PE)"
OTHER_FILES = (
    (b"#!", "is a script"),
    (b"!<arch>\n", "is an archive of object files: link it first"),
    (b"\0asm", "is a WebAssembly module"),
    (b"PK\x03\x04", "is a zip archive"),
    (b"\x1f\x8b", "is compressed with gzip"),
    (b"\xce\xfa\xed\xfe", "is a 32-bit Mach-O file"),
)


@dataclass(frozen=True, slots=True)
class FileImage:
    """A file with its memory.

    Attributes:
        dynamic: What the dynamic loader reads; ELF alone.
    """

    file: ObjectFile
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
        return _plain(read_macho(path, data))
    if head[:2] == b"MZ":
        return _plain(read_pe(path, data))
    what = next((what for magic, what in OTHER_FILES if head.startswith(magic)), "is no executable or library")
    raise InputError(path, what, GO_FILE)


def _plain(file: ObjectFile) -> FileImage:
    return FileImage(file, _space(file, np.frombuffer(file.data, np.uint8)), None)


def _elf(path: str) -> FileImage:
    elf = ElfFile(path)
    dynamic = DynamicFile(elf)
    file = elf_object(elf, dynamic)
    return FileImage(file, _space(file, _relocated(dynamic)), dynamic)


def _space(file: ObjectFile, content: NDArray[np.uint8]) -> AddressSpace:
    loaded = [one for one in file.parts if one.n_file_bytes > 0]
    return AddressSpace([content], [Stretch(one.addr, one.addr + one.n_file_bytes, 0, one.file_off) for one in loaded])


def _relocated(file: DynamicFile) -> NDArray[np.uint8]:
    """The file's bytes with the pointers that the loader would put in; found through DT_RELA, not through sections.

    What other files define is left alone. DT_RELR needs nothing: it keeps the addends in place.
    """
    elf = file.elf
    rows = file.relocations if elf.kind == ET_DYN and elf.machine in RELATIVE else None
    if rows is None or not len(rows):
        return np.frombuffer(elf.data, np.uint8)
    try:
        with Path(elf.path).open("rb") as opened:
            data = np.frombuffer(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY), np.uint8)
    except (OSError, ValueError) as failed:
        raise InputError(elf.path, f"cannot be read: {failed}") from failed
    kind = rows["info"] & np.uint64(0xFFFFFFFF)
    relative = rows[kind == RELATIVE[elf.machine]]
    put_words(elf, data, relative["addr"], relative["addend"].astype(np.uint64))
    named = rows[np.isin(kind, ABSOLUTE[elf.machine])]
    number = (named["info"] >> np.uint64(32)).astype(np.int64)
    inside = number < len(file.symbols)
    named, symbol = named[inside], file.symbols[number[inside]]
    here = (symbol["section"] != 0) & ~np.isin(symbol["info"] & 15, (STT_TLS, STT_GNU_IFUNC))
    put_words(elf, data, named["addr"][here], symbol["addr"][here] + named["addend"][here].astype(np.uint64))
    return data
