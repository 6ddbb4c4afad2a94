"""Address spaces against a dictionary of bytes."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goknot.formats.elf import map_file
from goknot.memory.space import AddressSpace, MissingMemoryError, Stretch

STRETCHES = st.lists(
    st.tuples(st.integers(0, 120), st.integers(1, 40), st.integers(0, 1), st.integers(0, 24)), max_size=8
)


def _space(rows: list[tuple[int, int, int, int]]) -> tuple[AddressSpace, dict[int, int]]:
    backings = [np.arange(64, dtype=np.uint8), np.arange(64, 128, dtype=np.uint8)]
    stretches = [Stretch(start, start + n, backing, off) for start, n, backing, off in rows]
    said: dict[int, int] = {}
    for start, n, backing, off in rows:
        for index in range(n):
            said.setdefault(start + index, int(backings[backing][off + index]))
    return AddressSpace(backings, stretches), said


@given(STRETCHES, st.integers(0, 160), st.integers(0, 40))
def test_read_is_what_the_first_stretch_says(rows: list[tuple[int, int, int, int]], addr: int, n_bytes: int) -> None:
    space, said = _space(rows)
    wanted = [said.get(at) for at in range(addr, addr + n_bytes)]
    if None in wanted:
        with pytest.raises(MissingMemoryError):
            space.read(addr, n_bytes)
    else:
        assert space.read(addr, n_bytes) == bytes(value for value in wanted if value is not None)
    assert not n_bytes or space.has(addr, n_bytes) == (None not in wanted)


@given(STRETCHES)
def test_bulk_reads_agree_with_single_ones(rows: list[tuple[int, int, int, int]]) -> None:
    space, said = _space(rows)
    addrs = np.arange(170, dtype=np.uint64)
    words = space.words_at(addrs).tolist()
    offs = space.main_offsets(addrs, np.full(len(addrs), 8, np.uint64)).tolist()
    for addr, (word, off) in enumerate(zip(words, offs, strict=True)):
        if off >= 0:
            assert space.main[off : off + 8].tolist() == [said[addr + i] for i in range(8)]
        if word:
            assert word.to_bytes(8, "little") == space.read(addr, 8)


def test_adjoining_stretches_of_one_backing_are_one() -> None:
    space, _ = _space([(0, 8, 0, 0), (8, 8, 0, 8), (16, 8, 0, 0)])
    assert [(s.start_addr, s.end_addr) for s in space.stretches] == [(0, 16), (16, 24)]
    assert space.words_at(np.array([4], np.uint64))[0] == int.from_bytes(bytes(range(4, 12)), "little")


def test_what_cannot_be_an_address() -> None:
    space, _ = _space([(0, 8, 0, 0)])
    for addr in (-1, 1 << 64, (1 << 64) - 1):
        with pytest.raises(MissingMemoryError):
            space.read(addr, 1)
    assert not AddressSpace([np.zeros(0, np.uint8)], []).has(0, 1)


def test_what_is_let_go_is_still_there(tmp_path: Path) -> None:
    content = bytes(range(256)) * 256
    file = tmp_path / "image"
    file.write_bytes(content)
    mapped = np.frombuffer(map_file(str(file)), np.uint8)
    copied = np.frombuffer(mmap.mmap(-1, len(content)), np.uint8)
    copied[:] = np.frombuffer(content, np.uint8)
    for backing in (mapped, copied, np.frombuffer(content, np.uint8)):
        space = AddressSpace([backing], [Stretch(0x10000, 0x10000 + len(content), 0, 0)])
        assert space.read(0x10000, len(content)) == content
        space.let_go(0, len(content))
        space.let_go(5000, 5001)
        assert space.read(0x10000, len(content)) == content
