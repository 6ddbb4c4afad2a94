"""Groups of leaked goroutines as knots."""

from __future__ import annotations

from goknot.analyses.heap.leak_groups import LeakedGroup
from goknot.app.heap.names import is_own, stack_name
from goknot.app.heap.steps import path_steps
from goknot.app.heap.study import HeapStudy
from goknot.app.heap.wording import GOROUTINE_MOVE
from goknot.model.cut import Cut
from goknot.model.fingerprint import fingerprint
from goknot.model.knot import Evidence, HeapSize, Knot, KnotEdge, KnotNode
from goknot.model.named_heap import GoroutineName
from goknot.model.verdict import Confidence, Level, Verdict
from goknot.reports.words import count

_ENDS = {"runtime.goexit", "runtime.main"}  # below every stack
_MAX_GOIDS = 100
_MAX_FRAMES = 30


def goroutine_knot(study: HeapStudy, group: LeakedGroup) -> Knot:
    """Goroutines with one stack that nothing can wake."""
    heap = study.heap
    stack = heap.stack_names[group.stack]
    goroutine = heap.goroutines[group.example.goroutine]
    does = stack_name(tuple(frame.function for frame in goroutine.frames))
    waits = goroutine.wait_reason or goroutine.status
    n = len(group.goroutines)
    path = path_steps(heap, group.example.path)
    waits_on = path[-1].name if path else heap.type_name(group.example.waits[0]) if group.example.waits else ""
    nodes, edges, cycles = _ring(f"goroutine in {does}", does, waits_on, goroutine)
    goids = tuple(heap.goroutines[one].goid for one in group.goroutines)
    size = HeapSize(n, 0, 0, group.kept_bytes, example=path, goroutines=goids[:_MAX_GOIDS])
    alike = (
        "it alone or others that wait for ever reach" if n == 1 else "only they, or others that wait for ever, reach"
    )
    on = f" on a {waits_on}" if waits_on else ""
    return Knot(
        id=fingerprint(Level.GOROUTINE, "goroutine-blocked", stack),
        level=Level.GOROUTINE,
        kind="goroutine-blocked",
        verdict=Verdict.NEVER_FREED,
        confidence=Confidence.LIKELY,
        reason=f"Waiting for ever{on} ({waits}): {alike} what would wake {'it' if n == 1 else 'them'}."
        + (f" Started by {goroutine.created_at}." if goroutine.created_at else ""),
        title=f"{does}: {count(n, 'goroutine')} blocked for ever, {count(group.kept_bytes, 'byte')} kept",
        nodes=nodes,
        edges=edges,
        cycles=cycles,
        cuts=(Cut((), 0, 0, *GOROUTINE_MOVE),),
        heap=size,
    )


def _ring(
    name: str, function: str, waits_on: str, goroutine: GoroutineName
) -> tuple[tuple[KnotNode, ...], tuple[KnotEdge, ...], tuple[tuple[int, ...], ...]]:
    """goroutine -> its stack -> what it waits on -> the goroutine; the frames are the evidence of the first edge."""
    seen = stack_evidence(goroutine)
    me = KnotNode(name, "goroutine", function)
    if not waits_on:
        return (me,), (KnotEdge(0, 0, "waits", evidence=seen),), ()
    nodes = (me, KnotNode(waits_on, "object", waits_on))
    edges = (KnotEdge(0, 1, "stack", evidence=seen), KnotEdge(1, 0, "wakes", note="nothing else could wake it"))
    return nodes, edges, ((0, 1),)


def stack_evidence(goroutine: GoroutineName) -> tuple[Evidence, ...]:
    """The frames of a goroutine, from the innermost that is the program's own."""
    frames = [frame for frame in goroutine.frames if frame.where and frame.function not in _ENDS]
    own = next((at for at, frame in enumerate(frames) if is_own(frame.function)), 0)
    return tuple(_evidence(frame.function, frame.where) for frame in frames[own : own + _MAX_FRAMES])


def _evidence(function: str, where: str) -> Evidence:
    file, _, line = where.rpartition(":")
    return Evidence(file, int(line), text=function) if line.isdecimal() else Evidence(where, text=function)
