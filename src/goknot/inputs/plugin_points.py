"""Where to stop in a host or a plugin to watch plugin.Open: found in Go's own tables, so stripped files do as well."""

from __future__ import annotations

from dataclasses import dataclass

from goknot.errors import InputError
from goknot.formats import buildinfo
from goknot.goruntime.filemodule import build_blob, find_file_module
from goknot.goruntime.functiontable import FunctionTable
from goknot.goruntime.pclntab import PclnTable
from goknot.inputs.plugin_code import body_of
from goknot.memory.fileimage import open_file_image
from goknot.model.plugin_trace import Frame

# what is watched -> the function (plugin/plugin_dlopen.go, runtime/plugin.go, runtime/proc.go)
WATCHED = {
    "open": "plugin.open",
    "dlopen": "plugin._Cfunc_pluginOpen",
    "module": "plugin.lastmoduleinit",
    "init": "runtime.doInit1",
    "panic": "runtime.fatalpanic",
}
CHECK_STEPS = 5  # the check of the stack's size is over by then


@dataclass(frozen=True, slots=True)
class Point:
    """Where a function begins (behind the check of the stack, which may run twice), and where it returns."""

    what: str
    entry_addr: int
    return_addrs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GoroutineOffs:
    """Offsets in `runtime.g`: its number, and the program counter and frame pointer it stopped with."""

    number_off: int
    pc_off: int
    frame_off: int


class Points:
    """One file.

    Args:
        path: The file.

    Raises:
        InputError: It cannot be read, or is no Go code for amd64.
    """

    def __init__(self, path: str) -> None:
        image = open_file_image(path)
        if image.file.arch != "amd64":
            raise InputError(path, f"is for {image.file.arch}", "hosts for amd64 can be traced")
        found = find_file_module(image, buildinfo.go_version(build_blob(image)) or "")
        if found is None:
            raise InputError(path, "holds no Go code that can be read")
        self.moves = image.file.moves
        sched_off = found.layout.off("runtime.g", "sched")
        self.goroutine = GoroutineOffs(
            found.layout.off("runtime.g", "goid"),
            sched_off + found.layout.off("runtime.gobuf", "pc"),
            sched_off + found.layout.off("runtime.gobuf", "bp"),
        )
        self._space, self._module = image.space, found.module
        self._table = FunctionTable(image.space, found.module)
        self._lines = PclnTable(image.space, (found.module,))

    def watched(self) -> tuple[Point, ...]:
        """The functions that are there; nothing where package plugin is not linked in."""
        found = []
        for what, name in WATCHED.items():
            for index in self._table.named(name):
                start, end = self._table.bounds(index)
                steps = body_of(self._space, start, end).steps
                entry = next((s.next_addr for s in steps[:CHECK_STEPS] if s.name == "jbe"), start)
                found.append(Point(what, entry, tuple(s.addr for s in steps if s.name == "ret")))
        return tuple(found)

    def function_at(self, addr: int) -> str:
        """The function whose code covers an address; empty if none does."""
        index = self._table.find(addr)
        return self._table.name(index) if index >= 0 else ""

    def frames(self, pc: int) -> tuple[Frame, ...]:
        """What an address lies in, innermost first, with what was inlined."""
        function = self._lines.find(pc)
        rows = self._lines.calls(function, pc) if function else ()
        return tuple(Frame(name, where) for name, where in rows)
