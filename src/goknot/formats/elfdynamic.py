"""What the dynamic loader reads of an ELF file: through program headers alone, so section headers may be missing.

Source: the System V ABI, chapter 5.
"""

from __future__ import annotations

import struct
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import InputError
from goknot.formats.elf import ElfFile, c_string

if TYPE_CHECKING:
    from numpy.typing import NDArray

PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NEEDED, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_RELA, DT_RELASZ, DT_STRSZ = 1, 4, 5, 6, 7, 8, 10
DT_SONAME, DT_RPATH, DT_SYMBOLIC, DT_JMPREL, DT_PLTRELSZ, DT_INIT_ARRAY, DT_INIT_ARRAYSZ = 14, 15, 16, 23, 2, 25, 27
DT_RUNPATH, DT_FLAGS, DT_GNU_HASH, DT_FLAGS_1 = 29, 30, 0x6FFFFEF5, 0x6FFFFFFB
DF_SYMBOLIC, DF_1_PIE, STB_WEAK = 2, 0x08000000, 2
STT_TLS, STT_GNU_IFUNC = 6, 10  # stand for no address in the file
RELA = np.dtype([("addr", "<u8"), ("info", "<u8"), ("addend", "<i8")])
DYNSYM = np.dtype([("name", "<u4"), ("info", "u1"), ("other", "u1"), ("section", "<u2"), ("addr", "<u8"), ("n", "<u8")])
RELATIVE = {62: 8, 183: 1027}  # R_X86_64_RELATIVE, R_AARCH64_RELATIVE
ABSOLUTE = {62: (1, 6), 183: (257, 1025)}  # R_X86_64_64 and _GLOB_DAT, R_AARCH64_ABS64 and _GLOB_DAT
DT_BIND_NOW, DF_BIND_NOW, DF_1_NOW = 24, 8, 1
MAX_SYMBOLS, MAX_CONSTRUCTORS = 1 << 24, 1 << 16
MAX_ZERO_BYTES = 1 << 20  # of what the file does not hold, no table is made


