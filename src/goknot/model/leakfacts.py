"""What function bodies do to objects, as far as leaks need it: a small graph and events for each function looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from goknot.model.context import Context
from goknot.model.processes import Process
from goknot.model.registerfacts import Registration
from goknot.model.spot import Spot

__all__ = ["Context", "FunctionFacts", "LeakEdge", "LeakEvent", "LeakNode", "ProgramFacts", "Spot"]


@dataclass(frozen=True, slots=True)
class LeakNode:
    """An object.

    Attributes:
        kind: `new`, `chan`, `map`, `slice`, `closure`, `method-value`, `function`, `goroutine`, `timer`, `handle`,
            `weak`, `cancel`, `context`, `stop`, `cleanup`; from outside: `param`, `global`, `loaded`, `result`.
        name: What a person calls it.
        key: What identifies it in fingerprints.
        type_key: Package and name of its type; empty if it has no name.
        size: Of channels: capacity, -1 if not known.
        detail: A name, or what made it.
        aims_at: Of weak pointers and contexts: what they refer to without holding it (of a context: its parent).
        type_spot: Where its type is declared, if that is known.
        outside: Whether anything but this function's own variables may lead to it: it was given, returned, stored in
            something from outside, or handed to code that is not known.
        ran: Of closures and method values: whether the function calls it. Others may be called by anybody.
    """

    kind: str
    name: str
    key: str
    type_key: str
    where: Context
    size: int
    detail: str
    aims_at: tuple[int, ...]
    type_spot: Spot | None
    outside: bool
    ran: bool = False


@dataclass(frozen=True, slots=True)
class LeakEdge:
    """A pointer from one object to another; never from an object to itself.

    Attributes:
        kind: `field`, `element`, `map-key`, `capture`, `method-value`, `goroutine`, `context`, `handle`, `library`.
        field: Path of the field, variable or element that holds it.
        order: When it was stored, on the scale of events; 0: before.
        sure: Whether the variable it goes through was assigned once.
    """

    source: int
    target: int
    kind: str
    field: str
    where: Context
    order: int
    sure: bool = True


@dataclass(frozen=True, slots=True)
class LeakEvent:
    """Something the collector, the scheduler or a registry is told.

    Attributes:
        subjects: Nodes it is about.
        others: Further nodes, by the role the kind gives them.
        goroutine: The goroutine node that does it; -1: the function itself.
        destructor: Order of the event that set the finalizer or cleanup that does it; 0 if none does.
    """

    kind: str
    where: Context
    subjects: tuple[int, ...]
    others: tuple[tuple[int, ...], ...]
    word: str
    goroutine: int
    deferred: bool
    order: int
    destructor: int


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """One function run on paper, with what it calls.

    Attributes:
        self_pointers: Nodes with a pointer into their own allocation, the field that holds it and where it is stored.
        registrations: What it puts into package variables, in order of events.
        bounded: Why the run was cut short; empty if it was not.
        process: What it and its goroutines do, in order; None if nothing in it can wait.
    """

    name: str
    package: str
    spot: Spot
    nodes: tuple[LeakNode, ...]
    edges: tuple[LeakEdge, ...]
    events: tuple[LeakEvent, ...]
    self_pointers: Mapping[int, tuple[str, Spot]] = field(default_factory=dict)
    registrations: tuple[Registration, ...] = ()
    bounded: str = ""
    process: Process | None = None


@dataclass(frozen=True, slots=True)
class ProgramFacts:
    """Everything the detectors see.

    Attributes:
        functions: In order of package, file and line.
        words: Identifier behind a dot -> how often it is written in the program; of those detectors ask about.
        ignores: (file, line) -> kind -> reason, of `//goknot:ignore` comments.
    """

    functions: tuple[FunctionFacts, ...]
    words: Mapping[str, int] = field(default_factory=dict)
    ignores: Mapping[tuple[str, int], Mapping[str, str]] = field(default_factory=dict)
