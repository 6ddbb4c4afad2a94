"""What a condition or the bound of a loop tells of how often something happens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set

from goknot.inputs.source.bodies.gotype import GoType
from goknot.inputs.source.bodies.ir import NIL, Call, Expr, If, Loop, Name, Select
from goknot.inputs.source.bodies.machine import Frame, Where
from goknot.inputs.source.bodies.trail import Parted

_NAMES = re.compile(r"[A-Za-z_]\w*")
_ERRORS = frozenset({("errors", "New"), ("fmt", "Errorf"), ("errors", "Wrap"), ("errors", "Errorf")})
_ATOMIC = re.compile(r"atomic\.|\.(?:Add|Load|CompareAndSwap|Swap)\(|(?:len|cap)\(")


def parted_by(s: If, frame: Frame, where: Where) -> Parted:
    """The alternatives of an if statement, still empty."""
    names = _NAMES.findall(s.text)
    cells = [frame.env[name] for name in names if name in frame.env]
    version = max((cell.version for cell in cells), default=0)
    parted = Parted("if", where, s.text, version, is_counted(s.text, names, frame.func.counted))
    told = {cell.told for cell in cells} - {""}
    if told:
        parted.told, parted.flips = _told(s.text, names, told)
        parted.counted = parted.counted or (not parted.told and "ok" in told)
    return parted


def _told(text: str, names: list[str], told: set[str]) -> tuple[str, bool]:
    """What a condition asks about something received, and whether it is taken if that is not so."""
    bare = text.replace(" ", "")
    if told == {"ok"} and bare.removeprefix("!") == names[0]:
        return "ok", bare.startswith("!")
    if told == {"value"} and bare in {f"{names[0]}!=nil", f"{names[0]}==nil"}:
        return "value", "==" in bare
    return "", False


def told_of(value: Expr, frame: Frame) -> str:
    """What is known of a value that is sent: `nil`, `made`, or the variable and its version."""
    if value == NIL:
        return "nil"
    if isinstance(value, Name) and value.name in frame.env:
        return f"{value.name}@{frame.env[value.name].version}"
    if not isinstance(value, Call):
        return ""
    callee = value.callee
    if isinstance(callee, Select) and isinstance(callee.base, Name):
        return "made" if (callee.base.name, callee.name) in _ERRORS else ""
    return ""


def is_counted(text: str, names: Iterable[str], counted: Set[str]) -> bool:
    """Whether a condition is about what is counted or flagged along the way, or may be."""
    if _ATOMIC.search(text) or not counted.isdisjoint(names):
        return True
    return "." in text and any("." in name and name in text for name in counted)


def kind_of_loop(s: Loop, shape: GoType | None, frame: Frame) -> tuple[str, str, bool]:
    """Kind, bound and whether that is counted: as in `model.processes.Repeat`.

    Args:
        s: The loop.
        shape: Of a range the type that is ranged over, if known.
        frame: What it stands in.
    """
    if shape is not None and shape.kind in {"chan", "func"} and not s.bound.endswith(".C"):
        return ("channel" if shape.kind == "chan" else "while"), "", False
    if s.kind == "range" and (s.bound.endswith(".C") or s.bound.startswith("time.Tick(")):
        return "ticker", s.bound, False
    if s.kind == "ever" or not s.bound:
        return s.kind if s.kind != "range" else "while", "", False
    number = s.kind == "while" or s.bound.isdecimal() or (shape is not None and shape.kind == "basic")
    bound = s.bound if number else f"len({s.bound})"
    return "count", bound, any(name in frame.func.counted for name in _NAMES.findall(s.bound))
