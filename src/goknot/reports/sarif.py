"""The report as SARIF 2.1.0, for code scanning pages and editors.

Valid against the OASIS schema; keeps within what GitHub takes: relative addresses, a location for every result, few
locations for each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from goknot.model.knot import Evidence, Knot, KnotEdge, KnotNode, Place
from goknot.model.report import Problem, Report
from goknot.model.verdict import BaselineState
from goknot.reports.sarif_rules import rule_of
from goknot.reports.view import View
from goknot.reports.words import (
    count,
    edge_by_pair,
    is_aside,
    loudness,
    name_of,
    place_to_open,
    printable,
    short_names,
    steps,
    was_compared,
)

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_MAX_RELATED = 10
_DRIVE = re.compile(r"[A-Za-z]:/")
_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # surrogates that stand for no byte (PEP 383)
_NOTIFICATION = {
    "id": "not-read",
    "name": "NotRead",
    "shortDescription": {"text": "Something could not be read or decided."},
    "fullDescription": {"text": "Something could not be read or decided; the message says what that means."},
    "help": {"text": "Make what the message names readable and scan again, or accept what it says is missing."},
}
_TEXT_LIMIT = 1000
_STATE = {BaselineState.NEW: "new", BaselineState.KNOWN: "unchanged", BaselineState.FIXED: "absent"}

Json = Mapping[str, object]


def render(report: Report, view: View) -> str:
    """Renders the report as one SARIF run."""
    kinds = sorted({knot.kind for knot in report.knots})
    compared = was_compared(report)
    run = {
        "tool": {
            "driver": {
                "name": "goknot",
                "version": report.version,
                "rules": [_rule(kind) for kind in kinds],
                "notifications": [_NOTIFICATION],
            }
        },
        "invocations": [
            {
                "executionSuccessful": report.complete,
                "toolExecutionNotifications": [_notification(problem) for problem in report.problems],
            }
        ],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder that was scanned."}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(knot, kinds.index(knot.kind), compared=compared) for knot in report.knots],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(kind: str) -> Json:
    rule = rule_of(kind)
    return {
        "id": kind,
        "name": "".join(word.capitalize() for word in kind.split("-")),
        "shortDescription": _text(rule.short),
        "fullDescription": _text(rule.full),
        "help": {"text": printable(rule.help), "markdown": printable(rule.help)},
        "defaultConfiguration": {"level": rule.level},
        "properties": {"tags": ["go", "circular-reference"], "problem.severity": rule.level},
    }


def _result(knot: Knot, rule_index: int, *, compared: bool) -> Json:
    kind = "pass" if knot.baseline is BaselineState.FIXED else "informational" if is_aside(knot) else "fail"
    names = short_names(knot.nodes)
    open_first = place_to_open(knot)
    result: dict[str, object] = {
        "ruleId": knot.kind,
        "ruleIndex": rule_index,
        # neither a knot that is gone nor one that asks for nothing may show up as an alert
        "kind": kind,
        "level": loudness(knot) if kind == "fail" else "none",
        "message": _text(_message(knot, names)),
        "locations": [_location(open_first)],
        # GitHub tracks an alert by the first of these, everyone else by the second
        "partialFingerprints": {"primaryLocationLineHash": f"{knot.id}:1", "goknotId/v1": knot.id},
        "properties": _properties(knot),
    }
    if compared:
        result["baselineState"] = _STATE[knot.baseline]
    if knot.nodes:
        result["graphs"] = [_graph(knot, names)]
    if knot.cycles:
        result |= _walk(knot, names)
    return result


def _message(knot: Knot, names: Sequence[str]) -> str:
    parts = [f"{knot.title}.", knot.reason]
    if knot.cycles:
        parts.append(f"Tightest ring: {' → '.join(names[node] for node in (*knot.cycles[0], knot.cycles[0][0]))}.")
    for cut in knot.cuts[:1]:
        ends = [f"{names[a]} → {names[b]}" for a, b in cut.edges[:3]]
        more = f" and {len(cut.edges) - 3:,} more" if len(cut.edges) > 3 else ""
        bound = "minimal: proven" if cut.lower_bound >= cut.cost else f"proof >= {cut.lower_bound:,}"
        what = f"Cut {', '.join(ends)}{more} (cost {cut.cost:,}, {bound}). " if cut.edges else ""
        parts.append(what + cut.how)
    if knot.platforms:
        parts.append(f"Only on {', '.join(knot.platforms[:6])}{', ...' if len(knot.platforms) > 6 else ''}.")
    return " ".join(part for part in parts if part)


def _properties(knot: Knot) -> Json:
    properties: dict[str, object] = {"verdict": knot.verdict, "confidence": knot.confidence, "level": knot.level}
    if knot.platforms:
        properties["platforms"] = [name_of(name) for name in knot.platforms]
    return properties


def _graph(knot: Knot, names: Sequence[str]) -> Json:
    cut = {pair for cut in knot.cuts[:1] for pair in cut.edges}
    return {
        "description": _text(knot.title),
        "nodes": [_graph_node(index, node) for index, node in enumerate(knot.nodes)],
        "edges": [
            {
                "id": _edge_id((edge.source, edge.target)),
                "label": _text(_edge_text(edge, names, cut=(edge.source, edge.target) in cut)),
                "sourceNodeId": str(edge.source),
                "targetNodeId": str(edge.target),
            }
            for edge in _distinct(knot)
        ],
    }


def _distinct(knot: Knot) -> Sequence[KnotEdge]:
    """The edges, once each: ids in a graph are unique."""
    return list(edge_by_pair(knot).values())


def _graph_node(index: int, node: KnotNode) -> Json:
    made: dict[str, object] = {"id": str(index), "label": _text(node.name)}
    if node.file:
        made["location"] = _location(Place(node.file, node.line))
    return made


def _walk(knot: Knot, names: Sequence[str]) -> dict[str, object]:
    """The tightest ring as a walk through the graph, as a flow through the code, and as places to look at."""
    edges = edge_by_pair(knot)
    pairs = list(steps(knot.cycles[0]))
    stops = [_stop(edges[pair], names) for pair in pairs if edges[pair].evidence]
    walk: dict[str, object] = {
        "graphTraversals": [{"resultGraphIndex": 0, "edgeTraversals": [{"edgeId": _edge_id(pair)} for pair in pairs]}]
    }
    if stops:
        walk["codeFlows"] = [{"threadFlows": [{"locations": [{"location": stop} for stop in stops]}]}]
        walk["relatedLocations"] = [{"id": index, **stop} for index, stop in enumerate(stops[:_MAX_RELATED], 1)]
    return walk


def _stop(edge: KnotEdge, names: Sequence[str]) -> Json:
    return {**_location(edge.evidence[0]), "message": _text(_edge_text(edge, names, cut=False))}


def _edge_text(edge: KnotEdge, names: Sequence[str], *, cut: bool) -> str:
    verb = {"import": "imports", "test-import": "imports in a test", "require": "requires", "gone": "no longer reaches"}
    said = f"{names[edge.source]} {verb.get(edge.kind, edge.kind)} {names[edge.target]}"
    if edge.symbols:
        shown = ", ".join(edge.symbols[:5]) + (", ..." if len(edge.symbols) > 5 else "")
        said += f", uses {shown} ({count(len(edge.symbols), 'symbol')})"
    if edge.note:
        said += f"; {edge.note}"
    return f"{said}; cut here" if cut else said


def _edge_id(pair: tuple[int, int]) -> str:
    return f"{pair[0]}-{pair[1]}"


def _notification(problem: Problem) -> Json:
    return {
        "level": "warning",
        "message": _text(f"{problem.where}: {problem.what}; {problem.effect}"),
        "descriptor": {"id": _NOTIFICATION["id"], "index": 0},
    }


def _location(at: Place | Evidence | None) -> dict[str, object]:
    """A physical location; without a place, the scanned folder, since GitHub takes no result without one."""
    physical: dict[str, object] = {"artifactLocation": _artifact(at.file if at else "")}
    if at and at.line:
        region: dict[str, object] = {"startLine": at.line}
        if at.column:
            region["startColumn"] = at.column
        if isinstance(at, Evidence) and at.text:
            region["snippet"] = _text(at.text)
        physical["region"] = region
    return {"physicalLocation": physical}


def _artifact(file: str) -> Json:
    """A path as an address: relative to the scanned folder unless it is absolute."""
    raw_bytes = _NO_BYTE.sub("\ufffd", file).encode("utf-8", "surrogateescape")
    if _DRIVE.match(file):
        return {"uri": f"file:///{file[:2]}{quote(raw_bytes[2:])}"}
    if file.startswith("/"):
        return {"uri": f"file://{quote(raw_bytes)}"}
    return {"uri": quote(raw_bytes) or "./", "uriBaseId": _ROOT}


def _text(text: str) -> dict[str, str]:
    """A message; `](` would make a link of it (SARIF 2.1.0, 3.11.6)."""
    return {"text": printable(text, _TEXT_LIMIT).replace("](", "] (") or "-"}
