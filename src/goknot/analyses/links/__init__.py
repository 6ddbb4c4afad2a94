"""Joins reports made apart: what source says a program may do, and what a heap shows that it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from goknot.analyses.links.chains import chain_of
from goknot.analyses.links.escapes import LEVEL as ESCAPE
from goknot.analyses.links.escapes import Escapes
from goknot.analyses.links.matching import Match, matches
from goknot.analyses.links.names import Names
from goknot.analyses.links.weighing import weighed
from goknot.model.chain import KnotLink
from goknot.model.escape import MadeReport
from goknot.model.gotypes import TypeGraph
from goknot.model.knot import Knot
from goknot.model.report import Report, ReportInput

__all__ = ["join"]

_COUNTED = frozenset(("new", "known", "fixed", "knots"))


def join(reports: Sequence[Report], types: TypeGraph | None = None, escapes: Sequence[MadeReport] = ()) -> Report:
    """One report of several: knots once each, linked across levels, with the evidence chain.

    Args:
        reports: Of one program; in any order.
        types: The types of its source, if that is at hand: where types and fields of heap knots are declared.
        escapes: What the compiler says of objects that outlive the function that makes them.

    Returns:
        The same for any order of `reports`. Ids are those of the parts.
    """
    ordered = sorted(reports, key=_order)
    knots = _once(ordered)
    names = Names(ordered, types)
    found = matches(knots, names)
    knots = [weighed(knot, found, ordered, names) for knot in knots]
    by_id = {knot.id: knot for knot in knots}
    made = Escapes([one for report in escapes for one in report.made], names)
    linked = [_linked(knot, found, by_id, names, made) for knot in knots]
    first = ordered[0]
    return replace(
        first,
        inputs=_with_escapes(_inputs(ordered), escapes),
        knots=tuple(sorted(linked, key=lambda knot: knot.order)),
        problems=tuple(
            sorted({problem for one in (ordered, escapes) for report in one for problem in report.problems})
        ),
        stats=_stats(ordered, linked),
        complete=all(report.complete for report in ordered),
        heap=next((report.heap for report in ordered if report.heap), {}),
        types=next((report.types for report in ordered if report.types), ()),
        modules=next((report.modules for report in ordered if report.modules), ()),
        plugins=tuple(dict.fromkeys(plugin for report in ordered for plugin in report.plugins)),
        kept=next((report.kept for report in ordered if report.kept), ()),
        goroutines=next((report.goroutines for report in ordered if report.goroutines), ()),
        matrix=next((report.matrix for report in ordered if report.matrix), None),
        excerpts=tuple(dict.fromkeys(one for report in ordered for one in report.excerpts)),
    )


def _order(report: Report) -> tuple[bool, str, str, list[str]]:
    """Source first: its paths are what a reader opens."""
    is_source = any(one.kind == "source" for one in report.inputs)
    ids = sorted(knot.id for knot in report.knots)
    return (not is_source, repr(report.inputs), repr(sorted(report.stats.items())), ids)


def _inputs(reports: Sequence[Report]) -> tuple[ReportInput, ...]:
    """Every input once: several analyses of one tree are one input, with what each knows of it."""
    found: dict[tuple[str, str], ReportInput] = {}
    for report in reports:
        for one in report.inputs:
            known = found.setdefault((one.kind, one.path), one)
            agree = all(known.details.get(name, detail) == detail for name, detail in one.details.items())
            key = (one.kind, one.path) if agree else (one.kind, f"{one.path} {len(found)}")
            found[key] = replace(one, details={**known.details, **one.details}) if agree else one
    return tuple(found.values())


def _once(reports: Sequence[Report]) -> list[Knot]:
    """Every knot once: of two with an id, the one with more to show."""
    best: dict[str, Knot] = {}
    for report in reports:
        for knot in report.knots:
            known = best.get(knot.id)
            if known is None or _weight(knot) > _weight(known):
                best[knot.id] = knot
    return list(best.values())


def _weight(knot: Knot) -> tuple[int, int, str]:
    evidence = sum(len(edge.evidence) for edge in knot.edges)
    return (knot.heap.instances if knot.heap else 0, evidence + len(knot.cuts) + len(knot.cycles), knot.reason)


def _with_escapes(inputs: tuple[ReportInput, ...], escapes: Sequence[MadeReport]) -> tuple[ReportInput, ...]:
    logs = {repr(one): one for report in escapes for one in report.inputs if one not in inputs}
    return (*inputs, *(logs[said] for said in sorted(logs)))


def _linked(knot: Knot, found: Sequence[Match], by_id: dict[str, Knot], names: Names, made: Escapes) -> Knot:
    own = {KnotLink(match.other(knot.id), match.why) for match in found if knot.id in match.ids}
    partners = [by_id[link.id] for link in sorted(own)]
    chain = chain_of(knot, partners, names) or tuple(step for step in knot.chain if step.level != ESCAPE)
    # an earlier join may have had escape reports that this one has not
    said = made.steps([knot, *partners], names) or tuple(step for step in knot.chain if step.level == ESCAPE)
    return replace(knot, links=tuple(sorted({*knot.links, *own})), chain=(*chain, *said))


def _stats(reports: Sequence[Report], knots: Sequence[Knot]) -> dict[str, int]:
    stats: dict[str, int] = {}
    for report in reports:
        for name, value in report.stats.items():
            stats[name] = max(stats.get(name, 0), value)
    states = [knot.baseline for knot in knots]
    counted = {state: sum(one == state for one in states) for state in ("new", "known", "fixed")}
    return {name: value for name, value in stats.items() if name not in _COUNTED} | {"knots": len(knots), **counted}
