"""Cores against Go's own heap dump, written just before by the same process; and against what the program planted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.toolchains import QUICK_VERSIONS, VERSIONS

from goknot.analyses.heap.holders import find_holders
from goknot.analyses.heap.verdicts import VERDICT_BY_REASON, Reason, judge_rings
from goknot.formats.heapdump import read_heap_dump
from goknot.formats.heapdump_graph import DumpGraph
from goknot.formats.heapdump_graph import heap_graph as dump_graph
from goknot.goruntime.graph import heap_graph
from goknot.goruntime.image import HeapImage, RootPlace
from goknot.goruntime.opening import open_core
from goknot.model.heap import Block, ObjectState

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from support.images import HeapImage as Taken
    from support.images import ImageMaker

ARM64 = {"target": "linux/arm64"}  # where this machine is none: in qemu, which writes the core
MATRIX = [(v, {}) if v in QUICK_VERSIONS else pytest.param(v, {}, marks=pytest.mark.slow) for v in VERSIONS]
ON_ARM64 = [
    pytest.param(v, ARM64, id=f"arm64-{v}", marks=[] if v in QUICK_VERSIONS else [pytest.mark.slow]) for v in VERSIONS
]
MATRIX += ON_ARM64
BUILDS: list[Any] = [(version, {}) for version in QUICK_VERSIONS]
BUILDS += [(QUICK_VERSIONS[-1], {"stripped": True, "pie": True})]
SLOW: list[tuple[str, dict[str, Any]]] = [(v, {}) for v in VERSIONS if v not in QUICK_VERSIONS]
SLOW += [(v, {"stripped": True}) for v in VERSIONS]
SLOW += [(v, {"pie": True}) for v in VERSIONS]
SLOW += [(v, {"stripped": True, "pie": True}) for v in VERSIONS[:-1]]
SLOW += [(v, {"race": True}) for v in VERSIONS]
SLOW += [("1.24.11", {"experiment": "noswissmap"})]
EXPERIMENTS = ("-X:nogreenteagc", " X:greenteagc", "-X:greenteagc", " X:noswissmap")  # as versions name them
SLOW += [("1.25.5", {"experiment": "greenteagc"}), ("1.25.5", {"experiment": "greenteagc", "stripped": True})]
SLOW += [("1.26.6", {"experiment": "nogreenteagc"}), ("1.26.6", {"cgo": True}), ("1.21.13", {"cgo": True})]
BUILDS += [pytest.param(version, options, marks=pytest.mark.slow) for version, options in SLOW]
BUILDS += ON_ARM64
BUILDS += [
    pytest.param(v, ARM64 | {"stripped": True}, id=f"arm64-stripped-{v}", marks=pytest.mark.slow) for v in VERSIONS
]
BUILDS += [(QUICK_VERSIONS[-1], {"how": "gdb"}), (QUICK_VERSIONS[0], {"how": "kernel"})]
N_BETWEEN = 8  # objects and edges that may come and go while the dump is finished and the program describes itself


def _edges(
    addr: NDArray[np.uint64], start: NDArray[np.int64], target: NDArray[np.int32], off: NDArray[Any]
) -> set[tuple[int, int, int]]:
    source = np.repeat(np.arange(len(addr)), np.diff(start))
    return set(zip(addr[source].tolist(), off.tolist(), addr[target].tolist(), strict=True))


def _open(taken: Taken) -> tuple[HeapImage, DumpGraph]:
    return open_core(str(taken.core), str(taken.exe)), dump_graph(read_heap_dump(str(taken.dump)))


@pytest.mark.parametrize(("version", "options"), BUILDS)
def test_objects_and_edges_are_those_of_gos_own_dump(
    version: str, options: dict[str, Any], heap_image: ImageMaker
) -> None:
    image, dump = _open(heap_image(version, **options))
    assert image.version.removeprefix(f"go{version}") in ("", *EXPERIMENTS)
    real = ~dump.phantom_by_object
    said = dict(zip(dump.addr_by_object[real].tolist(), dump.bytes_by_object[real].tolist(), strict=True))
    live = image.object_state == ObjectState.ALLOCATED
    found = dict(zip(image.object_addr[live].tolist(), image.object_bytes[live].tolist(), strict=True))
    assert len(said) > 20_000
    assert len(said.keys() ^ found.keys()) <= N_BETWEEN
    assert [hex(addr) for addr in said.keys() & found.keys() if said[addr] != found[addr]] == []
    theirs = _edges(dump.addr_by_object, dump.edge_start, dump.edge_target, dump.edge_off)
    ours = _edges(image.object_addr, image.edge_start, image.edge_target, image.edge_places().off)
    assert len(theirs) > 25_000
    assert len(theirs - ours) <= N_BETWEEN
    assert len(ours - theirs) <= N_BETWEEN
    assert image.n_free_targets == 0


@pytest.mark.parametrize(("version", "options"), MATRIX)
def test_places_of_edges_lead_to_their_targets(version: str, options: dict[str, Any], heap_image: ImageMaker) -> None:
    taken = heap_image(version, **options)
    image = open_core(str(taken.core), str(taken.exe))
    places = image.edge_places()
    source = np.repeat(np.arange(image.n_objects), np.diff(image.edge_start))
    pointers = image.space.words_at(image.object_addr[source] + places.off.astype(np.uint64))
    assert (image.resolve(pointers) == image.edge_target).all()
    assert (pointers == image.object_addr[image.edge_target] + places.delta.astype(np.uint64)).all()
    assert (source != image.edge_target).all()


@pytest.mark.parametrize(("version", "options"), MATRIX)
def test_variables_and_frames_are_those_of_gos_own_dump(
    version: str, options: dict[str, Any], heap_image: ImageMaker
) -> None:
    taken = heap_image(version, **options)
    image, graph = _open(taken)
    dump = read_heap_dump(str(taken.dump))
    table = image.roots
    owner = np.repeat(np.arange(len(table.roots)), np.diff(table.target_start))
    place = np.array([root.place for root in table.roots])[owner]

    def ours(chosen: NDArray[np.bool_]) -> set[tuple[int, int]]:
        targets = image.object_addr[table.target_object[chosen]].tolist()
        return set(zip(table.place_addr[chosen].tolist(), targets, strict=True))

    def theirs(chosen: NDArray[np.bool_]) -> set[tuple[int, int]]:
        targets = graph.addr_by_object[graph.roots.target_by_root[chosen]].tolist()
        return set(zip(graph.roots.addr_by_root[chosen].tolist(), targets, strict=True))

    labels = [graph.roots.labels[label] for label in graph.roots.label_by_root.tolist()]
    variables = theirs(np.array([kind in ("data", "bss") for kind, _, _ in labels]))
    assert len(variables) > 80
    assert len(variables ^ ours(np.isin(place, [RootPlace.DATA, RootPlace.BSS]))) <= N_BETWEEN
    # The goroutine that wrote the dump went on, the scavenger may have; every other stands where it stood.
    writer = {g.goid for g in image.goroutines if g.goid == 1 or g.start_function == "runtime.bgscavenge"}
    said = {(g.goid, f.name, f.memory.addr) for g in dump.goroutines for f in g.frames if g.goid not in writer}
    found = {(g.goid, f.function, f.sp_addr) for g in image.goroutines for f in g.frames if g.goid not in writer}
    assert len(said) > 500
    assert said == found
    goid = np.array([image.goroutines[root.goroutine].goid if root.goroutine >= 0 else 0 for root in table.roots])
    framed = theirs(np.array([kind == "frame" and goid not in writer for kind, goid, _ in labels]))
    in_frames = ours((place == RootPlace.FRAME) & ~np.isin(goid[owner], list(writer)))
    assert framed <= in_frames
    # The dump leaves out variables on the stack whose address is taken; the collector does not.
    spans = [(f.memory.addr, f.memory.addr + f.memory.n_bytes) for g in dump.goroutines for f in g.frames]
    assert all(any(start <= at < end for start, end in spans) for at, _ in in_frames - framed)
    precise = [g for g in image.goroutines if g.status not in ("running",)]
    assert all(g.precise for g in precise)
    assert len(precise) >= len(image.goroutines) - 1


@pytest.mark.parametrize(("version", "options"), MATRIX)
def test_specials_are_those_of_gos_own_dump(version: str, options: dict[str, Any], heap_image: ImageMaker) -> None:
    taken = heap_image(version, **options)
    image, graph = _open(taken)
    finalized = sorted(special.object_addr for special in image.specials if special.kind == "finalizer")
    assert finalized == sorted(graph.addr_by_object[graph.finalizer_object].tolist())
    assert len(finalized) >= 30
    kinds = {special.kind for special in image.specials}
    assert ("cleanup" in kinds) == (version >= "1.24")


@pytest.mark.parametrize(("version", "options"), BUILDS)
def test_planted_rings_and_leaks_from_a_core(version: str, options: dict[str, Any], heap_image: ImageMaker) -> None:
    taken = heap_image(version, **options)
    image = open_core(str(taken.core), str(taken.exe))
    graph = heap_graph(image).graph
    holders = find_holders(graph)
    verdicts = judge_rings(graph, holders)
    rings = verdicts.rings
    n_checked = 0
    for plant in taken.said["plants"]:
        members = [int(thing["addr"], 16) for thing in plant["objects"] if thing["role"] == "ring"]
        shape = (plant["holder"], plant["shape"])
        if not members or not plant["ring"] or plant["shape"] == "finalizer-closure":
            continue  # no ring of objects: it leads through a special
        if options.get("race") and plant["holder"] == "pool":
            continue  # with the race detector, sync.Pool drops some of what it is given
        found = {int(rings.ring_by_node[o]) for o in image.resolve(np.array(members, np.uint64)).tolist()}
        assert len(found) == 1, shape
        ring = found.pop()
        assert ring >= 0, shape
        size = int(rings.node_start[ring + 1] - rings.node_start[ring])
        assert size == plant["ring"] if plant["ring"] > 0 else size >= plant["ring_min"], shape
        verdict = VERDICT_BY_REASON[Reason(int(verdicts.reason_by_ring[ring]))].value
        assert verdict == plant["verdict"], shape
        if plant["why"] in ("finalizer", "cleanup"):
            assert verdicts.special_by_ring[ring] >= 0, shape
        n_checked += 1
    assert n_checked >= 270
    leaked = set(graph.goroutines.goid_by_goroutine[holders.leaked.leaked].tolist())
    assert {g["goid"] for g in taken.said["goroutines"] if g["leaked"]} <= leaked
    assert not {g["goid"] for g in taken.said["goroutines"] if not g["leaked"]} & leaked


def test_roots_have_names(heap_image: ImageMaker) -> None:
    taken = heap_image(QUICK_VERSIONS[-1])
    image = open_core(str(taken.core), str(taken.exe))
    names = {root.name for root in image.roots.roots if root.place in (RootPlace.DATA, RootPlace.BSS)}
    assert {"main.keep", "main.gvSlice", "main.gvMap", "main.gvChan", "runtime.allgs"} <= names
    frames = [root for root in image.roots.roots if root.place == RootPlace.FRAME and root.name.startswith("main.")]
    assert len(frames) > 20
    assert all(".go:" in root.where for root in frames)
    assert {g.goid: g.start_function for g in image.goroutines}[1] == "runtime.main"
    blocks = heap_graph(image).graph.goroutines.block_by_goroutine
    assert set(blocks.tolist()) == {Block.NONE, Block.ON_OBJECTS, Block.FOREVER}


def test_the_same_core_gives_the_same_image(heap_image: ImageMaker) -> None:
    taken = heap_image(QUICK_VERSIONS[0])
    one, two = (open_core(str(taken.core), str(taken.exe)) for _ in range(2))
    assert one.roots.roots == two.roots.roots
    assert one.specials == two.specials
    assert one.problems == two.problems
    assert (heap_graph(one).graph.type_by_object == heap_graph(two).graph.type_by_object).all()
