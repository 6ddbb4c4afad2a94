"""ELF files: headers, segments, sections, notes and symbols of 64-bit little-endian files; nothing is trusted.

Source: the System V ABI, chapter 4, and elf(5).
"""

from __future__ import annotations

import mmap
import os
import stat
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from goknot.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

ET_EXEC, ET_DYN, ET_CORE = 2, 3, 4
PT_LOAD, PT_NOTE = 1, 4
SHT_NOBITS = 8
SHF_COMPRESSED = 0x800
PN_XNUM = 0xFFFF  # more segments than the header can count: section 0 says how many
ARCH_BY_MACHINE = {62: "amd64", 183: "arm64"}
NT_GNU_BUILD_ID = 3
MAX_HEADERS = 1 << 22
MAX_INFLATED_BYTES = 1 << 31


@dataclass(frozen=True, slots=True)
class Segment:
    """A PT_LOAD program header."""

    addr: int
    file_off: int
    n_file_bytes: int
    n_bytes: int
    flags: int  # 1: execute, 2: write, 4: read


@dataclass(frozen=True, slots=True)
class Section:
    """A section header."""

    name: str
    kind: int
    flags: int
    addr: int
    file_off: int
    n_bytes: int
    entry_bytes: int
    link: int


@dataclass(frozen=True, slots=True)
class Note:
    """An entry of a PT_NOTE segment or note section."""

    owner: bytes
    kind: int
    body_off: int
    n_bytes: int


