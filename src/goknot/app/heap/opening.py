"""From what a user names to a heap under study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from goknot.app.heap.study import GraphStudy, HeapStudy
from goknot.inputs.heapdump_file import is_dump
from goknot.inputs.process import read_core, read_process
from goknot.kernels.memory import Allocator
from goknot.model.heap import HeapGraph


def open_study(target: str, exe: str | None, *, stop: bool, alloc: Allocator, step: Callable[[str], None]) -> HeapStudy:
    """Reads a core, a heap dump or a process; rings and holders are found while objects get their types.

    Args:
        target: A file, or the number of a process.
        exe: The executable of a file.
        stop: Whether a process is stopped while it is read.
        alloc: Where large arrays come from; with a limit, nothing is done side by side.
        step: Told what begins.

    Raises:
        InputError: It cannot be read.
    """
    early: list[GraphStudy] = []

    def meanwhile(graph: HeapGraph) -> None:
        step("types, rings, and what holds them")
        known = GraphStudy(graph, alloc)
        known.begin()
        early.append(known)

    side_by_side = meanwhile if alloc.limit_bytes is None else None
    path, executable = Path(target), Path(exe) if exe else None
    if target.isdecimal() and not path.exists():
        heap = read_process(int(target), stop=stop, alloc=alloc, step=step, meanwhile=side_by_side)
    elif is_dump(path):
        from goknot.inputs.heapdump import read_dump  # noqa: PLC0415 (dumps only)

        heap = read_dump(path, executable)
    else:
        heap = read_core(path, executable, alloc, step, side_by_side)
    return HeapStudy(heap, alloc, early[0] if early else None)
