"""Numba kernels: arrays in, arrays out. The only room that imports numba, and only to compile.

Importing this package imports nothing heavy. Call `ready` before long work: it compiles all kernels if this machine has
not done so yet (seconds, once per machine and version) and says so. A kernel is loaded when it is first used.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module

from goknot.kernels.cache import KernelCache, locate, mark_complete

MODULES = (
    "components", "dominators", "dwarf_scan", "edge_fields", "folding", "grouping", "leaks", "pointer_scan", "reach",
    "subsets", "type_flow",
)  # fmt: skip


def status() -> KernelCache:
    """Where compiled kernels are kept and whether all are there."""
    return locate()


def ready(say: Callable[[], None]) -> None:
    """Sees to it that no kernel will have to be compiled any more.

    Args:
        say: Called before kernels are compiled; not when all are there.
    """
    if not status().complete:
        say()
        warm()


def warm() -> None:
    """Compiles every kernel, or loads it from the cache; a second process does half of them."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    found = status()
    if cpus > 1 and found.folder is not None and not found.complete:
        code = f"import sys; sys.path[:] = {sys.path!r}; from goknot import kernels; kernels.compile_share(1, 2)"
        quiet = subprocess.DEVNULL
        with subprocess.Popen([sys.executable, "-c", code], stdin=quiet, stdout=quiet, stderr=quiet):
            compile_share(0, 2)
    # What the other process made is loaded; should it have failed, it is made here.
    compile_share(0, 1)
    mark_complete()


def compile_share(share: int, n_shares: int) -> None:
    """Compiles or loads every `n_shares`-th kernel, those that take longest first."""
    for module in MODULES:
        import_module(f"goknot.kernels.{module}")
    from goknot.kernels._jit import KERNELS  # noqa: PLC0415 - numpy

    longest_first = sorted(KERNELS, key=lambda kernel: -len(kernel.function.__code__.co_code))
    for kernel in longest_first[share::n_shares]:
        kernel.load()
