"""Heap dumps: Go's own against what the program says of itself, made-up ones against their maker, damaged ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.dump_maker import Maker, full_dump
from support.naive import component_of, predecessors, reachable, retained
from support.toolchains import QUICK_VERSIONS, VERSIONS

from goknot.errors import InputError
from goknot.formats.heapdump import read_heap_dump
from goknot.formats.heapdump_graph import DumpGraph, heap_graph

if TYPE_CHECKING:
    from support.images import ImageMaker

# Their rings lead over a special or over the pool's own table; a dump's plain pointers do not show that.
OVER_SPECIALS = ("finalizer-closure", "pool-owner")
MATRIX = [v if v in QUICK_VERSIONS else pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS]


def _successors(graph: DumpGraph) -> list[list[int]]:
    starts = graph.edge_start.tolist()
    targets = graph.edge_target.tolist()
    return [targets[starts[n] : starts[n + 1]] for n in range(len(starts) - 1)]


def _object_at(graph: DumpGraph, text: str) -> int:
    addr = int(text, 16)
    found = int(np.searchsorted(graph.addr_by_object, addr, side="right")) - 1
    assert addr < int(graph.addr_by_object[found]) + int(graph.bytes_by_object[found])
    return found


@pytest.mark.parametrize("version", MATRIX)
def test_go_agrees(version: str, heap_image: ImageMaker) -> None:
    """Counts as Go's own statistics have them; rings, reachability and retained objects as the program has them."""
    image = heap_image(version)
    dump = read_heap_dump(str(image.dump))
    graph = heap_graph(dump)
    assert dump.params.version == image.said["go"]
    assert len(graph.addr_by_object) - int(graph.phantom_by_object.sum()) == dump.mem_stats["HeapObjects"]
    assert not graph.phantom_by_object[graph.edge_target].any()
    assert not graph.phantom_by_object[graph.roots.target_by_root].any()

    successors = _successors(graph)
    back = predecessors(successors)
    roots = set(graph.roots.target_by_root.tolist())
    live = reachable(successors, roots)
    n_rings = 0
    for plant in image.said["plants"]:
        objects = [(_object_at(graph, thing["addr"]), thing) for thing in plant["objects"]]
        for node, thing in objects:
            assert thing["size"] <= int(graph.bytes_by_object[node]), plant
            component = component_of(successors, back, node)
            if thing["role"] == "ring" and plant["ring"] > 0 and len(objects) < 600:
                if plant["shape"] not in OVER_SPECIALS and plant["why"] != "timer":
                    assert {n for n, t in objects if t["role"] == "ring"} <= component, plant
                    assert len(component) == plant["ring"], plant
                    n_rings += 1
            elif thing["role"] == "tail" or (plant["ring"] == 0 and plant["why"] != "main.gvTimers"):
                assert component == {node}, plant
        ring = {node for node, thing in objects if thing["role"] == "ring"}
        if (
            plant["owned"] > 0
            and plant["why"] not in ("timer", "main.gvPool")
            and plant["shape"] != "finalizer-closure"
        ):
            component = component_of(successors, back, min(ring))
            assert len(retained(successors, back, roots, component)) == plant["owned"], plant
        alone = plant["holder"] == "none" or (plant["verdict"] == "never-freed" and plant["holder"] == "special")
        if alone and plant["shape"] not in (*OVER_SPECIALS, "weak-map"):
            assert not ring & live, plant
        elif not alone:
            assert ring <= live, plant
    assert n_rings > 300


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "options"),
    [
        ("1.22.10", {"experiment": "noallocheaders"}),
        ("1.24.11", {"experiment": "noswissmap"}),
        ("1.25.5", {"experiment": "greenteagc"}),
        ("1.26.6", {"experiment": "nogreenteagc"}),
        ("1.26.6", {"pie": True, "stripped": True}),
        ("1.27.3", {"cgo": True}),
    ],
)
def test_go_agrees_however_it_was_built(version: str, options: dict[str, object], heap_image: ImageMaker) -> None:
    dump = read_heap_dump(str(heap_image(version, **options).dump))
    graph = heap_graph(dump)
    assert len(graph.addr_by_object) - int(graph.phantom_by_object.sum()) == dump.mem_stats["HeapObjects"]


