"""Versions of symbols: those that a file defines and those it needs (glibc's elf/dl-version.c; `GLIBC_2.34`)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from goknot.errors import InputError
from goknot.formats.elf import c_string

if TYPE_CHECKING:
    from goknot.formats.elfdynamic import DynamicFile

DT_VERSYM, DT_VERDEF, DT_VERDEFNUM, DT_VERNEED, DT_VERNEEDNUM = (
    0x6FFFFFF0, 0x6FFFFFFC, 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF
)  # fmt: skip
VER_FLG_WEAK = 2
MAX_VERSIONS = 1 << 16


@dataclass(frozen=True, slots=True)
class NeededVersion:
    """A version of a library's interface that the file asks for."""

    library: str
    name: str
    weak: bool


class SymbolVersions:
    """The tables of versions of one file.

    Args:
        file: The file.
    """

    def __init__(self, file: DynamicFile) -> None:
        self._file = file

    def needed(self) -> list[NeededVersion]:
        """What DT_VERNEED asks for, in order."""
        return [NeededVersion(library, name, bool(flags & VER_FLG_WEAK)) for library, name, flags, _ in self._verneed()]

    def of_symbol(self, number: int) -> str:
        """The version that symbol `number` is asked for in; empty where it has none."""
        return self._wanted(number)[1]

    def library_of(self, number: int) -> str:
        """The library whose version symbol `number` is asked for in; empty where it has none."""
        return self._wanted(number)[0]

    def _wanted(self, number: int) -> tuple[str, str]:
        table = self._file.tag(DT_VERSYM, 0)
        if not table:
            return "", ""
        index = struct.unpack("<H", self._file.bytes_at(table + 2 * number, 2))[0] & 0x7FFF
        return self._version_by_index.get(index, ("", ""))

    @cached_property
    def defined(self) -> frozenset[str] | None:
        """The versions DT_VERDEF defines; None where the file has no versions at all."""
        at, n = self._file.tag(DT_VERDEF, 0), self._file.tag(DT_VERDEFNUM, 0)
        if not at:
            return None
        found = set()
        for _ in range(min(n, MAX_VERSIONS)):
            _, _, _, n_aux, _, aux_off, next_off = struct.unpack("<HHHHIII", self._file.bytes_at(at, 20))
            if n_aux:
                found.add(c_string(self._file.strings, struct.unpack("<I", self._file.bytes_at(at + aux_off, 4))[0]))
            if not next_off:
                break
            at += next_off
        return frozenset(found)

    @cached_property
    def _version_by_index(self) -> dict[int, tuple[str, str]]:
        return {index: (library, name) for library, name, _, index in self._verneed()}

    def _verneed(self) -> list[tuple[str, str, int, int]]:
        """(library, version, flags, index) of each."""
        at, n = self._file.tag(DT_VERNEED, 0), self._file.tag(DT_VERNEEDNUM, 0)
        found: list[tuple[str, str, int, int]] = []
        for _ in range(min(n, MAX_VERSIONS) if at else 0):
            _, n_aux, file_off, aux_off, next_off = struct.unpack("<HHIII", self._file.bytes_at(at, 16))
            aux = at + aux_off
            for _ in range(n_aux):
                _, flags, index, name_off, after = struct.unpack("<IHHII", self._file.bytes_at(aux, 16))
                found.append(
                    (
                        c_string(self._file.strings, file_off),
                        c_string(self._file.strings, name_off),
                        flags,
                        index & 0x7FFF,
                    )
                )
                if len(found) > MAX_VERSIONS:
                    raise InputError(self._file.path, "is damaged: its list of versions makes no sense")
                if not after:
                    break
                aux += after
            if not next_off:
                break
            at += next_off
        return found
