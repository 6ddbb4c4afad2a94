"""What a log of the dynamic loader tells."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Lookup:
    """One search for a symbol.

    Attributes:
        wanted_by: The file that needs it; empty where the log does not say (it found none).
        found_in: The file it was bound to; empty if none had it.
        looked_in: Files it was looked for in, in order.
    """

    symbol: str
    wanted_by: str
    found_in: str
    looked_in: tuple[str, ...]
    version: str = ""


@dataclass(frozen=True, slots=True)
class Interposition:
    """A file opened later that is bound to another file opened before it: its own definitions lose.

    Attributes:
        n: Symbols bound that way.
        symbols: Some of them, sorted; see `n` for the whole.
        functions: Those among `symbols` that are C functions by their names.
    """

    source: str
    target: str
    n: int
    symbols: tuple[str, ...]
    functions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LdLog:
    """What a log of LD_DEBUG tells.

    Attributes:
        program: The program; empty if the log has no line about it (that takes `libs`).
        loaded: Files in the order of their constructors.
        opened: Those that the running program opened.
        missing: Libraries that were searched for and not found -> places tried.
        unresolved: Lookups that found nothing: weak symbols, or what an error names.
        errors: (file, the loader's words).
        bindings: (file, target) -> symbols bound.
        lookups: Those that were asked for by name.
        n_other: Lines that are not the loader's.
    """

    program: str
    loaded: tuple[str, ...]
    opened: tuple[str, ...]
    missing: dict[str, tuple[str, ...]]
    unresolved: tuple[Lookup, ...]
    errors: tuple[tuple[str, str], ...]
    bindings: dict[tuple[str, str], int]
    interpositions: tuple[Interposition, ...]
    lookups: tuple[Lookup, ...] = ()
    n_lines: int = 0
    n_other: int = 0
    problems: tuple[str, ...] = field(default=())
