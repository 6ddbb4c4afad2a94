"""Plugins that need other files, files for other systems, containers, what no file tells; against the real thing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support.plugin_matrix import HOSTS, PLUGINS
from support.plugin_more import c_library, more
from support.plugin_truth import lived, told
from support.zig import zig_cc

from goknot.formats.elf import ElfFile
from goknot.inputs.plugins import Reader
from goknot.inputs.plugins_build import build_facts


def in_a_ring(folder: Path) -> tuple[Path, Path]:
    """Two plugins that list each other under DT_NEEDED, in a folder."""
    need = more("need", beside=(PLUGINS["inner"](),))
    flags = "-L{app}/clib -Wl,--no-as-needed -l:need.so -Wl,-rpath,$ORIGIN"
    inner = more("inner", beside=(need,), CGO_LDFLAGS=flags)
    return Path(shutil.copy(need, folder)), Path(shutil.copy(inner, folder))


@pytest.mark.slow
@pytest.mark.parametrize("ring", [False, True])
def test_plugins_linked_to_each_other(tmp_path: Path, ring: bool) -> None:
    if ring:
        need, inner = map(str, in_a_ring(tmp_path))
    else:
        need = str(more("need", beside=(PLUGINS["inner"](),)))
        inner = str(Path(need).parent / "inner.so")
    host = HOSTS["plain"]()
    for files, left_out in (([need], [0]), ([need, inner], [0]), ([inner, need], [0] if ring else [])):
        said, real = told(host, files), lived(host, files)
        assert [(o.outcome, o.text) for o in said] == list(real.opens)
        assert real.ended
        found = [i for i, o in enumerate(said) if any(h.kind == "not-initialised" for h in o.hazards)]
        assert found == left_out
    second = told(host, [need, inner])[1]
    assert second.text.endswith("plugin already loaded")
    assert second.why == f"{need} is linked against it (DT_NEEDED) and had it mapped: its initialisers never ran"


@pytest.mark.slow
def test_a_library_beside_the_plugin(tmp_path: Path) -> None:
    """-rpath with $ORIGIN: found beside the file itself, links followed."""
    host, plugin = HOSTS["plain"](), Path(shutil.copy(PLUGINS["rpath"](), tmp_path))
    link = tmp_path / "elsewhere" / "link.so"
    link.parent.mkdir()
    link.symlink_to(plugin)
    for make in (lambda: None, lambda: c_library(tmp_path)):
        make()
        for file in (str(plugin), str(link)):
            said, real = told(host, [file]), lived(host, [file])
            assert [(o.outcome, o.text) for o in said] == list(real.opens)
    assert [o.outcome for o in told(host, [str(link)])] == ["opens"]


@pytest.mark.slow
def test_a_plugin_for_arm64() -> None:
    host = HOSTS["plain"]()
    alien = str(more("one", GOARCH="arm64", CC=str(zig_cc("aarch64-linux-gnu"))))
    said, real = told(host, [alien, str(PLUGINS["two"]())]), lived(host, [alien, str(PLUGINS["two"]())])
    assert [(o.outcome, o.text) for o in said] == list(real.opens)
    assert [o.outcome for o in said] == ["error", "opens"]
    assert said[0].why == "it is built for GOARCH=arm64, the host for GOARCH=amd64"
    assert said[0].fix == "GOARCH=amd64 go build -buildmode=plugin -trimpath example.com/more/one"


@pytest.mark.parametrize(
    ("head", "words"),
    [(b"\xcf\xfa\xed\xfe", "Mach-O"), (b"MZ\x90\0", "PE file"), (b"!<arch>\n", "archive"), (b"#!/bin/sh\n", "script"),
     (b"\x1f\x8b\x08", "gzip"), (b"version https://git-lfs", "Git LFS")],
)  # fmt: skip
def test_what_is_no_elf_file(tmp_path: Path, head: bytes, words: str) -> None:
    file = tmp_path / "x.so"
    file.write_bytes(head.ljust(5000, b"\0"))
    host = HOSTS["plain"]()
    (said,), real = told(host, [str(file)]), lived(host, [str(file)])
    assert [(said.outcome, said.text)] == list(real.opens)
    assert words in said.why


def _container(root: Path, version: bytes) -> list[str]:
    """A root with a host, two plugins and a C library that lacks a version; the plugins as the host calls them."""
    for folder in ("lib64", "lib/x86_64-linux-gnu", "app", "opt"):
        (root / folder).mkdir(parents=True)
    shutil.copy("/lib64/ld-linux-x86-64.so.2", root / "lib64")
    libc = Path("/lib/x86_64-linux-gnu/libc.so.6").read_bytes()
    assert libc.count(b"\0" + version + b"\0") == 1
    older = libc.replace(b"\0" + version + b"\0", b"\0GLIBC_9.99\0")
    (root / "lib/x86_64-linux-gnu/libc.so.6").write_bytes(older)
    shutil.copy(HOSTS["plain"](), root / "app/host")
    shutil.copy(PLUGINS["modern"](), root / "app")
    shutil.copy(PLUGINS["two"](), root / "opt")
    (root / "app/two.so").symlink_to("/opt/two.so")  # leads nowhere outside the container
    return ["/app/modern.so", "/app/two.so", "/app/two.so"]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/lib/x86_64-linux-gnu/libc.so.6").exists(), reason="needs glibc where Debian puts it")
def test_an_older_c_library_in_a_container(tmp_path: Path) -> None:
    root = tmp_path / "root"
    names = _container(root, b"GLIBC_2.36")
    said = told(root / "app/host", [f"{root}{name}" for name in names], root=str(root))
    assert "version `GLIBC_2.36' not found (required by /app/modern.so)" in said[0].text
    assert [o.outcome for o in said] == ["error", "opens", "opens"]
    assert said[0].why == "it was linked against a newer libc.so.6 than the one here, which has no GLIBC_2.36"
    chroot = shutil.which("chroot") or "/usr/sbin/chroot"
    done = subprocess.run([chroot, root, "/app/host", *names], capture_output=True, text=True, check=False)
    if done.returncode:
        assert os.geteuid()  # only root may
        pytest.skip(done.stderr)
    assert done.stdout.splitlines()[:3] == [f"{o.outcome} {o.text}".strip() for o in said]


@pytest.mark.slow
def test_an_initialiser_that_panics() -> None:
    """What docs/plugins.md says cannot be told: no code is run, so the plugin is said to open."""
    host, files = HOSTS["plain"](), [str(PLUGINS["bomb"]())]
    assert [o.outcome for o in told(host, files)] == ["opens"]
    assert lived(host, files).opens == (("crash", "panic: bomb"),)


def test_build_information_without_section_headers(tmp_path: Path) -> None:
    """A host whose data does not begin at a multiple of 16: the blob does, in memory."""
    data = HOSTS["plain"]().read_bytes()
    found = build_facts(ElfFile(str(HOSTS["plain"]())))
    no_headers = data[:40] + bytes(8) + data[48:58] + bytes(6) + data[64:]
    segment = next(s for s in ElfFile(str(HOSTS["plain"]())).segments if s.flags & 2)
    header = no_headers.index(segment.addr.to_bytes(8, "little") * 2) - 8
    moved = bytearray(no_headers)  # the segment begins 8 bytes earlier
    for at, less in ((header, -8), (header + 8, -8), (header + 16, -8), (header + 24, 8)):
        moved[at : at + 8] = (int.from_bytes(moved[at : at + 8], "little") + less).to_bytes(8, "little")
    for name, content in (("aligned", no_headers), ("moved", bytes(moved))):
        (tmp_path / name).write_bytes(content)
        assert build_facts(ElfFile(str(tmp_path / name))) == found, name


def test_one_file_by_many_names(tmp_path: Path) -> None:
    """Copies are other files with the same plugin path; links are the same file."""
    host, plugin = HOSTS["plain"](), PLUGINS["one"]()
    shutil.copy(plugin, tmp_path / "copy.so")
    (tmp_path / "soft.so").symlink_to("copy.so")
    os.link(tmp_path / "copy.so", tmp_path / "hard.so")
    names = [str(tmp_path / name) for name in ("copy.so", "soft.so", "hard.so", "./copy.so", "copy.so")]
    files = [*names, str(plugin), names[0]]
    said, real = told(host, files), lived(host, files)
    assert [(o.outcome, o.text) for o in said] == list(real.opens)
    assert real.ended
    one, other = Reader().read(str(host), names[:2]).plugins
    assert one.library == other.library
