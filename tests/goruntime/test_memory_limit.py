"""A heap read with its arrays in files is the same heap, and every analysis of it says the same."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.toolchains import QUICK_VERSIONS

from goknot.analyses.heap.dominance import build_tree, retained_by_ring
from goknot.analyses.heap.groups import group_by_signature, sign_rings
from goknot.analyses.heap.holders import find_holders
from goknot.analyses.heap.verdicts import judge_rings
from goknot.goruntime.graph import heap_graph
from goknot.goruntime.opening import open_core
from goknot.kernels import memory
from goknot.kernels.memory import Allocator

if TYPE_CHECKING:
    from support.images import ImageMaker


@pytest.mark.parametrize("version", QUICK_VERSIONS)
def test_arrays_in_files_hold_the_same(
    version: str, heap_image: ImageMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_SMALL_BYTES", 1 << 12)
    taken = heap_image(version)
    alloc = Allocator(limit_bytes=1 << 16, folder=tmp_path)
    plain, limited = open_core(str(taken.core), str(taken.exe)), open_core(str(taken.core), str(taken.exe), alloc)
    assert alloc.mapped_bytes > 12 * plain.n_objects
    assert alloc.peak_bytes <= 1 << 16
    for name in ("object_addr", "object_bytes", "object_state", "edge_start", "edge_target"):
        assert (getattr(plain, name) == getattr(limited, name)).all(), name
    for part in fields(plain.edge_places()):
        ours, theirs = (getattr(image.edge_places(), part.name) for image in (limited, plain))
        assert np.array_equal(ours, theirs), part.name
    found = []
    for image, source in ((plain, None), (limited, alloc)):
        named = heap_graph(image)
        holders = find_holders(named.graph, source)
        verdicts = judge_rings(named.graph, holders, source)
        tree = build_tree(named.graph, holders, source)
        retained = partial(retained_by_ring, tree, holders, verdicts.rings, source)
        found.append(
            group_by_signature(
                named.graph,
                holders,
                verdicts,
                sign_rings(named.graph, verdicts),
                retained,
                type_names=named.types.names,
            )
        )
    assert len(found[0]) > 3
    assert found[0] == found[1]
    assert not list(tmp_path.iterdir())
