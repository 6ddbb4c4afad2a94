"""Kept machine code does what numba's own does, and takes nothing else."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from goknot.kernels import _jit, cache, compiling, images
from goknot.kernels._jit import IN_I64, IN_U8, MEMORY_U64, OUT_I32, OUT_I64, i64, tuple_of, u64, void
from goknot.kernels.linking import UnlinkableError, link
from goknot.kernels.signature import Signature

pytestmark = pytest.mark.skipif(not images.SUPPORTED, reason="kernels are numba's own here")
TABLE = np.array([3, 1, 4, 1, 5, 9, 2, 6], np.int64)


def _twice(number: int) -> int:
    return 2 * number


def _several(pair: Any, memory: Any, by: int, high: Any, out: Any) -> Any:
    first, second = pair
    for at in range(len(out)):
        out[at] = _twice(first[at]) + second[at] * TABLE[at & 7]
    return np.int64(by + len(memory)), np.int64(memory[1] >> np.uint64(56)), np.int64(high >> np.uint64(63))


SEVERAL = Signature(tuple_of(i64, i64, i64), (tuple_of(IN_I64, IN_U8), MEMORY_U64, i64, u64, OUT_I64))


def _words(data: bytes) -> Any:
    return np.ndarray((len(data) - 7,), "<u8", np.frombuffer(data, np.uint8), strides=(1,))


def _arguments() -> tuple[Any, ...]:
    pair = np.arange(-9, 11, dtype=np.int64), np.arange(20, dtype=np.uint8)
    return pair, _words(bytes(range(11))), -5, np.uint64(1 << 63), np.zeros(20, np.int64)


def _image_of(function: Any, signature: Signature, path: Path) -> Any:
    made = compiling.image(function, signature, [_twice])
    assert made is not None
    images.keep(path, made)
    found = images.load(path, signature)
    assert found is not None
    return found


def test_an_image_does_what_numba_does(tmp_path: Path) -> None:
    ours, theirs = _arguments(), _arguments()
    image = _image_of(_several, SEVERAL, tmp_path / "one.image")
    numba = compiling.dispatcher(_several, SEVERAL, [_twice], None)
    assert image(*ours) == tuple(numba(*theirs)) == (-1, 8, 1)
    assert ours[-1].tolist() == theirs[-1].tolist()
    assert ours[-1][0] == -18
    assert ours[-1][19] == 20 + 19  # TABLE[3] is 1


def test_nothing_and_one_number_are_returned(tmp_path: Path) -> None:
    def fill(out: Any) -> None:
        out[:] = 7

    def count(given: Any) -> Any:
        return len(given)

    out = np.zeros(1000, np.int32)
    assert _image_of(fill, Signature(void, (OUT_I32,)), tmp_path / "a.image")(out) is None
    assert (out == 7).all()
    assert _image_of(count, Signature(i64, (IN_I64,)), tmp_path / "b.image")(np.zeros(5, np.int64)) == 5


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        (4, np.zeros(20, np.int32), "int32 instead of one of int64"),
        (4, np.zeros(40, np.int64)[::2], "gaps"),
        (4, np.broadcast_to(np.int64(1), (20,)), "cannot be written"),
        (4, np.zeros((4, 5), np.int64), "2 dimensions"),
        (4, [0] * 20, "list instead of an array"),
        (1, np.zeros(20, np.uint8), "uint8 instead"),
        (0, (np.zeros(20, np.int64),), "1 arguments instead of 2"),
    ],
)
def test_other_arguments_are_refused(tmp_path: Path, place: int, value: Any, why: str) -> None:
    image = _image_of(_several, SEVERAL, tmp_path / "one.image")
    given = [*_arguments()]
    given[place] = value
    with pytest.raises(TypeError, match=f"No matching definition of one.*{why}"):
        image(*given)
    with pytest.raises(TypeError):
        image(*_arguments()[:4])


def test_a_number_that_is_none_is_refused(tmp_path: Path) -> None:
    image = _image_of(_several, SEVERAL, tmp_path / "one.image")
    with pytest.raises(TypeError, match="float"):
        image(*_arguments()[:2], 1.5, *_arguments()[3:])


def test_what_needs_a_library_is_no_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def waves(given: Any) -> Any:
        return np.int64(1000 * math.sin(given[0]))

    signature = Signature(i64, (IN_I64,))
    assert compiling.image(waves, signature, []) is None
    monkeypatch.setattr(_jit, "KERNELS", [])
    monkeypatch.setattr(cache, "locate", lambda: cache.KernelCache(tmp_path, False, ""))
    assert _jit.Kernel(waves, signature)(np.ones(1, np.int64)) == 841  # numba runs it


@pytest.mark.parametrize("damage", ["empty", "cut", "other"])
def test_a_damaged_image_is_not_run(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "one.image"
    _image_of(_several, SEVERAL, path)
    data = path.read_bytes()
    path.write_bytes({"empty": b"", "cut": data[:-1], "other": b"\x7fELF" + data[4:]}[damage])
    assert images.load(path, SEVERAL) is None
    assert images.load(tmp_path / "none.image", SEVERAL) is None
    assert _image_of(_several, SEVERAL, path)(*_arguments()) == (-1, 8, 1)


def test_an_object_without_the_entry_is_no_image() -> None:
    import llvmlite.binding as llvm

    module = llvm.parse_assembly("define i32 @other() {\nret i32 7\n}\n")
    elf = llvm.Target.from_default_triple().create_target_machine(reloc="pic", codemodel="small").emit_object(module)
    assert link(elf, "other")[0].endswith(bytes.fromhex("b807000000c3"))
    with pytest.raises(UnlinkableError, match="is not there"):
        link(elf, "entry")


def test_a_folder_without_programs_is_numbas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(file: int) -> None:
        raise PermissionError("mounted noexec")

    monkeypatch.setattr(images, "_map", refused)
    monkeypatch.setattr(_jit, "KERNELS", [])
    monkeypatch.setattr(_jit, "HELPERS", [_twice])
    monkeypatch.setattr(cache, "locate", lambda: cache.KernelCache(tmp_path, False, ""))
    assert _jit.Kernel(_several, SEVERAL)(*_arguments()) == (-1, 8, 1)
    assert not list(tmp_path.glob("*.image"))
    assert list(tmp_path.rglob("*.nbi"))
