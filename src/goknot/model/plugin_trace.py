"""What plugin.Open did while a host ran, as it was watched."""

from __future__ import annotations

from dataclasses import dataclass, field

SCHEMA = "goknot.trace/1"


@dataclass(frozen=True, slots=True)
class Frame:
    """A function of a stack; `where` is `file:line`, empty if not known."""

    function: str
    where: str = ""


@dataclass(slots=True)
class InitRun:
    """The initialisers of one package; `seconds` is None until they are done."""

    package: str
    began: float
    seconds: float | None = None


@dataclass(slots=True)
class TracedOpen:
    """One call of plugin.Open.

    Attributes:
        number: From 1, in the order of calling.
        path: What was given.
        real: The file it stands for.
        goroutine: Go's number of who calls.
        parent: Number of the open whose initialisers make this call; 0 if none.
        began: Seconds from the start of the trace.
        stack: Innermost first, from the caller of plugin.Open on.
        dlopen_seconds: In the dynamic loader; None if it was not asked.
        module_seconds: In plugin.lastmoduleinit, which checks package hashes; None if it was not reached.
        inits: By package, in the order they began.
        seconds: Until it returned; None if it did not.
        outcome: `opens`, `error`, `panic`, `hang`, `stalled`, `ended` (the host ended meanwhile) or `unfinished` (the
            trace did).
        text: Go's error, or what is known of a call that did not return.
        waits_for: Number of the open that it waits for; 0 if none.
    """

    number: int
    path: str
    real: str
    goroutine: int
    parent: int
    began: float
    stack: tuple[Frame, ...] = ()
    dlopen_seconds: float | None = None
    module_seconds: float | None = None
    inits: list[InitRun] = field(default_factory=list)
    seconds: float | None = None
    outcome: str = "unfinished"
    text: str = ""
    waits_for: int = 0

    @property
    def failed(self) -> bool:
        """Whether it did not open."""
        return self.outcome != "opens"


@dataclass(frozen=True, slots=True)
class Trace:
    """A run.

    Attributes:
        command: The host with its arguments.
        opens: By number.
        ended: `exit`, `hang`, `stalled`, `timeout` or `interrupted`.
        exit_code: Of the host; None if it was ended.
        seconds: The whole run.
        problems: What could not be watched.
    """

    command: tuple[str, ...]
    opens: tuple[TracedOpen, ...]
    ended: str
    exit_code: int | None
    seconds: float
    problems: tuple[str, ...] = ()
