"""What Go's own type checker is asked about findings, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from goknot.model.leakfacts import Spot
from goknot.model.report import Problem

_NOWHERE = Spot("", 0, 0)


class AnswerState(StrEnum):
    """How an answer ends."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Target:
    """What an object is taken for.

    Attributes:
        kind: `type`, `function`, `map`, `slice`, `chan`; empty: nothing is claimed of it.
        name: Of a type: its name without the package.
        path: Of a type: its package's import path as far as it is known, perhaps without the module's.
        spot: Of a type: where it is declared, or where the object is made.
    """

    kind: str = ""
    name: str = ""
    path: str = ""
    spot: Spot = _NOWHERE


NOTHING = Target()


@dataclass(frozen=True, slots=True)
class Question:
    """A claim about one place.

    Attributes:
        kind: `call`, `capture`, `field`, `flow`, `goroutine`, `made`, `receive`, `receiver`, `send`, `table` or
            `weakkey`; confirm_go/main.go, answerers.
        names: Functions the call may resolve to, as go/types' `Func.FullName` spells them.
        through: Whether a function that calls one of them will do.
        arguments: What the call is handed: index (-1: the receiver) and what it should lead to.
        name: Of a field, variable or method.
        target: What is held there.
        unbounded: Of a channel: it is claimed to have no room.
        places: Of a flow: where the pointers are stored.
    """

    kind: str
    spot: Spot
    names: tuple[str, ...] = ()
    through: bool = False
    arguments: tuple[tuple[int, Target], ...] = ()
    name: str = ""
    target: Target = NOTHING
    unbounded: bool = False
    places: tuple[Spot, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What go/types says, with its reason."""

    state: AnswerState
    why: str


NO_ANSWER = Answer(AnswerState.UNKNOWN, "")


@dataclass(frozen=True, slots=True)
class Answers:
    """All of it.

    Attributes:
        go: The version of Go that was asked, e.g. `go1.27.3`; empty if none could be.
        by_question: Question -> answer; questions without one are not in it.
        problems: What could not be asked.
    """

    go: str
    by_question: Mapping[Question, Answer]
    problems: tuple[Problem, ...] = ()
