"""Sums up a log of the loader, line by line: what was not found, and who is bound to whom against expectation."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from goknot.analyses.plugins.hazards import is_c_function
from goknot.model.ldlog import Interposition, LdLog, Lookup

_MAX_KEPT = 1000  # names kept of each kind; counts are exact


@dataclass
class _Search:
    """What one process is at."""

    symbol: str = ""
    looked_in: list[str] = field(default_factory=list)
    library: str = ""
    tried: list[str] = field(default_factory=list)
    running: bool = False


class Bindings:
    """Collects lines of a log.

    Args:
        wanted: Names of symbols whose every lookup is kept; shell patterns with `*`.
    """

    def __init__(self, wanted: Sequence[str] = ()) -> None:
        pattern = "|".join(".*".join(map(re.escape, name.split("*"))) for name in wanted)
        self._wanted = re.compile(f"(?:{pattern})\\Z") if wanted else None
        self._by_pid: dict[int, _Search] = defaultdict(_Search)
        self._program = ""
        self._loaded: dict[str, bool] = {}  # file -> whether the running program opened it
        self._missing: dict[str, tuple[str, ...]] = {}
        self._unresolved: dict[str, Lookup] = {}
        self._errors: list[tuple[str, str]] = []
        self._n_by_pair: Counter[tuple[str, str]] = Counter()
        self._names: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._lookups: list[Lookup] = []
        self._n_dropped = 0
        self.n_lines = self.n_other = 0

    def add(self, pid: int, kind: str, parts: Sequence[str]) -> None:
        """One line, as formats/ldlog.py tells it."""
        search = self._by_pid[pid]
        if search.symbol and kind != "binding" and (kind != "symbol" or parts[0] != search.symbol):
            self._end_lookup(search)
        if search.library and kind not in ("try", "other"):
            self._end_search(search)
        if kind == "symbol":
            search.symbol = parts[0]
            search.looked_in.append(parts[1])
        elif kind == "binding":
            self._bind(search, parts)
        elif kind == "find":
            search.library, search.tried = parts[0], []
        elif kind == "try":
            search.tried.append(parts[0])
        else:
            self._event(search, kind, parts)

    def result(self) -> LdLog:
        """What the log tells."""
        for search in self._by_pid.values():
            self._end_lookup(search)
            if search.library:
                self._end_search(search)
        opened = tuple(file for file, late in self._loaded.items() if late)
        known = {*self._loaded, *(target for _, target in self._n_by_pair)}
        dropped = (f"{self._n_dropped:,} further lookups are not listed",) if self._n_dropped else ()
        return LdLog(
            program=self._program,
            loaded=tuple(self._loaded),
            opened=opened,
            missing={name: tried for name, tried in self._missing.items() if not known.intersection(tried)},
            unresolved=tuple(sorted(self._unresolved.values(), key=lambda lookup: lookup.symbol))
            if self._n_by_pair
            else (),
            errors=tuple(self._errors),
            bindings=dict(sorted(self._n_by_pair.items())),
            interpositions=self._interpositions(),
            lookups=tuple(self._lookups),
            n_lines=self.n_lines,
            n_other=self.n_other,
            problems=dropped,
        )

    def _event(self, search: _Search, kind: str, parts: Sequence[str]) -> None:
        if kind == "program":
            self._program = self._program or parts[0]
        elif kind == "control":
            search.running = True
        elif kind == "init":
            self._loaded.setdefault(parts[0], search.running)
        elif kind == "error" and len(self._errors) < _MAX_KEPT:
            self._errors.append((parts[0], parts[1]))

    def _bind(self, search: _Search, parts: Sequence[str]) -> None:
        source, target, symbol, version = parts
        looked_in = tuple(search.looked_in) if symbol == search.symbol else ()
        if self._wanted is not None and self._wanted.match(symbol):
            self._keep(Lookup(symbol, source, target, looked_in, version))
        self._n_by_pair[source, target] += 1
        names = self._names[source, target]
        if source != target and len(names) < _MAX_KEPT:
            names.add(symbol)
        search.symbol, search.looked_in = "", []

    def _end_lookup(self, search: _Search) -> None:
        if search.symbol and search.looked_in:
            lookup = Lookup(search.symbol, "", "", tuple(search.looked_in))
            if len(self._unresolved) < _MAX_KEPT:
                self._unresolved.setdefault(search.symbol, lookup)
            if self._wanted is not None and self._wanted.match(search.symbol):
                self._keep(lookup)
        search.symbol, search.looked_in = "", []

    def _keep(self, lookup: Lookup) -> None:
        if len(self._lookups) < 100 * _MAX_KEPT:
            self._lookups.append(lookup)
        else:
            self._n_dropped += 1

    def _end_search(self, search: _Search) -> None:
        """The loader says nothing of success: a file tried that was loaded later was found."""
        if len(self._missing) < _MAX_KEPT:
            self._missing.setdefault(search.library, tuple(search.tried))
        search.library = ""

    def _interpositions(self) -> tuple[Interposition, ...]:
        opened = {file for file, late in self._loaded.items() if late}
        found = []
        for (source, target), n in sorted(self._n_by_pair.items()):
            if source != target and source in opened and target in opened:
                names = sorted(self._names[source, target])
                functions = tuple(name for name in names if is_c_function(name.encode()))
                found.append(Interposition(source, target, n, tuple(names), functions))
        return tuple(found)
