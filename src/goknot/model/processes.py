"""What a function and its goroutines do to channels, locks and the like, in order: the part of it that can wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from goknot.model.context import Context, Target

TOGGLED = "toggled"


@dataclass(frozen=True, slots=True)
class Act:
    """An operation.

    Attributes:
        kind: `send`, `receive`, `close`, `cancel`, `lock`, `unlock`, `rlock`, `runlock`, `add`, `done`, `wait`,
            `cond-wait`, `signal`.
        places: What it may be done to; more than one: not known which.
        word: Of `add` how much; of `send` what is known of the value: `nil`, `made`, `variable@version`;
            of `receive` `toggled`, if the variable is set to nil somewhere.
    """

    kind: str
    places: tuple[Target, ...]
    word: str
    where: Context


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives, of which one is taken.

    Attributes:
        text: The condition as it is written; empty if there is none.
        version: A number that changes when a variable of the condition is assigned.
        kind: `if` (taken, not taken), `switch`, `callee` (one of several functions), `once` (run, not run).
        counted: Whether the condition is about something that is counted or flagged along the way.
        told: Of an `if` about what was received or returned last: `ok` (whether a value came), `value` (whether it is
            not nil).
        flips: Of such an `if`: whether it is taken if that is not so.
    """

    text: str
    version: int
    kind: str
    counted: bool
    told: str
    flips: bool
    alternatives: tuple[Steps, ...]
    label: str
    where: Context


@dataclass(frozen=True, slots=True)
class Repeat:
    """A loop.

    Attributes:
        kind: `ever`, `while`, `count` (a known or unknown number of times), `channel` (until it is closed), `ticker`
            (over a ticker's channel, which is never closed).
        bound: Of `count`: how often, as it is written.
        counted: Whether the bound is a variable that is counted up or down somewhere.
        loop: Number of the loop.
        since: Versions of conditions up to this one stay as they are while it runs.
        places: Of `channel`: what is ranged over.
    """

    kind: str
    bound: str
    counted: bool
    loop: int
    since: int
    places: tuple[Target, ...]
    body: Steps
    label: str
    where: Context


@dataclass(frozen=True, slots=True)
class Select:
    """A select; each case is its operation (None: not known, or the default) and what follows."""

    cases: tuple[tuple[Act | None, Steps], ...]
    has_default: bool
    label: str
    where: Context


@dataclass(frozen=True, slots=True)
class Start:
    """A goroutine begins.

    Attributes:
        goroutine: Its node; -1: none of interest.
        maybe: Whether it may never run: what a timer calls.
    """

    goroutine: int
    maybe: bool
    body: Steps
    where: Context


@dataclass(frozen=True, slots=True)
class Frame:
    """A call that was run in place: a return in it goes on behind it, after what it deferred."""

    body: Steps


@dataclass(frozen=True, slots=True)
class Later:
    """A defer statement."""

    body: Steps


@dataclass(frozen=True, slots=True)
class Tell:
    """What is known of the error that a call returns, which is asked for next.

    Attributes:
        word: As of a send; `keep`: what the call returned that this one returns.
    """

    word: str


@dataclass(frozen=True, slots=True)
class Leave:
    """`return`, `break`, `continue`, `exit` (of the program, or by a panic) or `lost` (goto)."""

    word: str
    label: str


Step: TypeAlias = Act | Choice | Repeat | Select | Start | Frame | Later | Tell | Leave
Steps: TypeAlias = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Process:
    """A function's steps.

    Attributes:
        steps: In order.
        loops: Node -> the loops around the place where it is made; of nodes that acts are about.
    """

    steps: Steps
    loops: dict[int, tuple[int, ...]]
