"""The cores that tests are made of: ours against the kernel's and gdb's, segment by segment."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

import pytest
from support.builds import build
from support.cores import take_core
from support.programs import running
from support.toolchains import QUICK_VERSIONS


def _segments(core: Path) -> dict[int, memoryview]:
    with core.open("rb") as file:
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    phoff, phnum = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    found = {}
    for index in range(phnum):
        kind, flags, off, addr, _, n_file, _, _ = struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * index)
        if kind == 1 and n_file and flags & 2:
            found[addr] = data[off : off + n_file]
    return found


def _pages_alike(ours: dict[int, memoryview], theirs: dict[int, memoryview]) -> tuple[int, int]:
    """How many pages of the one core are the same in the other, and how many there are."""
    same = every = 0
    for start, data in ours.items():
        other = theirs.get(start, b"")
        for off in range(0, len(data), 4096):
            every += 1
            same += data[off : off + 4096] == other[off : off + 4096]
    return same, every


@pytest.mark.parametrize("how", ["gdb", "kernel"])
@pytest.mark.parametrize("version", QUICK_VERSIONS[-1:])
def test_own_core_holds_what_the_others_hold(version: str, how: str, tmp_path: Path) -> None:
    exe = build("heap_shapes", version)
    with running(exe, ["-n", "1", "-only", "fields"], folder=tmp_path) as program:
        ours = _segments(take_core(program, tmp_path / "own.elf", "own"))
        theirs = _segments(take_core(program, tmp_path / f"{how}.elf", how))
    planted = [int(thing["addr"], 16) for plant in program.said["plants"] for thing in plant["objects"]]
    arenas = {start for start in ours for addr in planted if start <= addr < start + len(ours[start])}
    assert planted
    assert arenas
    for start in arenas:
        assert start in theirs
        # The kernel's way ends in a signal handler of the program: pages beyond the planted ones may differ.
        for addr in planted:
            if start <= addr < start + len(ours[start]):
                off = addr - start
                assert ours[start][off : off + 16] == theirs[start][off : off + 16]
    if how == "gdb":
        # the program lives on between the two: pages its threads write to may differ, the mass may not
        same, every = _pages_alike(ours, theirs)
        assert same >= 0.95 * every
