"""Which open waits for which, once a trace is over (plugin/plugin_dlopen.go, `open`: `<-p.loaded`)."""

from __future__ import annotations

from collections.abc import Sequence

from goknot.model.plugin_trace import TracedOpen


def settle(opens: Sequence[TracedOpen], ended: str) -> None:
    """Gives each open that did not return its outcome: who waits for whom, and what waits in a ring.

    Args:
        opens: All of them, by number.
        ended: How the trace ended (`Trace.ended`).
    """
    pending = [one for one in opens if one.seconds is None]
    for one in pending:
        if one.outcome != "panic":
            one.outcome = {"exit": "ended", "stalled": "stalled"}.get(ended, "unfinished")
        _explain_rest(one)
    if ended == "exit":
        return
    for one in pending:
        holder = next((o for o in pending if o.number < one.number and o.real == one.real and _is_past_map(o)), None)
        if holder is not None and not _is_past_map(one):
            one.waits_for = holder.number
    by_number = {one.number: one for one in opens}
    for one in pending:
        if _is_in_ring(one, pending, by_number):
            one.outcome = "hang"
            one.text = _words(one, by_number)


def _is_past_map(one: TracedOpen) -> bool:
    """Whether it has entered its plugin into the map of those opened: then others wait for it."""
    return bool(one.inits)


def _next(one: TracedOpen, pending: Sequence[TracedOpen]) -> int:
    """The open that has to return before this one can: what it waits for, else what its initialisers called last."""
    if one.waits_for:
        return one.waits_for
    return next((o.number for o in reversed(pending) if o.parent == one.number), 0)


def _is_in_ring(one: TracedOpen, pending: Sequence[TracedOpen], by_number: dict[int, TracedOpen]) -> bool:
    """Whether what it needs leads into a ring: then it never returns."""
    seen, at = set(), one.number
    while at and at not in seen:
        seen.add(at)
        at = _next(by_number[at], pending)
    return at != 0


def _words(one: TracedOpen, by_number: dict[int, TracedOpen]) -> str:
    if one.waits_for:
        other = by_number[one.waits_for]
        init = other.inits[-1].package if other.inits else other.path
        return (
            f"goroutine {one.goroutine} waits until the open of {other.path} (no. {other.number}, goroutine "
            f"{other.goroutine}) is done, which is in init of {init}"
        )
    return f"init of {one.inits[-1].package} does not return: it waits for another open" if one.inits else ""


def _explain_rest(one: TracedOpen) -> None:
    running = [init.package for init in one.inits if init.seconds is None]
    where = f"init of {running[-1]}" if running else "plugin.Open"
    one.text = {
        "panic": f"{where} panicked, and nothing recovered it: the host ended",
        "ended": f"the host ended in {where}",
        "stalled": f"{where} made no step",
        "unfinished": f"the trace ended in {where}",
    }[one.outcome]
