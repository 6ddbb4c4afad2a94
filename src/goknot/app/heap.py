"""The use case behind `goknot heap`: rings of live objects and goroutines that nothing can wake."""

from __future__ import annotations

import re
from collections.abc import Sequence

from goknot import __version__
from goknot.analyses.heap.dominance import build_tree, retained_by_ring
from goknot.analyses.heap.groups import UNKNOWN, Link, RingGroup, group_by_signature
from goknot.analyses.heap.holders import HolderKind, Holders, find_holders
from goknot.analyses.heap.leak_groups import LeakedGroup, group_leaked
from goknot.analyses.heap.verdicts import CONFIDENCE_BY_REASON, VERDICT_BY_REASON, Reason, judge_rings
from goknot.inputs.process import HeapInput
from goknot.model.fingerprint import fingerprint
from goknot.model.knot import HeapSize, Knot, KnotEdge, KnotNode
from goknot.model.report import Problem, Report, ReportInput
from goknot.model.verdict import Confidence, Level, Verdict

_PLUMBING = ("runtime.", "sync.", "internal/")  # frames that say how a goroutine waits, not what it does
_RUNTIME_TYPE = re.compile(r"(\[\]|\*)*(runtime\.|internal/runtime/)")
_HIDDEN = {Reason.RUNTIME, Reason.QUEUE}  # the runtime's own affairs
_KIND_BY_REASON = {
    Reason.FINALIZER_IN_RING: "finalizer-in-ring",
    Reason.CLEANUP_HOLDS_OBJECT: "cleanup-holds-object",
    Reason.WEAK_KEY: "weak-map-ring",
    Reason.CGO_HANDLE: "cgo-handle-ring",
}
_REASON = {
    Reason.FINALIZER_IN_RING: "A member has a finalizer. Go keeps what such an object points to, so it keeps the ring, "
    "and the finalizer never runs.",
    Reason.CLEANUP_HOLDS_OBJECT: "A member's cleanup reaches the member itself, so it can never run.",
    Reason.HELD_BY_STUCK: "A finalizer or cleanup that can never run holds it.",
    Reason.LEAKED_GOROUTINE: "Only the stack of a goroutine that nothing can wake holds it.",
    Reason.WEAK_KEY: "A map's value reaches the map's weak key, so the entry never goes.",
    Reason.ROOT: "Held by {holder}; the collector frees it once that lets go.",
    Reason.TIMER: "Held by a pending timer until it fires or is stopped.",
    Reason.CGO_HANDLE: "Held by a cgo.Handle until it is deleted.",
    Reason.POOL: "Only a sync.Pool holds it; two collections let it go.",
    Reason.PENDING_SPECIAL: "Collected once a finalizer or cleanup that is due has run.",
    Reason.UNREACHABLE: "Nothing holds it: the next collection frees it. A plain ring is no leak in Go.",
    Reason.GARBAGE_WAITING: "Found dead already; freed when its span is swept.",
}


def report_heap(heap: HeapInput, path: str) -> Report:
    """Everything there is to say about the rings and the leaked goroutines of a heap."""
    graph = heap.named.graph
    holders = find_holders(graph)
    verdicts = judge_rings(graph, holders)
    tree = build_tree(graph, holders)
    retained = retained_by_ring(tree, holders, verdicts.rings)
    groups = group_by_signature(graph, holders, verdicts, retained, type_names=heap.named.types.names)
    knots = [_ring_knot(heap, holders, group) for group in groups if not _is_hidden(group)]
    knots += [_goroutine_knot(heap, group) for group in group_leaked(graph, holders, tree)]
    named = int((graph.type_by_object >= 0).sum())
    return Report(
        version=__version__,
        inputs=(_input(heap, path),),
        knots=tuple(sorted(knots, key=lambda knot: knot.order)),
        problems=tuple(Problem(path, what, "what it touches may be missing") for what in heap.image.problems),
        stats={
            "objects": graph.n_objects,
            "bytes": int(graph.bytes_by_object.sum()),
            "edges": graph.n_edges,
            "goroutines": graph.n_goroutines,
            "types_resolved": named,
            "knots": len(knots),
            "new": len(knots),
            "known": 0,
            "fixed": 0,
        },
    )


