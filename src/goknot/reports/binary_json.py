"""A binary as JSON (`goknot.binary/1`, binary.schema.json): everything that was read and asked for."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from goknot.model.binary import BinaryReport

SCHEMA = "goknot.binary/1"


def render_json(report: BinaryReport, version: str) -> str:
    """Addresses are numbers, as linked; what was not asked for is left out."""
    content: dict[str, Any] = {"schema": SCHEMA, "goknot": version, "file": asdict(report.file)}
    content["build"] = _build(report)
    content["module"] = _module(report)
    content["exports"] = [asdict(one) for one in report.exports]
    content["package_hashes"] = [asdict(one) for one in report.hashes]
    content["symbol_counts"] = asdict(report.symbols) if report.symbols else None
    content["cgo"] = {
        "header": report.cgo.header,
        "exports": [asdict(one) for one in report.cgo.exports],
        "layouts": [_layout(asdict(one)) for one in report.cgo.layouts],
    }
    answers = report.answers
    for name, rows in (("functions", answers.functions), ("symbols", answers.symbols)):
        if rows is not None:
            content[name] = [asdict(one) for one in rows]
    if answers.pcs is not None:
        content["pcs"] = [_framed(asdict(one)) for one in answers.pcs]
    if answers.calls is not None:
        content["calls"] = [
            {"function": asdict(one.function), "calls": [_framed(asdict(call)) for call in one.calls]}
            for one in answers.calls
        ]
    content["missing"] = list(answers.missing)
    content["problems"] = list(report.problems)
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def _build(report: BinaryReport) -> dict[str, Any]:
    build = report.build
    return {
        "go": build.go,
        "package": build.package,
        "main_module": build.main,
        "modules": [
            {"path": path, "version": version, "sum": checksum, "replaced_by": replaced}
            for path, (version, checksum, replaced) in build.modules.items()
        ],
        "settings": dict(build.settings),
    }


def _module(report: BinaryReport) -> dict[str, Any] | None:
    if report.module is None:
        return None
    return asdict(report.module) | {"ranges": {name: list(pair) for name, pair in report.module.ranges.items()}}


def _framed(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"frames": [{"function": name, "where": where} for name, where in row["frames"]]}


def _layout(row: dict[str, Any]) -> dict[str, Any]:
    for side in ("here", "header"):
        if row[side] is not None:
            row[side] = [{"field": name, "off": off, "shape": shape} for name, off, shape in row[side]]
    return row
