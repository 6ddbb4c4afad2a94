"""A report: everything one run has to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from goknot.model.knot import Knot
from goknot.model.pictures import Excerpt, FolderMatrix, GoroutineSize, KeptNode
from goknot.model.plugins import PluginOutcome
from goknot.model.verdict import BaselineState

SCHEMA = "goknot.report/1"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something that could not be read or decided, and what that means for the result."""

    where: str
    what: str
    effect: str


@dataclass(frozen=True, slots=True)
class ReportInput:
    """What was looked at.

    Attributes:
        kind: `source`, `module-graph`, ...
        path: As the user named it.
        details: Further facts, e.g. `go`, `module`, `goos`; names to strings, numbers or lists of strings.
    """

    kind: str
    path: str
    details: Mapping[str, str | int | tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TypeSize:
    """What the reachable objects of one type amount to.

    Attributes:
        named_by: Where most of them have the name from: `runtime`, `dwarf`, `inferred` or `unknown`.
        retained_bytes: What single objects keep, summed; an object inside another of its type counts once.
    """

    name: str
    named_by: str
    objects: int
    bytes: int
    retained_bytes: int


@dataclass(frozen=True, slots=True)
class HeapModule:
    """What a module of a program has on the heap.

    Attributes:
        state: `active`; `refused`: plugin.Open returned an error; `opening`: not yet taken in.
        roots: Variables of it that point into the heap.
        retained_objects: Objects that go when all its variables let go.
        retained_bytes: Their bytes.
        objects: Reachable objects of types that it describes.
        bytes: Their bytes.
    """

    name: str
    path: str
    state: str
    text: tuple[int, int]
    data: tuple[int, int]
    bss: tuple[int, int]
    has_masks: bool
    roots: int
    retained_objects: int
    retained_bytes: int
    objects: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything one run has to say; `knots` worst first.

    Attributes:
        heap: Counts of a heap; empty for other inputs.
        types: Of a heap, those with reachable objects, by retained bytes.
        modules: Of a heap with plugins, in the order of loading.
        complete: False if a problem leaves room for knots that were not seen.
        plugins: What becomes of each plugin, in the order of opening.
        kept: Of a heap, the folded dominator tree, parents first; only where a picture is asked for.
        goroutines: Of a heap, its goroutines by stack, what keeps most first; only where a picture is asked for.
        matrix: Of source, how folders depend on each other; only where a picture is asked for.
        excerpts: Of source, the lines that knots point at, by file and line; only where a picture is asked for.
    """

    version: str
    inputs: tuple[ReportInput, ...]
    knots: tuple[Knot, ...]
    problems: tuple[Problem, ...] = ()
    stats: Mapping[str, int] = field(default_factory=dict)
    complete: bool = True
    heap: Mapping[str, int] = field(default_factory=dict)
    types: tuple[TypeSize, ...] = ()
    modules: tuple[HeapModule, ...] = ()
    plugins: tuple[PluginOutcome, ...] = ()
    kept: tuple[KeptNode, ...] = ()
    goroutines: tuple[GoroutineSize, ...] = ()
    matrix: FolderMatrix | None = None
    excerpts: tuple[Excerpt, ...] = ()

    def standing(self) -> tuple[Knot, ...]:
        """The knots that are there, without those a baseline lists as fixed."""
        return tuple(knot for knot in self.knots if knot.baseline is not BaselineState.FIXED)
