"""The roots of a heap dump: variables, frames, what waits to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.model.heap import HeapRoots, RootKind
from goknot.model.named_heap import RootName

if TYPE_CHECKING:
    from goknot.formats.heapdump_graph import DumpGraph
    from goknot.formats.heapdump_records import HeapDump
    from goknot.formats.heapdump_runtime import DumpRuntime
    from goknot.inputs.heapdump_exe import DumpExe
    from goknot.model.heap import Int32s

KIND_BY_VARIABLE = {
    "sync.allPools": RootKind.POOL,
    "sync.oldPools": RootKind.POOL,
    "runtime/cgo.handles": RootKind.CGO_HANDLE,
}
KIND_BY_LABEL = {
    "data": RootKind.DATA,
    "bss": RootKind.BSS,
    "frame": RootKind.STACK,
    "goroutine": RootKind.STACK,
    "defer": RootKind.STACK,
    "panic": RootKind.STACK,
    "queued-finalizer": RootKind.QUEUE,
    "other": RootKind.OTHER,
}
OWN_PLACE = "defer records and saved closure"


@dataclass(frozen=True, slots=True)
class NamedRoots:
    """The roots as arrays, and root -> name."""

    arrays: HeapRoots
    names: tuple[RootName, ...]


def collect_roots(
    dump: HeapDump, found: DumpGraph, object_by_found: Int32s, runtime: DumpRuntime, exe: DumpExe | None
) -> NamedRoots:
    """Groups what points into the heap by what a person would call it.

    Args:
        dump: The dump.
        found: Its graph.
        object_by_found: object of `found` -> object, or -1.
        runtime: The runtime's own objects, of `found`.
        exe: Names of variables.
    """
    goroutine_by_goid = {goroutine.goid: index for index, goroutine in enumerate(dump.goroutines)}
    segments = {"data": dump.data_segments, "bss": dump.bss_segments}
    own = np.zeros(len(found.addr_by_object), np.bool_)
    for objects in (runtime.goroutines, runtime.sudogs, runtime.threads, runtime.processors, runtime.lists):
        own[objects] = True
    names: dict[tuple[str, RootName], list[int]] = {}
    roots = found.roots
    for label, addr, target in zip(
        roots.label_by_root.tolist(), roots.addr_by_root.tolist(), roots.target_by_root.tolist(), strict=True
    ):
        kind, goid, text = roots.labels[label]
        if kind in segments:
            start = max((s.addr for s in segments[kind] if s.addr <= addr), default=0)
            variable = exe.variable(addr) if exe is not None else ""
            name = RootName(f"variable {variable}" if variable else f"variable at {kind}+{addr - start:#x}")
        elif kind in ("frame", "goroutine", "defer", "panic"):
            place = text if kind == "frame" else OWN_PLACE
            name = RootName(f"goroutine {goid} in {place}", goroutine=goroutine_by_goid[goid])
        else:
            name = RootName("queued finalizers" if kind == "queued-finalizer" else text)
        if object_by_found[target] >= 0:
            names.setdefault((kind, name), []).append(target)
    kinds = [
        _kind(kind, name.name.removeprefix("variable "), bool(own[targets].all()))
        for (kind, name), targets in names.items()
    ]
    rows = [sorted(set(object_by_found[targets].tolist())) for targets in names.values()]
    shown = [name for _, name in names]
    pending = object_by_found[_below(found, runtime.timers)]
    if (pending >= 0).any():
        kinds.append(RootKind.TIMER)
        rows.append(pending[pending >= 0].tolist())
        shown.append(RootName("pending timers"))
    arrays = HeapRoots(
        np.array(kinds, np.uint8),
        np.array([name.goroutine for name in shown], np.int32),
        np.cumsum([0, *map(len, rows)]).astype(np.int64),
        np.array([one for row in rows for one in row], np.int32),
    )
    return NamedRoots(arrays, tuple(shown))


def _below(found: DumpGraph, objects: Int32s) -> Int32s:
    """What some objects point at; ascending."""
    rows = [found.edge_target[found.edge_start[one] : found.edge_start[one + 1]] for one in objects.tolist()]
    return np.unique(np.concatenate([np.zeros(0, np.int32), *rows]))


def _kind(label: str, variable: str, only_own: bool) -> RootKind:
    """Variables of the runtime, and those that lead only to its own structures, stand apart."""
    if label in ("data", "bss"):
        if variable in KIND_BY_VARIABLE:
            return KIND_BY_VARIABLE[variable]
        if only_own or variable.startswith("runtime."):
            return RootKind.RUNTIME
    return KIND_BY_LABEL[label]
