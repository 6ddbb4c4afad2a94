"""The scheduler's own structures, among tables that look like them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.builds import build
from support.programs import running
from support.toolchains import QUICK_VERSIONS

from goknot.app.heap.report import report_heap
from goknot.app.heap.study import HeapStudy
from goknot.goruntime.opening import open_process
from goknot.inputs.process import named_heap

N_PROCESSORS = 6  # at most so many were in use


@pytest.mark.parametrize("version", QUICK_VERSIONS)
@pytest.mark.parametrize("stripped", [False, True], ids=["", "stripped"])
def test_a_table_of_numbered_things_is_not_the_list_of_processors(version: str, stripped: bool, tmp_path: Path) -> None:
    with running(build("heap_processors", version, stripped=stripped), folder=tmp_path) as program:
        image = open_process(program.pid)
        heap = named_heap(image, "process", "0")
    numbers = {name: index for index, name in enumerate(heap.type_names)}
    processors = heap.graph.type_by_object == numbers.get("runtime.p", -2)
    others = set(image.scheduler.others.tolist())
    large = [one for one in others if image.object_bytes[one] > image.layout.size("runtime.p")]
    assert len(large) >= N_PROCESSORS  # those in use and those that no longer are; m is smaller
    assert not set(processors.nonzero()[0].tolist()) - others
    assert len(image.scheduler.timer_heaps)

    knots = report_heap(HeapStudy(heap)).knots
    names = [node.name for knot in knots for node in knot.nodes]
    assert not [name for name in names if name.startswith(("runtime.", "[]runtime.", "[]*runtime.", "internal/"))]
    assert not [knot.title for knot in knots if {node.name for node in knot.nodes} <= {"chan time.Time", "time.Ticker"}]
    assert not [knot.title for knot in knots if knot.level == "goroutine"]
    own = [knot for knot in knots if any("AfterFunc" in n or "main." in n for n in (node.name for node in knot.nodes))]
    assert sum(knot.heap.instances for knot in own if knot.heap) == program.said["owners"]
