"""Chained pointers: a file of Go's own linker is rewritten the way Apple's linker keeps pointers, and read back."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.builds import build

from goknot.app.binary import Questions, read_binary
from goknot.errors import InputError
from goknot.formats.macho import read_macho
from goknot.formats.macho_fixups import PTR_64, PTR_64_OFFSET
from goknot.inputs.binary import GoBinary
from goknot.memory.fileimage import open_file_image

PAGE = 16384
DYLD_INFO_ONLY, CHAINED_FIXUPS = 0x80000022, 0x80000034


def chained(plain: bytes, kind: int) -> bytes:
    """Every word of __DATA segments that could be an address in the file becomes a link of its page's chain."""
    file = read_macho("plain", memoryview(plain))
    data = bytearray(plain)
    base = next(part.addr for part in file.parts if part.name == "__TEXT")
    top = max(part.addr + part.n_bytes for part in file.parts)
    infos = []
    for part in file.parts:
        words = np.frombuffer(plain, "<u8", part.n_file_bytes // 8, part.file_off)
        offs = (8 * np.flatnonzero((words >= base) & (words < top))).tolist() if "DATA" in part.name else []
        n_pages = -(-part.n_file_bytes // PAGE) if offs else 0
        starts = [0xFFFF] * n_pages
        for off in reversed(offs):
            page = off // PAGE
            after = 0 if starts[page] == 0xFFFF else starts[page] - off % PAGE
            value = int(words[off // 8]) - (base if kind == PTR_64_OFFSET else 0)
            struct.pack_into("<Q", data, part.file_off + off, value | (after // 4) << 51)
            starts[page] = off % PAGE
        info = struct.pack("<IHHQIH", 22 + 2 * n_pages, PAGE, kind, part.addr - base, 0, n_pages)
        infos.append(info + struct.pack(f"<{n_pages}H", *starts) if offs else b"")
    table, at = b"", 4 + 4 * len(infos)
    for info in infos:
        table += struct.pack("<I", at if info else 0)
        at += len(info)
    fixups = struct.pack("<7I", 0, 28, 0, 0, 0, 1, 0) + struct.pack("<I", len(infos)) + table + b"".join(infos)
    command = 32
    while struct.unpack_from("<I", data, command)[0] != DYLD_INFO_ONLY:
        command += struct.unpack_from("<I", data, command + 4)[0]
    struct.pack_into("<I", data, command, CHAINED_FIXUPS)
    struct.pack_into("<II", data, command + 8, len(data), len(fixups))
    return bytes(data) + fixups


@pytest.mark.parametrize("kind", [PTR_64, PTR_64_OFFSET])
@pytest.mark.parametrize("target", ["darwin/amd64", "darwin/arm64"])
def test_a_file_with_chained_pointers_reads_as_the_plain_one(target: str, kind: int, tmp_path: Path) -> None:
    plain = build("binary_probe", "1.27.3", target=target)
    path = tmp_path / "chained"
    path.write_bytes(chained(plain.read_bytes(), kind))
    one, other = open_file_image(str(plain)), open_file_image(str(path))
    n_changed = 0
    for ours, theirs in zip(one.loaded, other.loaded, strict=True):
        if "DATA" in ours.part.name:
            assert theirs.content.tobytes() == ours.content.tobytes()
            on_disk = path.read_bytes()[ours.part.file_off : ours.part.file_off + len(ours.content)]
            n_changed += on_disk != ours.content.tobytes()
    assert n_changed
    report = read_binary(str(path), Questions())
    assert report.module == read_binary(str(plain), Questions()).module
    assert GoBinary(str(path)).functions("main.*") == GoBinary(str(plain)).functions("main.*")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_chains_end_in_an_error_or_a_report(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = _chained_arm64()
    spoilt = bytearray(whole)
    n_tail = 600
    for _ in range(data.draw(st.integers(1, 5))):
        at = len(whole) - n_tail + data.draw(st.integers(0, n_tail - 1))
        spoilt[at] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "file"
    path.write_bytes(spoilt[: data.draw(st.sampled_from((len(spoilt), len(spoilt) - 100)))])
    try:
        read_binary(str(path), Questions())
    except InputError as refused:
        assert str(path) in refused.what


def _chained_arm64() -> bytes:
    if not _MADE:
        _MADE.append(chained(build("binary_probe", "1.27.3", target="darwin/arm64").read_bytes(), PTR_64))
    return _MADE[0]


_MADE: list[bytes] = []
