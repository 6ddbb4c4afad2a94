"""A function and its goroutines as instructions that jump: what `schedule` runs.

A loop of which nobody knows how often it runs is run twice if it counts, and as often as it suits if it does not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum, auto
from typing import NamedTuple

from goknot.model.context import Context
from goknot.model.processes import (
    Act,
    Choice,
    Frame,
    Later,
    Leave,
    Process,
    Repeat,
    Select,
    Start,
    Step,
    Steps,
    Tell,
)
from goknot.model.spot import Spot

MAX_INSTRUCTIONS = 600
UNKNOWN_TIMES = 2
MAX_TIMES = 8  # a loop that runs more often is run as often as it suits
PATIENT = frozenset({"send", "receive", "wait"})  # what can wait for long
_NOWHERE = Context(Spot("", 0, 0), (), (), "", Spot("", 0, 0), False, 0)
_CLOSING = re.compile(r"ErrServerClosed|ErrClosed|\bEOF\b|context\.Canceled|[cC]losed\b")  # hangs on who stops whom
_ERROR = re.compile(r"\w*[eE]rr\w*(?:\(\))? *[!=]= *nil|\) *[!=]= *nil|errors\.(?:Is|As)\(")
_NIL = re.compile(r"[!=]= *nil\b")


class Op(IntEnum):
    """What an instruction does."""

    __hash__ = int.__hash__  # an enum's own is a function of Python, and these are looked up all the time

    ACT = auto()
    CHOOSE = auto()
    SELECT = auto()
    START = auto()
    START_AGAIN = auto()  # in a loop of which nobody knows how often it runs: a few are enough
    DEFER = auto()
    DEFERRED = auto()  # goes to what was deferred, if it was
    RECEIVED = auto()  # whether the last receive got a value
    VALUE = auto()  # whether that is not nil
    TELL = auto()  # whether the error that a call returns is nil
    RANGE = auto()
    TURN = auto()  # of a loop without a condition: another one
    END = auto()
    EXIT = auto()
    ALIVE = auto()


class Mood(IntEnum):
    """Who decides."""

    __hash__ = int.__hash__

    CHANCE = auto()  # errors: any of them happens
    PLAIN = auto()  # conditions of which nothing is known
    SUITS = auto()  # whatever lets the goroutines end: conditions that may hang on how far they are


class Instruction(NamedTuple):
    """One instruction.

    Attributes:
        targets: Where it goes on: the next one; of choices and selects one for each alternative; of RANGE, DEFERRED,
            RECEIVED and VALUE if so and if not.
        acts: What is done; of a select by each alternative (None: something that is always possible).
        key: Of choices: others with the same key are decided alike; None: none is.
        flips: Whether the first alternative is the one that a choice of the same key takes when this is false.
        number: Of START the goroutine, of DEFER and DEFERRED the bit.
        origins: Of choices that were made of several: for each target the instruction and alternative it came from.
    """

    op: Op
    targets: tuple[int, ...]
    acts: tuple[Act | None, ...] = ()
    mood: Mood = Mood.SUITS
    key: tuple[object, ...] | None = None
    flips: bool = False
    number: int = -1
    where: Context | None = None
    origins: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Instructions; `entry` is where the function begins, `guessed` whether loops run as often as is guessed."""

    code: tuple[Instruction, ...]
    entry: int
    guessed: bool

    @property
    def starts(self) -> Mapping[int, tuple[int, ...]]:
        """Goroutine -> where it begins."""
        found: dict[int, tuple[int, ...]] = {}
        for at in self.code:
            if at.op in {Op.START, Op.START_AGAIN}:
                found[at.number] = (*found.get(at.number, ()), at.targets[1])
        return found

    def reached(self, entries: Iterable[int]) -> set[int]:
        """What a goroutine that begins there may come to; goroutines that it starts are others."""
        found = set(entries)
        stack = list(found)
        while stack:
            at = self.code[stack.pop()]
            targets = at.targets[:1] if at.op in {Op.START, Op.START_AGAIN} else at.targets
            stack.extend(set(targets) - found)
            found.update(targets)
        return found


class TooLargeError(Exception):
    """There is too much to run, or a goto."""


class _Scope(NamedTuple):
    """What surrounds a step: where leaving goes.

    Attributes:
        leaves: (label, where break goes, where continue goes; -1: no loop), innermost last.
        returns: Where return goes.
        copies: (since, number of the copy; -1: a loop that jumps back), of each loop.
    """

    leaves: tuple[tuple[str, int, int], ...]
    returns: int
    copies: tuple[tuple[int, int], ...]


