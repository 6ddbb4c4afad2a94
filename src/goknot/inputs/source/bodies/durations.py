"""How long a time is, if it is written as a constant."""

from __future__ import annotations

import re

from goknot.inputs.source.bodies.ir import Call, Cast, Constant, Expr, Name, Select, Several
from goknot.inputs.source.bodies.program import Program

_SECONDS = {"Nanosecond": 1e-9, "Microsecond": 1e-6, "Millisecond": 1e-3, "Second": 1, "Minute": 60, "Hour": 3600}
_NUMBER = re.compile(r"(?:time\.Duration\()?([\d_]+)\)?$")
_CONST = re.compile(rb"const\s+")
_VALUE = re.compile(rb"\s*(?:time\.Duration\s*)?=\s*([^\n/]+)")
_MAX_NAMES = 4  # constants that stand for constants


def seconds_of(program: Program, package: str, expr: Expr) -> int:
    """Whole seconds of a duration, or of `time.Now().Add(d)`; -1 if that is not known, 0 if it is less than one."""
    if isinstance(expr, Call) and isinstance(expr.callee, Select) and expr.callee.name == "Add" and len(expr.args) == 1:
        base = expr.callee.base
        if isinstance(base, Call) and isinstance(base.callee, Select) and base.callee.name == "Now":
            expr = expr.args[0]
    found = _of_text(program, package, _text(expr), _MAX_NAMES)
    return -1 if found is None else int(found)


def _text(expr: Expr) -> str:
    if isinstance(expr, Several):
        return expr.text
    if isinstance(expr, Name):
        return expr.name
    if isinstance(expr, Constant):
        return expr.text
    if isinstance(expr, Cast):
        return _text(expr.value)
    if isinstance(expr, Select) and isinstance(expr.base, Name):
        return f"{expr.base.name}.{expr.name}"
    return ""


def _of_text(program: Program, package: str, text: str, n_names: int) -> float | None:
    """Seconds of `time.Hour`, `24 * time.Hour`, a constant's name."""
    product = 1.0
    has_unit = False
    for factor in text.split("*"):
        part = factor.strip()
        number = _NUMBER.match(part)
        if number is not None:
            product *= int(number[1].replace("_", "") or 0)
        elif part.startswith("time.") and part[5:] in _SECONDS:
            product *= _SECONDS[part[5:]]
            has_unit = True
        elif part.isidentifier() and n_names:
            value = _of_text(program, package, _constant(program, package, part), n_names - 1)
            if value is None:
                return None
            product *= value
            has_unit = True
        else:
            return None
    return product if has_unit else product * 1e-9  # a bare number counts nanoseconds


def _constant(program: Program, package: str, name: str) -> str:
    """The text of a package's constant; empty if there is none."""
    key = (package, name)
    if key not in program.constants:
        program.constants[key] = _find_constant(program, package, name.encode())
    return program.constants[key]


def _find_constant(program: Program, package: str, name: bytes) -> str:
    declared = program.package(package)
    for source in declared.files if declared is not None else ():
        data = source.data
        at = data.find(name)
        while at >= 0:
            begin = data.rfind(b"\n", 0, at) + 1
            if data[begin:at] == b"\t" or _CONST.fullmatch(data, begin, at):
                value = _VALUE.match(data, at + len(name))
                if value is not None:
                    return value[1].decode("utf-8", "replace").strip()
            at = data.find(name, at + len(name))
    return ""
