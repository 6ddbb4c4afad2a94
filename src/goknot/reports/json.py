"""The report as JSON, `goknot.report/1`; its JSON Schema lies beside this file (`report.schema.json`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring

from goknot.model.chain import ChainStep
from goknot.model.cut import Cut
from goknot.model.knot import Evidence, HeapSize, HeapStep, Knot, KnotEdge, KnotNode, Place
from goknot.model.pictures import Excerpt, FolderMatrix, GoroutineSize, KeptNode
from goknot.model.plugins import PluginOutcome
from goknot.model.report import SCHEMA, HeapModule, Problem, Report, ReportInput, TypeSize
from goknot.reports.view import View

Value = str | int | bool | Iterable["Value"] | Mapping[str, "Value"]

# Lone surrogates (bytes of file names that are not UTF-8) cannot be encoded; the rest would act on a terminal: C1
# controls, line separators, marks that turn the direction of writing.
_UNFIT = re.compile("[\ud800-\udfff\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_encode = json.JSONEncoder(ensure_ascii=False).encode
_OPEN_DEPTH = 4  # lists and objects nested deeper stand on one line


def render(report: Report, view: View) -> str:
    """Renders the report as JSON; keys in the documented order, absent parts left out."""
    lines: list[str] = []
    _write(_report(report), 0, "", "", lines)
    return _UNFIT.sub(_escape, "\n".join(lines)) + "\n"


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\\\x{code - 0xDC00:02x}"  # the byte it stands for (PEP 383), printed
    if 0xD800 <= code <= 0xDFFF:
        return f"\\\\u{code:04x}"
    return f"\\u{code:04x}"


def _write(value: Value, depth: int, before: str, after: str, lines: list[str]) -> None:
    """One line for each member down to `_OPEN_DEPTH`: short to read, cheap to compare, and written by the C encoder."""
    pad = "  " * depth + before
    if isinstance(value, str):
        lines.append(f"{pad}{encode_basestring(value)}{after}")
    elif depth < _OPEN_DEPTH and isinstance(value, dict) and value:
        lines.append(f"{pad}{{")
        for index, (key, member) in enumerate(value.items(), 1):
            _write(member, depth + 1, f"{encode_basestring(key)}: ", "," if index < len(value) else "", lines)
        lines.append(f"{'  ' * depth}}}{after}")
    elif depth < _OPEN_DEPTH and isinstance(value, list) and value:
        lines.append(f"{pad}[")
        for index, member in enumerate(value, 1):
            _write(member, depth + 1, "", "," if index < len(value) else "", lines)
        lines.append(f"{'  ' * depth}]{after}")
    else:
        lines.append(f"{pad}{_encode(value)}{after}")


def _given(**members: Value) -> dict[str, Value]:
    """The members that are there: no empty text, no empty list, no 0."""
    return {name: value for name, value in members.items() if value}


def _report(report: Report) -> dict[str, Value]:
    stats: dict[str, Value] = dict(report.stats)
    return {
        "schema": SCHEMA,
        "goknot": report.version,
        "complete": report.complete,
        "inputs": [_input(looked_at) for looked_at in report.inputs],
        "knots": [_knot(knot) for knot in report.knots],
        **_given(types=[_type(one) for one in report.types]),
        **_given(modules=[_module(one) for one in report.modules]),
        **_given(plugins=[_plugin(plugin) for plugin in report.plugins]),
        **_given(kept=_kept(report.kept) if report.kept else ""),
        **_given(goroutines=[_goroutine(one) for one in report.goroutines]),
        **({"matrix": _matrix(report.matrix)} if report.matrix else {}),
        **_given(excerpts=[_excerpt(one) for one in report.excerpts]),
        "problems": [_problem(problem) for problem in report.problems],
        "stats": stats | _given(heap=dict(report.heap)),
    }


def _type(one: TypeSize) -> dict[str, Value]:
    return {
        "name": one.name,
        "named_by": one.named_by,
        "objects": one.objects,
        "bytes": one.bytes,
        "retained_bytes": one.retained_bytes,
    }


def _module(one: HeapModule) -> dict[str, Value]:
    return {
        "name": one.name,
        **_given(path=one.path),
        "state": one.state,
        "text": [f"{addr:#x}" for addr in one.text],
        "data": [f"{addr:#x}" for addr in one.data],
        "bss": [f"{addr:#x}" for addr in one.bss],
        "masks": one.has_masks,
        "roots": one.roots,
        "retained_objects": one.retained_objects,
        "retained_bytes": one.retained_bytes,
        "objects": one.objects,
        "bytes": one.bytes,
    }


def _input(looked_at: ReportInput) -> dict[str, Value]:
    own: dict[str, Value] = {"kind": looked_at.kind, "path": looked_at.path}
    details = {name: list(value) if isinstance(value, tuple) else value for name, value in looked_at.details.items()}
    return {**own, **details, **own}


def _problem(problem: Problem) -> dict[str, Value]:
    return {"where": problem.where, "what": problem.what, "effect": problem.effect}


def _knot(knot: Knot) -> dict[str, Value]:
    return {
        "id": knot.id,
        "level": knot.level,
        "kind": knot.kind,
        "verdict": knot.verdict,
        "confidence": knot.confidence,
        "reason": knot.reason,
        "title": knot.title,
        **_given(where=_place(knot.where) if knot.where else "", platforms=list(knot.platforms)),
        "nodes": [_node(node) for node in knot.nodes],
        "edges": [_edge(edge) for edge in knot.edges],
        "cycles": [list(cycle) for cycle in knot.cycles],
        "cuts": [_cut(cut) for cut in knot.cuts],
        **({"heap": _heap(knot.heap)} if knot.heap else {}),
        **_given(
            links=[{"id": link.id, "why": link.why} for link in knot.links],
            chain=[_chain_step(step) for step in knot.chain],
        ),
        "baseline": knot.baseline,
        **_given(causes=[list(edge) for edge in knot.causes]),
    }


def _chain_step(step: ChainStep) -> dict[str, Value]:
    own = _given(file=step.file, line=step.line, text=step.text, note=step.note)
    return {"level": step.level, "name": step.name, **own}


def _kept(nodes: tuple[KeptNode, ...]) -> dict[str, Value]:
    """By column, names and kinds once: a tree of 100,000 nodes stays small."""
    names = sorted({node.name for node in nodes})
    number = {name: index for index, name in enumerate(names)}
    return {
        "names": names,
        "parent": [node.parent for node in nodes],
        "name": [number[node.name] for node in nodes],
        "kind": [node.kind for node in nodes],
        "objects": [node.objects for node in nodes],
        "bytes": [node.bytes for node in nodes],
        "retained_bytes": [node.retained_bytes for node in nodes],
    }


def _goroutine(one: GoroutineSize) -> dict[str, Value]:
    stack = [{"function": function, **_given(where=where)} for function, where in one.stack]
    return {
        "function": one.function,
        "waits": one.waits,
        "leaked": one.leaked,
        "goroutines": one.goroutines,
        "retained_bytes": one.retained_bytes,
        "goid": one.goid,
        **_given(created_at=one.created_at),
        "stack": stack,
    }


def _excerpt(one: Excerpt) -> dict[str, Value]:
    return {"file": one.file, "line": one.line, "lines": list(one.lines)}


def _matrix(matrix: FolderMatrix) -> dict[str, Value]:
    return {
        "folders": list(matrix.folders),
        "ring_by_folder": list(matrix.ring_by_folder),
        "edges": [list(edge) for edge in matrix.edges],
    }


def _place(place: Place | Evidence) -> dict[str, Value]:
    return {"file": place.file, **_given(line=place.line, column=place.column)}


def _evidence(seen: Evidence) -> dict[str, Value]:
    return {**_place(seen), **_given(text=seen.text)}


def _node(node: KnotNode) -> dict[str, Value]:
    return {"name": node.name, "kind": node.kind, "key": node.key, **_given(file=node.file, line=node.line)}


def _edge(edge: KnotEdge) -> dict[str, Value]:
    return {
        "from": edge.source,
        "to": edge.target,
        "kind": edge.kind,
        "weight": edge.weight,
        "n_imports": edge.n_imports,
        **_given(field=edge.field),
        **({"offset": edge.offset} if edge.offset >= 0 else {}),
        **_given(
            symbols=list(edge.symbols),
            platforms=list(edge.platforms),
            note=edge.note,
            evidence=[_evidence(seen) for seen in edge.evidence],
        ),
    }


def _cut(cut: Cut) -> dict[str, Value]:
    return {
        "edges": [list(edge) for edge in cut.edges],
        "cost": cut.cost,
        "lower_bound": cut.lower_bound,
        "move": cut.move,
        "how": cut.how,
        **_given(steps=[{"move": move, "how": how} for move, how in cut.steps]),
    }


def _plugin(plugin: PluginOutcome) -> dict[str, Value]:
    hazards = [{"kind": h.kind, "text": h.text, **_given(names=list(h.names))} for h in plugin.hazards]
    return {
        "path": plugin.path,
        "outcome": plugin.outcome,
        **_given(
            text=plugin.text,
            package=plugin.package,
            packages=list(plugin.packages),
            poisoned_by=plugin.poisoned_by,
            hazards=hazards,
            why=plugin.why,
            fix=plugin.fix,
        ),
    }


def _heap(size: HeapSize) -> dict[str, Value]:
    return {
        "instances": size.instances,
        "objects": size.objects,
        "bytes": size.bytes,
        "retained_bytes": size.retained_bytes,
        **_given(
            example=[_step(step) for step in size.example],
            path_to_root=[_step(step) for step in size.path_to_root],
            holders=[{"name": name, "instances": n} for name, n in size.holders],
            goroutines=list(size.goroutines),
        ),
    }


def _step(step: HeapStep) -> dict[str, Value]:
    return {
        "name": step.name,
        "kind": step.kind,
        **_given(address=f"{step.address:#x}" if step.address else "", field=step.field),
        **({"offset": step.offset} if step.offset >= 0 else {}),
    }
