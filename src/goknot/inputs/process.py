"""The heap of a Go process, as arrays and the names that go with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from goknot.goruntime.graph import NamedGraph, heap_graph
from goknot.goruntime.image import HeapImage
from goknot.goruntime.opening import Step, open_core, open_process, unsaid
from goknot.kernels.memory import Allocator


@dataclass(frozen=True, slots=True)
class HeapInput:
    """A heap that was read: the image, and its graph as the analyses take it."""

    image: HeapImage
    named: NamedGraph

    def root_name(self, number: int) -> str:
        """What a person calls a root."""
        root = self.image.roots.roots[number]
        if root.goroutine >= 0:
            goid = self.image.goroutines[root.goroutine].goid
            return f"goroutine {goid} in {root.name}" + (f" at {root.where}" if root.where else "")
        return f"variable {root.name}" if root.module else root.name


def read_core(core: Path, exe: Path | None, alloc: Allocator | None = None, step: Step = unsaid) -> HeapInput:
    """Reads an ELF core of a Go program; arrays as long as its heap come from `alloc`, `step` is told what begins.

    Raises:
        InputError: The core is damaged, not of a Go program, or the executable is another build.
    """
    image = open_core(str(core), str(exe) if exe else None, alloc, step)
    step("naming types")
    return HeapInput(image, heap_graph(image))


def read_process(pid: int, *, stop: bool, alloc: Allocator | None = None, step: Step = unsaid) -> HeapInput:
    """Reads a live Go process; it is stopped only while its memory is copied, and always let go on.

    Args:
        pid: The process.
        stop: Whether to stop it; without, the image may contradict itself, which its problems say.
        alloc: Where arrays as long as the heap come from; the copy of its memory does not.
        step: Told what begins, for people who wait.

    Raises:
        InputError: It is not there, may not be read, or is no Go program.
    """
    image = open_process(pid, stop, alloc, step)
    step("naming types")
    return HeapInput(image, heap_graph(image))
