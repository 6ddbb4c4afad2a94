"""The states that a function and its goroutines can be in, and the graph of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple


class Got(IntEnum):
    """What a receive got."""

    __hash__ = int.__hash__  # an enum's own is a function of Python, and states are looked up by it

    CLOSED = 0
    ANY = 1  # a value
    UNKNOWN = 2  # that, or the channel is closed
    VALUE = 3  # not nil
    NIL = 4


class At(NamedTuple):
    """A process: the instruction it is at, what it has deferred (bits), what its last receive got, its goroutine.

    The function itself is goroutine -1.
    """

    pc: int
    bits: int
    got: Got
    goroutine: int

    def to(self, pc: int) -> At:
        """The same at another instruction."""
        return At(pc, self.bits, self.got, self.goroutine)

    def with_got(self, pc: int, got: Got) -> At:
        """The same at another instruction, after a receive."""
        return At(pc, self.bits, got, self.goroutine)


Decided = frozenset[tuple[tuple[object, ...], bool]]


class State(NamedTuple):
    """Where everybody is, what the things are like (a number each), what has been decided."""

    processes: tuple[At, ...]
    things: tuple[int, ...]
    decided: Decided


OVER = State((), (), frozenset())  # the program has ended
CLOSED = 1 << 8  # of a channel, beside the number of values in it


class Move(NamedTuple):
    """A step from one state to another.

    Attributes:
        movers: Who moves.
        pc: By which instruction.
        alternative: Which of its alternatives.
        suits: Whether it is made only if that lets the goroutines end.
    """

    target: int
    movers: tuple[At, ...]
    pc: int
    alternative: int
    suits: bool


def begun(goroutine: int) -> tuple[object, ...]:
    """What is decided when a goroutine has been started."""
    return "go", goroutine


@dataclass(slots=True)
class Schedule:
    """The graph.

    Attributes:
        states: The first is the beginning.
        moves: State -> what can happen in it.
        held: States in which something is left out, as others meet.
    """

    states: list[State] = field(default_factory=list)
    held: set[int] = field(default_factory=set)
    moves: list[tuple[Move, ...]] = field(default_factory=list)
