"""A heap with the names that its numbers stand for: what every input of `goknot heap` gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from goknot.model.heap import HeapGraph, Int32s, Int64s, UInt8s

# meaning of `NamedHeap.named_by_object`
NAMED_BY = ("unknown", "runtime", "dwarf", "inferred")


@dataclass(frozen=True, slots=True)
class EdgeFields:
    """Which field of its object each of some edges goes through.

    Attributes:
        label_by_edge: edge -> index into `names`, or -1; int32.
        names: E.g. `next`, `conn.rw`, `items[]`.
        off_by_edge: edge -> offset of the pointer in the object's value, or -1 when not known; int64.
    """

    label_by_edge: Int32s
    names: tuple[str, ...]
    off_by_edge: Int64s


@dataclass(frozen=True, slots=True)
class RootName:
    """What a person calls a root.

    Attributes:
        name: `variable main.cache`, `goroutine 18 in main.worker`, `queued finalizers`.
        module: The module a variable belongs to: empty for the executable and for what is no variable.
        goroutine: Index of the goroutine whose stack it is on, or -1.
        where: `file:line` of a frame; empty for others.
        precise: False: every word that looked like a pointer was taken.
    """

    name: str
    module: str = ""
    goroutine: int = -1
    where: str = ""
    precise: bool = True


@dataclass(frozen=True, slots=True)
class FrameName:
    """A function's stretch of a stack: its name, and `file:line`."""

    function: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class GoroutineName:
    """What a person wants to know of a goroutine.

    Attributes:
        goid: Go's number for it.
        status: `running`, `waiting`, ...
        wait_reason: Why it waits, in Go's words; empty when it does not.
        frames: Innermost first.
        created_at: Function and line of its `go` statement; empty if not known.
        precise: False when its stack was taken word by word.
    """

    goid: int
    status: str
    wait_reason: str
    frames: tuple[FrameName, ...]
    created_at: str = ""
    precise: bool = True


@dataclass(frozen=True, slots=True)
class ModuleName:
    """A stretch of Go code that was loaded as one: the executable, a plugin.

    Attributes:
        name: A plugin's path, as Go calls it; the file of the executable.
        path: Its file; empty if it is not at hand.
        is_active: The collector scans its variables.
        is_bad: `plugin.Open` refused it.
        text: (start, end) of its code.
        data: (start, end) of its initialised variables.
        bss: (start, end) of its other variables.
        has_masks: The runtime knows where pointers stand in its variables.
    """

    name: str
    path: str
    is_active: bool
    is_bad: bool
    text: tuple[int, int]
    data: tuple[int, int]
    bss: tuple[int, int]
    has_masks: bool


@dataclass(frozen=True, slots=True)
class LostVariable:
    """A variable that the program uses and the collector does not see.

    Attributes:
        name: `pkg.name`.
        holder: The refused module whose copy it is.
        user: The first active module that is bound to that copy.
        objects: Objects it points at.
        n_freed: Pointers of it into memory that is free already.
    """

    name: str
    holder: int
    user: int
    objects: tuple[int, ...]
    n_freed: int


@dataclass(frozen=True, slots=True)
class NamedHeap:
    """A heap as the analyses take it, and its names.

    Attributes:
        kind: `core`, `process` or `heapdump`.
        path: As the user named it.
        go: Go's version, e.g. `go1.26.6`; empty if the input does not say.
        graph: The arrays.
        type_names: type -> name with whole import paths.
        named_by_object: object -> index into `NAMED_BY`; uint8.
        noscan_by_object: object -> 1 when it holds no pointers; uint8.
        roots: root -> its name.
        goroutines: goroutine -> its name.
        stack_names: stack -> functions, innermost first.
        special_name: special -> e.g. `finalizer main.(*File).close`.
        fields_of: Edges, as an int64 array -> the fields they go through.
        fields_of_rings: `kernels.components.RingSet` -> the fields the rings' inner edges go through, without offsets;
            None where `fields_of` must do.
        root_variable: Root, object -> the variable of the root's frame that points at the object; empty if not known.
        modules: The executable first, then plugins in the order they were loaded; empty for a heap dump.
        module_by_root: root -> module whose variable it is, or -1; int32.
        module_by_type: type -> module that describes it, or -1; int32.
        lost: Variables that should be roots and are not.
        problems: What could not be read or is not certain, one sentence each.
        details: Further facts for the report's input, e.g. `layout`, `stopped_ms`.
    """

    kind: str
    path: str
    go: str
    graph: HeapGraph
    type_names: tuple[str, ...]
    named_by_object: UInt8s
    noscan_by_object: UInt8s
    roots: tuple[RootName, ...]
    goroutines: tuple[GoroutineName, ...]
    stack_names: tuple[tuple[str, ...], ...]
    special_name: Callable[[int], str]
    fields_of: Callable[[NDArray[np.int64]], EdgeFields]
    fields_of_rings: Callable[[Any], EdgeFields] | None = None
    root_variable: Callable[[int, int], str] = lambda root, number: ""
    modules: tuple[ModuleName, ...] = ()
    module_by_root: Int32s | None = None
    module_by_type: Int32s | None = None
    lost: tuple[LostVariable, ...] = ()
    problems: tuple[str, ...] = ()
    details: Mapping[str, str | int] = field(default_factory=dict)

    def type_name(self, number: int) -> str:
        """Name of an object's type; `unknown` when it has none."""
        label = int(self.graph.type_by_object[number])
        return self.type_names[label] if label >= 0 else "unknown"
