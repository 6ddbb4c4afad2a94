"""A host with a plugin: two modules, each with its own roots and types; cores that leave the types to the files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from support import builds
from support.cores import take_core
from support.programs import running
from support.toolchains import QUICK_VERSIONS, VERSIONS

from goknot.formats.elf import ElfFile
from goknot.formats.elfrelocs import exports
from goknot.goruntime.graph import heap_graph
from goknot.goruntime.image import HeapImage, RootPlace
from goknot.goruntime.opening import open_core, open_process
from goknot.memory.process import open_live

MATRIX = [v if v in QUICK_VERSIONS else pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS]
PLUGIN = "heap_plugin/more"


@pytest.fixture(autouse=True)
def _programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builds, "GO_SOURCES", Path(__file__).resolve().parent / "programs")


def _build(version: str) -> tuple[Path, Path]:
    options = {"cgo": True}
    return (
        builds.build("heap_plugin", version, **options),
        builds.build("heap_plugin", version, mode="plugin", package="./more", **options),
    )


def _check(image: HeapImage) -> None:
    assert [module.name for module in image.modules] == ["", PLUGIN]
    roots = {root.name: (index, root) for index, root in enumerate(image.roots.roots) if root.module == PLUGIN}
    index, root = roots[f"{PLUGIN}.Held"]
    assert root.place in (RootPlace.DATA, RootPlace.BSS)
    assert image.roots.target_start[index + 1] - image.roots.target_start[index] == 1
    assert [root.module for root in image.roots.roots if root.name == "main.kept"] == ["heap_plugin"]
    named = heap_graph(image)
    names = [named.types.names[t] if t >= 0 else "" for t in named.graph.type_by_object.tolist()]
    rings = [o for o, name in enumerate(names) if name == f"{PLUGIN}.Ring"]
    # What the host got, through the type word of its interface: a type of the plugin's, its fields too.
    targets = [image.edge_target[image.edge_start[o] : image.edge_start[o + 1]].tolist() for o in rings]
    assert any(set(members) & set(rings) for members in targets)
    assert all(image.object_bytes[o] == 64 for o in rings)


@pytest.mark.parametrize("version", MATRIX)
def test_a_plugins_roots_and_types_are_its_own(version: str, tmp_path: Path) -> None:
    host, plugin = _build(version)
    with running(host, [str(plugin)], folder=tmp_path) as program:
        live = open_process(program.pid)
        core = open_core(str(take_core(program, tmp_path / "core.image", "own")), str(host))
    _check(live)
    _check(core)


@pytest.mark.parametrize("version", MATRIX)
def test_files_are_relocated_as_the_loader_did(version: str, tmp_path: Path) -> None:
    """Every word of the plugin's types, as laid under the image from its file, against the process's own memory."""
    host, plugin = _build(version)
    with running(host, [str(plugin)], folder=tmp_path) as program:
        source, _ = open_live(program.pid, True)
        mapped = next(library for library in source.libraries if library.path == str(plugin))
        section = mapped.elf.sections()[".data.rel.ro"]
        start = section.addr + mapped.slide
        with Path(f"/proc/{program.pid}/mem").open("rb", buffering=0) as memory:
            memory.seek(start)
            there = np.frombuffer(memory.read(section.n_bytes // 8 * 8), "<u8")
        ours = source.space.words(start, section.n_bytes // 8)
        raw = np.frombuffer(mapped.elf.section_bytes(section)[: section.n_bytes // 8 * 8], "<u8")
    assert (raw != there).sum() > 1000
    assert (ours == there).all()


def test_exports_are_those_of_nm(tmp_path: Path) -> None:
    host, _ = _build(QUICK_VERSIONS[-1])
    done = subprocess.run(["nm", "-D", "--defined-only", host], capture_output=True, text=True, check=True)
    said = {}
    for line in done.stdout.splitlines():
        addr, _, name = line.split(maxsplit=2)
        said[name.partition("@")[0].encode()] = int(addr, 16)
    assert len(said) > 1000
    del said[b"runtime.tlsg"]  # thread-local: no address
    assert exports(ElfFile(str(host)), 0) == said
