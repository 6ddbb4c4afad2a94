"""A log of the loader, summed up: text for a person, JSON (`goknot.ldlog/1`) for programs."""

from __future__ import annotations

import json

from goknot.model.ldlog import LdLog, Lookup
from goknot.reports.pen import Pen
from goknot.reports.view import View
from goknot.reports.words import count

SCHEMA = "goknot.ldlog/1"
_MAX_ROWS, _MAX_NAMES = 20, 5


def render_json(log: LdLog) -> str:
    """Everything that is known, as JSON."""
    content = {
        "schema": SCHEMA,
        "program": log.program,
        "loaded": list(log.loaded),
        "opened": list(log.opened),
        "missing": [{"library": name, "tried": list(tried)} for name, tried in sorted(log.missing.items())],
        "errors": [{"file": file, "text": text} for file, text in log.errors],
        "unresolved": [_lookup(lookup) for lookup in log.unresolved],
        "interpositions": [
            {"from": i.source, "to": i.target, "n": i.n, "functions": list(i.functions), "symbols": list(i.symbols)}
            for i in log.interpositions
        ],
        "bindings": [{"from": source, "to": target, "n": n} for (source, target), n in log.bindings.items()],
        "lookups": [_lookup(lookup) for lookup in log.lookups],
        "problems": list(log.problems),
        "stats": {"lines": log.n_lines, "other_lines": log.n_other},
    }
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def render_text(log: LdLog, view: View) -> str:
    """What a person wants to know first: errors, what is missing, interpositions; then who binds to whom."""
    pen = Pen(view)
    for file, text in log.errors[:_MAX_ROWS]:
        pen.wrapped(pen.given(f"{file}: {text}", 1000), 4, first=(("bad", f"{pen.signs.bad} error"), "  "))
    for name, tried in sorted(log.missing.items())[:_MAX_ROWS]:
        what = f"{name}: not found in {count(len(tried), 'place')}"
        pen.wrapped(pen.given(what, 400), 4, first=(("bad", f"{pen.signs.bad} missing"), "  "))
    for found in log.interpositions:
        names = ", ".join((found.functions or found.symbols)[:_MAX_NAMES])
        more = f" and {found.n - _MAX_NAMES:,} more" if found.n > _MAX_NAMES else ""
        what = f"{found.source} is bound to {found.target}, opened before it: {names}{more}"
        pen.wrapped(pen.given(what, 2000), 4, first=(("warn", f"{pen.signs.warn} interposed"), "  "))
    for lookup in log.lookups[:_MAX_ROWS]:
        _write_lookup(pen, lookup)
    _write_bindings(pen, log)
    for problem in log.problems:
        pen.line(("warn", "problem"), "  ", problem)
    unresolved = f", {count(len(log.unresolved), 'symbol')} found nowhere" if log.unresolved else ""
    n_bound = sum(log.bindings.values())
    pen.line(f"{count(n_bound, 'binding')} of {count(len(log.loaded), 'file')}{unresolved}; {log.n_lines:,} lines read")
    return pen.text()


def _write_lookup(pen: Pen, lookup: Lookup) -> None:
    where = f"bound to {lookup.found_in} for {lookup.wanted_by}" if lookup.found_in else "found nowhere"
    looked = f", looked for in {', '.join(lookup.looked_in)}" if lookup.looked_in else ""
    pen.wrapped(pen.given(f"{lookup.symbol}: {where}{looked}", 2000), 4, first=(("strong", "symbol"), "  "))


def _write_bindings(pen: Pen, log: LdLog) -> None:
    rows = sorted(log.bindings.items(), key=lambda row: (-row[1], row[0]))
    for (source, target), n in rows[:_MAX_ROWS]:
        pen.line(f"  {n:>9,}  ", pen.given(source, 300), pen.signs.arrow, pen.given(target, 300))
    if len(rows) > _MAX_ROWS:
        pen.line("  ", ("dim", f"and {len(rows) - _MAX_ROWS:,} more pairs; --format json has all"))


def _lookup(lookup: Lookup) -> dict[str, object]:
    return {
        "symbol": lookup.symbol,
        "version": lookup.version,
        "wanted_by": lookup.wanted_by,
        "found_in": lookup.found_in,
        "looked_in": list(lookup.looked_in),
    }
