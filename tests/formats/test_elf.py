"""ELF files against readelf's own words where it is there, and against damage."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.builds import build
from support.toolchains import QUICK_VERSIONS, VERSIONS, go_env, toolchain

from goknot.errors import InputError
from goknot.formats import buildinfo
from goknot.formats.corenotes import read_backing, read_threads
from goknot.formats.dwarf import Dwarf
from goknot.formats.elf import ElfFile
from goknot.formats.elfsymbols import read_variables

if TYPE_CHECKING:
    from support.images import ImageMaker

NEWEST = QUICK_VERSIONS[-1]


@pytest.mark.parametrize("version", QUICK_VERSIONS)
def test_variables_are_those_of_go_tool_nm(version: str) -> None:
    exe = build("heap_shapes", version)
    go = toolchain(version)
    done = subprocess.run([go, "tool", "nm", exe], env=go_env(go), capture_output=True, text=True, check=True)
    said = {
        (int(addr, 16), name)
        for addr, kind, name in (line.split(maxsplit=2) for line in done.stdout.splitlines() if line[:16].strip())
        if kind in "dDbB" and name.startswith("main.")
    }
    symbols = read_variables(ElfFile(str(exe)))
    assert symbols is not None
    found = {(int(addr), symbols.name(index)) for index, addr in enumerate(symbols.addr)}
    assert len(said) > 5
    assert {entry for entry in said if ".." not in entry[1]} <= found
    assert all(symbols.find(addr) >= 0 for addr, _ in said)
    assert read_variables(ElfFile(str(build("heap_shapes", version, stripped=True)))) is None


@pytest.mark.parametrize(
    "version", [*QUICK_VERSIONS, *(pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS[1:-1])]
)
def test_version_and_build_id(version: str) -> None:
    elf = ElfFile(str(build("heap_shapes", version)))
    blob = elf.section_bytes(elf.sections()[".go.buildinfo"])
    assert buildinfo.go_version(blob) == f"go{version}"
    assert "path\theap_shapes" in buildinfo.module_info(blob)
    assert elf.build_id()
    assert elf.arch == "amd64"
    assert not elf.is_core


@pytest.mark.skipif(shutil.which("readelf") is None, reason="no readelf")
def test_core_notes_are_those_of_readelf(heap_image: ImageMaker) -> None:
    taken = heap_image(NEWEST)
    core = ElfFile(str(taken.core))
    said = subprocess.run(["readelf", "-nW", taken.core], capture_output=True, text=True, check=True).stdout
    assert len(read_threads(core)) == said.count("NT_PRSTATUS") > 1
    backing = read_backing(core)
    assert {b.path for b in backing} >= {str(taken.exe)}
    loaded = [(s.addr - s.addr % 4096, s.file_off - s.file_off % 4096) for s in ElfFile(str(taken.exe)).segments]
    found = [(b.start_addr, b.file_off) for b in backing if b.path == str(taken.exe)]
    assert sorted(found) == sorted(loaded)
    assert len(core.segments) > 5


def test_dwarf_of_two_versions_of_the_format() -> None:
    for version in ("1.24.11", NEWEST):  # DWARF 4, then 5
        structs = Dwarf(ElfFile(str(build("heap_shapes", version)))).structs(
            {"main.fieldA", "runtime.mspan", "no.such"}
        )
        assert set(structs) == {"main.fieldA", "runtime.mspan"}
        assert {name: (m.off, m.n_bytes) for name, m in structs["main.fieldA"].members.items()} == {
            "b": (0, 8),
            "payload": (8, 24),
        }
    assert Dwarf(ElfFile(str(build("heap_shapes", NEWEST, stripped=True)))).structs({"runtime.mspan"}) == {}


def test_damaged_files_end_in_errors(tmp_path: Path) -> None:
    data = build("heap_shapes", NEWEST).read_bytes()
    chance = random.Random(3)
    broken = tmp_path / "broken"
    outcomes = set()
    for _ in range(60):
        copy = bytearray(data[: chance.choice([len(data), chance.randrange(len(data))])])
        for _ in range(chance.randrange(1, 200)):
            copy[chance.randrange(min(len(copy), chance.choice([64, 1000, len(copy)])))] = chance.randrange(256)
        copy[:6] = data[:6]
        broken.write_bytes(copy)
        try:
            elf = ElfFile(str(broken))
            read_variables(elf)
            elf.build_id()
            Dwarf(elf).structs({"runtime.mspan"})
            outcomes.add("read")
        except InputError:
            outcomes.add("refused")
    assert "refused" in outcomes
    assert buildinfo.module_info(b"") == ""
    assert buildinfo.go_version(buildinfo.MAGIC + bytes(40)) is None