def _is_hidden(group: RingGroup) -> bool:
    """Whether a ring is the runtime's own affair: by its reason, or because its own types alone make a held ring."""
    names = {name for link in group.links for name in (link.source, link.target)} - {UNKNOWN}
    own = bool(names) and all(_RUNTIME_TYPE.match(name) for name in names)
    return group.reason in _HIDDEN or (own and VERDICT_BY_REASON[group.reason] is Verdict.KEPT_ALIVE)


def _input(heap: HeapInput, path: str) -> ReportInput:
    image = heap.image
    details: dict[str, str | int | tuple[str, ...]] = {"go": image.version, "layout": image.layout_source}
    if image.stopped_ms:
        details["stopped_ms"] = round(image.stopped_ms)
    return ReportInput("process" if path.isdecimal() else "core", path, details)


def _ring_knot(heap: HeapInput, holders: Holders, group: RingGroup) -> Knot:
    nodes, edges = _links(group.links)
    holder = _holder(heap, group)
    kind = _KIND_BY_REASON.get(group.reason, "heap-ring")
    n_each = group.n_objects // group.n_instances
    return Knot(
        id=fingerprint(Level.HEAP, kind, (group.reason.name, *group.key)),
        level=Level.HEAP,
        kind=kind,
        verdict=VERDICT_BY_REASON[group.reason],
        confidence=CONFIDENCE_BY_REASON[group.reason],
        reason=_REASON[group.reason].format(holder=holder or "a root"),
        title=f"{_types(nodes)}: {_count(group.n_instances, 'ring')} of {_count(n_each, 'object')}{_kept(group)}",
        nodes=nodes,
        edges=edges,
        heap=HeapSize(group.n_instances, group.n_objects, group.own_bytes, group.retained_bytes),
    )


def _links(links: Sequence[Link]) -> tuple[tuple[KnotNode, ...], tuple[KnotEdge, ...]]:
    names = sorted({name for link in links for name in (link.source, link.target)})
    index = {name: number for number, name in enumerate(names)}
    nodes = tuple(KnotNode(name, "type", name) for name in names)
    edges = tuple(
        KnotEdge(index[link.source], index[link.target], "field", symbols=(link.field,) if link.field else ())
        for link in links
    )
    return nodes, edges


def _holder(heap: HeapInput, group: RingGroup) -> str:
    for kind, number, _ in group.holders:
        if kind is HolderKind.ROOT:
            return heap.root_name(number)
    return ""


def _goroutine_knot(heap: HeapInput, group: LeakedGroup) -> Knot:
    stack = heap.named.stack_names[group.stack]
    goroutine = heap.image.goroutines[group.example.goroutine]
    calls = [name for name in stack if not name.startswith(_PLUMBING)] or list(stack)
    waits = goroutine.wait_reason or goroutine.status
    nodes = (KnotNode(f"goroutine in {calls[0]}", "goroutine", calls[0]),)
    return Knot(
        id=fingerprint(Level.GOROUTINE, "goroutine-blocked", stack),
        level=Level.GOROUTINE,
        kind="goroutine-blocked",
        verdict=Verdict.NEVER_FREED,
        confidence=Confidence.LIKELY,
        reason=f"Waits for ever ({waits}): only it and others that wait for ever reach what would wake it. "
        f"Stack: {' < '.join(calls[:6])}.",
        title=f"{calls[0]}: {_count(len(group.goroutines), 'goroutine')} blocked for ever, "
        f"{_count(group.kept_bytes, 'byte')} kept",
        nodes=nodes,
        edges=(),
        heap=HeapSize(len(group.goroutines), 0, 0, group.kept_bytes),
    )


def _kept(group: RingGroup) -> str:
    freed = VERDICT_BY_REASON[group.reason] is Verdict.COLLECTED
    return f", {_count(group.retained_bytes, 'byte')} {'to be freed' if freed else 'kept'}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _types(nodes: Sequence[KnotNode]) -> str:
    names = [node.name for node in nodes]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
