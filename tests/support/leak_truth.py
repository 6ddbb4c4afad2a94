"""What leaks in truth: the corpus tests/go/leak_shapes, run by a Go of a given version."""

from __future__ import annotations

import functools
import re
import subprocess

from support.builds import build
from support.leak_shapes import PLUGIN, Shape, shapes
from support.toolchains import minor

_LINE = re.compile(r"shape (\S+) (?:made (\d+) freed (\d+)|panicked: (.*))$")
_SLACK = 1  # a dead pointer in a register or a frame may keep one object of the twelve


@functools.cache
def leak_truth(version: str) -> dict[str, str]:
    """Shape -> `leaks`, `collected`, `panics` or `crashes`, as measured; `mixed: ...` if it was neither.

    Shapes that this version cannot compile are left out.
    """
    exe = build("leak_shapes", version, cgo=True)
    built = [shape for shape in shapes() if shape.built(minor(version))]
    plugin = build("leak_shapes", version, cgo=True, mode="plugin", package=f"./{PLUGIN}")
    done = subprocess.run([exe, plugin], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    measured = _read(done.stdout)
    for shape in built:
        if shape.exclusive():
            measured |= _run_alone(str(exe), shape)
    return measured


def _run_alone(exe: str, shape: Shape) -> dict[str, str]:
    done = subprocess.run([exe, shape.name], capture_output=True, text=True, timeout=60, check=False)
    return {shape.name: "crashes"} if done.returncode else _read(done.stdout)


def _read(text: str) -> dict[str, str]:
    measured = {}
    for line in text.splitlines():
        found = _LINE.match(line)
        if found is not None:
            measured[found[1]] = "panics" if found[4] is not None else _verdict(int(found[2]), int(found[3]))
    return measured


def _verdict(n_made: int, n_freed: int) -> str:
    if n_made and n_freed == 0:
        return "leaks"
    if n_made and n_freed >= n_made - _SLACK:
        return "collected"
    return f"mixed: freed {n_freed} of {n_made}"
