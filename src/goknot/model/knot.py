"""A knot: a ring with evidence, a verdict and ways to cut it."""

from __future__ import annotations

from dataclasses import dataclass

from goknot.model.chain import ChainStep, KnotLink
from goknot.model.cut import Cut
from goknot.model.verdict import BaselineState, Confidence, Level, Verdict


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file. Path relative to the scanned root, with `/`; line and column from 1 (0: not known)."""

    file: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where an edge was seen, and the text that stands there."""

    file: str
    line: int = 0
    column: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class KnotNode:
    """A member of a knot.

    Attributes:
        name: What a person calls it, e.g. an import path.
        kind: `package`, `folder`, `module`, `type`, `object`, `goroutine`, ...
        key: What identifies it in fingerprints and baselines: free of addresses, of where the root lies and of the
            main module's path.
        file: The file or folder it lives in; empty if none.
        line: Line in `file`, 0 if none.
    """

    name: str
    kind: str
    key: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class KnotEdge:
    """An edge of a knot.

    Attributes:
        source: Index into the knot's nodes.
        target: Index into the knot's nodes.
        kind: `import`, `test-import`, `require`, `field`, ...
        weight: What cutting it costs: distinct symbols used over it, at least 1.
        n_imports: Import statements (or requirements) the edge stands for.
        symbols: Distinct names used over the edge, sorted.
        evidence: Where it was seen, sorted by file and line; capped, see `n_imports` for the whole.
        platforms: Where the edge exists, when that is not everywhere; sorted.
        note: One remark, e.g. what a module's source proves about a requirement; empty if none.
        field: The field that holds the pointer; empty if not known, or if the edge is none of memory.
        offset: Offset of that field in its object; -1 if not known.
    """

    source: int
    target: int
    kind: str
    weight: int = 1
    n_imports: int = 1
    symbols: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    platforms: tuple[str, ...] = ()
    note: str = ""
    field: str = ""
    offset: int = -1


@dataclass(frozen=True, slots=True)
class HeapStep:
    """One step of a path through the heap.

    Attributes:
        name: A root, a goroutine, a special, or the type of an object.
        kind: `root`, `goroutine`, `special` or `object`.
        address: Of an object; 0 for others.
        field: The field that leads on to the next step; empty if not known.
        offset: Offset of that field in its object; -1 if not known.
    """

    name: str
    kind: str
    address: int = 0
    field: str = ""
    offset: int = -1


@dataclass(frozen=True, slots=True)
class HeapSize:
    """What a knot of the live heap amounts to.

    Attributes:
        instances: Rings (or goroutines) that look alike.
        objects: Their members.
        bytes: Bytes of the members.
        retained_bytes: What goes when they go, summed.
        example: One instance: a shortest cycle, each step leading to the next, the last to the first.
        path_to_root: How that instance is held, from the holder to its first object; empty for garbage.
        holders: What holds the instances, most first, at most five; as `(name, instances)`.
        goroutines: Go's numbers of the goroutines of a knot of goroutines, ascending, at most a hundred.
    """

    instances: int
    objects: int
    bytes: int
    retained_bytes: int
    example: tuple[HeapStep, ...] = ()
    path_to_root: tuple[HeapStep, ...] = ()
    holders: tuple[tuple[str, int], ...] = ()
    goroutines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Knot:
    """What a person reads: a ring, its verdict with the reason, evidence, and cuts.

    Attributes:
        id: Fingerprint, 12 hex digits; see `fingerprint`.
        cycles: Shortest cycles as node indices, tightest first, each rotated to its smallest name.
        platforms: Build configurations the ring exists on, when that is not every one looked at.
        causes: Edges (node indices) absent from the older side of a comparison: what made the knot new.
        links: Knots of the same report that are about the same thing, at another level; sorted.
        chain: The levels it lives on, from module to object.
    """

    id: str
    level: Level
    kind: str
    verdict: Verdict
    confidence: Confidence
    reason: str
    title: str
    nodes: tuple[KnotNode, ...]
    edges: tuple[KnotEdge, ...]
    cycles: tuple[tuple[int, ...], ...] = ()
    cuts: tuple[Cut, ...] = ()
    where: Place | None = None
    platforms: tuple[str, ...] = ()
    baseline: BaselineState = BaselineState.NEW
    causes: tuple[tuple[int, int], ...] = ()
    heap: HeapSize | None = None
    links: tuple[KnotLink, ...] = ()
    chain: tuple[ChainStep, ...] = ()

    @property
    def order(self) -> tuple[object, ...]:
        """Sort key: worst first; the doubtful after all that is sure and does harm; then what keeps most memory."""
        kept = self.heap.retained_bytes if self.heap else 0
        sure = list(Confidence).index(self.confidence)
        doubtful = self.confidence not in (Confidence.CERTAIN, Confidence.LIKELY)
        follows = self.verdict is Verdict.NEVER_FREED and self.kind == "heap-ring"  # a plain ring, held by what leaks
        harmless = self.verdict.severity > Verdict.COUPLES.severity
        return (harmless, doubtful, self.verdict.severity, follows, -kept, sure, self.kind, -len(self.nodes), self.id)
