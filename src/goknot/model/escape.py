"""What escape analysis says of objects that outlive the function that makes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from goknot.model.report import Problem, ReportInput


class Holding(StrEnum):
    """By what an object is held when its function is left, the longest-lived first."""

    PACKAGE_VARIABLE = "package-variable"
    GOROUTINE = "goroutine"
    CHANNEL = "channel"
    STORED = "stored"  # through a pointer, into a map or a slice: by whatever holds that
    RETURNED = "returned"
    PASSED = "passed"  # to a call that keeps it, or may
    OTHER = "other"  # too large, of a size that is not constant, or for a reason the log does not give


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in source; line and column are 0 where the compiler gives none.

    Attributes:
        file: With `/`, relative to where Go ran if it lies below, `module@version/...` if it is a dependency's.
    """

    file: str
    line: int
    column: int

    @property
    def is_elsewhere(self) -> bool:
        """Whether it lies outside the folder where Go ran: in the standard library or the module cache."""
        return self.file.startswith(("/", "../", "<")) or self.file[1:3] == ":/" or "@v" in self.file

    def __str__(self) -> str:
        """As compilers write it."""
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


@dataclass(frozen=True, slots=True)
class Step:
    """An expression that a value went through, and how."""

    expression: str
    why: str
    at: Position


@dataclass(frozen=True, slots=True)
class Flow:
    """A value's way from one place of storage to the next.

    Attributes:
        n_derefs: How often it is dereferenced; -1: its address is what flows.
    """

    to: str
    source: str
    n_derefs: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Escape:
    """One explanation of the compiler's.

    Attributes:
        subject: The expression, or a parameter's name.
        function: Where it is made; empty where neither the compiler nor what it says of inlining tells.
        is_parameter: It is no object made here but what a parameter leads to.
        flows: From the subject to what outlives it.
    """

    package: str
    function: str
    subject: str
    at: Position
    is_parameter: bool
    flows: tuple[Flow, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An object that lives long, and what holds it.

    Attributes:
        holder: The variable, function, channel or expression.
        chain: The explanations that lead to the holder: the object's own, then that of what holds it, and so on.
        note: What the log leaves open; empty if nothing.
    """

    holding: Holding
    holder: str
    chain: tuple[Escape, ...]
    note: str = ""

    @property
    def escape(self) -> Escape:
        """The object's own explanation."""
        return self.chain[0]


@dataclass(frozen=True, slots=True)
class Made:
    """An object that outlives the function that makes it, as an escape report has it.

    Attributes:
        subject: The expression that makes it.
        holder: The variable, function, channel or expression.
        steps: The way from it to its holder.
    """

    package: str
    function: str
    subject: str
    at: Position
    holding: Holding
    holder: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class MadeReport:
    """An escape report, read back."""

    inputs: tuple[ReportInput, ...]
    made: tuple[Made, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class EscapeReport:
    """The reading of one log.

    Attributes:
        path: What was read: the log's path, or the module's.
        command: What was run to write the log; empty if it was there.
        candidates: The longest-lived first; then by package, holder and place.
        packages: Packages the log is about, sorted.
        n_lines_by_kind: What a line is -> how many; their sum is the number of lines.
        problems: What could not be read or was cut, and what that means.
    """

    version: str
    path: str
    command: str
    candidates: tuple[Candidate, ...]
    packages: tuple[str, ...]
    n_lines_by_kind: dict[str, int]
    problems: tuple[str, ...]
