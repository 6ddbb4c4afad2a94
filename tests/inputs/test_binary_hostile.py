"""Truncated and damaged binaries end in an error or a listed problem, never in a traceback; memory stays bounded."""

from __future__ import annotations

import resource
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.builds import build

from goknot.app.binary import Questions, exit_code, read_binary
from goknot.errors import GoknotError, InputError
from goknot.formats.macho import read_macho
from goknot.formats.pe import read_pe
from goknot.inputs.binary import GoBinary
from goknot.reports.binary_json import render_json
from goknot.reports.binary_text import render_text
from goknot.reports.view import View

FILES = ("elf", "plugin", "c-shared", "macho", "pe")
TABLES = ("ftab", "pclntable", "funcnametab", "textsectmap", "pctab", "cutab", "filetab")
SECTIONS = (
    ".dynamic", ".dynsym", ".rela.dyn", ".rela.plt", ".gnu.hash", ".hash", ".gnu.version_r", ".go.buildinfo",
    ".debug_info", ".debug_abbrev", ".symtab", "__go_buildinfo",
)  # fmt: skip


@cache
def file(name: str) -> Path:
    if name == "plugin":
        return build("binary_probe", "1.21.13", mode="plugin", cgo=True)
    if name == "c-shared":
        return build("binary_cexports", "1.26.6", mode="c-shared", cgo=True)
    target = {"elf": "linux/amd64", "macho": "darwin/arm64", "pe": "windows/amd64"}[name]
    return build("binary_probe", "1.27.3", pie=name == "elf", target=target)


@cache
def content(name: str) -> bytes:
    return file(name).read_bytes()


@cache
def hot_places(name: str) -> tuple[tuple[int, int], ...]:
    """(first, end) in the file of what readers follow: headers, moduledata, tables of functions, types, relocations."""
    binary = GoBinary(str(file(name)))
    image, found = binary._image, binary._found
    assert found is not None
    places = [(0, 1024)]

    def add(addr: int, n_bytes: int) -> None:
        for part in image.file.parts:
            if part.addr <= addr < part.addr + part.n_file_bytes:
                at = part.file_off + addr - part.addr
                places.append((at, min(at + n_bytes, len(content(name)))))

    add(found.module.addr, 600)
    add(found.pclntab_addr, 100)
    add(found.module.types[0], 20_000)
    for table in TABLES:
        add(getattr(found.module, table).addr, 4096)
    for section in SECTIONS:
        if section in image.file.sections:
            part = image.file.sections[section]
            places.append((part.file_off, part.file_off + max(1, min(part.n_file_bytes, 4096))))
    return tuple(places)


def survives(path: Path, *, symbols: bool) -> None:
    questions = Questions(
        functions=("main.*", "*.Twice"),
        pcs=(0, 0x401000, 0x100001000, (1 << 64) - 1),
        symbols=("*T*", "Twice", "nothing") if symbols else (),
        calls=("main.main", "Twice", "Greet"),
    )
    try:
        report = read_binary(str(path), questions)
    except GoknotError as refused:
        assert str(path) in refused.what
        return
    assert exit_code(report) in (0, 1, 3)
    assert render_text(report, View())
    assert render_json(report, "0")


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damage_anywhere_that_matters(name: str, tmp_path: Path, data: st.DataObject) -> None:
    spoilt = bytearray(content(name))
    for _ in range(data.draw(st.integers(1, 6))):
        first, end = data.draw(st.sampled_from(hot_places(name)))
        at = data.draw(st.integers(first, end - 1))
        width = data.draw(st.sampled_from((1, 4, 8)))
        edge = st.sampled_from((0, 1, (1 << 8 * width) - 1, 1 << (8 * width - 1)))
        value = data.draw(st.one_of(edge, st.integers(0, (1 << 8 * width) - 1)))
        spoilt[at : at + width] = value.to_bytes(width, "little")
    path = tmp_path / name
    path.write_bytes(spoilt)
    survives(path, symbols=name in ("elf", "plugin", "c-shared"))


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_prefix(name: str, tmp_path: Path, data: st.DataObject) -> None:
    n_bytes = data.draw(st.one_of(st.integers(0, 4096), st.integers(0, len(content(name)))))
    path = tmp_path / name
    path.write_bytes(content(name)[:n_bytes])
    survives(path, symbols=name in ("elf", "plugin", "c-shared"))


@pytest.mark.parametrize("name", ["elf", "plugin"])
def test_every_prefix_of_elf_headers(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    for n_bytes in (*range(130), *range(130, 1024, 29)):
        path.write_bytes(content(name)[:n_bytes])
        with pytest.raises(InputError):
            read_binary(str(path), Questions())


@pytest.mark.parametrize(("name", "read"), [("macho", read_macho), ("pe", read_pe)])
def test_every_prefix_of_other_headers(name: str, read: object) -> None:
    whole = content(name)
    refused = 0
    for n_bytes in range(4, 3000):
        try:
            found = read(name, memoryview(whole[:n_bytes]))  # type: ignore[operator]
        except InputError:
            refused += 1
        else:
            assert all(part.file_off + part.n_file_bytes <= max(n_bytes, part.file_off) for part in found.parts)
    assert refused > 300


def test_addresses_beyond_all_memory(tmp_path: Path) -> None:
    path = tmp_path / "far"
    image_base = int.from_bytes(content("pe")[0x3C:0x40], "little") + 24 + 24
    for name, at in (("plugin", 64 + 56 + 16), ("macho", 32 + 72 + 24), ("pe", image_base)):
        spoilt = bytearray(content(name))
        spoilt[at : at + 8] = ((1 << 64) - 4096).to_bytes(8, "little")
        path.write_bytes(spoilt)
        with pytest.raises(InputError, match="damaged"):
            read_binary(str(path), Questions())


def test_tables_of_other_releases_are_named(tmp_path: Path) -> None:
    whole = content("elf")
    at = whole.index(b"\xf1\xff\xff\xff\0\0\1\x08")
    for magic, said in ((0xFFFFFFFA, "those of Go 1.16 or 1.17"), (0x12345678, "obfuscated")):
        path = tmp_path / f"{magic:x}"
        path.write_bytes(whole[:at] + magic.to_bytes(4, "little") + whole[at + 4 :])
        report = read_binary(str(path), Questions())
        assert report.module is None
        assert report.build.go == "go1.27.3"
        assert len(report.problems) == 1
        assert said in report.problems[0]
        assert exit_code(report) == 3


def test_a_release_without_a_table_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "unknown"
    path.write_bytes(content("elf").replace(b"\x08go1.27.3", b"\x08go1.99.3"))
    report = read_binary(str(path), Questions())
    assert report.module == replace(read_binary(str(file("elf")), Questions()).module, layout=report.module.layout)
    assert "built by go1.99.3" in report.problems[0]
    assert exit_code(report) == 3


def test_memory_stays_bounded() -> None:
    """All of the above went through this very process."""
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2 << 20  # KiB
