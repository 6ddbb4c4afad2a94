"""Headers of Mach-O and PE files: parts, libraries, universal files."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from support.builds import build

from goknot.app.binary import Questions, read_binary
from goknot.errors import InputError
from goknot.formats.dwarf_entries import DwarfEntries
from goknot.formats.macho import read_macho
from goknot.formats.objectfile import DwarfSections
from goknot.formats.pe import read_pe
from goknot.inputs.binary import GoBinary


def data_of(target: str) -> bytes:
    return build("binary_probe", "1.27.3", target=target).read_bytes()


def universal(*parts: tuple[int, bytes]) -> bytes:
    head, body = struct.pack(">4sI", b"\xca\xfe\xba\xbe", len(parts)), b""
    start = 16384
    for cpu, content in parts:
        head += struct.pack(">5I", cpu, 0, start + len(body), len(content), 14)
        body += content + bytes(-len(content) % 16384)
    return head.ljust(start, b"\0") + body


def test_a_universal_file_is_read_in_part_and_says_so(tmp_path: Path) -> None:
    amd64, arm64 = data_of("darwin/amd64"), data_of("darwin/arm64")
    path = tmp_path / "both"
    path.write_bytes(universal((0x01000007, amd64), (0x0100000C, arm64)))
    report = read_binary(str(path), Questions())
    alone = read_binary(str(build("binary_probe", "1.27.3", target="darwin/amd64")), Questions())
    assert report.module == alone.module
    assert report.build == alone.build
    assert report.problems == ("a universal file: the part for amd64 is read, not that for arm64",)
    path.write_bytes(universal((7, b"\xce\xfa\xed\xfe" + bytes(100))))
    with pytest.raises(InputError, match="without a part that can be read"):
        read_binary(str(path), Questions())


def test_what_a_macho_file_is_made_of() -> None:
    file = read_macho("file", memoryview(data_of("darwin/arm64")))
    assert file.libraries == ("/usr/lib/libSystem.B.dylib", "/usr/lib/libresolv.9.dylib")[: len(file.libraries)]
    assert file.libraries
    assert (file.arch, file.kind, file.moves) == ("arm64", "executable", True)
    assert {part.name for part in file.parts} >= {"__TEXT", "__DATA", "__LINKEDIT"}
    assert {"__text", "__gopclntab", "__noptrdata"} <= set(file.sections)
    assert file.sections["__bss"].n_file_bytes == 0
    assert [part.executable for part in file.parts if part.name == "__TEXT"] == [True]


def test_what_a_pe_file_is_made_of() -> None:
    file = read_pe("file", memoryview(data_of("windows/amd64")))
    assert "kernel32.dll" in file.libraries
    assert (file.arch, file.kind, file.moves) == ("amd64", "executable", True)
    assert {".text", ".rdata", ".data"} <= set(file.sections)
    assert file.sections[".text"].executable
    assert file.sections[".data"].writable
    assert not file.sections[".rdata"].writable
    assert file.has_dwarf  # its sections' names are too long for their headers


@pytest.mark.parametrize(("read", "target"), [(read_macho, "darwin/amd64"), (read_pe, "windows/amd64")])
def test_other_machines_are_refused(read: object, target: str) -> None:
    spoilt = bytearray(data_of(target))
    at = struct.unpack_from("<I", spoilt, 0x3C)[0] + 4 if target.startswith("windows") else 4
    spoilt[at : at + 2] = b"\x12\x34"
    with pytest.raises(InputError, match=r"for (CPU|machine) 0x"):
        read("file", memoryview(bytes(spoilt)))  # type: ignore[operator]


def test_debugging_information_of_a_pe_file() -> None:
    binary = GoBinary(str(build("binary_probe", "1.27.3", target="windows/amd64")))
    entries = DwarfEntries(DwarfSections(binary._image.file))
    names = {entries.entry(unit.first).text(0x03) for unit in entries.dwarf.units}
    assert {"main", "runtime", "fmt"} <= names
