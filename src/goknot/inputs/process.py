"""The heap of a Go process, from its core or live: as arrays and the names that go with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime.fields import fields_of, fields_of_rings
from goknot.goruntime.graph import heap_graph
from goknot.goruntime.image import HeapImage, Root
from goknot.goruntime.opening import Step, module_label, open_core, open_process, unsaid
from goknot.goruntime.root_variables import variable_of
from goknot.goruntime.special_names import special_name
from goknot.goruntime.variables_types import made_by
from goknot.kernels.memory import Allocator
from goknot.model.named_heap import FrameName, GoroutineName, ModuleName, NamedHeap, RootName

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from goknot.goruntime.goroutines import Goroutine
    from goknot.goruntime.graph import NamedGraph
    from goknot.goruntime.modules import Module
    from goknot.memory.source import MappedElf
    from goknot.model.heap import HeapGraph

    Meanwhile = Callable[[HeapGraph], None]


def read_core(
    core: Path,
    exe: Path | None,
    alloc: Allocator | None = None,
    step: Step = unsaid,
    meanwhile: Meanwhile | None = None,
) -> NamedHeap:
    """Reads an ELF core of a Go program.

    Args:
        core: The core.
        exe: The executable; None: where the core says it was.
        alloc: Where arrays as long as the heap come from.
        step: Told what begins, for people who wait.
        meanwhile: Begins work on the graph that asks for no types, in another thread.

    Raises:
        InputError: The core is damaged, not of a Go program, or the executable is another build.
    """
    image = open_core(str(core), str(exe) if exe else None, alloc, step)
    step("naming types")
    return named_heap(image, "core", str(core), alloc, meanwhile)


def read_process(
    pid: int,
    *,
    stop: bool,
    alloc: Allocator | None = None,
    step: Step = unsaid,
    meanwhile: Meanwhile | None = None,
) -> NamedHeap:
    """Reads a live Go process; it is stopped only while its memory is copied, and always let go on.

    Args:
        pid: The process.
        stop: Whether to stop it; without, the image may contradict itself, which its problems say.
        alloc: Where arrays as long as the heap come from; the copy of its memory does not.
        step: Told what begins, for people who wait.
        meanwhile: As for `read_core`.

    Raises:
        InputError: It is not there, may not be read, or is no Go program.
    """
    image = open_process(pid, stop, alloc, step)
    step("naming types")
    return named_heap(image, "process", str(pid), alloc, meanwhile)


def named_heap(
    image: HeapImage, kind: str, path: str, alloc: Allocator | None = None, meanwhile: Meanwhile | None = None
) -> NamedHeap:
    """The arrays of an image, and their names; see `read_core`."""
    named = heap_graph(image, meanwhile)
    details: dict[str, str | int] = {"arch": image.arch, "layout": image.layout_source}
    if image.stopped_ms:
        details["stopped_ms"] = round(image.stopped_ms)
    return NamedHeap(
        kind=kind,
        path=path,
        go=image.version,
        graph=named.graph,
        type_names=named.types.names,
        named_by_object=named.types.named_by_object,
        noscan_by_object=image.object_noscan,
        roots=tuple(_root(image, root) for root in image.roots.roots),
        goroutines=_goroutines(image),
        stack_names=named.stack_names,
        special_name=lambda number: special_name(image, named.specials[number]),
        fields_of=lambda edges: fields_of(image, named.types, named.flow, edges),
        fields_of_rings=lambda rings: fields_of_rings(image, named.types, named.flow, rings, alloc),
        root_variable=lambda root, number: variable_of(image, named.variables, root, number),
        modules=tuple(_module(module, file) for module, file in zip(image.modules, image.files, strict=True)),
        module_by_root=_module_by_root(image),
        module_by_type=_module_by_type(image, named),
        lost=image.lost,
        problems=(*image.problems, *named.problems),
        details=details,
    )


def _root(image: HeapImage, root: Root) -> RootName:
    if root.goroutine >= 0:
        name = f"goroutine {image.goroutines[root.goroutine].goid} in {root.name}"
    else:
        name = f"variable {root.name}" if root.module else root.name
    module = root.module if len(image.modules) > 1 and root.module != image.roots.roots[0].module else ""
    return RootName(name, module, root.goroutine, root.where, root.precise)


def _module(module: Module, file: MappedElf | None) -> ModuleName:
    return ModuleName(
        name=module_label(module, file),
        path=file.path if file is not None else "",
        is_active=module.is_active,
        is_bad=module.is_bad,
        text=(module.text_addr, module.etext_addr),
        data=module.data,
        bss=module.bss,
        has_masks=bool(module.gcdatamask_addr),
    )


def _module_by_root(image: HeapImage) -> NDArray[np.int32]:
    labels = [module_label(module, file) for module, file in zip(image.modules, image.files, strict=True)]
    return np.array([labels.index(root.module) if root.module else -1 for root in image.roots.roots], np.int32)


def _module_by_type(image: HeapImage, named: NamedGraph) -> NDArray[np.int32]:
    """By where descriptors lie; types that only DWARF describes by whose DWARF that is."""
    found = np.full(len(named.types.names), -1, np.int32)
    if len(image.modules) < 2:
        return found
    for number, kind in enumerate(named.types.flow_by_type.tolist()):
        addr = named.flow.addr_of(kind)
        for at, module in enumerate(image.modules):
            if module.types[0] <= addr < module.types[1] or made_by(addr) == at:
                found[number] = at
                break
    return found


def _goroutines(image: HeapImage) -> tuple[GoroutineName, ...]:
    """With the calls that the compiler inlined; each place in the code is looked up once."""
    known: dict[int, tuple[FrameName, ...]] = {}
    return tuple(
        GoroutineName(one.goid, one.status, one.wait_reason, _frames(image, one, known), one.created_at, one.precise)
        for one in image.goroutines
    )


def _frames(image: HeapImage, goroutine: Goroutine, known: dict[int, tuple[FrameName, ...]]) -> tuple[FrameName, ...]:
    found: list[FrameName] = []
    for index, frame in enumerate(goroutine.frames):
        pc = frame.pc_addr - (1 if index else 0)  # of a call: the instruction before the return address
        if pc not in known:
            function = image.functions.find(pc)
            calls = image.functions.calls(function, pc) if function else ((frame.function, frame.where),)
            known[pc] = tuple(FrameName(*call) for call in calls)
        found += known[pc]
    return tuple(found)
