"""The objects a function makes and the pointers between them, while its body is run on paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from goknot.inputs.source.bodies.gotype import GoType
from goknot.inputs.source.bodies.ir import Expr, Func, Pos
from goknot.inputs.source.bodies.program import Program

MAX_OBJECTS = 4_000
# (calls within calls, up to this many statements and expressions run): the longer a run, the fewer calls deep it looks
LIMITS = ((4, 1_000), (2, 3_000), (1, 10_000), (0, 15_000))
LIMITS_OF_CHANNELS = (
    (2, 1_500),
    (1, 6_000),
    (0, 10_000),
)  # for functions that only start goroutines or derive contexts
MAX_NESTING = 150  # frames of evaluation within each other
_ROOM = 60  # of these, what one body needs: a call that has less is not run
_MAX_REFS = 24  # objects one variable is taken to point to

# objects whose fields hold what this function did not put there
OPAQUE = frozenset({"param", "global", "loaded", "result"})


class Ref(NamedTuple):
    """A pointer to an object or into it; `path` is the field within, dotted."""

    obj: int
    path: str = ""


class Value(NamedTuple):
    """What an expression may point to, and its type."""

    refs: tuple[Ref, ...] = ()
    type: GoType | None = None


NO_VALUE = Value()


class Site(NamedTuple):
    """A place in the source."""

    file: str
    line: int
    column: int


class Where(NamedTuple):
    """Where something happens.

    Attributes:
        branch: The branches around it, outermost first.
        calls: The calls that lead to it from the function that is looked at; empty if it does it itself.
        func: The function it stands in.
        loop: How many loops are around it.
    """

    site: Site
    branch: tuple[int, ...]
    calls: tuple[Site, ...]
    func: Func
    loop: int


class Held(NamedTuple):
    """A pointer stored in an object."""

    where: Where
    kind: str
    order: int


class Cell:
    """A variable: what it points to now, and everything it ever did.

    Attributes:
        version: Another number whenever it is assigned.
        told: `ok` if it tells whether a receive got a value, `value` if it is what was received.
    """

    __slots__ = ("ever", "n_set", "told", "type", "value", "version")

    def __init__(self, value: Value, given: GoType | None) -> None:
        self.value = value
        self.type = given
        self.ever: dict[Ref, None] = dict.fromkeys(value.refs)
        self.n_set = 1 if value.refs else 0
        self.version = 0
        self.told = ""


@dataclass(slots=True)
class Obj:
    """One object: an allocation, something given from outside, a closure, a goroutine.

    Attributes:
        kind: `new`, `chan`, `map`, `slice`, `closure`, `method-value`, `function`, `goroutine`, `timer`, `handle`,
            `weak`, `cancel`, `context`, `pinner`, and the opaque kinds.
        edges: Path of a field -> target -> how it is held.
        func: Of closures and functions: what runs.
        cells: Of closures: variables taken from around it.
        receiver: Of method values.
        size: Of channels: capacity, -1 if not known.
        foreign: Of functions of other modules: import path and name; of methods import path, type and name.
        takes_receiver: Of method expressions.
        ran: Of closures and method values: whether the run called it.
        detail: A name, e.g. of a parameter or global variable.
    """

    id: int
    kind: str
    type: GoType | None
    where: Where
    edges: dict[str, dict[Ref, Held]] = field(default_factory=dict)
    func: Func | None = None
    cells: dict[str, Cell] = field(default_factory=dict)
    receiver: tuple[Ref, ...] = ()
    size: int = -1
    detail: str = ""
    foreign: tuple[str, ...] | None = None
    takes_receiver: bool = False
    ran: bool = False


@dataclass(slots=True)
class Event:
    """Something the collector or the scheduler is told.

    Attributes:
        kind: `finalizer`, `cleanup`, `go`, `send`, ...
        subjects: What it is about.
        others: Further objects, by the role the kind gives them.
        word: A detail.
        goroutine: The goroutine object that does it; -1: the function itself.
        deferred: Whether it is deferred.
        destructor: Order of the event that set the finalizer or cleanup that does it; 0 if none does.
    """

    kind: str
    where: Where
    subjects: tuple[Ref, ...]
    others: tuple[tuple[Ref, ...], ...]
    word: str
    goroutine: int
    deferred: bool
    order: int
    destructor: int


class Frame:
    """A function being run.

    Attributes:
        env: What names mean now.
        scope: What the names that the innermost block declares meant before it; None: nothing.
    """

    __slots__ = ("defers", "env", "func", "returns", "scope")

    def __init__(self, func: Func) -> None:
        self.func = func
        self.env: dict[str, Cell] = {}
        self.returns: list[tuple[Value, ...]] = []
        self.defers: list[tuple[Expr, dict[str, Cell], list[Any]]] = []
        self.scope: dict[str, Cell | None] = {}

    def declare(self, name: str, cell: Cell) -> None:
        """Adds a variable to the innermost block."""
        if name not in self.scope:
            self.scope[name] = self.env.get(name)
        self.env[name] = cell

    def leave(self, outer: dict[str, Cell | None]) -> None:
        """Ends a block: names mean again what they meant before.

        Args:
            outer: The scope of the block around it.
        """
        for name, cell in self.scope.items():
            if cell is None:
                del self.env[name]
            else:
                self.env[name] = cell
        self.scope = outer


class Machine:
    """Objects, pointers and events of one run.

    Attributes:
        bounded: Why the run was cut short; empty if it was not.
        escaped: Objects handed to code that is not known.
        trail: What is done to channels and the like, in order; `trail.Raw`.
        here: The part of it that grows now.
        loops: Numbers of the loops around, goroutines looked through.
        loops_of: Object -> the loops around the place where it was made.
    """

    def __init__(self, program: Program, limits: Sequence[tuple[int, int]] = LIMITS) -> None:
        self.program = program
        self.max_inlined, self.max_steps = limits[0]
        self.later_limits = list(reversed(limits[1:]))
        self.objects: list[Obj] = []
        self.events: list[Event] = []
        self.escaped: dict[int, Site] = {}
        self.bounded = ""
        self.n_steps = 0
        self.nesting = 0
        self.branch: tuple[int, ...] = ()
        self.n_branches = 0
        self.goroutine = -1
        self.loop = 0
        self.deferred = False
        self.destructor = 0
        self.order = 0
        self.stack: list[Func] = []
        self.calls: tuple[Site, ...] = ()
        self.log: list[tuple[Cell, Value]] = []
        self.globals: dict[tuple[str, str], Ref] = {}
        self.trail: list[Any] = []
        self.here = self.trail
        self.loops: tuple[int, ...] = ()
        self.n_loops = 0
        self.loops_of: list[tuple[int, ...]] = []
        self.n_versions = 0

    def step(self) -> bool:
        """Counts a step; False if there have been too many."""
        self.n_steps += 1
        if self.n_steps > self.max_steps:
            if not self.later_limits:
                self.bounded = f"more than {self.max_steps} steps"
                return False
            self.max_inlined, self.max_steps = self.later_limits.pop()
        if self.nesting > MAX_NESTING:
            self.bounded = f"calls and expressions nested deeper than {MAX_NESTING}"
            return False
        return True

    def may_call(self) -> bool:
        """Whether a call may be run in place here: not if too many lie above."""
        return len(self.stack) <= self.max_inlined and self.nesting <= MAX_NESTING - _ROOM

    def site(self, pos: Pos) -> Site:
        """A place in the function that runs."""
        return Site(self.stack[-1].file, *pos)

    def where(self, pos: Pos) -> Where:
        """Where the run stands."""
        return Where(self.site(pos), self.branch, self.calls, self.stack[-1], self.loop)

    def make(self, kind: str, given: GoType | None, pos: Pos, detail: str = "") -> Obj:
        """A new object."""
        if len(self.objects) >= MAX_OBJECTS:
            self.bounded = f"more than {MAX_OBJECTS} objects"
            return self.objects[-1]
        made = Obj(len(self.objects), kind, given, self.where(pos), detail=detail)
        self.objects.append(made)
        self.loops_of.append(self.loops)
        return made

    def event(self, kind: str, pos: Pos, subjects: Iterable[Ref], *others: tuple[Ref, ...], word: str = "") -> Event:
        """Notes an event."""
        self.order += 1
        where = self.where(pos)
        found = Event(
            kind, where, tuple(subjects), others, word, self.goroutine, self.deferred, self.order, self.destructor
        )
        self.events.append(found)
        return found

    def set(self, cell: Cell, value: Value) -> None:
        """Assigns a variable; what it held is remembered until branches meet."""
        self.log.append((cell, cell.value))
        for ref in cell.value.refs:
            if self.objects[ref.obj].detail == "nil":
                self.escaped.setdefault(ref.obj, self.objects[ref.obj].where.site)  # nil for a while only
        cell.value = Value(value.refs[:_MAX_REFS], cell.type or value.type)
        self.n_versions += 1
        cell.version = self.n_versions
        cell.told = ""
        if value.refs:
            cell.n_set += 1
            cell.ever.update(dict.fromkeys(value.refs))

    def store(self, base: Ref, path: str, value: Value, pos: Pos, kind: str = "field", *, adds: bool = False) -> None:
        """Stores pointers in a field; replaces what is there if that is certain."""
        obj = self.objects[base.obj]
        whole = joined(base.path, path)
        if value.type is not None and value.type.kind != "ptr" and self.program.is_inline(value.type):
            for ref in value.refs:
                if self._copy(ref, value.type, base.obj, whole, pos):
                    return
        if not adds:
            self._forget(obj, whole)
        if not value.refs:
            return
        held = obj.edges.setdefault(whole, {})
        self.order += 1
        where = self.where(pos)
        for ref in value.refs:
            if len(held) < _MAX_REFS:
                held.setdefault(ref, Held(where, kind, self.order))

    def _copy(self, source: Ref, given: GoType, target: int, path: str, pos: Pos) -> bool:
        """Copies a struct into a field; whether there was a struct to copy."""
        obj = self.objects[source.obj]
        if obj.kind != "new" or obj.id == target or (not source.path and obj.type != given):
            return False
        into = self.objects[target].edges
        for name, held in list(obj.edges.items()):
            if name == source.path or name.startswith(f"{source.path}." if source.path else ""):
                rest = name[len(source.path) :].lstrip(".")
                slot = into.setdefault(joined(path, rest), {})
                for ref, how in held.items():
                    slot.setdefault(ref, how._replace(where=self.where(pos)))
        return True

    def empty(self, ref: Ref) -> None:
        """Forgets the elements of a map; which of them goes is not known, so that all may have gone."""
        for path in ("[]", "key"):
            self._forget(self.objects[ref.obj], joined(ref.path, path))

    def _forget(self, obj: Obj, path: str) -> None:
        """Takes out of a field what is replaced whenever it was stored: what was stored in this branch or within it."""
        held = obj.edges.get(path)
        if held is None or self.goroutine >= 0:
            return
        n_branches = len(self.branch)
        kept = {
            ref: how
            for ref, how in held.items()
            if how.where.branch[:n_branches] != self.branch or how.where.loop < self.loop
        }
        if kept:
            obj.edges[path] = kept
        else:
            del obj.edges[path]

    def load(self, base: Ref, name: str, given: GoType | None, pos: Pos) -> tuple[Ref, ...]:
        """What a field points to; of an object from outside, something as opaque."""
        obj = self.objects[base.obj]
        path = joined(base.path, name)
        held = obj.edges.get(path)
        if held:
            return tuple(held)
        if self.program.is_inline(given):
            return (Ref(base.obj, path),)
        if obj.kind not in OPAQUE or not self.program.has_pointers(given):
            return ()
        if obj.detail.count(".") > 6:
            return ()
        made = self.make("loaded", given, pos, detail=joined(obj.detail, path))
        obj.edges[path] = {Ref(made.id): Held(self.where(pos)._replace(branch=(), loop=0), "field", 0)}
        return (Ref(made.id),)

    def escape(self, value: Value, pos: Pos) -> None:
        """Notes that code which is not known got hold of objects."""
        for ref in value.refs:
            self.escaped.setdefault(ref.obj, self.site(pos))


def joined(path: str, name: str) -> str:
    """A path one field longer."""
    return f"{path}.{name}" if path and name else path or name


def union(first: Value, second: Value) -> Value:
    """What either may point to."""
    if not second.refs:
        return first if first.type is not None or second.type is None else Value(first.refs, second.type)
    if not first.refs:
        return Value(second.refs, first.type or second.type)
    return Value(tuple(dict.fromkeys((*first.refs, *second.refs)))[:_MAX_REFS], first.type or second.type)
