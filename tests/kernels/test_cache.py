from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from graphs import csr

from goknot import kernels
from goknot.errors import GoknotError
from goknot.kernels import cache, images
from goknot.kernels.components import find_rings
from goknot.kernels.memory import Allocator
from goknot.kernels.rows import Rows

LIGHT = {"__init__", "_jit", "cache", "compiling", "images", "linking", "memory", "rows", "signature"}


def test_every_kernel_is_warmed() -> None:
    files = {path.stem for path in Path(kernels.__file__).parent.glob("*.py")}
    assert set(kernels.MODULES) == files - LIGHT


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, goknot.kernels; print(sorted({'numpy', 'numba', 'llvmlite'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def located(monkeypatch: pytest.MonkeyPatch, **variables: str) -> cache.KernelCache:
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return cache.locate.__wrapped__()


def test_the_folder_named_by_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = located(monkeypatch, NUMBA_CACHE_DIR=str(tmp_path / "own"))
    assert found.folder is not None
    assert found.folder.parent == tmp_path / "own"
    assert (found.complete, found.note) == (False, "")
    (found.folder / "complete").touch()
    assert located(monkeypatch, NUMBA_CACHE_DIR=str(tmp_path / "own")).complete


def test_the_user_cache_when_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    found = located(monkeypatch, NUMBA_CACHE_DIR=str(tmp_path / "file"), XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert found.folder is not None
    assert found.folder.is_relative_to(tmp_path / "cache" / "goknot")
    assert "is not writable" in found.note
    assert found.folder.stat().st_mode & 0o777 == 0o700


def test_no_cache_when_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    found = located(monkeypatch, NUMBA_CACHE_DIR=str(tmp_path / "file"), XDG_CACHE_HOME=str(tmp_path / "file"))
    assert (found.folder, found.complete) == (None, False)
    assert "compiled at every start" in found.note


def test_a_folder_that_others_may_write_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = located(monkeypatch, NUMBA_CACHE_DIR=str(tmp_path))
    assert found.folder is not None
    found.folder.chmod(0o777)
    again = located(monkeypatch, NUMBA_CACHE_DIR=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert again.folder != found.folder
    assert again.note


@pytest.mark.parametrize("folder", ["cache", "file"])
def test_compiled_once_and_without_a_cache_too(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    code = (
        "from goknot import kernels\n"
        "from goknot.kernels.subsets import _reverse\n"
        "_reverse.load()\n"
        "import sys\n"
        "print(kernels.status().folder is not None, 'numba' in sys.modules)"
    )
    env = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / folder), "XDG_CACHE_HOME": str(tmp_path / folder)}
    runs = [
        subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout.split()
        for _ in range(2)
    ]
    kept = "False" if images.SUPPORTED else "True"
    assert runs == ([["True", "True"], ["True", kept]] if folder == "cache" else [["False", "True"]] * 2)


def test_ready_says_so_once_and_then_nothing_is_compiled(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from goknot import kernels\n"
        "kernels.ready(lambda: print('compiling'))\n"
        "kernels.compile_share(0, 1)\n"
        "from goknot.kernels._jit import KERNELS\n"
        "print(len(KERNELS), len(list(kernels.status().folder.glob('*.image'))), 'numba' in sys.modules)\n"
    )
    env = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    first, second = (
        subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    )
    n_kernels, n_images, numba = second.split()
    assert first == f"compiling\n{n_kernels} {n_images} True\n"
    assert int(n_kernels) > 20
    assert (n_images, numba) == ((n_kernels, "False") if images.SUPPORTED else ("0", "True"))


def test_another_kind_of_array_is_an_error_and_no_second_compilation() -> None:
    with pytest.raises(TypeError, match="No matching definition"):
        find_rings(Rows(np.zeros(2, np.int32), np.zeros(0, np.int32)))


def test_read_only_arrays_are_taken() -> None:
    edges = csr([[1], [0]])
    for array in edges:
        array.setflags(write=False)
    assert find_rings(edges).n_rings == 1


def test_memory_is_counted_and_given_back() -> None:
    alloc = Allocator(limit_bytes=4 << 20)
    first = alloc.zeros(3 << 20, np.uint8)
    assert (alloc.memory_bytes, alloc.mapped_bytes) == (3 << 20, 0)
    second = alloc.full(1 << 19, -1, np.int32)
    assert (alloc.memory_bytes, alloc.mapped_bytes) == (3 << 20, 2 << 20)
    assert type(second) is np.ndarray
    assert second.flags.writeable
    assert (second == -1).all()
    assert not first.any()
    part = first[5:]
    del first
    assert alloc.memory_bytes == 3 << 20
    del part
    assert alloc.memory_bytes == 0
    assert alloc.peak_bytes == 3 << 20


def test_small_arrays_and_none_at_all_never_go_to_files() -> None:
    alloc = Allocator(limit_bytes=0)
    assert len(alloc.empty(0, np.int64)) == 0
    alloc.empty(100, np.int64)
    assert alloc.mapped_bytes == 0


def test_a_folder_that_cannot_take_the_file(tmp_path: Path) -> None:
    alloc = Allocator(limit_bytes=0, folder=tmp_path / "missing")
    with pytest.raises(GoknotError, match="cannot set aside 2097152 bytes"):
        alloc.empty(2 << 20, np.uint8)
