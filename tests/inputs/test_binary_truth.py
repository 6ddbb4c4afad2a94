"""`goknot binary` against `go tool nm`, `go version -m`, `go tool objdump` and readelf, stripped twins included."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from support.binaries import (
    nm_functions,
    objdump,
    plain_name,
    readelf_relocations,
    readelf_symbols,
    version_m,
)
from support.builds import build

from goknot.app.binary import Questions, read_binary
from goknot.formats.elf import ElfFile
from goknot.inputs.binary import GoBinary
from goknot.inputs.plugins import build_facts
from goknot.model.binary import BinaryReport

VERSIONS = ("1.21.13", "1.23.9", "1.25.5", "1.26.6", "1.27.3")
KINDS: dict[str, dict[str, object]] = {
    "exe": {"case": "binary_probe"},
    "pie": {"case": "binary_probe", "pie": True},
    "plugin": {"case": "binary_probe", "mode": "plugin", "cgo": True},
    "c-shared": {"case": "binary_cexports", "mode": "c-shared", "cgo": True},
}
QUICK = {("exe", "1.27.3"), ("plugin", "1.21.13"), ("c-shared", "1.26.6")}
MATRIX = [
    pytest.param(kind, version, marks=() if (kind, version) in QUICK else pytest.mark.slow)
    for version in VERSIONS
    for kind in KINDS
]
FOREIGN = [
    pytest.param(target, version, marks=() if version == "1.27.3" else pytest.mark.slow)
    for target in ("darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64", "linux/arm64", "linux/riscv64")
    for version in VERSIONS
]


def built(kind: str, version: str, **more: object) -> Path:
    options = KINDS[kind] | more
    return build(str(options.pop("case")), version, **options)  # type: ignore[arg-type]


def functions(path: Path) -> list[tuple[int, int, str]]:
    return [(one.entry_addr, one.end_addr, one.name) for one in GoBinary(str(path)).functions("*")]


def check_functions(report: BinaryReport, path: Path, version: str) -> None:
    """All functions are nm's text symbols between the ends of Go's text, and the other way round."""
    assert report.module is not None
    first, end = report.module.ranges["text"]
    known = {(addr, name) for addr, name in nm_functions(version, path) if first <= addr < end}
    mine = {(entry, plain_name(name)) for entry, _, name in functions(path)}
    if report.file.format == "macho":  # where names of assembly have an underscore before them
        known, mine = ({(addr, name.lstrip("_")) for addr, name in side} for side in (known, mine))
    assert len(mine) > 1000
    assert mine - known == set()
    assert {name for _, name in known - mine} <= {"runtime.text"}


def check_build(report: BinaryReport, path: Path, version: str) -> None:
    go, rows = version_m(version, path)
    build_rows = [["path", report.build.package]]
    for name, (module_version, checksum, _) in report.build.modules.items():
        kind = "mod" if name == report.build.main else "dep"
        build_rows.append([kind, name, module_version, *([checksum] if checksum else [])])
    build_rows += [["build", f"{name}={value}"] for name, value in report.build.settings.items()]
    assert report.build.go == go
    assert [[cell for cell in row if cell] for row in rows] == [[cell for cell in row if cell] for row in build_rows]


def check_lines(report: BinaryReport, path: Path, version: str) -> None:
    """Every instruction of package main: its function, and file and line of the innermost call there."""
    assert report.module is not None
    package = report.module.plugin_path or "main"
    pattern = "^" + package.replace(".", "[.]") + "[.]"
    dumped = {plain_name(name): rows for name, rows in objdump(version, path, pattern).items()}
    binary = GoBinary(str(path))
    assert sum(map(len, dumped.values())) > 100
    for name, rows in dumped.items():
        for addr, where in rows:
            place = binary.at(addr)
            assert (place.function, place.pc) == (name, addr)
            assert place.frames[0][1].rpartition("/")[2] == where
        assert binary.at(rows[0][0]).off == 0
        assert rows[0][0] in {one.entry_addr for one in binary.functions(name)}


def check_symbols(path: Path, report: BinaryReport) -> None:
    """Dynamic symbols and relocations as readelf lists them."""
    symbols = GoBinary(str(path)).symbols("*")
    mine = sorted((one.name + (f"@{one.version}" if one.version else ""), one.place != "imported") for one in symbols)
    assert mine == readelf_symbols(path)
    assert report.symbols is not None
    assert dict(report.symbols.relocations) == readelf_relocations(path)
    for one in symbols:
        assert sum(use.n for use in one.uses) <= sum(report.symbols.relocations.values())
    assert report.symbols.n_imported == sum(one.place == "imported" for one in symbols)


def stripped_twin(path: Path, folder: Path) -> Path:
    twin = folder / "stripped"
    subprocess.run(["strip", "-s", "-o", twin, path], check=True)
    return twin


def without_sections(path: Path, folder: Path) -> Path:
    data = bytearray(path.read_bytes())
    data[40:48] = bytes(8)
    data[60:64] = bytes(4)
    twin = folder / "no_sections"
    twin.write_bytes(data)
    return twin


@pytest.mark.parametrize(("kind", "version"), MATRIX)
def test_a_binary_is_what_gos_own_tools_say(kind: str, version: str, tmp_path: Path) -> None:
    path = built(kind, version)
    report = read_binary(str(path), Questions())
    assert report.problems == ()
    check_functions(report, path, version)
    check_build(report, path, version)
    check_lines(report, path, version)
    check_symbols(path, report)
    for twin in (stripped_twin(path, tmp_path), built(kind, version, stripped=True), without_sections(path, tmp_path)):
        other = read_binary(str(twin), Questions())
        assert not other.file.has_symbols
        assert functions(twin) == functions(path)
        assert other.exports == report.exports
        assert other.module is not None
        assert report.module is not None
        # without symbols Go's linker of 1.21 puts pclntab elsewhere
        assert replace(other.module, pclntab_addr=0) == replace(report.module, pclntab_addr=0)
        assert other.hashes == report.hashes
        assert {one.name for one in other.cgo.exports} == {one.name for one in report.cgo.exports}
        assert other.build == report.build or "-ldflags" in other.build.settings
        assert build_facts(ElfFile(str(twin))).go == report.build.go


@pytest.mark.parametrize(("target", "version"), FOREIGN)
def test_files_for_other_systems(target: str, version: str) -> None:
    path = build("binary_probe", version, target=target)
    twin = build("binary_probe", version, target=target, stripped=True)
    report, other = read_binary(str(path), Questions()), read_binary(str(twin), Questions())
    system, arch = target.split("/")
    assert report.problems == other.problems == ()
    assert (report.file.arch, report.file.kind) == (arch, "executable")
    assert report.file.format == {"darwin": "macho", "windows": "pe", "linux": "elf"}[system]
    assert report.file.has_symbols
    assert not other.file.has_symbols or system == "darwin"  # which keeps the symbols of libSystem
    check_functions(report, path, version)
    check_build(report, path, version)
    if arch != "riscv64" or version > "1.25":  # go tool objdump knows no riscv64 before
        check_lines(report, path, version)
    assert [name for _, _, name in functions(twin)] == [name for _, _, name in functions(path)]
    assert [end - start for start, end, _ in functions(twin)] == [end - start for start, end, _ in functions(path)]


@pytest.mark.parametrize("version", ["1.27.3", *(pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS[:-1])])
def test_counts_of_types_and_itabs_are_those_of_the_running_program(version: str) -> None:
    path = build("binary_types", version)
    module = read_binary(str(path), Questions()).module
    assert module is not None
    said = subprocess.run([path], capture_output=True, text=True, check=True).stdout.split()
    assert module.n_types == int(said[0]) >= 400
    if shutil.which("gdb") is None:
        pytest.skip("itabs are counted with gdb")
    steps = ["set confirm off", "break runtime.itabsinit", "run", "finish", "print 'runtime.itabTable'.count", "kill"]
    command = ["gdb", "-nx", "-batch", *(part for step in steps for part in ("-ex", step)), str(path)]
    printed = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"LC_ALL": "C"})
    assert f"$1 = {module.n_itabs}\n" in printed.stdout, printed


def test_exports_of_a_plugin() -> None:
    path = built("plugin", "1.21.13")
    report = read_binary(str(path), Questions(symbols=("Twice", "unexported", "small", "Node.Len", "nothing")))
    path_of = report.module.plugin_path if report.module else ""
    assert [(one.kind, one.name, one.type_name) for one in report.exports] == [
        ("var", "Counter", "int"),
        ("func", "Describe", "func(*main.Node, ...string) (string, error)"),
        ("var", "Names", f"map[string][]*{path_of}.Node"),
        ("func", "Twice", "func(int) int"),
    ]
    assert all(one.reachable and one.addr for one in report.exports)
    by_name = {one.name.removeprefix(f"{path_of}."): one for one in report.answers.symbols or ()}
    assert (by_name["Twice"].bound, by_name["Twice"].by[0], by_name["Twice"].reachable) == ("lookup", "ptab", True)
    assert "does not begin with a capital letter" in by_name["unexported"].why
    assert "only names at package level" in by_name["Node.Len"].why
    assert by_name["small"].place == "inlined"
    assert by_name["nothing"].place == "absent"
    assert [text.partition(":")[0] for text in report.answers.missing] == ["nothing"]


@pytest.mark.skipif(shutil.which("addr2line") is None, reason="needs binutils")
def test_inlined_calls_are_those_of_the_debugging_information() -> None:
    path = built("exe", "1.23.9")
    binary = GoBinary(str(path))
    twice = binary.functions("main.Twice")[0]
    n_inlined = 0
    for pc in range(twice.entry_addr, twice.end_addr):
        printed = subprocess.run(
            ["addr2line", "-i", "-f", "-e", path, hex(pc)], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        names, lines = printed[0::2], [line.removeprefix("./") for line in printed[1::2]]
        if names == ["??"] or lines[0].endswith("?"):
            continue
        frames = binary.at(pc).frames
        n_inlined += len(frames) > 1
        assert [where for _, where in frames] == lines, hex(pc)
        assert [name for name, _ in frames][1:] == names[1:], hex(pc)  # binutils misnames code of one instruction
    assert n_inlined > 3
