"""Which goroutines can never be woken, among those of a program that waits as servers do; against Go's own profile."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.builds import build
from support.programs import running
from support.toolchains import QUICK_VERSIONS, minor

from goknot.app.heap.report import report_heap
from goknot.app.heap.study import HeapStudy
from goknot.inputs.process import read_process
from goknot.model.verdict import Verdict

STUCK = {
    *("Receiving", "Sending", "OnNil", "InSelect", "OnTwo", "OnGroup", "OnLock", "OnReadLock", "OnWriteLock"),
    *("OnCond", "WithoutDeadline", "OnStoppedTimer"),
}


@pytest.mark.parametrize("version", QUICK_VERSIONS)
@pytest.mark.parametrize("stripped", [False, True], ids=["", "stripped"])
def test_only_goroutines_that_nothing_can_wake_are_called_blocked(version: str, stripped: bool, tmp_path: Path) -> None:
    with running(build("heap_waits", version, stripped=stripped), folder=tmp_path) as program:
        study = HeapStudy(read_process(program.pid, stop=True))
        said = program.said
    leaked = [study.heap.goroutines[one] for group in study.leaked_groups for one in group.goroutines]
    functions = {next(f.function for f in one.frames if f.function.startswith("main.")) for one in leaked}
    expected = {f"main.stuck{name}" for name in STUCK}
    if minor(version) < 23:  # a stopped timer stays in the runtime's heap of timers for a while (time.go, `deltimer`)
        functions, expected = (names - {"main.stuckOnStoppedTimer"} for names in (functions, expected))
    assert functions == expected
    assert said["asked"] == (minor(version) > 26)
    if said["asked"]:
        assert {f"main.{name}" for name in said["leaked"]} == functions

    never_freed = [knot for knot in report_heap(study).knots if knot.verdict is Verdict.NEVER_FREED]
    assert {knot.kind for knot in never_freed} == {"goroutine-blocked"}
    assert sum(knot.heap.instances for knot in never_freed if knot.heap) == len(leaked)
