"""Groups of janitors as knots."""

from __future__ import annotations

from itertools import pairwise

from goknot.analyses.heap.holders import edge_between
from goknot.analyses.heap.janitors import JanitorGroup
from goknot.app.heap.goroutine_knots import stack_evidence
from goknot.app.heap.names import stack_name
from goknot.app.heap.steps import field_of, object_step, path_steps
from goknot.app.heap.study import HeapStudy
from goknot.app.heap.wording import JANITOR_MOVE, JANITOR_REASON
from goknot.model.cut import Cut
from goknot.model.fingerprint import fingerprint
from goknot.model.knot import Evidence, HeapSize, Knot, KnotEdge, KnotNode
from goknot.model.verdict import Confidence, Level, Verdict
from goknot.reports.words import count

KIND = "finalizer-goroutine"
_MAX_GOIDS = 100


def janitor_knot(study: HeapStudy, group: JanitorGroup) -> Knot:
    """Goroutines with one stack that each keep what would end them: goroutine -> object -> special -> channel."""
    heap = study.heap
    one = group.janitors[0]
    goroutine = heap.goroutines[one.goroutine]
    does = stack_name(tuple(frame.function for frame in goroutine.frames))
    special = heap.special_name(one.special)
    kind = special.partition(" ")[0]
    kept, awaited = heap.type_name(one.object), heap.type_name(one.wait)
    n = len(group.janitors)
    onward = [*(edge_between(heap.graph, a, b) for a, b in pairwise(one.path)), -1]
    steps = tuple(object_step(heap, number, edge) for number, edge in zip(one.path, onward, strict=True))
    field = field_of(heap, onward[0])[0] if one.path[0] == one.object else ""
    nodes = (
        KnotNode(f"goroutine in {does}", "goroutine", does),
        KnotNode(kept, "type", kept),
        KnotNode(special, "special", kind),
        KnotNode(awaited, "object", awaited),
    )
    started = _started(goroutine.created_at)
    edges = (
        KnotEdge(0, 1, "stack", evidence=(*started, *stack_evidence(goroutine))),
        KnotEdge(1, 2, "special", note="set on it: runs once nothing holds the object"),
        KnotEdge(2, 3, "words", field=field, note="what it would use" if field else ""),
        KnotEdge(3, 0, "wakes", note="nothing else but the goroutine itself reaches it"),
    )
    objects = {janitor.object for janitor in group.janitors}
    own = int(heap.graph.bytes_by_object[sorted(objects)].sum())
    goids = tuple(heap.goroutines[janitor.goroutine].goid for janitor in group.janitors)
    stack = heap.stack_names[int(heap.graph.goroutines.stack_by_goroutine[one.goroutine])]
    return Knot(
        id=fingerprint(Level.GOROUTINE, KIND, (*stack, kept, kind)),
        level=Level.GOROUTINE,
        kind=KIND,
        verdict=Verdict.NEVER_FREED,
        confidence=Confidence.LIKELY,
        reason=JANITOR_REASON.format(special=special, what=awaited, kept=kept),
        title=f"{does}: {count(n, 'goroutine')} that {'keeps' if n == 1 else 'keep'} {kept}, whose "
        f"{kind} would end {'it' if n == 1 else 'them'}, {count(group.retained_bytes, 'byte')} kept",
        nodes=nodes,
        edges=edges,
        cycles=((0, 1, 2, 3),),
        cuts=(Cut(((0, 1),), 1, 1, *JANITOR_MOVE),),
        heap=HeapSize(
            n,
            len(objects),
            own,
            group.retained_bytes,
            example=steps,
            path_to_root=path_steps(heap, study.holders.path(one.object)),
            goroutines=goids[:_MAX_GOIDS],
        ),
    )


def _started(created_at: str) -> tuple[Evidence, ...]:
    """The `go` statement, from `function file:line`."""
    function, _, where = created_at.rpartition(" ")
    file, _, line = where.rpartition(":")
    return (Evidence(file, int(line), text=f"started by {function}"),) if line.isdecimal() else ()
