"""Where compiled kernels are kept, and whether they are there yet.

What is kept is machine code and is run as it is (where numba loads it, a pickled index beside it is trusted too), so
the folder must belong to the user alone. Its name holds a hash of every kernel's source, of numba and of the processor:
nothing stale is ever loaded, and the folder is safe to delete.
"""

from __future__ import annotations

import hashlib
import os
import platform
import stat
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path

_HERE = Path(__file__).parent
_STAMP = "complete"
_CHANGING = (  # lines that say nothing of what code may use
    "processor", "cpu MHz", "bogomips", "BogoMIPS", "physical id", "siblings", "core id", "cpu cores", "apicid",
    "initial apicid", "microcode", "bugs",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class KernelCache:
    """The state of the compiled kernels.

    Attributes:
        folder: Where they are kept; None if no folder can be used.
        complete: True when all are there and nothing will be compiled.
        note: One sentence to show when kernels are not kept where they should be; empty otherwise.
    """

    folder: Path | None
    complete: bool
    note: str


def _identity() -> str:
    digest = hashlib.sha256()
    for path in (*sorted(_HERE.glob("*.py")), *_versions()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    digest.update("\0".join((sys.implementation.cache_tag or "", platform.machine(), _processor())).encode())
    return digest.hexdigest()[:16]


def _versions() -> list[Path]:
    """The files in which the compilers say what they are, without importing them (0.2 s)."""
    found = [find_spec(name) for name in ("llvmlite", "numba")]
    return [
        path for one in found if one and one.origin and (path := Path(one.origin).with_name("_version.py")).exists()
    ]


def _processor() -> str:
    """What machine code made here may use."""
    try:
        with Path("/proc/cpuinfo").open() as file:
            lines = list(takewhile(str.strip, file))  # the first processor's
    except OSError:
        import llvmlite.binding as llvm  # noqa: PLC0415

        return f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"
    return "".join(line for line in lines if not line.startswith(_CHANGING))


def _usable(folder: Path) -> bool:
    """Whether files can be made in `folder`, and by nobody else."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    if not hasattr(os, "getuid"):
        return True
    return status.st_uid == os.getuid() and not status.st_mode & stat.S_IWOTH


def _user_folder() -> Path | None:
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "goknot" / "kernels"
    except RuntimeError:  # no home folder is known
        return None


@cache
def locate() -> KernelCache:
    """Finds the folder: `NUMBA_CACHE_DIR`, else beside the source, else the user's cache, else none."""
    chosen = os.environ.get("NUMBA_CACHE_DIR", "")
    wanted = Path(chosen) if chosen else _HERE / "__pycache__"
    name = f"kernels-{_identity()}"
    for base in (wanted, _user_folder()):
        if base is None or not _usable(base / name):
            continue
        note = "" if base is wanted else f"{wanted} is not writable: compiled kernels are kept in {base}"
        return KernelCache(base / name, (base / name / _STAMP).exists(), note)
    return KernelCache(None, False, f"no writable cache folder ({wanted}): kernels are compiled at every start")


def mark_complete() -> None:
    """Notes that every kernel has been compiled and kept."""
    found = locate()
    if found.folder is not None and not found.complete:
        (found.folder / _STAMP).touch()