def skeleton_of(process: Process, tracked: Collection[int]) -> Skeleton | None:
    """The instructions of a function; None if they are too many, or cannot be told.

    Args:
        process: Its steps.
        tracked: Nodes that matter; a loop that makes one is run once.
    """
    builder = _Builder(process, set(tracked))
    end = builder.emit(Instruction(Op.END, ()))
    try:
        entry = builder.steps(process.steps, end, _Scope((), end, ()))
    except TooLargeError:
        return None
    return Skeleton(tuple(builder.code), entry, builder.guessed)


class _Builder:
    def __init__(self, process: Process, tracked: set[int]) -> None:
        self.code: list[Instruction] = []
        self.starts: dict[int, int] = {}
        self.bits: dict[int, int] = {}
        self.n_copies = 0
        self.guessed = False
        self.making = {loop for node in tracked for loop in process.loops.get(node, ())}
        # bounds of loops that are run once as they make what is looked at: so are others that run as often
        counts = (step for step in _repeats(process.steps) if step.loop in self.making and times_of(step) >= 0)
        self.run_once = {step.bound for step in counts}

    def emit(self, instruction: Instruction) -> int:
        if len(self.code) >= MAX_INSTRUCTIONS:
            raise TooLargeError
        self.code.append(instruction)
        return len(self.code) - 1

    def steps(self, steps: Steps, after: int, scope: _Scope) -> int:
        for step in reversed(steps):
            after = self._step(step, after, scope)
        return after

    def _step(self, step: Step, after: int, scope: _Scope) -> int:  # noqa: PLR0911 (one line a kind)
        if isinstance(step, Act):
            if step.kind == "add" and self.run_once and (step.word in self.run_once or not step.word.isdecimal()):
                step = replace(step, word="1")  # as many as the loop after it starts
            return self.emit(Instruction(Op.ACT, (after,), (step,), where=step.where))
        if isinstance(step, Choice):
            return self._choice(step, after, scope)
        if isinstance(step, Select):
            return self._select(step, after, scope)
        if isinstance(step, Repeat):
            return self._repeat(step, after, scope)
        if isinstance(step, Start):
            return self._start(step, after, scope)
        if isinstance(step, Frame):
            exits = self._exits(step.body, after, scope)
            return self.steps(step.body, exits, scope._replace(leaves=(), returns=exits))
        if isinstance(step, Tell):
            told = Act("tell", (), step.word, _NOWHERE)
            return self.emit(Instruction(Op.TELL, (after,), (told,)))
        if isinstance(step, Later):
            return self.emit(Instruction(Op.DEFER, (after,), number=self._bit(step)))
        return self._leave(step, scope)

    def _leave(self, step: Leave, scope: _Scope) -> int:
        if step.word == "return":
            return scope.returns
        if step.word == "exit":
            return self.emit(Instruction(Op.EXIT, ()))
        for label, breaks, continues in reversed(scope.leaves):
            target = breaks if step.word == "break" else continues
            if (label == step.label or not step.label) and target >= 0:
                return target
        raise TooLargeError  # goto, or source that does not compile

    def _bit(self, step: Later) -> int:
        return self.bits.setdefault(id(step), len(self.bits))

    def _exits(self, body: Steps, after: int, scope: _Scope) -> int:
        """What a function does when it returns: what it deferred, last first."""
        for later in _deferred(body):
            inner = self.steps(later.body, after, scope._replace(leaves=(), returns=after))
            after = self.emit(Instruction(Op.DEFERRED, (inner, after), number=self._bit(later)))
        return after

    def _start(self, step: Start, after: int, scope: _Scope) -> int:
        entry = self.starts.get(id(step))
        if entry is None:
            end = self.emit(Instruction(Op.END, ()))
            entry = self.steps(step.body, end, _Scope((), end, scope.copies))
            if step.maybe:
                entry = self.emit(Instruction(Op.CHOOSE, (entry, end), mood=Mood.SUITS))
            self.starts[id(step)] = entry
        again = any(copy < 0 for _, copy in scope.copies)
        op = Op.START_AGAIN if again else Op.START
        return self.emit(Instruction(op, (after, entry), number=step.goroutine, where=step.where))

    def _choice(self, step: Choice, after: int, scope: _Scope) -> int:
        inner = scope._replace(leaves=(*scope.leaves, (step.label, after, -1))) if step.kind == "switch" else scope
        targets = tuple(self.steps(steps, after, inner) for steps in step.alternatives)
        text, flips = _plain_text(step.text)
        key = self._key(text, step, scope) if step.kind == "if" else None
        if step.told:
            answers = targets[::-1] if step.flips else targets
            if step.told == "ok":
                return self.emit(Instruction(Op.RECEIVED, answers, mood=Mood.PLAIN, where=step.where))
            return self.emit(Instruction(Op.VALUE, answers, (), Mood.CHANCE, key, True, where=step.where))
        return self.emit(Instruction(Op.CHOOSE, targets, (), mood_of(step), key, flips, where=step.where))

    def _key(self, text: str, step: Choice, scope: _Scope) -> tuple[object, ...] | None:
        changing = [copy for since, copy in scope.copies if since < step.version or "(" in text]
        return None if -1 in changing else (text, step.version, *changing)

    def _select(self, step: Select, after: int, scope: _Scope) -> int:
        inner = scope._replace(leaves=(*scope.leaves, (step.label, after, -1)))
        targets = tuple(self.steps(steps, after, inner) for _, steps in step.cases)
        acts = tuple(act for act, _ in step.cases)
        return self.emit(Instruction(Op.SELECT, targets, acts, where=step.where))

    def _repeat(self, step: Repeat, after: int, scope: _Scope) -> int:
        if step.kind == "ever" and not step.body:
            return self.emit(Instruction(Op.ALIVE, ()))
        times = times_of(step)
        if step.loop in self.making or (times >= 0 and step.bound in self.run_once):
            self.guessed = self.guessed or times > 1
            return self._copies(step, 1, after, scope)
        if times >= 0:
            self.guessed = self.guessed or not step.bound.isdecimal()
            return self._copies(step, times, after, scope)
        head = self.emit(Instruction(Op.ALIVE, ()))
        self.n_copies += 1
        inner = scope._replace(
            leaves=(*scope.leaves, (step.label, after, head)), copies=(*scope.copies, (step.since, -1))
        )
        body = self.steps(step.body, head, inner)
        if step.kind in {"ever", "ticker"}:
            self.code[head] = Instruction(Op.TURN, (body,))
            return body  # the first turn begins at once
        if step.kind == "channel":
            act = Act("receive", step.places, "", step.where)
            self.code[head] = Instruction(Op.RANGE, (body, after), (act,), where=step.where)
        else:
            self.code[head] = Instruction(Op.CHOOSE, (body, after), mood=Mood.SUITS)
        return head

    def _copies(self, step: Repeat, times: int, after: int, scope: _Scope) -> int:
        following = after
        for _ in range(times):
            self.n_copies += 1
            inner = scope._replace(
                leaves=(*scope.leaves, (step.label, after, following)),
                copies=(*scope.copies, (step.since, self.n_copies)),
            )
            following = self.steps(step.body, following, inner)
        return following


