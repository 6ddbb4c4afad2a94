"""Where objects of a knot are made and why they outlive that place, by the compiler's escape analysis."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from goknot.analyses.links.names import Names
from goknot.model.chain import ChainStep
from goknot.model.escape import Holding, Made
from goknot.model.knot import Knot

LEVEL = "escape"
_MAX_STEPS = 6  # of one knot
_MAX_EACH = 2  # of one type
# `&T{...}`, `T{...}`, `new(T)`, each with a package's name before T or type arguments behind it
_SUBJECT = re.compile(r"(?:&|new\()?(?:([^\W\d]\w*)\.)?([^\W\d]\w*)(?:\[.*\])?(?:\{|\)$)")
_SAYS = {
    Holding.PACKAGE_VARIABLE: "package variable {} holds it",
    Holding.GOROUTINE: "a goroutine of {} takes it along",
    Holding.CHANNEL: "sent to {}",
    Holding.STORED: "stored in {}",
    Holding.RETURNED: "{} returns it",
}
_ORDER = {holding: rank for rank, holding in enumerate(Holding)}


class Escapes:
    """What escape reports say, by the type that is made and by the line.

    Args:
        made: Objects that escape; those that are held in no way that is known here say nothing.
        names: What names mean.
    """

    def __init__(self, made: Sequence[Made], names: Names) -> None:
        self._by_type: dict[str, list[Made]] = defaultdict(list)
        self._by_line: dict[tuple[str, int], list[Made]] = defaultdict(list)
        self._type_of: dict[Made, str] = {}
        for one in sorted(set(made), key=_rank):
            if one.holding not in _SAYS or not one.holder:
                continue
            found = _type_made(one, names)
            if found:
                self._by_type[found].append(one)
                self._type_of[one] = found
            if one.at.line:
                self._by_line[one.at.file, one.at.line].append(one)
            # what carries it on: of interest where it is a statement of a knot about its type
            for step in one.steps if found else ():
                self._by_line[step.at.file, step.at.line].append(one)

    def steps(self, knots: Sequence[Knot], names: Names) -> tuple[ChainStep, ...]:
        """Steps for a knot and those it is linked with: first what is made or passed on at its own lines."""
        if not self._by_line and not self._by_type:
            return ()
        types = sorted({name for knot in knots for name in names.of_knot(knot)})
        found = dict.fromkeys(self._at_lines(knots, types))
        for name in types:
            found.update(dict.fromkeys(self._by_type[name][:_MAX_EACH] if name in self._by_type else ()))
        return tuple(_step(one) for one in list(found)[:_MAX_STEPS])

    def _at_lines(self, knots: Sequence[Knot], types: Sequence[str]) -> Iterator[Made]:
        for knot in knots:
            if knot.heap is not None or knot.kind == "type-ring":
                continue
            for edge in knot.edges:
                for seen in edge.evidence[:1]:
                    for one in self._by_line.get((seen.file, seen.line), ()):
                        is_here = one.at.line == seen.line and one.at.file == seen.file
                        if self._type_of.get(one, "") in types or (is_here and one not in self._type_of):
                            yield one


def _type_made(one: Made, names: Names) -> str:
    """The canonical name of the type an expression makes; empty if it is none of a named type, or not to be told."""
    match = _SUBJECT.match(one.subject)
    if match is None:
        return ""
    qualifier, name = match.groups()
    if not qualifier:
        return names.canonical(f"{one.package}.{name}")
    return names.qualified(qualifier, name)


def _step(one: Made) -> ChainStep:
    says = _SAYS[one.holding].format(one.holder)
    if one.steps and one.steps[-1].expression != one.subject:
        last = one.steps[-1]
        where = f"line {last.at.line}" if last.at.file == one.at.file and last.at.line else str(last.at)
        says = f"{says}: {last.expression} ({where})"
    made = f"{one.subject} in {one.function}" if one.function else one.subject
    return ChainStep(LEVEL, made, one.at.file, one.at.line, note=says)


def _rank(one: Made) -> tuple[object, ...]:
    return _ORDER[one.holding], one.at.is_elsewhere, one.at, one.subject, one.holder
