"""The module that a file holds: found by structure in the file alone, with or without symbols.

The header of pclntab is found by its magic, moduledata by its first word, which points there; the table of offsets is
the one of the Go version if it fits what lies there, else the one that does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import GoknotError
from goknot.formats.buildinfo import find_blob
from goknot.formats.objectfile import BUILDINFO_SECTIONS, PCLNTAB_SECTIONS
from goknot.goruntime.modules import DATA, MAGIC, Module, module_at
from goknot.layouts import layout as layouts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from goknot.layouts.layout import Layout
    from goknot.memory.fileimage import FileImage, Loaded

OLD_MAGICS = {
    0xFFFFFFF0: "1.18 or 1.19",
    0xFFFFFFFA: "1.16 or 1.17",
    0xFFFFFFFB: "1.2 to 1.15",
}  # internal/abi/symtab.go
QUANTA = (1, 2, 4)
MAX_SEARCH_BYTES = 1 << 31
MAX_TABLE_BYTES = 1 << 30
MAX_FOUND = 64
CHUNK_WORDS = 1 << 22
MAX_BLOB_BYTES = 1 << 25


@dataclass(frozen=True, slots=True)
class FileModule:
    """A module, the address of its pclntab, and the table it was read with.

    Attributes:
        is_exact: Whether the table is the one of the Go version that the file names.
    """

    module: Module
    pclntab_addr: int
    layout: Layout
    layout_name: str
    is_exact: bool


def build_blob(image: FileImage) -> bytes:
    """Build information: from its section, else from memory that can be written to; empty where there is none."""
    file = image.file
    section = file.section(*BUILDINFO_SECTIONS)
    parts = [section] if section else [part for part in file.parts if part.writable]
    for part in parts:
        data = file.content(part)[:MAX_TABLE_BYTES]
        at = find_blob(data, part.addr)
        if at >= 0:
            return bytes(data[at : at + MAX_BLOB_BYTES])
    return b""


def find_file_module(image: FileImage, version: str) -> FileModule | None:
    """The module of a file; None where there is none that can be read.

    Args:
        image: The file.
        version: What its build information says, or nothing.
    """
    known = _layouts(image.file.arch, version)
    for header in _headers(image):
        for addr in _words_equal(image, (header,)):
            for layout, name in known:
                found = _read(image, layout, name, addr, header)
                if found is not None:
                    return found
    return None


def other_tables(image: FileImage) -> str:
    """What the file's pclntab is, if it is none that can be read; empty where it is not to be found."""
    section = image.file.section(*PCLNTAB_SECTIONS)
    if section is None or section.n_file_bytes < 8:
        return ""
    magic = int.from_bytes(bytes(image.file.content(section)[:4]), "little")
    if magic in OLD_MAGICS:
        return f"its function tables are those of Go {OLD_MAGICS[magic]}"
    if magic != MAGIC:
        return f"its function tables begin with {magic:#x}, which no Go release writes: it may be obfuscated"
    return ""


def _layouts(arch: str, version: str) -> list[tuple[Layout, str]]:
    arch = arch if layouts.minors(arch) else "amd64"  # moduledata is the same on all 64-bit machines
    first, name = layouts.choose(version, arch)
    others = [layouts.load(minor, arch) for minor in reversed(layouts.minors(arch))]
    return [(first, name), *((one, f"table go{one.go}, which fits") for one in others if one.go != first.go)]


def _headers(image: FileImage) -> Iterator[int]:
    """Addresses of what begins like a pclntab."""
    section = image.file.section(*PCLNTAB_SECTIONS)
    magics = tuple(MAGIC | quantum << 48 | 8 << 56 for quantum in QUANTA)
    if section is not None and int.from_bytes(bytes(image.file.content(section)[:8]), "little") in magics:
        yield section.addr
    yield from _words_equal(image, magics)


def _words_equal(image: FileImage, values: tuple[int, ...]) -> list[int]:
    """Addresses of aligned words with one of these values; those in memory that can be written to come first."""
    found: list[int] = []
    left = MAX_SEARCH_BYTES
    for loaded in sorted(image.loaded, key=lambda one: not one.part.writable):
        n_bytes = min(left, len(loaded.content))
        left -= n_bytes
        found += _in_part(loaded, values, n_bytes)
        if len(found) > MAX_FOUND:
            break
    return found[:MAX_FOUND]


def _in_part(loaded: Loaded, values: tuple[int, ...], n_bytes: int) -> list[int]:
    skip = -loaded.part.addr % 8
    n_words = max(n_bytes - skip, 0) // 8
    found: list[int] = []
    for start in range(0, n_words, CHUNK_WORDS):
        words = np.frombuffer(loaded.content, "<u8", min(CHUNK_WORDS, n_words - start), skip + 8 * start)
        hits = np.concatenate([np.flatnonzero(words == np.uint64(value)) for value in values])
        found += (loaded.part.addr + skip + 8 * (start + np.sort(hits)))[:MAX_FOUND].tolist()
    return found


def _read(image: FileImage, layout: Layout, name: str, addr: int, header: int) -> FileModule | None:
    """The moduledata at an address, if it agrees with its pclntab and with itself."""
    read = module_at(image.space, layout, addr)
    if read is None:
        return None
    module, _ = read
    limit = min(len(image.file.data), MAX_TABLE_BYTES)
    tables = (module.funcnametab, module.cutab, module.filetab, module.pctab, module.pclntable, module.ftab)
    try:
        n_functions = image.space.word(header + 8)
        sections = image.space.words(module.textsectmap.addr, 3).tolist() if module.textsectmap.n else [0, 0, 0]
    except GoknotError:
        return None
    # runtime/symtab.go, `moduledataverify1` and `textAddr`: one entry more than functions; the first section is text.
    if (
        n_functions != module.ftab.n - 1
        or any(table.n > limit for table in tables)
        or module.types[1] <= module.types[0]
    ):
        return None
    if not 0 < module.textsectmap.n < 1 << 16 or sections[0] or sections[2] != module.text_addr:
        return None
    return FileModule(module, header, layout, name, name == f"table go{layout.go}")


def moduledata_bytes(image: FileImage, found: FileModule) -> bytes:
    """The whole structure."""
    return image.space.read(found.module.addr, found.layout.size(DATA))
