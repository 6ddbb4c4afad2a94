"""What a trace of plugin.Open saw."""

from __future__ import annotations

from dataclasses import dataclass

SCHEMA = "goknot.trace/1"


@dataclass(frozen=True, slots=True)
class TracedInit:
    """An initialiser of a plugin; `milliseconds` is None where it did not end."""

    function: str
    milliseconds: float | None


@dataclass(frozen=True, slots=True)
class TracedOpen:
    """A call of plugin.Open.

    Attributes:
        path: What it was given.
        goroutine: Go's number for the goroutine.
        parent: The call that was going on in the same goroutine: this one came from an initialiser; -1 if none.
        stack: (function, `file:line`), the caller of plugin.Open first.
        outcome: `opens`, `error`, `hangs`, or `ended`: the program ended before it returned.
        text: The error's text.
        load_milliseconds: Until the loader had mapped the file; None: it did not come to that.
        milliseconds: All of it; None where it did not return.
    """

    path: str
    goroutine: int
    parent: int
    stack: tuple[tuple[str, str], ...]
    outcome: str
    text: str = ""
    load_milliseconds: float | None = None
    inits: tuple[TracedInit, ...] = ()
    milliseconds: float | None = None


@dataclass(frozen=True, slots=True)
class OpenTrace:
    """A run of a host.

    Attributes:
        opens: In the order in which they began.
        waits: Who waits on whom, one sentence each; empty if nothing hangs.
        exit_status: Of the program; None: it was ended by goknot.
        problems: What was not seen.
    """

    host: str
    arguments: tuple[str, ...]
    opens: tuple[TracedOpen, ...]
    waits: tuple[str, ...] = ()
    exit_status: int | None = None
    problems: tuple[str, ...] = ()
