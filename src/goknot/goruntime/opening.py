"""From a core to a heap image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import InputError
from goknot.formats.elfsymbols import read_exported, read_variables
from goknot.goruntime import (
    gcmask,
    goroutines,
    heap,
    lost_roots,
    modules,
    objects,
    pclntab,
    pointers,
    roots,
    runtime_objects,
    specials,
)
from goknot.goruntime.image import HeapImage
from goknot.goruntime.stacks import Unwinder
from goknot.layouts import layout as layouts
from goknot.memory.corefile import open_core_file
from goknot.memory.process import open_live

if TYPE_CHECKING:
    from goknot.goruntime.modules import Module
    from goknot.kernels.memory import Allocator
    from goknot.layouts.layout import Layout
    from goknot.memory.source import MappedElf, Source

OLDEST = (1, 21)
Step = Callable[[str], None]


def unsaid(what: str) -> None:
    """Tells nobody."""


def open_core(
    core_path: str, exe_path: str | None = None, alloc: Allocator | None = None, step: Step = unsaid
) -> HeapImage:
    """Reads a core: every object, pointer and root.

    Args:
        core_path: An ELF core of a Go program.
        exe_path: Its executable; where the core says it was, when None.
        alloc: Where arrays as long as the heap come from.
        step: Told what begins, for people who wait.

    Raises:
        InputError: The core is damaged, is not of a Go program that can be read, or the executable is another build.
    """
    try:
        return read_image(open_core_file(core_path, exe_path), alloc=alloc, step=step)
    except MemoryError as failed:
        what = "asks for more memory than there is: it is damaged, or larger than this machine"
        raise InputError(core_path, what) from failed


def open_process(pid: int, stop: bool = True, alloc: Allocator | None = None, step: Step = unsaid) -> HeapImage:
    """Reads a live process. It is stopped while its memory is copied (`HeapImage.stopped_ms`) and always resumed.

    Args:
        pid: A Go process.
        stop: Stop it (SIGSTOP, then SIGCONT); without, the image may contradict itself, which `problems` says.
        alloc: Where arrays as long as the heap come from; the copy of its memory does not.
        step: Told what begins, for people who wait.

    Raises:
        InputError: It is not there, may not be read, ended meanwhile, or is no Go program that can be read.
    """
    step("copying its memory")
    source, stopped_ms = open_live(pid, stop)
    return read_image(source, stopped_ms, alloc, step)


def read_image(
    source: Source, stopped_ms: float = 0.0, alloc: Allocator | None = None, step: Step = unsaid
) -> HeapImage:
    """A heap image of whatever memory is at hand."""
    step("finding the runtime's tables")
    located = locate(source)
    problems = [*source.problems, *located.problems]
    space, layout = source.space, located.layout
    types = gcmask.type_table(space, layout, located.modules)
    masks = gcmask.MaskReader(space, layout, types)
    step("listing objects")
    found = objects.read_objects(source, layout, located.heap, masks, alloc)
    step(f"following the pointers of {len(found.addr):,} objects")
    edges = pointers.scan_edges(space, found, alloc)
    problems += found.problems
    step("reading goroutines and variables")
    table = pclntab.PclnTable(space, located.modules)
    unwinder = Unwinder(space, table, source.arch)
    running, more = goroutines.read_goroutines(source, layout, located.gs, unwinder, table)
    problems += more
    noted, more = specials.read_specials(space, layout, found.spans)
    problems += more
    builder = roots.RootBuilder(space, found)
    problems += _add_roots(builder, source, located, running)
    own = runtime_objects.find_runtime_objects(space, layout, located.modules, found, located.allgs_addr, located.gs)
    roots.add_timers(builder, found, own.timer_heaps)
    mask = np.zeros(len(found.addr), np.uint8)
    for part in (own.goroutines, own.sudogs, own.others):
        mask[part] = 1
    files = tuple(_file_of(source, module, index) for index, module in enumerate(located.modules))
    return HeapImage(
        version=located.version,
        arch=source.arch,
        modules=located.modules,
        layout=layout,
        layout_source=located.layout_source,
        problems=tuple(problems),
        space=space,
        object_addr=found.addr,
        object_bytes=found.n_bytes,
        object_state=found.state,
        object_noscan=found.noscan,
        object_header_bytes=found.header_bytes,
        header_object=found.header_object,
        header_type_addr=found.header_type_addr,
        edge_start=edges.start,
        edge_target=edges.target,
        edge_places=lambda: edges.places,
        resolve=lambda addrs: pointers.resolve(found, addrs),
        holding=lambda *wanted: pointers.holding(space, found, *wanted),
        roots=builder.table(),
        goroutines=running,
        specials=noted,
        runtime_objects=mask,
        scheduler=own,
        types=types,
        functions=table,
        n_free_targets=edges.n_free_targets,
        files=files,
        stopped_ms=stopped_ms,
        lost=lost_roots.lost_variables(space, located.modules, files, found),
    )


class Located:
    """Where everything is; found once, also before a process is stopped."""

    def __init__(self, source: Source) -> None:
        self.problems: list[str] = []
        self.version, self.layout, self.layout_source = self._layout(source)
        self.modules: tuple[Module, ...] = modules.find_modules(source, self.layout)
        self.heap = heap.find_heap(source, self.layout, self.modules)
        self.allgs_addr, self.gs = goroutines.find_allgs(source, self.layout, self.modules)

    def _layout(self, source: Source) -> tuple[str, Layout, str]:
        version = modules.find_version(source) or ""
        minor = layouts.parse_minor(version)
        if minor is not None and minor < OLDEST:
            raise InputError(source.where, f"was built by {version}", "Go 1.21 and later are supported")
        layout, name = layouts.choose(version, source.arch)
        if minor not in layouts.minors(source.arch):
            own = layouts.from_dwarf(source.executable.elf, layout) if source.executable else None
            if own is not None:
                return version, own, "DWARF of the executable"
            self.problems.append(f"Go {version or '(version unknown)'} has no layout table: {name} is used")
        return version, layout, name


def locate(source: Source) -> Located:
    """Finds version, layout, modules, heap and goroutines.

    Raises:
        InputError: One of them is not there.
    """
    return Located(source)


def _add_roots(
    builder: roots.RootBuilder, source: Source, located: Located, running: tuple[goroutines.Goroutine, ...]
) -> list[str]:
    problems = []
    for index, module in enumerate(located.modules):
        if not module.is_active:
            continue
        mapped = _file_of(source, module, index)
        symbols = (read_variables(mapped.elf) or read_exported(mapped.elf)) if mapped else None
        slide = mapped.slide if mapped else 0
        label = module_label(module, mapped)
        if symbols is None or not len(symbols.addr):
            problems.append(f"{label} has no symbol table: its variables are named by place")
        problems += roots.add_variables(builder, source.space, roots.Names(module, label, symbols, slide))
    roots.add_goroutines(builder, running)
    roots.add_registers(builder, source, running)
    roots.add_queues(builder, source.space, located.layout, located.modules)
    n_words = sum(not goroutine.precise for goroutine in running)
    if n_words:
        problems.append(
            f"{n_words} of {len(running)} goroutines were running or stopped anywhere: scanned word by word"
        )
    return problems


def module_label(module: Module, mapped: MappedElf | None) -> str:
    """What a person calls a module: a plugin's path, the executable's file."""
    return module.name or (Path(mapped.path).name if mapped else "executable")


def _file_of(source: Source, module: Module, index: int) -> MappedElf | None:
    """The file that a module's code came from."""
    if index == 0 and source.executable is not None:
        return source.executable
    path = next((b.path for b in source.backing if b.start_addr <= module.text_addr < b.end_addr), None)
    return next((library for library in source.libraries if library.path == path), None)