@pytest.mark.parametrize("version", MATRIX)
def test_goroutines_and_finalizers(version: str, heap_image: ImageMaker) -> None:
    image = heap_image(version)
    dump = read_heap_dump(str(image.dump))
    by_goid = {goroutine.goid: goroutine for goroutine in dump.goroutines}
    assert len(image.said["goroutines"]) == 28 * image.said["n"]
    for said in image.said["goroutines"]:
        goroutine = by_goid[said["goid"]]
        assert not goroutine.is_system
        assert goroutine.status == 4
        assert said["function"] in [frame.name for frame in goroutine.frames]
        assert [frame.depth for frame in goroutine.frames] == list(range(len(goroutine.frames)))
    addresses = {finalizer.object_addr for finalizer in dump.finalizers if not finalizer.queued}
    with_finalizer = [p for p in image.said["plants"] if p["shape"].startswith("finalizer-")]
    assert len(with_finalizer) == 7 * image.said["n"]
    for plant in with_finalizer:
        ring = [int(thing["addr"], 16) for thing in plant["objects"] if thing["role"] == "ring"]
        assert addresses & set(ring), plant


# Made-up dumps.


def _read(tmp_path: Path, data: bytes) -> DumpGraph:
    path = tmp_path / "made.dump"
    path.write_bytes(data)
    return heap_graph(read_heap_dump(str(path)))


@st.composite
def heaps(draw: st.DrawFn) -> tuple[list[int], list[list[int]], list[list[int]]]:
    """(addresses, words of each object, indices of the pointers among them)."""
    n = draw(st.integers(0, 12))
    addresses, at = [], draw(st.sampled_from([0, 4096, 0xC000_0000]))
    words: list[list[int]] = []
    pointers: list[list[int]] = []
    n_words = [draw(st.integers(1, 6)) for _ in range(n)]
    for count in n_words:
        at += 8 * draw(st.integers(0, 3))
        addresses.append(at)
        at += 8 * count
    places = [a + draw(st.integers(0, 8 * c)) for a, c in zip(addresses, n_words, strict=True)] + [
        0,
        1,
        at,
        0xFFFF_FFFF,
    ]
    for count in n_words:
        words.append([draw(st.sampled_from(places)) for _ in range(count)])
        pointers.append(sorted(draw(st.sets(st.integers(0, count - 1)))))
    return addresses, words, pointers


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(heap=heaps(), word=st.sampled_from(["<Q", "<I", ">Q", ">I"]), seed=st.randoms(use_true_random=False))
def test_graph_is_what_was_written(tmp_path: Path, heap: object, word: str, seed: object) -> None:
    addresses, words, pointers = heap  # type: ignore[misc]
    maker = Maker(word).params()
    order = list(range(len(addresses)))
    seed.shuffle(order)  # type: ignore[attr-defined]
    for index in order:
        maker.object(addresses[index], words[index], pointers[index])
    maker.segment(12, 0x10, list(addresses[:2])).segment(13, 0x2000, [0, *addresses[-1:]])
    graph = _read(tmp_path, maker.end())

    def resolve(pointer: int) -> int:
        for index, addr in enumerate(addresses):
            if addr <= pointer < addr + maker.word_bytes * len(words[index]):
                return index
        return -1

    expected = [
        (source, maker.word_bytes * i, resolve(words[source][i]))
        for source in range(len(addresses))
        for i in pointers[source]
        if resolve(words[source][i]) not in (-1, source)
    ]
    counts = np.diff(graph.edge_start)
    sources = np.repeat(np.arange(len(addresses)), counts).tolist()
    assert list(zip(sources, graph.edge_off.tolist(), graph.edge_target.tolist(), strict=True)) == expected
    assert graph.addr_by_object.tolist() == addresses
    roots = [resolve(a) for a in [*addresses[:2], 0, *addresses[-1:]]]
    assert graph.roots.target_by_root.tolist() == [r for r in roots if r >= 0]


