"""A trace of plugin.Open, for a person and as `goknot.trace/1` (its JSON Schema lies beside this file)."""

from __future__ import annotations

import json

from goknot import __version__
from goknot.model.plugin_trace import SCHEMA, OpenTrace, TracedOpen
from goknot.reports.pen import Pen
from goknot.reports.view import View
from goknot.reports.words import count

_MAX_STACK, _MAX_INITS = 6, 8
_LEAST_MS = 1.0  # quicker initialisers are counted only


def render_text(trace: OpenTrace, view: View) -> str:
    """Every call in its order, those from initialisers below the call they came from; then who waits on whom."""
    pen = Pen(view)
    for number, one in enumerate(trace.opens):
        _write_open(pen, one, "  " * _depth(trace, number))
    if trace.waits:
        pen.line(("bad", "It hangs"))
        for line in trace.waits:
            pen.wrapped(pen.given(line, 600), 4, first=("  ",))
        pen.blank()
    for problem in trace.problems:
        pen.wrapped(f"problem: {pen.given(problem, 400)}", 4, first=())
    n_open = sum(one.outcome == "opens" for one in trace.opens)
    ended = "ended by goknot" if trace.exit_status is None else f"exit status {trace.exit_status}"
    calls = count(len(trace.opens), "plugin.Open call")
    mood = ("good", pen.signs.good) if n_open == len(trace.opens) and trace.opens else ("bad", pen.signs.bad)
    pen.line(
        mood,
        f" {n_open} of {calls} returned a plugin; {pen.given(trace.host)}: {ended}",
    )
    return pen.text()


def _depth(trace: OpenTrace, number: int) -> int:
    depth, parent = 0, trace.opens[number].parent
    while parent >= 0:
        depth, parent = depth + 1, trace.opens[parent].parent
    return depth


def _write_open(pen: Pen, one: TracedOpen, pad: str) -> None:
    good = one.outcome == "opens"
    sign = ("good", pen.signs.good) if good else ("bad", pen.signs.bad)
    took = f"  {one.milliseconds:,.1f} ms" if one.milliseconds is not None else ""
    pen.line(pad, sign, f" {one.outcome:<8} ", pen.given(one.path, 200), ("dim", f"  goroutine {one.goroutine}{took}"))
    if one.text:
        pen.wrapped(pen.given(one.text, 900), 5 + len(pad), first=(pad + "     ",))
    if one.load_milliseconds is not None:
        pen.line(pad, ("dim", f"     mapped   {one.load_milliseconds:,.1f} ms"))
    slow = [init for init in one.inits if init.milliseconds is None or init.milliseconds >= _LEAST_MS]
    for init in slow[:_MAX_INITS]:
        took = "does not end" if init.milliseconds is None else f"{init.milliseconds:,.1f} ms"
        pen.line(pad, ("dim", "     init     "), pen.given(init.function, 200), ("dim", f"  {took}"))
    if len(one.inits) > len(slow[:_MAX_INITS]):
        pen.line(pad, ("dim", f"     and {count(len(one.inits) - len(slow[:_MAX_INITS]), 'quicker initialiser')}"))
    for function, where in one.stack[:_MAX_STACK]:
        pen.line(pad, ("dim", "     from     "), pen.given(function, 200), ("place", f"  {pen.given(where)}"))
    pen.blank()


def render_json(trace: OpenTrace) -> str:
    """`goknot.trace/1`; what is not known is left out."""
    whole = {
        "schema": SCHEMA,
        "goknot": __version__,
        "host": trace.host,
        "arguments": list(trace.arguments),
        **({} if trace.exit_status is None else {"exit_status": trace.exit_status}),
        "opens": [_open(one) for one in trace.opens],
        "waits": list(trace.waits),
        "problems": list(trace.problems),
    }
    return json.dumps(whole, indent=2) + "\n"


def _open(one: TracedOpen) -> dict[str, object]:
    known = {
        "parent": one.parent if one.parent >= 0 else None,
        "text": one.text or None,
        "load_milliseconds": one.load_milliseconds,
        "milliseconds": one.milliseconds,
    }
    return {
        "path": one.path,
        "goroutine": one.goroutine,
        "outcome": one.outcome,
        **{name: value for name, value in known.items() if value is not None},
        "inits": [
            {"function": init.function, **({} if init.milliseconds is None else {"milliseconds": init.milliseconds})}
            for init in one.inits
        ],
        "stack": [{"function": function, "where": where} for function, where in one.stack],
    }
