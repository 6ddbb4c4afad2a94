"""A trace of plugin.Open: text for a person, JSON (`goknot.trace/1`) for programs."""

from __future__ import annotations

import json

from goknot.model.plugin_trace import SCHEMA, Frame, Trace, TracedOpen
from goknot.reports.pen import Pen
from goknot.reports.view import View
from goknot.reports.words import count

_MAX_FRAMES, _MAX_INITS = 8, 8


def render_json(trace: Trace) -> str:
    """Everything that is known, as JSON."""
    content = {
        "schema": SCHEMA,
        "command": list(trace.command),
        "ended": trace.ended,
        "exit_code": trace.exit_code,
        "seconds": trace.seconds,
        "opens": [_open(one) for one in trace.opens],
        "problems": list(trace.problems),
    }
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def _open(one: TracedOpen) -> dict[str, object]:
    return {
        "number": one.number,
        "path": one.path,
        "file": one.real,
        "goroutine": one.goroutine,
        "parent": one.parent,
        "outcome": one.outcome,
        "text": one.text,
        "waits_for": one.waits_for,
        "began": one.began,
        "seconds": one.seconds,
        "dlopen_seconds": one.dlopen_seconds,
        "module_seconds": one.module_seconds,
        "inits": [{"package": i.package, "began": i.began, "seconds": i.seconds} for i in one.inits],
        "stack": [{"function": frame.function, "where": frame.where} for frame in one.stack],
    }


def render_text(trace: Trace, view: View) -> str:
    """Each open in the order of calling, those made by an initialiser below it."""
    pen = Pen(view)
    depth_by_number = {0: -1}
    for one in trace.opens:
        depth_by_number[one.number] = depth_by_number.get(one.parent, -1) + 1
        _write(pen, one, "  " * depth_by_number[one.number], pending=one.seconds is None)
    for problem in trace.problems:
        pen.wrapped(pen.given(problem, 400), 4, first=(("warn", "problem"), "  "))
    failed = sum(one.failed for one in trace.opens)
    ended = "the host ended" if trace.ended == "exit" else f"the host was ended ({trace.ended})"
    code = f" with {trace.exit_code}" if trace.exit_code is not None else ""
    n_opened = len(trace.opens) - failed
    pen.line(f"{n_opened} of {count(len(trace.opens), 'open')} succeeded; {ended}{code} after {_time(trace.seconds)}")
    return pen.text()


def _write(pen: Pen, one: TracedOpen, indent: str, *, pending: bool) -> None:
    sign = ("bad", f"{pen.signs.bad} {one.outcome}") if one.failed else ("good", f"{pen.signs.good} opens")
    took = f"  {_time(one.seconds)}" if one.seconds is not None else ""
    parts = (f"{indent}{one.number}. ", sign, "  ", ("strong", pen.given(one.path, 400)), took)
    pen.line(*parts, f"  goroutine {one.goroutine}")
    inner = f"{indent}     "
    if one.text:
        pen.wrapped(pen.given(one.text, 2000), len(inner), first=(inner,))
    steps = [("dlopen", one.dlopen_seconds), ("lastmoduleinit", one.module_seconds)]
    shown = [f"{name} {_time(seconds)}" for name, seconds in steps if seconds is not None]
    for init in sorted(one.inits, key=lambda i: (i.seconds is not None, -(i.seconds or 0.0), i.began))[:_MAX_INITS]:
        state = _time(init.seconds) if init.seconds is not None else "not done"
        shown.append(f"init {pen.given(init.package, 200)} {state}")
    if len(one.inits) > _MAX_INITS:
        shown.append(f"{len(one.inits) - _MAX_INITS} more inits")
    if shown:
        pen.wrapped(", ".join(shown), len(inner), first=(inner,))
    for frame in one.stack[: _MAX_FRAMES if pending or one.failed else 1]:
        pen.line(inner, ("dim", f"at {_frame(pen, frame)}"))


def _frame(pen: Pen, frame: Frame) -> str:
    return pen.given(f"{frame.function}  {frame.where}".strip(), 200)


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"
