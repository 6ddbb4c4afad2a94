"""The report of a heap: rings of live objects, and goroutines that nothing can wake."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from goknot import __version__
from goknot.analyses.heap.groups import UNKNOWN, RingGroup
from goknot.analyses.heap.tiers import Tier
from goknot.analyses.heap.verdicts import Reason
from goknot.app.heap.goroutine_knots import goroutine_knot
from goknot.app.heap.janitor_knots import janitor_knot
from goknot.app.heap.modules import lost_knot, module_sizes
from goknot.app.heap.ring_knots import ring_knot, special_knot, weak_knot
from goknot.app.heap.study import HeapStudy
from goknot.app.heap.views import type_sizes
from goknot.app.heap.wording import KIND_BY_REASON
from goknot.model.knot import Knot
from goknot.model.named_heap import NAMED_BY, NamedHeap
from goknot.model.report import Problem, Report, ReportInput

# The scheduler; the tree of sync.Map and unique, the chain of sync.Pool; a timer and its channel (runtime/time.go)
_RUNTIME_TYPE = re.compile(
    r"(\[\]|\*)*(runtime\.|internal/runtime/|internal/sync\.|sync\.poolChainElt$|unique\.)"
    r"|(<-)?chan time\.Time$|time\.(Timer|Ticker)$"
)
# the standard library's own lists, tries and channels of timers: nothing in them is the program's to cut
_PLUMBING_TYPE = re.compile(r"(\[\]|\*|chan |<-)*(runtime\.|internal/|sync\.|sync/atomic\.|time\.|unique\.)")
_HIDDEN = {Reason.RUNTIME, Reason.QUEUE}  # the runtime's own affairs


def report_heap(study: HeapStudy, *, types: bool = False) -> Report:
    """Everything there is to say about the rings and the leaked goroutines of a heap; with `types`, about those too."""
    heap, graph = study.heap, study.graph
    with ThreadPoolExecutor(1) as second:
        counting = second.submit(lambda: (named_shares(study), type_sizes(study) if types else ()))
        knots = sorted(find_knots(study), key=lambda knot: knot.order)
        shares, sizes = counting.result()
    return Report(
        version=__version__,
        inputs=(heap_input(heap, named_text(shares)),),
        knots=tuple(knots),
        problems=tuple(Problem(heap.path, what, "what it touches may be missing") for what in heap.problems),
        stats={"knots": len(knots), "new": len(knots), "known": 0, "fixed": 0},
        heap={
            "objects": graph.n_objects,
            "bytes": int(graph.bytes_by_object.sum()),
            "edges": graph.n_edges,
            "goroutines": graph.n_goroutines,
            "rings": study.verdicts.rings.n_rings,
            "types_resolved": sum(n for name, n in shares.items() if name.startswith("named_by_")),
            **shares,
        },
        types=sizes,
        modules=module_sizes(study),
    )


def find_knots(study: HeapStudy) -> list[Knot]:
    """The knots of a heap, in no order."""
    groups = [group for group in study.ring_groups if not is_hidden(group)]
    return [
        *(ring_knot(study, group) for group in groups),
        *(special_knot(study, group) for group in study.special_groups if group.reason not in _HIDDEN),
        *(weak_knot(study, group) for group in study.weak_groups),
        *(goroutine_knot(study, group) for group in study.leaked_groups),
        *(janitor_knot(study, group) for group in study.janitor_groups),
        *(lost_knot(study, variable) for variable in study.heap.lost),
    ]


def heap_input(heap: NamedHeap, named: str) -> ReportInput:
    """What was read, for the report."""
    go = {"go": heap.go} if heap.go else {}
    return ReportInput(heap.kind, heap.path, {**go, **heap.details, "named": named})


def named_text(shares: dict[str, int]) -> str:
    """`98.6 % of 78,500 live objects with pointers have a type (runtime 91.0 %, dwarf 7.0 %, inferred 0.6 %)`."""
    total = shares["live_with_pointers"]
    if not total:
        return "no live objects with pointers"
    parts = {source: 100 * shares[f"named_by_{source}"] / total for source in NAMED_BY[1:]}
    said = ", ".join(f"{source} {part:.1f} %" for source, part in parts.items() if part)
    return f"{sum(parts.values()):.1f} % of {total:,} live objects with pointers have a type ({said or 'none'})"


def named_shares(study: HeapStudy) -> dict[str, int]:
    """How many live objects with pointers there are, and how many of them have a name from which source."""
    heap = study.heap
    live = (study.holders.tier_by_object != Tier.GARBAGE) & (heap.noscan_by_object == 0)
    counts = np.bincount(heap.named_by_object[live], minlength=len(NAMED_BY)).tolist()
    shares = {f"named_by_{source}": n for source, n in zip(NAMED_BY[1:], counts[1:], strict=True)}
    return {"live_with_pointers": int(live.sum()), **shares}


def is_hidden(group: RingGroup) -> bool:
    """Whether a ring is nobody's business: by its reason, or because only own types of the runtime make it.

    The same goes for what sync and time are built of (`sync.poolChainElt`, `internal/sync.indirect`, a timer and its
    channel): what they hold is the program's, and found elsewhere, but the ring is theirs.
    """
    if group.reason in _HIDDEN:
        return True
    if group.reason in KIND_BY_REASON and group.reason is not Reason.CGO_HANDLE:
        return False  # a finalizer, cleanup or weak key is somebody's; the map of all handles is nobody's
    names = {name for link in group.links for name in (link.source, link.target)}
    if all(_PLUMBING_TYPE.match(name) for name in names):
        return True
    names -= {UNKNOWN}
    return bool(names) and all(_RUNTIME_TYPE.match(name) for name in names)
