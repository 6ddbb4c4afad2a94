"""The ELF files behind a process's memory: found, checked by build ID, laid under what the image itself holds."""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import InputError
from goknot.formats.elf import ElfFile
from goknot.formats.elfrelocs import exports, relocated
from goknot.memory.source import MappedElf
from goknot.memory.space import AddressSpace, MissingMemoryError, Stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from goknot.formats.corenotes import BackingFile
    from goknot.formats.elfrelocs import Exports

AT_PHDR, AT_ENTRY = 3, 9
MAX_NOTE_BYTES = 1 << 16


class FileLayers:
    """Collects the files under an image.

    Args:
        where: The image's name in messages.
        space: What the image itself holds.
        backing: Which files back which addresses.
        root: Put before every path: another mount namespace (`/proc/PID/root`).
        opened: Files that were opened already, by path without `root`.
    """

    def __init__(
        self,
        where: str,
        space: AddressSpace,
        backing: Sequence[BackingFile],
        root: str = "",
        opened: Mapping[str, ElfFile] = MappingProxyType({}),
    ) -> None:
        self.where, self.root = where, root
        self.space, self.backing, self.opened = space, backing, opened
        self.backings: list[NDArray[np.uint8]] = []
        self.stretches: list[Stretch] = []
        self.problems: list[str] = []
        self._exports: Callable[[], Exports] = dict

    def executable(self, exe: str | ElfFile | None, auxv: dict[int, int]) -> MappedElf | None:
        """The main program: as given, else where the image says it was.

        Raises:
            InputError: It is another build than the one that ran, or a given path cannot be read.
        """
        phdr_addr = auxv.get(AT_PHDR, 0)
        own = next((b for b in self.backing if b.start_addr <= phdr_addr < b.end_addr), None)
        if exe is None and own is not None and not Path(self.root + own.path).exists():
            self.problems.append(f"the executable {self.root + own.path} is not there; what it holds is missing")
            return None
        path = exe or (self.root + own.path if own else None)
        if path is None:
            return None
        elf = path if isinstance(path, ElfFile) else ElfFile(path)
        entry = struct.unpack_from("<Q", elf.data, 24)[0]
        slide = auxv[AT_ENTRY] - entry if AT_ENTRY in auxv else 0
        self._check_build(elf, own.start_addr if own else _first_addr(elf) + slide)
        if own:
            self._lay(elf, [b for b in self.backing if b.path == own.path], slide)
        else:
            self._lay_segments(elf, slide)
        self._exports = cache(lambda: exports(elf, slide))
        return MappedElf(elf, elf.path, slide)

    def libraries(self, exe: MappedElf | None) -> tuple[MappedElf, ...]:
        """Every other mapped ELF file that is at hand and the same build; others become problems."""
        found = []
        by_path: dict[str, list[BackingFile]] = {}
        for backing in self.backing:
            by_path.setdefault(backing.path, []).append(backing)
        entry_path = None
        if exe is not None:
            first = _first_addr(exe.elf) + exe.slide
            entry_path = next((b.path for b in self.backing if b.start_addr <= first < b.end_addr), None)
        for path, parts in sorted(by_path.items()):
            if path == entry_path or parts[0].file_off:
                continue
            if path not in self.opened and not Path(self.root + path).is_file():
                continue
            try:
                elf = self.opened.get(path) or ElfFile(self.root + path)
                if not elf.segments:
                    continue
                self._check_build(elf, parts[0].start_addr)
            except InputError as other:
                if "not an ELF file" not in other.what:
                    self.problems.append(f"{path} is left out: {other.what}")
                continue
            self._lay(elf, parts, parts[0].start_addr - _first_addr(elf))
            found.append(MappedElf(elf, path, parts[0].start_addr - _first_addr(elf)))
        return tuple(found)

    def joined(self, backings: Sequence[NDArray[np.uint8]], stretches: Sequence[Stretch]) -> AddressSpace:
        """The image's own memory over the files'."""
        moved = [Stretch(s.start_addr, s.end_addr, s.backing + len(backings), s.off) for s in self.stretches]
        return AddressSpace([*backings, *self.backings], [*stretches, *moved])

    def _lay(self, elf: ElfFile, parts: list[BackingFile], slide: int) -> None:
        self.backings.append(relocated(elf, slide, self._exports))
        for part in parts:
            n_bytes = min(part.end_addr - part.start_addr, len(elf.data) - part.file_off)
            if n_bytes > 0:
                end = part.start_addr + n_bytes
                self.stretches.append(Stretch(part.start_addr, end, len(self.backings) - 1, part.file_off))

    def _lay_segments(self, elf: ElfFile, slide: int) -> None:
        self.backings.append(relocated(elf, slide, self._exports))
        for segment in elf.segments:
            n_bytes = min(segment.n_file_bytes, len(elf.data) - segment.file_off)
            if n_bytes > 0:
                start = segment.addr + slide
                self.stretches.append(Stretch(start, start + n_bytes, len(self.backings) - 1, segment.file_off))

    def _check_build(self, elf: ElfFile, start_addr: int) -> None:
        """Compares the build ID in the image's memory with the file's."""
        ran = self._build_id_in_memory(start_addr)
        if ran is None:
            self.problems.append(
                f"the image does not hold the build ID of {elf.path}: whether it is what ran is unknown"
            )
        elif ran != elf.build_id():
            raise InputError(
                elf.path,
                f"is another build than the one in {self.where} (build ID {_shown(elf.build_id())}, not {_shown(ran)})",
                "give the executable that ran",
            )

    def _build_id_in_memory(self, start_addr: int) -> bytes | None:
        """From the ELF header and note segments as loaded; GNU's before Go's, as `ElfFile.build_id`."""
        try:
            head = self.space.read(start_addr, 64)
            if head[:4] != b"\x7fELF":
                return None
            phoff, phentsize, phnum = struct.unpack_from("<Q", head, 32)[0], *struct.unpack_from("<HH", head, 54)
            table = self.space.read(start_addr + phoff, phentsize * phnum)
            rows = [struct.unpack_from("<IIQQQQQQ", table, phentsize * index) for index in range(phnum)]
            ids: dict[bytes, bytes] = {}
            for kind, _, off, _, _, n_bytes, _, align in rows:
                if kind == 4 and n_bytes <= MAX_NOTE_BYTES:
                    ids |= _ids(self.space.read(start_addr + off, n_bytes), 8 if align == 8 else 4)
        except (MissingMemoryError, struct.error):
            return None
        return ids.get(b"GNU") or ids.get(b"Go") or b""


def _ids(notes: bytes, align: int) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    at = 0
    while at + 12 <= len(notes):
        n_name, n_body, kind = struct.unpack_from("<III", notes, at)
        name = notes[at + 12 : at + 12 + n_name].rstrip(b"\0")
        body = at + -(-(12 + n_name) // align) * align
        if (name, kind) in ((b"GNU", 3), (b"Go", 4)):
            found[name] = notes[body : body + n_body]
        at = body + -(-n_body // align) * align
    return found


def _first_addr(elf: ElfFile) -> int:
    return min((segment.addr - segment.file_off for segment in elf.segments), default=0)


def _shown(build_id: bytes) -> str:
    """Go's own build ID is text, that of GNU's linkers bytes; both are long."""
    text = build_id[:40].decode("ascii", "replace")
    return text if text.isascii() and text.isprintable() else build_id[:20].hex()
