"""The relocations of a position independent file, as the dynamic loader applied them.

Cores may leave out what is read-only when they are taken, `.data.rel.ro` among it: Go keeps its types there. The file
has zeros in the places of pointers; the loader put them in.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import InputError
from goknot.formats.elf import ET_DYN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.formats.elf import ElfFile

RELA = np.dtype([("addr", "<u8"), ("info", "<u8"), ("addend", "<i8")])
SHT_RELA, SHF_ALLOC = 4, 2
RELATIVE = {62: 8, 183: 1027}  # R_X86_64_RELATIVE, R_AARCH64_RELATIVE


def relocated(elf: ElfFile, slide: int) -> NDArray[np.uint8]:
    """The file's bytes with `slide` put into every relative relocation; pages without any stay mapped.

    Raises:
        InputError: The relocations are truncated.
    """
    tables = [s for s in elf.sections().values() if s.kind == SHT_RELA and s.flags & SHF_ALLOC]
    if not tables or elf.kind != ET_DYN or elf.machine not in RELATIVE:
        return np.frombuffer(elf.data, np.uint8)
    raw = b"".join(elf.section_bytes(table) for table in tables)
    rows = np.frombuffer(raw, RELA, len(raw) // RELA.itemsize)
    rows = rows[(rows["info"] & np.uint64(0xFFFFFFFF)) == RELATIVE[elf.machine]]
    try:
        with Path(elf.path).open("rb") as file:
            data = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY), np.uint8)
    except (OSError, ValueError) as failed:
        raise InputError(elf.path, f"cannot be read: {failed}") from failed
    words = np.ndarray((len(data) - 7,), "<u8", data, strides=(1,))
    for segment in elf.segments:
        inside = (rows["addr"] >= segment.addr) & (rows["addr"] + 8 <= segment.addr + segment.n_file_bytes)
        off = (rows["addr"][inside] - np.uint64(segment.addr)).astype(np.int64) + segment.file_off
        fits = off + 8 <= len(data)
        words[off[fits]] = (rows["addend"][inside][fits] + slide).astype(np.uint64)
    return data
