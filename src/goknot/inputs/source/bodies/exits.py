"""How a loop ends: over which channels, or otherwise."""

from __future__ import annotations

from typing import NamedTuple

from goknot.inputs.source.bodies.ir import (
    Assign,
    Block,
    Call,
    Case,
    Choose,
    Expr,
    Group,
    If,
    Leave,
    Loop,
    Name,
    Receive,
    Return,
    Run,
    Select,
    Stmt,
    Switch,
)

_ENDS = frozenset({("os", "Exit"), ("runtime", "Goexit"), ("log", "Fatal"), ("log", "Fatalf"), ("log", "Fatalln")})


class Exits(NamedTuple):
    """How a loop ends.

    Attributes:
        channels: Channels whose receipt ends it.
        other: Whether anything else ends it.
        leaves: Whether a break (not a return) ends it, so that what follows is reached.
    """

    channels: tuple[Expr, ...]
    other: bool
    leaves: bool


def exits_of(loop: Loop) -> Exits:
    """How a loop ends, but for its own condition."""
    finder = _Finder(loop.label)
    finder.block(loop.body, None, breaks=True, target=None)
    return Exits(tuple(finder.channels), finder.other, finder.leaves)


class _Finder:
    def __init__(self, label: str) -> None:
        self.label = label
        self.channels: list[Expr] = []
        self.other = False
        self.leaves = False

    def block(self, body: Block, channel: Expr | None, *, breaks: bool, target: Expr | None) -> None:
        """Looks through statements.

        Args:
            body: The statements.
            channel: The channel whose receipt led here; None: something else did.
            breaks: Whether a plain break leaves the loop.
            target: Not None where an enclosing if asks whether a channel was closed.
        """
        received = target
        for s in body:
            received = self._statement(s, channel or received, breaks) or received

    def _statement(self, s: Stmt, channel: Expr | None, breaks: bool) -> Expr | None:
        if isinstance(s, Return) or (isinstance(s, Run) and _ends(s.value)):
            self._exit(channel)
        elif isinstance(s, Leave):
            if s.word == "goto" or (s.word == "break" and (s.label == self.label if s.label else breaks)):
                self._exit(channel)
                self.leaves = True
        elif isinstance(s, If):
            asks = channel if channel is not None else None
            self.block(s.then, asks, breaks=breaks, target=None)
            self.block(s.otherwise, asks, breaks=breaks, target=None)
        elif isinstance(s, Group):
            self.block(s.body, channel, breaks=breaks, target=None)
        elif isinstance(s, Loop):
            self.block(s.body, channel, breaks=False, target=None)
        elif isinstance(s, Choose):
            for case in s.cases:
                self._case(case, _received(case.guard) or channel)
        elif isinstance(s, Switch):
            for case in s.cases:
                self._case(case, channel)
        elif isinstance(s, (Assign, Run)):
            return _received(s)
        return None

    def _case(self, case: Case, channel: Expr | None) -> None:
        self.block(case.body, channel, breaks=False, target=None)

    def _exit(self, channel: Expr | None) -> None:
        if channel is None:
            self.other = True
        elif channel not in self.channels:
            self.channels.append(channel)


def _received(s: Stmt | None) -> Expr | None:
    """The channel a statement receives from."""
    value = s.value if isinstance(s, Run) else s.right[0] if isinstance(s, Assign) and len(s.right) == 1 else None
    return value.channel if isinstance(value, Receive) else None


def _ends(expr: Expr) -> bool:
    if not isinstance(expr, Call):
        return False
    callee = expr.callee
    if isinstance(callee, Name):
        return callee.name == "panic"
    return isinstance(callee, Select) and isinstance(callee.base, Name) and (callee.base.name, callee.name) in _ENDS
