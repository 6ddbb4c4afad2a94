"""What only the runtime's queues hold: finalizers and cleanups that wait to run, with and without a symbol table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import builds
from support.images import take_image
from support.naive import reachable
from support.toolchains import QUICK_VERSIONS, VERSIONS, minor

from goknot.goruntime.image import HeapImage, RootPlace
from goknot.goruntime.opening import open_core
from goknot.model.heap import ObjectState

MATRIX = [v if v in QUICK_VERSIONS else pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS]
N_QUEUED = 250  # of each kind; see programs/heap_queues
N_BETWEEN = 8  # objects made after the last collection


@pytest.fixture(autouse=True)
def _programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builds, "GO_SOURCES", Path(__file__).resolve().parent / "programs")


def _reached(image: HeapImage, without: frozenset[RootPlace] = frozenset()) -> set[int]:
    """What the collector marks, by the plainest means."""
    table, edges = image.roots, image.edge_target.tolist()
    start = image.edge_start.tolist()
    successors = [edges[start[o] : start[o + 1]] for o in range(image.n_objects)]
    starts = set()
    for index, root in enumerate(table.roots):
        if root.place not in without:
            starts.update(table.target_object[table.target_start[index] : table.target_start[index + 1]].tolist())
    for special in image.specials:
        words = image.space.words_at(np.array(special.word_addr, np.uint64))
        starts.update(image.resolve(words)[image.resolve(words) >= 0].tolist())
        if special.kind == "finalizer":
            starts.update(successors[int(image.resolve(np.array([special.object_addr], np.uint64))[0])])
    gs = image.resolve(np.array([goroutine.addr for goroutine in image.goroutines], np.uint64))
    return reachable(successors, starts | set(gs[gs >= 0].tolist()))


@pytest.mark.parametrize("stripped", [False, True])
@pytest.mark.parametrize("version", MATRIX)
def test_queued_finalizers_and_cleanups_hold_their_objects(version: str, stripped: bool, tmp_path: Path) -> None:
    taken = take_image(tmp_path, version, case="heap_queues", stripped=stripped)
    image = open_core(str(taken.core), str(taken.exe))
    payloads = image.resolve(np.array(taken.said["queued"], np.uint64)).tolist()
    assert len(payloads) == N_QUEUED * (2 if minor(version) >= 24 else 1)
    live = {o for o in payloads if o >= 0 and image.object_state[o] == ObjectState.ALLOCATED}
    assert len(live) >= len(payloads) - 2  # one of each kind runs; its argument may be dead already
    reached = _reached(image)
    assert live <= reached
    finalized = set(np.flatnonzero(image.object_state != ObjectState.ALLOCATED).tolist())
    on = {int(o) for s in image.specials for o in image.resolve(np.array([s.object_addr], np.uint64)).tolist()}
    assert len(set(range(image.n_objects)) - reached - finalized - on) <= N_BETWEEN
    # Nothing else leads there: without the queues they would be taken for garbage.
    assert len(live & _reached(image, frozenset({RootPlace.QUEUE}))) <= 2
    assert not any("queued" in problem for problem in image.problems)