class ElfFile:
    """One mapped ELF file.

    Args:
        path: The file.

    Raises:
        InputError: It cannot be read, or is no 64-bit little-endian ELF file.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.data = map_file(path)
        if len(self.data) < 64 or bytes(self.data[:4]) != b"\x7fELF":
            raise InputError(path, "is not an ELF file", "a core or a Go executable for Linux is expected here")
        if self.data[4] != 2 or self.data[5] != 1:
            raise InputError(path, "is not a 64-bit little-endian ELF file", "amd64 and arm64 are supported")
        head = struct.unpack_from("<HHIQQQIHHHHHH", self.data, 16)
        self.kind, self.machine = head[0], head[1]
        self._phoff, self._shoff = head[4], head[5]
        self._phentsize, self._phnum, self._shentsize, self._shnum, self._shstrndx = head[8:]
        if self._phnum == PN_XNUM or (self._shoff and not self._shnum):
            self._read_section_zero()
        self.segments, self.notes = self._read_segments()

    @property
    def arch(self) -> str:
        """Go's name of the architecture.

        Raises:
            InputError: It is neither amd64 nor arm64.
        """
        known = ARCH_BY_MACHINE.get(self.machine)
        if known is None:
            raise InputError(self.path, f"is for ELF machine {self.machine}", "amd64 and arm64 are supported")
        return known

    @property
    def is_core(self) -> bool:
        """Whether it is a core."""
        return bool(self.kind == ET_CORE)

    def bytes_at(self, file_off: int, n_bytes: int) -> bytes:
        """A stretch of the file.

        Raises:
            InputError: It lies beyond the end.
        """
        if file_off < 0 or n_bytes < 0 or file_off + n_bytes > len(self.data):
            raise InputError(self.path, f"is truncated or damaged: {n_bytes} bytes at offset {file_off} are not there")
        return bytes(self.data[file_off : file_off + n_bytes])

    def sections(self) -> dict[str, Section]:
        """Sections by name; empty where there are none. Of a repeated name the first counts."""
        if not self._shoff or not self._shnum or self._shentsize < 64:
            return {}
        headers = self.bytes_at(self._shoff, self._shnum * self._shentsize)
        raw = [struct.unpack_from("<IIQQQQIIQQ", headers, i * self._shentsize) for i in range(self._shnum)]
        if self._shstrndx >= len(raw):
            return {}
        strings = self.bytes_at(raw[self._shstrndx][4], raw[self._shstrndx][5])
        found: dict[str, Section] = {}
        for name_off, kind, flags, addr, off, size, link, _, _, entry_bytes in raw:
            name = c_string(strings, name_off)
            found.setdefault(name, Section(name, kind, flags, addr, off, size, entry_bytes, link))
        return found

    def section_bytes(self, section: Section) -> bytes:
        """A section's content, inflated when it is compressed.

        Raises:
            InputError: It is truncated, damaged or unreasonably large.
        """
        if section.kind == SHT_NOBITS:
            return b""
        data = self.bytes_at(section.file_off, section.n_bytes)
        if not section.flags & SHF_COMPRESSED:
            return data
        if len(data) < 24:
            raise InputError(self.path, f"section {section.name} is damaged")
        kind, _, size, _ = struct.unpack_from("<IIQQ", data)
        if kind != 1 or size > MAX_INFLATED_BYTES:
            raise InputError(self.path, f"section {section.name} is compressed in an unknown way")
        try:
            return zlib.decompressobj().decompress(data[24:], size)
        except zlib.error as bad:
            raise InputError(self.path, f"section {section.name} is damaged: {bad}") from bad

    def build_id(self) -> bytes:
        """The GNU build ID, else Go's; empty where there is neither."""
        found = {(note.owner, note.kind): note for note in self.notes}
        gnu, go = found.get((b"GNU", NT_GNU_BUILD_ID)), found.get((b"Go", 4))
        note = gnu or go
        return self.bytes_at(note.body_off, note.n_bytes) if note else b""

    def _read_section_zero(self) -> None:
        if self._shentsize < 64 and self._shnum:
            raise InputError(self.path, "is damaged: section headers are too short")
        zero = struct.unpack("<IIQQQQIIQQ", self.bytes_at(self._shoff, 64))
        if self._phnum == PN_XNUM:
            self._phnum = zero[7]
        if not self._shnum:
            self._shnum = zero[5]
        if self._phnum > MAX_HEADERS or self._shnum > MAX_HEADERS:
            raise InputError(self.path, "is damaged: counts of headers make no sense")

    def _read_segments(self) -> tuple[tuple[Segment, ...], tuple[Note, ...]]:
        if self._phnum and self._phentsize < 56:
            raise InputError(self.path, "is damaged: program headers are too short")
        headers = self.bytes_at(self._phoff, self._phnum * self._phentsize) if self._phnum else b""
        segments: list[Segment] = []
        notes: list[Note] = []
        for index in range(self._phnum):
            kind, flags, off, addr, _, n_file, n_bytes, align = struct.unpack_from(
                "<IIQQQQQQ", headers, index * self._phentsize
            )
            if kind == PT_LOAD:
                if addr + n_bytes > 1 << 64 or n_file > n_bytes:
                    raise InputError(self.path, f"is damaged: segment {index} makes no sense")
                segments.append(Segment(addr, off, n_file, n_bytes, flags))
            elif kind == PT_NOTE:
                notes.extend(self._notes(off, n_file, 8 if align == 8 else 4))
        return tuple(segments), tuple(notes)

    def _notes(self, off: int, n_bytes: int, align: int) -> Iterator[Note]:
        end = off + n_bytes
        if end > len(self.data):
            raise InputError(self.path, "is truncated: its notes are not all there")
        while off + 12 <= end:
            n_name, n_body, kind = struct.unpack_from("<III", self.data, off)
            name_off = off + 12
            body_off = off + -(-(12 + n_name) // align) * align
            off = body_off + -(-n_body // align) * align
            if body_off + n_body > end:
                raise InputError(self.path, "is damaged: a note runs beyond its segment")
            yield Note(bytes(self.data[name_off : name_off + n_name]).rstrip(b"\0"), kind, body_off, n_body)


def map_file(path: str) -> memoryview:
    """The file's bytes, mapped, not read.

    Raises:
        InputError: It is no regular file, cannot be opened or is empty.
    """
    try:
        if not stat.S_ISREG(mode := Path(path).stat().st_mode):  # opening a pipe would wait
            what = "a directory" if stat.S_ISDIR(mode) else "no regular file"
            raise InputError(path, f"cannot be read: it is {what}")
        with Path(path).open("rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise InputError(path, "is empty")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as failed:
        raise InputError(path, f"cannot be read: {getattr(failed, 'strerror', None) or failed}") from failed


def c_string(data: bytes, off: int) -> str:
    """The zero-terminated string at `off`; empty when it lies outside."""
    if off >= len(data):
        return ""
    end = data.find(b"\0", off)
    return data[off : end if end >= 0 else len(data)].decode("utf-8", "backslashreplace")
