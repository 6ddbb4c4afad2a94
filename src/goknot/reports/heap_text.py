"""What a knot of the live heap has besides its ring: one instance of it, the stack, and what holds it."""

from __future__ import annotations

from collections.abc import Sequence

from goknot.model.knot import HeapSize, HeapStep, Knot
from goknot.model.report import HeapModule
from goknot.model.verdict import Level
from goknot.reports.pen import Pen, Span
from goknot.reports.words import bytes_text, count, n_cells

_MAX_STEPS = 8  # of an instance, a path or a stack, unless all is asked for
_N_LAST = 2  # of these at the end
_PAD = " " * 4


def write_heap(pen: Pen, knot: Knot, heap: HeapSize, *, whole: bool) -> None:
    """Writes an instance with addresses, its stack if it is a goroutine, and the path from the root."""
    is_goroutine = knot.level is Level.GOROUTINE
    if is_goroutine:
        _write_stack(pen, knot, heap, whole=whole)
    if heap.example:
        pen.blank()
        pen.line("  ", ("strong", _head(knot, heap)))
        _write_steps(pen, heap.example, whole=whole, is_ring=not is_goroutine)
    if heap.path_to_root:
        pen.blank()
        pen.line("  ", ("strong", "Held by"))
        _write_steps(pen, heap.path_to_root, whole=whole, is_ring=False)
    others = heap.holders[1:] if whole else heap.holders[1:3]
    if others:
        also = ", ".join(f"{pen.given(name)} ({n:,})" for name, n in others)
        pen.wrapped(f"other instances by {also}", 6, "dim", first=(_PAD,))


def write_modules(pen: Pen, modules: Sequence[HeapModule]) -> None:
    """A line for each module of a program with plugins."""
    pen.line(("strong", count(len(modules), "module")))
    width = min(max(n_cells(pen.given(one.name)) for one in modules), pen.width // 2)
    for one in modules:
        name = pen.fitted(one.name, width)
        kept = f"its variables keep {bytes_text(one.retained_bytes)}, its types take {bytes_text(one.bytes)}"
        told = f"{one.state}: its variables are no roots" if one.state == "refused" else kept
        pen.line("  ", name, " " * (width - n_cells(name) + 2), ("warn" if one.state == "refused" else "", told))
    pen.blank()


def _head(knot: Knot, heap: HeapSize) -> str:
    if knot.level is Level.GOROUTINE:
        return "What it waits on, from its stack"
    return "The instance" if heap.instances == 1 else f"One of {heap.instances:,}"


def _write_steps(pen: Pen, steps: Sequence[HeapStep], *, whole: bool, is_ring: bool) -> None:
    shown = list(enumerate(steps))
    left_out = 0 if whole or len(steps) <= _MAX_STEPS else len(steps) - _MAX_STEPS
    address = max((len(f"{step.address:#x}") for step in steps if step.address), default=0)
    for index, step in shown:
        if left_out and _MAX_STEPS - _N_LAST <= index < _MAX_STEPS - _N_LAST + left_out:
            if index == _MAX_STEPS - _N_LAST:
                pen.line(_PAD, ("dim", f"{pen.signs.dots} {left_out:,} more; --knot {pen.signs.dots} shows all"))
            continue
        where = f"{step.address:#x}".ljust(address) + "  " if step.address else " " * (address + 2) if address else ""
        if step.kind != "object":
            where = ""
        back = is_ring and index == len(steps) - 1 and len(steps) > 1
        onward = field_text(pen, step.field, step.offset) if index < len(steps) - 1 or is_ring else ""
        rest: tuple[Span, ...] = ("  ", onward, ("dim", "  back to the first")) if back else ("  ", onward)
        room = pen.width - len(_PAD) - n_cells(where) - n_cells(onward) - (21 if back else 2)
        pen.line(_PAD, ("dim", where), pen.fitted(step.name, max(room, 20)), *rest)


def _write_stack(pen: Pen, knot: Knot, heap: HeapSize, *, whole: bool) -> None:
    frames = next((edge.evidence for edge in knot.edges if edge.evidence), ())
    if not frames or not heap.goroutines:
        return
    pen.blank()
    n_more = heap.instances - 1
    more = f", and of {count(n_more, 'other')}" if n_more else ""
    pen.line("  ", ("strong", f"Stack of goroutine {heap.goroutines[0]}{more}"))
    shown = frames if whole else frames[:_MAX_STEPS]
    width = min(max(n_cells(pen.given(frame.text)) for frame in shown), pen.width // 2)
    for frame in shown:
        name = pen.fitted(frame.text, width)
        place = f"{pen.given(frame.file)}:{frame.line}"
        pen.line(_PAD, name, " " * (width - n_cells(name) + 2), ("place", pen.fitted(place, pen.width - width - 6)))
    if len(frames) > len(shown):
        pen.line(_PAD, ("dim", f"and {len(frames) - len(shown):,} more"))


def field_text(pen: Pen, field: str, offset: int) -> str:
    """`.next @16`; the offset alone where the field has no name."""
    name = pen.given(field)
    dotted = f".{name}" if name and not name.startswith(("[", "captured")) else name
    return " ".join(part for part in (dotted, f"@{offset}" if offset >= 0 else "") if part)
