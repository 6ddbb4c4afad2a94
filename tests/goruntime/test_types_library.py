"""Types in a heap that the standard library filled: how many are named; and do names come back that are left out?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.dump_flow import flow_of
from support.naive import reachable
from support.toolchains import VERSIONS

from goknot.formats.heapdump import read_heap_dump
from goknot.formats.heapdump_graph import heap_graph
from goknot.goruntime import types_flow
from goknot.goruntime.types_flow import name_objects
from goknot.goruntime.types_seeds import NamedBy, Seeds
from goknot.goruntime.types_slots import FlowTypes

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from support.images import ImageMaker

    from goknot.goruntime.types import TypeTable
    from goknot.goruntime.types_seeds import FlowHeap

pytestmark = pytest.mark.slow  # compiling net/http takes most of a minute the first time


def _live_with_pointers(dump: Path, heap: FlowHeap) -> NDArray[np.bool_]:
    graph = heap_graph(read_heap_dump(str(dump)))
    starts, targets = graph.edge_start.tolist(), graph.edge_target.tolist()
    successors = [targets[starts[n] : starts[n + 1]] for n in range(len(starts) - 1)]
    live = np.zeros(len(successors), np.bool_)
    live[list(reachable(successors, graph.roots.target_by_root.tolist()))] = True
    return live & (heap.noscan_by_object == 0)


@pytest.mark.parametrize("version", VERSIONS)
def test_names_without_debug_information(version: str, heap_image: ImageMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the objects in interfaces are left out: pointers alone name many of them, and none wrongly."""
    image = heap_image(version, case="heap_library", arguments=("-n", "100"))
    heap, table, functions = flow_of(version, image.exe, image.dump)
    named = name_objects(heap, table, FlowTypes(table), functions)
    live = _live_with_pointers(image.dump, heap)
    share = float((named.type_by_object[live] >= 0).mean())
    assert share > (0.96 if version > "1.22" else 0.90)

    said_by_word = types_flow.interfaces
    left_out = np.random.default_rng(1).random(len(heap.addr_by_object)) < 0.5

    def half(heap: FlowHeap, table: TypeTable, types: FlowTypes) -> Seeds:
        seeds = said_by_word(heap, table, types)
        kept = ~left_out[seeds.target]
        fields = (seeds.target, seeds.delta, seeds.kind, seeds.many, seeds.strength, seeds.source)
        return Seeds(*(array[kept] for array in fields))

    monkeypatch.setattr(types_flow, "interfaces", half)
    again = name_objects(heap, table, FlowTypes(table), functions)
    compared = left_out & (named.type_by_object >= 0) & (again.type_by_object >= 0)
    compared &= again.named_by_object != NamedBy.INFERRED
    assert int(compared.sum()) > 1000
    names = np.array(named.names)[named.type_by_object[compared]]
    once_more = np.array(again.names)[again.type_by_object[compared]]
    assert sorted({pair for pair in zip(names.tolist(), once_more.tolist(), strict=True) if pair[0] != pair[1]}) == []
