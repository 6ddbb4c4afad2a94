"""Long-lived objects by escape analysis as JSON, `goknot.escape/1`; its JSON Schema is `escape.schema.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from goknot.model.escape import Candidate, Escape, EscapeReport, Holding, Position
from goknot.reports.words import printable

SCHEMA = "goknot.escape/1"


def render_json(report: EscapeReport, holdings: Sequence[Holding] = tuple(Holding)) -> str:
    """Everything held in one of these ways, with every step the compiler gave as evidence."""
    head = {
        "schema": SCHEMA,
        "goknot": report.version,
        "inputs": [{"kind": "escape-log", "path": printable(report.path), "command": report.command}],
        "packages": [printable(package) for package in report.packages],
        "problems": [printable(problem) for problem in report.problems],
        "stats": {"lines": sum(report.n_lines_by_kind.values()), "lines_by_kind": report.n_lines_by_kind},
    }
    # a candidate a line: big logs have many, and json.dumps is slow and large when it indents
    rows = [json.dumps(_candidate(c), ensure_ascii=True) for c in report.candidates if c.holding in holdings]
    members = json.dumps(head, indent=1, ensure_ascii=True).removesuffix("\n}")
    return members + ',\n "candidates": [' + ",".join(f"\n  {row}" for row in rows) + "\n ]\n}\n"


def _candidate(candidate: Candidate) -> dict[str, object]:
    escape = candidate.escape
    return {
        "holding": str(candidate.holding),
        "holder": printable(candidate.holder),
        "package": printable(escape.package),
        "function": printable(escape.function),
        "subject": printable(escape.subject),
        "parameter": escape.is_parameter,
        "where": _place(escape.at),
        "note": printable(candidate.note),
        "evidence": [row for link in candidate.chain for row in _evidence(link)],
    }


def _evidence(escape: Escape) -> list[dict[str, object]]:
    return [
        {
            "from": printable(flow.source),
            "to": printable(flow.to),
            "derefs": flow.n_derefs,
            "steps": [
                {"text": printable(step.expression), "why": printable(step.why), **_place(step.at)}
                for step in flow.steps
            ],
        }
        for flow in escape.flows
    ]


def _place(at: Position) -> dict[str, object]:
    return {"file": printable(at.file), "line": at.line, "column": at.column}
