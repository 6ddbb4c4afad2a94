"""Numba kernels: arrays in, arrays out. The only room that imports numba.

Importing this package imports nothing heavy. Call `status` to learn whether kernels must still be compiled (seconds,
once per machine and version), show a note if so, then `warm`: afterwards no analysis compiles anything. Call `warm`
before a process is stopped, never while it is.
"""

from __future__ import annotations

from importlib import import_module

from goknot.kernels.cache import KernelCache, locate, mark_complete

MODULES = (
    "components", "dominators", "dwarf_scan", "folding", "grouping", "leaks", "pointer_scan", "reach", "subsets",
    "type_flow",
)  # fmt: skip


def status() -> KernelCache:
    """Where compiled kernels are kept and whether all are there."""
    return locate()


def warm() -> None:
    """Compiles every kernel, or loads it from the cache."""
    for module in MODULES:
        import_module(f"goknot.kernels.{module}")
    mark_complete()
