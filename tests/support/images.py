"""A program of known shape together with everything that was written of it: its own words, its dump, its core."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.builds import build
from support.cores import take_core
from support.emulation import emulator
from support.programs import running


@dataclass(frozen=True, slots=True)
class HeapImage:
    """One stopped program.

    Attributes:
        version: Go's version, e.g. `1.26.6`.
        exe: The executable.
        core: Its core.
        dump: What debug.WriteHeapDump wrote just before.
        said: What the program says of itself (see tests/go/heap_shapes/main.go, `description`).
    """

    version: str
    exe: Path
    core: Path
    dump: Path
    said: dict[str, Any]


ImageMaker = Callable[..., HeapImage]


def take_image(
    folder: Path,
    version: str,
    *,
    case: str = "heap_shapes",
    arguments: tuple[str, ...] = (),
    how: str = "any",
    env: dict[str, str] | None = None,
    target: str = "",
    **build_options: Any,
) -> HeapImage:
    """Builds and runs `case`, and keeps its dump and its core in `folder`; options as in `builds.build`.

    Args:
        how: As of `take_core`; a program for another architecture runs in an emulator, which writes the core.
    """
    before = emulator(target)
    exe = build(case, version, target=target, **build_options)
    dump = folder / "heap.dump"
    with running(exe, ["-dump", str(dump), *arguments], folder=folder, env=env, emulator=before) as program:
        core = take_core(program, folder / "core.image", "emulator" if before else how)
        return HeapImage(version, exe, core, dump, program.said)
