"""The report as workflow commands, which GitHub Actions shows as annotations beside the code.

Escaping as the runner undoes it: actions/toolkit, packages/core/src/command.ts (`escapeData`, `escapeProperty`).
"""

from __future__ import annotations

from goknot.model.knot import Knot
from goknot.model.report import Problem, Report
from goknot.model.verdict import BaselineState
from goknot.reports.view import View
from goknot.reports.words import (
    count,
    edge_by_pair,
    is_aside,
    kinds_of,
    levels_of,
    loudness,
    older_state,
    place,
    place_to_open,
    printable,
    short_names,
    steps,
)

_COMMAND = {"error": "error", "warning": "warning", "note": "notice"}
_MAX_STEPS = 12
_MAX_CUT = 5
_LINE_LIMIT = 300


def render(report: Report, view: View) -> str:
    """Renders an annotation for each new knot and each problem; what a scan notes or is known gets one together."""
    new = [knot for knot in report.knots if knot.baseline is BaselineState.NEW]
    asides = [knot for knot in new if is_aside(knot)] if levels_of(report) and not view.all_in_full else []
    lines = [_annotation(knot) for knot in new if knot not in asides]
    if asides:
        said = f"{count(len(asides), 'knot')} that ask for nothing not shown: {kinds_of(asides)}."
        lines.append(_command("notice", {"title": "goknot"}, [said]))
    lines += [_problem(problem) for problem in report.problems]
    n_known = sum(knot.baseline is BaselineState.KNOWN for knot in report.knots)
    if n_known:
        where = older_state(report) or "the baseline"
        lines.append(_command("notice", {"title": "goknot"}, [f"{count(n_known, 'known knot')} in {where} not shown."]))
    return "".join(f"{line}\n" for line in lines)


def _annotation(knot: Knot) -> str:
    names = short_names(knot.nodes)
    open_first = place_to_open(knot)
    properties: dict[str, str | int] = {}
    if open_first:
        properties = {"file": open_first.file, "line": open_first.line, "col": open_first.column}
    title = f"{knot.verdict}: {knot.title} ({knot.id})"
    return _command(_COMMAND[loudness(knot)], {**properties, "title": title}, _message(knot, names))


def _message(knot: Knot, names: list[str]) -> list[str]:
    lines = [knot.reason]
    if knot.platforms:
        lines.append(f"Only on {', '.join(knot.platforms[:6])}{', ...' if len(knot.platforms) > 6 else ''}.")
    edges = edge_by_pair(knot)
    new = [pair for pair in knot.causes if pair in edges][:_MAX_CUT]
    ring = list(steps(knot.cycles[0])) if knot.cycles else list(edges)
    more = [f"and {len(ring) - _MAX_STEPS:,} more"] if len(ring) > _MAX_STEPS else []
    lines += [f"New: {_edge(knot, names, pair)}" for pair in new]
    lines += [_edge(knot, names, pair) for pair in ring[:_MAX_STEPS]] + more
    for cut in knot.cuts[:1]:
        if cut.edges:
            bound = "minimal: proven" if cut.lower_bound >= cut.cost else f"proof >= {cut.lower_bound:,}"
            lines.append(f"Cut {count(len(cut.edges), 'edge')}, cost {cut.cost:,}, {bound}:")
        lines += [_edge(knot, names, pair) for pair in cut.edges[:_MAX_CUT] if pair in edges]
        if len(cut.edges) > _MAX_CUT:
            lines.append(f"and {len(cut.edges) - _MAX_CUT:,} more")
        lines.append(f"{cut.move}: {cut.how}")
    return lines


def _edge(knot: Knot, names: list[str], pair: tuple[int, int]) -> str:
    edge = edge_by_pair(knot)[pair]
    where = f"  {place(edge.evidence[0])}" if edge.evidence else ""
    return f"  {names[pair[0]]} -> {names[pair[1]]}{where}"


def _problem(problem: Problem) -> str:
    said = f"{problem.where}: {problem.what}; {problem.effect}"
    return _command("warning", {"title": "goknot could not read everything"}, [said])


def _command(name: str, properties: dict[str, str | int], message: list[str]) -> str:
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{name} {given}::" + "%0A".join(_data(line) for line in message)


def _data(text: str) -> str:
    return printable(text, _LINE_LIMIT).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str | int) -> str:
    return _data(str(value)).replace(":", "%3A").replace(",", "%2C")