def _repeats(steps: Iterable[Step]) -> Iterator[Repeat]:
    """Every loop."""
    for step in steps:
        if isinstance(step, Repeat):
            yield step
        for inner in _bodies(step):
            yield from _repeats(inner)


def _bodies(step: Step) -> Iterable[Steps]:
    if isinstance(step, Choice):
        return step.alternatives
    if isinstance(step, Select):
        return [inner for _, inner in step.cases]
    return () if isinstance(step, (Act, Leave, Tell)) else (step.body,)


def _deferred(steps: Iterable[Step]) -> list[Later]:
    """The defer statements of a function, in order."""
    found: list[Later] = []
    for step in steps:
        if isinstance(step, Later):
            found.append(step)
        elif isinstance(step, Choice):
            found.extend(later for inner in step.alternatives for later in _deferred(inner))
        elif isinstance(step, Select):
            found.extend(later for _, inner in step.cases for later in _deferred(inner))
        elif isinstance(step, Repeat):
            found.extend(_deferred(step.body))
    return found


def times_of(step: Repeat) -> int:
    """How often a loop is run; -1: as often as it suits."""
    if step.kind != "count" or step.counted:
        return -1
    if step.bound.isdecimal():
        return int(step.bound) if int(step.bound) <= MAX_TIMES else -1
    inner = step.bound.removeprefix("len(").removesuffix(")")
    return UNKNOWN_TIMES if re.fullmatch(r"[\w.]+", inner) else -1


def mood_of(step: Choice) -> Mood:
    """Who decides between alternatives."""
    if step.kind in {"once", "callee"} or step.counted or _CLOSING.search(step.text):
        return Mood.SUITS
    if _ERROR.search(step.text):
        return Mood.CHANCE
    return Mood.SUITS if _NIL.search(step.text) else Mood.PLAIN


def _plain_text(text: str) -> tuple[str, bool]:
    """A condition without its negation, and whether it had one."""
    if "&&" in text or "||" in text:
        return text, False
    if text.startswith("!"):
        return text[1:].strip(), True
    if text.count("!=") == 1:
        return text.replace("!=", "=="), True
    return text, False


def asked_of(word: str) -> tuple[object, ...]:
    """The beginning of the key of a choice that asks whether what is sent is nil; empty if there can be none."""
    name, _, version = word.partition("@")
    return (f"{name} == nil", int(version)) if version else ()
