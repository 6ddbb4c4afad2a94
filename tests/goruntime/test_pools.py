"""What pools hold, with names and without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.toolchains import QUICK_VERSIONS, VERSIONS

from goknot.analyses.heap.holders import find_holders
from goknot.analyses.heap.tiers import Tier
from goknot.goruntime.graph import heap_graph
from goknot.goruntime.opening import open_core
from goknot.goruntime.pools import POOL_LISTS, lists_by_structure

if TYPE_CHECKING:
    from support.images import ImageMaker

MATRIX = [v if v in QUICK_VERSIONS else pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS]


@pytest.mark.parametrize("version", MATRIX)
def test_lists_of_pools_by_structure_are_those_of_that_name(version: str, heap_image: ImageMaker) -> None:
    taken = heap_image(version)
    image = open_core(str(taken.core), str(taken.exe))
    roots = image.roots
    starts = {root.name: int(roots.place_addr[roots.target_start[i]]) for i, root in enumerate(roots.roots)}
    named = {starts[name] for name in POOL_LISTS if name in starts}
    assert starts["sync.allPools"] in lists_by_structure(image)
    assert set(lists_by_structure(image)) <= named


@pytest.mark.parametrize("stripped", [False, True])
@pytest.mark.parametrize("version", MATRIX)
def test_only_a_pool_holds_what_is_in_a_pool(version: str, stripped: bool, heap_image: ImageMaker) -> None:
    taken = heap_image(version, stripped=stripped)
    image = open_core(str(taken.core), str(taken.exe))
    tier_by_object = find_holders(heap_graph(image).graph).tier_by_object
    pooled = [plant for plant in taken.said["plants"] if plant["shape"] == "pool-item"]
    assert pooled
    for plant in pooled:
        addrs = np.array([int(thing["addr"], 16) for thing in plant["objects"]], np.uint64)
        assert set(tier_by_object[image.resolve(addrs)].tolist()) == {Tier.POOL}
