"""Stacks with the calls that were inlined, against what Go itself prints of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.builds import build
from support.programs import running
from support.toolchains import QUICK_VERSIONS

from goknot.inputs.process import read_process


def own(functions: list[str]) -> list[str]:
    """Without the runtime's frames, which Go leaves out."""
    return [name for name in functions if not name.startswith(("runtime.", "internal/"))]


@pytest.mark.parametrize("version", QUICK_VERSIONS)
@pytest.mark.parametrize("stripped", [False, True], ids=["", "stripped"])
def test_frames_are_those_that_go_prints(version: str, stripped: bool, tmp_path: Path) -> None:
    exe = build("heap_inlined", version, stripped=stripped)
    with running(exe, folder=tmp_path) as program:
        heap = read_process(program.pid, stop=True)
        said = program.said["stacks"]
    frames_by_goid = {one.goid: one.frames for one in heap.goroutines}
    stacks = re.findall(r"^goroutine (\d+) \[chan receive[^\n]*\]:\n(.*?)(?:\n\n|\Z)", said, re.MULTILINE | re.DOTALL)
    assert len(stacks) == 6
    for goid, text in stacks:
        calls = re.findall(r"^([^\s(][^\n]*?)\((?:\.\.\.|0x[^\n]*|)\)\n\t\S*/(\w+\.go:\d+)", text, re.MULTILINE)
        frames = [frame for frame in frames_by_goid[int(goid)] if own([frame.function])]
        assert len(frames) - len(calls) in (0, 1)  # Go leaves out what it made for `go work(...)`, the outermost
        assert [name for name, _ in calls] == [frame.function for frame in frames[: len(calls)]]
        assert [place for _, place in calls] == [frame.where.rpartition("/")[2] for frame in frames[: len(calls)]]
