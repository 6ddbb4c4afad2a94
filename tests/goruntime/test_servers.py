"""Goroutines that wait in the ways servers do: none is called leaked that something can still wake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.builds import build
from support.programs import running
from support.toolchains import QUICK_VERSIONS, VERSIONS

from goknot.analyses.heap.leaked import find_leaked
from goknot.goruntime.graph import heap_graph
from goknot.goruntime.opening import open_core

if TYPE_CHECKING:
    from pathlib import Path

    from support.images import HeapImage, ImageMaker

MATRIX = [v if v in QUICK_VERSIONS else pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS]
STRIPPED = [*MATRIX, pytest.param("1.26.6 stripped", marks=pytest.mark.slow)]


def leaked_goids(taken: HeapImage) -> set[int]:
    graph = heap_graph(open_core(str(taken.core), str(taken.exe))).graph
    return set(graph.goroutines.goid_by_goroutine[find_leaked(graph).leaked].tolist())


def names(said: dict[str, Any], goids: set[int]) -> list[str]:
    named = {goroutine["goid"]: goroutine["name"] for goroutine in said["goroutines"]}
    return sorted(named.get(goid, f"goroutine {goid}") for goid in goids)


@pytest.mark.parametrize("version", STRIPPED)
def test_leaked_is_what_nothing_can_wake(version: str, heap_image: ImageMaker) -> None:
    number, _, how = version.partition(" ")
    taken = heap_image(number, case="heap_servers", stripped=bool(how))
    expected = {goroutine["goid"] for goroutine in taken.said["goroutines"] if goroutine["leaked"]}
    assert len(expected) >= 5
    assert names(taken.said, leaked_goids(taken)) == names(taken.said, expected)


@pytest.mark.parametrize("how", ["channel", "group"])
@pytest.mark.parametrize("version", QUICK_VERSIONS)
def test_a_main_goroutine_that_keeps_the_program_up_is_no_leak(version: str, how: str, heap_image: ImageMaker) -> None:
    taken = heap_image(version, case="heap_servers", arguments=("-main", how))
    assert 1 not in leaked_goids(taken)


@pytest.mark.parametrize("version", QUICK_VERSIONS)
def test_main_and_a_worker_that_wait_for_each_other(version: str, heap_image: ImageMaker) -> None:
    taken = heap_image(version, case="heap_servers", arguments=("-main", "deadlock"))
    unplanted = leaked_goids(taken) - {goroutine["goid"] for goroutine in taken.said["goroutines"]}
    assert 1 in unplanted
    assert len(unplanted) == 2


def test_go_says_the_same_but_for_weak_pointers(tmp_path: Path) -> None:
    with running(build("heap_servers", "1.27.3"), folder=tmp_path) as program:
        said = program.said
    expected = {goroutine["goid"] for goroutine in said["goroutines"] if goroutine["leaked"]}
    assert expected <= set(said["go_leaked"])
    assert names(said, set(said["go_leaked"]) - expected) == ["waitWeak"]


@pytest.mark.parametrize(("version", "experiment"), [(v, "") for v in QUICK_VERSIONS] + [("1.26.6", "nogreenteagc")])
def test_the_scheduler_is_never_shown(version: str, experiment: str, heap_image: ImageMaker) -> None:
    taken = heap_image(version, case="heap_servers", experiment=experiment)
    image = open_core(str(taken.core), str(taken.exe))
    named = heap_graph(image)
    types = named.types.names
    own = [number for number, name in enumerate(types) if name in {"runtime.p", "runtime.m", "[]*runtime.p"}]
    objects = np.flatnonzero(np.isin(named.graph.type_by_object, own))
    assert len(objects) >= 2
    assert (image.runtime_objects[objects] > 0).all()