def test_roots_of_every_kind(tmp_path: Path) -> None:
    maker = Maker().params()
    for index in range(6):
        maker.object(0x1000 + 16 * index, [0, 0], [])
    maker.segment(12, 0x10, [0x1000]).goroutine(7).frame(0x7000, [5, 0x1018], b"main.work").root(b"b\xffd", 0x1020)
    maker.finalizer(0x1030, 0x1040).finalizer(0x1050, 0, queued=True)
    graph = _read(tmp_path, maker.end())
    roots = graph.roots
    assert [roots.labels[label] for label in roots.label_by_root] == [
        ("data", 0, ""),
        ("frame", 7, "main.work"),
        ("queued-finalizer", 0, ""),
        ("other", 0, "b\\xffd"),
    ]
    assert roots.target_by_root.tolist() == [0, 1, 5, 2]
    assert roots.addr_by_root.tolist() == [0x10, 0x7008, 0, 0]
    assert (graph.finalizer_object.tolist(), graph.finalizer_fn_object.tolist()) == ([3], [4])


def test_every_prefix_is_refused(tmp_path: Path) -> None:
    data = full_dump()
    assert len(_read(tmp_path, data).addr_by_object) == 2
    for n_bytes in range(len(data)):
        with pytest.raises(InputError):
            _read(tmp_path, data[:n_bytes])


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 700), new=st.binary(min_size=1, max_size=12))
def test_damage_is_refused_or_harmless(tmp_path: Path, at: int, new: bytes) -> None:
    data = bytearray(full_dump())
    at %= len(data)
    data[at : at + len(new)] = new
    try:
        graph = _read(tmp_path, bytes(data))
    except InputError as refused:
        assert "made.dump" in refused.what
    else:
        assert len(graph.edge_start) == len(graph.addr_by_object) + 1


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x7fELF" + bytes(100), "is not a heap dump"),
        (b"", "is not a heap dump"),
        (b"go1.7 heap dump\n\1\0\0\0", "the first record is not the params record"),
        (Maker().params().out + b"\x63", "no record of kind 99"),
        (Maker().params().out + b"\1\x80\x08" + b"\xff" * 11 + b"\1", "more than ten bytes"),
        (Maker().params().out + b"\1\1" + b"\xff" * 9 + b"\1", "cut short"),
        (Maker().params().out + b"\1\1\2ab\1\0\0\0", "a pointer lies outside its object"),
        (Maker().params().out + b"\x0c\1\2ab\1\0\0\0", "a pointer lies outside its memory"),
        (Maker().params().out + b"\1\1\1a\2\0\0\0", "a field is of kind 2"),
        (Maker().params().out + b"\5\0\0\0\0\0\0\0\0\0\0", "a frame comes before any goroutine"),
        (Maker().params().out + b"\x10\1\1\xff\xff\xff\xff\x0f\0", "cut short"),
        (Maker().params().object(16, [1, 2], []).object(24, [1], []).end(), "objects overlap at address 0x10"),
        (b"go1.7 heap dump\n\6\0\5\0\0\0\0\0\0", "pointers of 5 bytes"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, data: bytes, what: str) -> None:
    with pytest.raises(InputError, match=what.replace("^", "\\^")):
        _read(tmp_path, bytes(data))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_heap_dump(str(tmp_path / "none"))


def test_a_list_of_fields_longer_than_a_chunk(tmp_path: Path) -> None:
    n = 700_000
    maker = Maker().params().object(1 << 20, [0] * n, list(range(n))).object(8, [(1 << 20) + 8], [0])
    graph = _read(tmp_path, maker.end())
    assert graph.edge_target.tolist() == [1]
    assert graph.bytes_by_object.tolist() == [8, 8 * n]


def test_phantoms_only_where_bitmaps_lie(tmp_path: Path) -> None:
    def phantoms(version: str, scanned: bool) -> list[int]:
        maker = Maker(version=version).params()
        for addr in (0x2000, 0x2000 + 8192 - 256, 0x2000 + 8192 - 128, 0x2000 + 8192 - 64):
            maker.object(addr, [0] * 8, [0] if scanned and addr == 0x2000 else [])
        graph = _read(tmp_path, maker.end())
        return (0x4000 - graph.addr_by_object[graph.phantom_by_object].astype(np.int64)).tolist()

    assert phantoms("go1.21.13", True) == []
    assert phantoms("go1.22.0", True) == [128, 64]
    assert phantoms("go1.22.0", False) == []
    assert phantoms("go1.26.0", True) == [256, 128, 64]
    assert phantoms("go1.26.0", False) == [128, 64]
    assert phantoms("go1.26.0 X:nogreenteagc", False) == []
    assert phantoms("go1.25.0 X:greenteagc", False) == [128, 64]