class DynamicFile:
    """The dynamic section of one file and the tables it leads to.

    Args:
        elf: The file.

    Raises:
        InputError: The tables are truncated or make no sense.
    """

    def __init__(self, elf: ElfFile) -> None:
        self.elf = elf
        self.path = elf.path
        headers = program_headers(elf)
        self.interpreter = next(
            (c_string(self._file(off, n), 0) for kind, off, _, n in headers if kind == PT_INTERP), ""
        )
        found = next(((off, n) for kind, off, _, n in headers if kind == PT_DYNAMIC), None)
        self.has_dynamic = found is not None
        self._tags = _tags(self._file(*found)) if found else []
        self._by_tag = dict(reversed(self._tags))
        strings = self._by_tag.get(DT_STRTAB, 0)
        self.strings = self.bytes_at(strings, self._by_tag.get(DT_STRSZ, 0)) if strings else b""

    @property
    def needed(self) -> list[str]:
        """DT_NEEDED, in order."""
        return [c_string(self.strings, value) for tag, value in self._tags if tag == DT_NEEDED]

    def tag(self, tag: int, default: int = 0) -> int:
        """The value of a tag of the dynamic section; the first counts."""
        return self._by_tag.get(tag, default)

    def text(self, tag: int) -> str:
        """A tag that names a string (DT_SONAME, DT_RUNPATH, DT_RPATH); empty where there is none."""
        return c_string(self.strings, self._by_tag[tag]) if tag in self._by_tag else ""

    @property
    def is_pie(self) -> bool:
        """Whether it is marked as an executable that is position independent."""
        return bool(self._by_tag.get(DT_FLAGS_1, 0) & DF_1_PIE)

    @property
    def binds_to_itself(self) -> bool:
        """Linked with -Bsymbolic."""
        return DT_SYMBOLIC in self._by_tag or bool(self._by_tag.get(DT_FLAGS, 0) & DF_SYMBOLIC)

    @property
    def binds_now(self) -> bool:
        """Linked with -z now: calls are bound when the file is loaded, not when they are first made."""
        return (
            DT_BIND_NOW in self._by_tag
            or bool(self._by_tag.get(DT_FLAGS, 0) & DF_BIND_NOW)
            or bool(self._by_tag.get(DT_FLAGS_1, 0) & DF_1_NOW)
        )

    @cached_property
    def symbols(self) -> NDArray[np.void]:
        """The dynamic symbols (`DYNSYM` rows); number 0 stands for none."""
        table = self._by_tag.get(DT_SYMTAB, 0)
        n = self._n_symbols() if table else 0
        return np.frombuffer(self.bytes_at(table, n * DYNSYM.itemsize), DYNSYM) if n else np.zeros(0, DYNSYM)

    @cached_property
    def defined(self) -> dict[bytes, int]:
        """Names that other files can bind to -> address as linked; the first of a name counts."""
        rows = self.symbols
        rows = rows[(rows["section"] != 0) & ((rows["info"] >> 4) != 0) & ((rows["info"] & 15) != STT_TLS)][::-1]
        return dict(zip(self.names_at(rows["name"]), rows["addr"].tolist(), strict=True))

    @cached_property
    def thread_local(self) -> frozenset[bytes]:
        """Names of thread-local variables defined here."""
        rows = self.symbols
        rows = rows[(rows["section"] != 0) & ((rows["info"] & 15) == STT_TLS)]
        return frozenset(self.name_at(off) for off in rows["name"].tolist())

    @cached_property
    def relocations(self) -> NDArray[np.void]:
        """All relocations (`RELA` rows) in the order the loader applies them."""
        tables = ((DT_RELA, DT_RELASZ), (DT_JMPREL, DT_PLTRELSZ))
        parts = [
            np.frombuffer(self.bytes_at(self._by_tag[at], self._by_tag.get(n, 0) // 24 * 24), RELA)
            for at, n in tables
            if at in self._by_tag and self._by_tag.get(n, 0) >= 24
        ]
        return np.concatenate(parts) if parts else np.zeros(0, RELA)

    @cached_property
    def used(self) -> list[int]:
        """Numbers of the symbols that relocations name, by first use."""
        numbers = (self.relocations["info"] >> np.uint64(32)).astype(np.int64)
        unique, first = np.unique(numbers, return_index=True)
        return [n for n in unique[np.argsort(first, kind="stable")].tolist() if 0 < n < len(self.symbols)]

    def name_at(self, off: int) -> bytes:
        """The name at an offset of the string table."""
        end = self.strings.find(b"\0", off)
        return self.strings[off : end if end >= 0 else len(self.strings)]

    def names_at(self, offs: NDArray[np.integer]) -> list[bytes]:
        """The names at offsets of the string table, all at once."""
        zeros = np.flatnonzero(np.frombuffer(self.strings, np.uint8) == 0)
        ends = np.append(zeros, len(self.strings))[np.searchsorted(zeros, offs)]
        return [self.strings[off:end] for off, end in zip(offs.tolist(), ends.tolist(), strict=True)]

    @cached_property
    def init_array(self) -> tuple[int, ...]:
        """Addresses of the functions in DT_INIT_ARRAY, as linked."""
        at, n = self._by_tag.get(DT_INIT_ARRAY, 0), self._by_tag.get(DT_INIT_ARRAYSZ, 0) // 8
        if n > MAX_CONSTRUCTORS:
            raise InputError(self.path, "is damaged: its list of constructors makes no sense")
        words = (self.word(at + 8 * index) for index in range(n))
        return tuple(word for word, name in words if not name and word)

    @cached_property
    def _pointers(self) -> tuple[NDArray[np.uint64], NDArray[np.void]]:
        """(places ascending, their relocations): those that put an address of this or a named symbol in a word."""
        rows = self.relocations
        machine = self.elf.machine
        kinds = [RELATIVE.get(machine, -1), *ABSOLUTE.get(machine, ())]
        rows = rows[np.isin(rows["info"] & np.uint64(0xFFFFFFFF), kinds)]
        rows = rows[np.argsort(rows["addr"], kind="stable")]
        return np.ascontiguousarray(rows["addr"]), rows

    def word(self, addr: int) -> tuple[int, bytes]:
        """The word at `addr` once relocated: (address or number, b"") or (addend, name of the symbol it points at).

        Raises:
            InputError: There is nothing at that address.
        """
        places, rows = self._pointers
        index = int(np.searchsorted(places, np.uint64(addr))) if 0 <= addr < 1 << 64 else len(places)
        if index < len(places) and int(places[index]) == addr:
            info, addend = int(rows["info"][index]), int(rows["addend"][index])
            if not info >> 32:
                return addend, b""
            if info >> 32 < len(self.symbols):
                return addend, self.name_at(int(self.symbols[info >> 32]["name"]))
        return int.from_bytes(self.bytes_at(addr, 8), "little"), b""

    def is_pointer(self, addr: int) -> bool:
        """Whether a relocation makes the word at `addr` an address."""
        places, _ = self._pointers
        index = int(np.searchsorted(places, np.uint64(addr))) if 0 <= addr < 1 << 64 else len(places)
        return index < len(places) and int(places[index]) == addr

    def bytes_at(self, addr: int, n_bytes: int) -> bytes:
        """What lies at an address as linked; zeros behind the file's part of a segment.

        Raises:
            InputError: No segment covers it, or the file ends before.
        """
        for segment in self.elf.segments:
            if segment.addr <= addr and addr + n_bytes <= segment.addr + segment.n_bytes and n_bytes >= 0:
                skip = addr - segment.addr
                in_file = max(0, min(n_bytes, segment.n_file_bytes - skip))
                if n_bytes - in_file > MAX_ZERO_BYTES:
                    break
                return (self._file(segment.file_off + skip, in_file) if in_file else b"") + bytes(n_bytes - in_file)
        raise InputError(self.path, f"is damaged: nothing is loaded at {addr:#x}")

    def _file(self, off: int, n_bytes: int) -> bytes:
        return self.elf.bytes_at(off, n_bytes)

    def _n_symbols(self) -> int:
        if DT_HASH in self._by_tag:
            n = int(struct.unpack("<II", self.bytes_at(self._by_tag[DT_HASH], 8))[1])
        elif DT_GNU_HASH in self._by_tag:
            n = self._n_hashed(self._by_tag[DT_GNU_HASH])
        else:
            return 0
        if n > MAX_SYMBOLS:
            raise InputError(self.path, "is damaged: its number of symbols makes no sense")
        return n

    def _n_hashed(self, at: int) -> int:
        """One past the last symbol of DT_GNU_HASH: the end of the chain that begins last."""
        n_buckets, first, n_bloom, _ = struct.unpack("<IIII", self.bytes_at(at, 16))
        if max(n_buckets, n_bloom, first) > MAX_SYMBOLS:
            raise InputError(self.path, "is damaged: its hash table makes no sense")
        buckets = at + 16 + 8 * n_bloom
        starts = np.frombuffer(self.bytes_at(buckets, 4 * n_buckets), "<u4")
        last = int(starts.max()) if len(starts) else 0
        if last < first:
            return int(first)
        chains = buckets + 4 * n_buckets
        while not self.bytes_at(chains + 4 * (last - first), 4)[0] & 1:
            last += 1
            if last * DYNSYM.itemsize > len(self.elf.data):
                raise InputError(self.path, "is damaged: its hash table makes no sense")
        return last + 1


def program_headers(elf: ElfFile) -> list[tuple[int, int, int, int]]:
    """(kind, offset in the file, address, bytes in the file) of each."""
    off, size, n = struct.unpack_from("<Q", elf.data, 32)[0], *struct.unpack_from("<HH", elf.data, 54)
    if n and size < 56:
        raise InputError(elf.path, "is damaged: program headers are too short")
    rows = []
    for index in range(n):
        kind, _, at, addr, _, n_file, _, _ = struct.unpack("<IIQQQQQQ", elf.bytes_at(off + index * size, 56))
        rows.append((kind, at, addr, n_file))
    return rows


def _tags(data: bytes) -> list[tuple[int, int]]:
    pairs = [struct.unpack_from("<QQ", data, at) for at in range(0, len(data) // 16 * 16, 16)]
    end = next((index for index, pair in enumerate(pairs) if not pair[0]), len(pairs))
    return [(tag, value) for tag, value in pairs[:end]]
