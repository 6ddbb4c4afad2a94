"""What a heap adds to, and takes from, what source says: `may` becomes `is`, or is shown not to happen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from goknot.analyses.links.matching import Match
from goknot.analyses.links.names import Names
from goknot.model.knot import Knot
from goknot.model.report import Report
from goknot.model.verdict import Confidence, Level, Verdict

# kinds that a heap shows whenever they are there
_SEEN_IN_HEAPS = frozenset(("finalizer-in-ring", "cleanup-holds-object", "weak-map-ring"))
_SURE = frozenset((Confidence.CERTAIN, Confidence.LIKELY))


def weighed(knot: Knot, found: Sequence[Match], reports: Sequence[Report], names: Names) -> Knot:
    """The knot with the heap's word in its reason, and its confidence raised or lowered by that.

    A finding is lowered only where the heap has objects of every type that it is about, and none of them in a knot of
    its kind: what a heap cannot tell changes nothing.
    """
    if knot.heap is not None or knot.kind == "type-ring":
        return knot
    if knot.level is Level.PLUGIN:
        return _opened(knot, names)
    proofs = [match.other(knot.id) for match in found if match.is_proof and match.ids[0] == knot.id]
    shown = {other.id: other for report in reports for other in report.knots if other.heap is not None}
    proven = [shown[one] for one in sorted(proofs) if one in shown]
    if proven:
        said = f"The heap shows it: {'; '.join(map(_amount, proven))}."
        return replace(knot, confidence=Confidence.CERTAIN, reason=_with(knot.reason, said))
    n_objects = _n_objects(knot, reports, names)
    if knot.kind not in _SEEN_IN_HEAPS or not n_objects or knot.confidence not in _SURE:
        return knot
    said = f"The heap that was joined has {n_objects:,} objects of these types, and none in such a knot."
    return replace(knot, confidence=Confidence.POSSIBLE, reason=_with(knot.reason, said))


def _opened(knot: Knot, names: Names) -> Knot:
    """A plugin that the process that was read has refused."""
    refused = [node.name for node in knot.nodes if node.kind == "plugin" and names.plugins.get(node.name) == "refused"]
    if knot.verdict is not Verdict.BREAKS_LOAD or not refused:
        return knot
    said = f"The process shows it: it has refused {refused[0]}, which stays mapped."
    return replace(knot, confidence=Confidence.CERTAIN, reason=_with(knot.reason, said))


def _with(reason: str, said: str) -> str:
    """The reason with one more sentence, unless an earlier join has said it."""
    if said in reason:
        return reason
    return f"{reason}{'' if reason.endswith('.') else '.'} {said}"


def _amount(knot: Knot) -> str:
    size = knot.heap
    if size is None:
        return knot.title
    unit = "goroutine" if knot.level is Level.GOROUTINE else "instance"
    plural = "" if size.instances == 1 else "s"
    return f"{size.instances:,} {unit}{plural}, {size.retained_bytes:,} bytes kept"


def _n_objects(knot: Knot, reports: Sequence[Report], names: Names) -> int:
    """Objects in the heaps of the knot's types; 0 if there are none of one of them, or a heap has knots of the kind."""
    own = names.of_knot(knot)
    counts = dict.fromkeys(own, 0)
    for report in reports:
        if any(other.heap is not None and other.kind == knot.kind for other in report.knots):
            return 0
        for size in report.types:
            for name in names.of_heap(size.name) if size.name.lstrip("*[]") == size.name else ():
                if name in counts:
                    counts[name] += size.objects
    return sum(counts.values()) if counts and all(counts.values()) else 0
