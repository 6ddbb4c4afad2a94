"""Keeps what a run does to channels, locks and the like, as a tree of steps while it goes; frozen when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from goknot.inputs.source.bodies.ir import Pos
from goknot.inputs.source.bodies.machine import Machine, Ref, Where
from goknot.model.context import Context, Target
from goknot.model.processes import Act, Choice, Frame, Later, Leave, Process, Repeat, Select, Start, Step, Steps, Tell


@dataclass(slots=True)
class Done:
    """An operation."""

    kind: str
    refs: tuple[Ref, ...]
    word: str
    where: Where


@dataclass(slots=True)
class Parted:
    """Alternatives; what they are is in `model.processes.Choice` and `Select`.

    Attributes:
        n_guards: Of a select: how many steps of each alternative are its communication; -1: none.
    """

    kind: str
    where: Where
    text: str = ""
    version: int = 0
    counted: bool = False
    told: str = ""
    flips: bool = False
    label: str = ""
    alternatives: list[list[Raw]] = field(default_factory=list)
    n_guards: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Looped:
    """A loop."""

    kind: str
    where: Where
    bound: str
    counted: bool
    loop: int
    since: int
    label: str
    refs: tuple[Ref, ...]
    body: list[Raw] = field(default_factory=list)


@dataclass(slots=True)
class Begun:
    """A goroutine."""

    goroutine: int
    maybe: bool
    where: Where
    body: list[Raw] = field(default_factory=list)


@dataclass(slots=True)
class Called:
    """The body of a function; `later`: of something deferred."""

    later: bool
    tells: bool = False  # whether its last result is an error
    body: list[Raw] = field(default_factory=list)


_WORDS = (Leave, Tell)  # steps without a body

Raw: TypeAlias = Done | Parted | Looped | Begun | Called | Tell | Leave


def act(machine: Machine, kind: str, pos: Pos, refs: Iterable[Ref], word: str = "") -> None:
    """Notes an operation."""
    machine.here.append(Done(kind, tuple(refs), word, machine.where(pos)))


class inside:  # noqa: N801 (used like a function; a generator would cost more than most bodies)
    """What happens goes into a body of its own."""

    __slots__ = ("body", "machine", "saved")

    def __init__(self, machine: Machine, body: list[Raw]) -> None:
        self.machine = machine
        self.body = body

    def __enter__(self) -> None:
        """Begins the body."""
        self.saved, self.machine.here = self.machine.here, self.body

    def __exit__(self, *error: object) -> None:
        """Ends it."""
        self.machine.here = self.saved


@contextmanager
def begun(machine: Machine, goroutine: int, pos: Pos, *, maybe: bool = False) -> Iterator[list[Raw]]:
    """What happens is done by a goroutine."""
    found = Begun(goroutine, maybe, machine.where(pos))
    machine.here.append(found)
    with inside(machine, found.body):
        yield found.body


class Freezer:
    """Makes the steps of a run, without what cannot matter.

    Args:
        machine: The run.
        context: How a place is told.
    """

    def __init__(self, machine: Machine, context: Callable[[Where], Context]) -> None:
        self.machine = machine
        self.context = context
        self.touched: dict[int, None] = {}
        self.asked = False  # whether somebody asks what the call that is looked at returns

    def process(self) -> Process | None:
        """The steps of the whole run; None if no goroutine begins and nothing is locked twice."""
        begun, locks = _count(self.machine.trail)
        if not begun and locks < 2:
            return None
        steps = self.steps(self.machine.trail)
        return Process(steps, {node: self.machine.loops_of[node] for node in self.touched})

    def steps(self, raw: Iterable[Raw]) -> Steps:
        """Frozen steps."""
        found: list[Step] = []
        ahead = list(raw)
        for position, step in enumerate(ahead):
            asked, self.asked = self.asked, self.asked or _is_asked(step, ahead[position + 1 : position + 2])
            found.extend(self._step(step))
            self.asked = asked
            if found and isinstance(found[-1], Leave):
                break  # what follows is never reached
        return tuple(found)

    def _step(self, step: Raw) -> Steps:  # noqa: PLR0911 (one line a kind)
        if isinstance(step, Done):
            return (self._act(step),)
        if isinstance(step, Leave):
            return (step,)
        if isinstance(step, Tell):
            return (step,) if self.asked else ()
        if isinstance(step, Parted):
            return self._parted(step)
        body = self.steps(step.body)
        if isinstance(step, Begun):
            return (Start(step.goroutine, step.maybe, body, self.context(step.where)),)
        if isinstance(step, Called):
            if step.later:
                return (Later(body),) if body else ()
            if body and body[-1] == Leave("return", ""):
                body = body[:-1]
            return (Frame(body),) if _needs_frame(body) else body
        return self._looped(step, body)

    def _act(self, step: Done) -> Act:
        targets = tuple(dict.fromkeys(Target(ref.obj, ref.path) for ref in step.refs))
        self.touched.update(dict.fromkeys(target.node for target in targets))
        return Act(step.kind, targets, step.word, self.context(step.where))

    def _looped(self, step: Looped, body: Steps) -> Steps:
        targets = tuple(dict.fromkeys(Target(ref.obj, ref.path) for ref in step.refs))
        self.touched.update(dict.fromkeys(target.node for target in targets))
        if not body and step.kind in {"while", "count"}:
            return ()
        where = self.context(step.where)
        return (Repeat(step.kind, step.bound, step.counted, step.loop, step.since, targets, body, step.label, where),)

    def _parted(self, step: Parted) -> Steps:
        where = self.context(step.where)
        if step.kind in {"select", "select-default"}:
            cases: list[tuple[Act | None, Steps]] = []
            for raw, n_guard in zip(step.alternatives, step.n_guards, strict=True):
                guard = [made for made in raw[: max(n_guard, 0)] if isinstance(made, Done)]
                operation = self._act(guard[-1]) if guard and guard[-1].kind in {"send", "receive"} else None
                cases.append((operation, self.steps(raw[max(n_guard, 0) :])))
            return (Select(tuple(cases), step.kind == "select-default", step.label, where),)
        alternatives = tuple(self.steps(raw) for raw in step.alternatives)
        if len(set(alternatives)) <= 1:
            return alternatives[0] if alternatives else ()
        choice = Choice(
            step.text, step.version, step.kind, step.counted, step.told, step.flips, alternatives, step.label, where
        )
        return (choice,)


def _is_asked(step: Raw, following: list[Raw]) -> bool:
    """Whether a call's error is what the next condition is about."""
    after = following[0] if following else None
    return isinstance(step, Called) and step.tells and isinstance(after, Parted) and after.told == "value"


def _needs_frame(body: Steps) -> bool:
    """Whether a body returns early, or defers something."""
    for step in body:
        if isinstance(step, Later) or (isinstance(step, Leave) and step.word == "return"):
            return True
        if isinstance(step, Choice) and any(map(_needs_frame, step.alternatives)):
            return True
        if isinstance(step, Select) and any(_needs_frame(steps) for _, steps in step.cases):
            return True
        if isinstance(step, Repeat) and _needs_frame(step.body):
            return True
    return False


def _count(raw: Iterable[Raw]) -> tuple[int, int]:
    """How many goroutines begin, and how often something is locked."""
    begun = locks = 0
    stack = [iter(raw)]
    while stack:
        for step in stack[-1]:
            if isinstance(step, Done):
                locks += step.kind in {"lock", "rlock"}
                continue
            if isinstance(step, _WORDS):
                continue
            begun += isinstance(step, Begun)
            stack.extend(map(iter, step.alternatives if isinstance(step, Parted) else (step.body,)))
            break
        else:
            stack.pop()
    return begun, locks
