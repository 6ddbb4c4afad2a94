"""Reports that goknot wrote as JSON, read back: `goknot.report/1`, and escape reports."""

from __future__ import annotations

import json
from pathlib import Path

from goknot.errors import InputError
from goknot.inputs.reportfile.escapes import SCHEMA as ESCAPES
from goknot.inputs.reportfile.escapes import read_escapes
from goknot.inputs.reportfile.knots import read_knot
from goknot.inputs.reportfile.members import Members
from goknot.inputs.reportfile.pictures import read_excerpt, read_goroutine, read_kept, read_matrix
from goknot.model.escape import MadeReport
from goknot.model.plugins import Hazard, PluginOutcome
from goknot.model.report import SCHEMA, HeapModule, Problem, Report, ReportInput, TypeSize

MAX_BYTES = 512 << 20

__all__ = ["parse_report", "read_any", "read_report"]


def read_report(path: Path) -> Report:
    """Reads a report.

    Raises:
        InputError: It cannot be read, or is no report; the message names the place in it.
    """
    return parse_report(_bytes(path), str(path))


def read_any(path: Path) -> Report | MadeReport:
    """Reads a report, or an escape report.

    Raises:
        InputError: It cannot be read, or is neither; the message names the place in it.
    """
    whole = _parsed(_bytes(path), str(path))
    if whole.text("schema", "") == ESCAPES:
        return read_escapes(whole)
    return _checked(whole)


def _bytes(path: Path) -> bytes:
    where = str(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(where, error.strerror or str(error)) from error
    if len(data) > MAX_BYTES:
        raise InputError(where, f"larger than {MAX_BYTES >> 20} MiB")
    return data


def parse_report(data: bytes, where: str) -> Report:
    """Reads a report from memory; `where` is what errors call it.

    Raises:
        InputError: It is no report; the message names the place in it.
    """
    return _checked(_parsed(data, where))


def _parsed(data: bytes, where: str) -> Members:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(where, f"not JSON: {error}", "Make it with --format json.") from error
    return Members(where, "", found)


def _checked(whole: Members) -> Report:
    if whole.text("schema", "") != SCHEMA:
        raise InputError(whole.file, f"no report of goknot: its schema is not {SCHEMA}", "Make it with --format json.")
    return _report(whole)


def _report(whole: Members) -> Report:
    stats = whole.member("stats").numbers(but="heap")
    heap = whole.member("stats").given_member("heap")
    kept, matrix = whole.given_member("kept"), whole.given_member("matrix")
    return Report(
        version=whole.text("goknot"),
        inputs=tuple(_input(one) for one in whole.members("inputs")),
        knots=tuple(read_knot(one) for one in whole.members("knots")),
        problems=tuple(Problem(o.text("where"), o.text("what"), o.text("effect")) for o in whole.members("problems")),
        stats=stats,
        complete=whole.flag("complete"),
        heap=heap.numbers() if heap is not None else {},
        types=tuple(_type(one) for one in whole.members("types", needed=False)),
        modules=tuple(_module(one) for one in whole.members("modules", needed=False)),
        plugins=tuple(_plugin(one) for one in whole.members("plugins", needed=False)),
        kept=read_kept(kept) if kept is not None else (),
        goroutines=tuple(read_goroutine(one) for one in whole.members("goroutines", needed=False)),
        matrix=read_matrix(matrix) if matrix is not None else None,
        excerpts=tuple(read_excerpt(one) for one in whole.members("excerpts", needed=False)),
    )


def _input(one: Members) -> ReportInput:
    details: dict[str, str | int | tuple[str, ...]] = {}
    for name in one.names():
        if name in {"kind", "path"}:
            continue
        value = one.value(name)
        details[name] = one.texts(name) if isinstance(value, list) else one.text_or_number(name)
    return ReportInput(one.text("kind"), one.text("path"), details)


def _type(one: Members) -> TypeSize:
    numbers = (one.number("objects"), one.number("bytes"), one.number("retained_bytes"))
    return TypeSize(one.text("name"), one.text("named_by"), *numbers)


def _module(one: Members) -> HeapModule:
    return HeapModule(
        one.text("name"),
        one.text("path", ""),
        one.text("state"),
        one.range("text"),
        one.range("data"),
        one.range("bss"),
        one.flag("masks"),
        one.number("roots"),
        one.number("retained_objects"),
        one.number("retained_bytes"),
        one.number("objects"),
        one.number("bytes"),
    )


def _plugin(one: Members) -> PluginOutcome:
    return PluginOutcome(
        path=one.text("path"),
        outcome=one.text("outcome"),
        text=one.text("text", ""),
        package=one.text("package", ""),
        packages=one.texts("packages"),
        poisoned_by=one.text("poisoned_by", ""),
        hazards=tuple(
            Hazard(h.text("kind"), h.text("text"), h.texts("names")) for h in one.members("hazards", needed=False)
        ),
        why=one.text("why", ""),
        fix=one.text("fix", ""),
    )
