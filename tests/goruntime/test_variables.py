"""Names of objects in cores, with and without DWARF; what DWARF says of variables; fields that pointers go through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.toolchains import QUICK_VERSIONS, VERSIONS, minor

from goknot.analyses.heap.holders import find_holders
from goknot.analyses.heap.tiers import Tier
from goknot.goruntime.fields import fields_of
from goknot.goruntime.graph import NamedGraph, heap_graph
from goknot.goruntime.image import HeapImage
from goknot.goruntime.opening import open_core
from goknot.goruntime.types_seeds import NamedBy
from goknot.goruntime.variables import frame_pieces

if TYPE_CHECKING:
    from support.images import HeapImage as Taken
    from support.images import ImageMaker

BUILDS: list[Any] = [(version, options) for version in QUICK_VERSIONS for options in ({}, {"stripped": True})]
BUILDS += [
    pytest.param(version, options, marks=pytest.mark.slow)
    for version in VERSIONS
    if version not in QUICK_VERSIONS
    for options in ({}, {"stripped": True}, {"pie": True})
]
MATRIX = [v if v in QUICK_VERSIONS else pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS]


def _open(taken: Taken) -> tuple[HeapImage, NamedGraph]:
    image = open_core(str(taken.core), str(taken.exe))
    return image, heap_graph(image)


def _said(thing: dict[str, str]) -> str:
    return {"array": "[]", "closure": "func "}.get(thing["kind"], "") + thing["type"]


def _same(named: str, said: str) -> bool:
    """The program prints the last element of import paths."""
    return named == said or named.replace("heap_shapes/", "").replace("container/", "") == said


def _object(image: HeapImage, addr: str) -> int:
    return int(image.resolve(np.array([int(addr, 16)], np.uint64))[0])


@pytest.mark.parametrize(("version", "options"), BUILDS)
def test_no_name_is_wrong_and_nearly_all_live_objects_have_one(
    version: str, options: dict[str, Any], heap_image: ImageMaker
) -> None:
    taken = heap_image(version, **options)
    image, graph = _open(taken)
    types = graph.types
    assert graph.problems == ()
    live = find_holders(graph.graph).tier_by_object != Tier.GARBAGE
    wrong, n_named, n_said = [], 0, 0
    for plant in taken.said["plants"]:
        for thing in plant["objects"]:
            place = _object(image, thing["addr"])
            assert place >= 0
            kind = int(types.type_by_object[place])
            if kind >= 0 and not _same(types.names[kind], _said(thing)):
                wrong.append((plant["shape"], types.names[kind], _said(thing)))
            n_said += bool(live[place])
            n_named += bool(live[place]) and kind >= 0
    assert wrong == []
    assert n_named > (0.98 if not options.get("stripped") else 0.9) * n_said
    counts = np.bincount(types.named_by_object[live & (image.object_noscan == 0)], minlength=len(NamedBy))
    share = 1 - counts[NamedBy.UNKNOWN] / counts.sum()
    assert counts.sum() > 4000
    if options.get("stripped"):
        assert share > 0.88  # built to be hard: a third is held by variables alone
        assert counts[NamedBy.DWARF] == 0
    else:
        assert share > 0.98
        assert counts[NamedBy.DWARF] > 200


def _labels(image: HeapImage, graph: NamedGraph) -> dict[tuple[str, str], set[str]]:
    """(type of the source, type of the target) -> fields."""
    edges = np.arange(image.n_edges, dtype=np.int64)
    fields = fields_of(image, graph.types, graph.flow, edges)
    assert fields.label_by_edge.dtype == np.int32
    assert list(fields.names) == sorted(set(fields.names))
    source = np.searchsorted(image.edge_start, edges, side="right") - 1
    kind = graph.types.type_by_object
    found: dict[tuple[str, str], set[str]] = {}

    def name(thing: int) -> str:
        return graph.types.names[kind[thing]] if kind[thing] >= 0 else "?"

    for at, edge in enumerate(edges.tolist()):
        label = int(fields.label_by_edge[at])
        pair = (name(int(source[at])), name(int(image.edge_target[edge])))
        found.setdefault(pair, set()).add(fields.names[label] if label >= 0 else "")
    return found


@pytest.mark.parametrize("version", MATRIX)
def test_fields_that_pointers_go_through(version: str, heap_image: ImageMaker) -> None:
    taken = heap_image(version)
    image, graph = _open(taken)
    part, root = ("group", "dirPtr") if minor(version) >= 24 else ("bucket", "buckets")
    captures = minor(version) >= 23  # DW_AT_go_closure_offset
    found = _labels(image, graph)
    assert found["main.held", "main.held"] == {"peer"}
    assert found["main.fieldA", "main.fieldB"] == {"b"}
    expected = {
        ("main.embedder", "main.part"): {"part"},
        ("main.part", "main.embedder"): {"base.owner"},
        ("main.arrayNode", "main.arrayNode"): {"next[]"},
        ("main.atomicNode", "main.atomicNode"): {"next"},
        ("main.bigArrayOwner", "[]main.bigArrayItem"): {"items"},
        ("[]main.bigArrayItem", "main.bigArrayOwner"): {"[].owner"},
        ("[]*main.sliceChild", "main.sliceChild"): {"[]"},
        ("main.efaceA", "main.efaceB"): {"value"},
        ("main.headerNode", "main.headerNode"): {"links[]"},
        ("main.tree", "main.tree"): {"left", "right", "parent"},
        ("chan main.chanItem", "[]main.chanItem"): {"buf"},
        ("func main.(*methodOwner).close-fm", "main.methodOwner"): {"captured+8"},
        ("map[string]*main.mapChild", f"map[string]*main.mapChild ({part})"): {root},
        (f"map[string]*main.mapChild ({part})", "main.mapChild"): {"[value]"},
        (f"map[*main.keyItem]int ({part})", "main.keyItem"): {"[key]"},
        (f"map[int]main.wideValue ({part})", "main.wideValue"): {"[value]"},
        ("func main.makeClosure.func1", "main.closureOwner"): {"owner" if captures else "captured+8"},
        ("func main.makeBoth.func1", "main.bothA"): {"a" if captures else "captured+8"},
        ("func main.inGoroutine.func1", "chan struct {}"): {"done" if captures else "captured+16"},
    }
    assert {pair: found.get(pair) for pair in expected} == expected


def test_offsets_of_fields_fold_indices_and_leave_headers_out(heap_image: ImageMaker) -> None:
    taken = heap_image(QUICK_VERSIONS[-1])
    image, graph = _open(taken)
    edges = np.arange(image.n_edges, dtype=np.int64)
    fields = fields_of(image, graph.types, graph.flow, edges)
    source = np.repeat(np.arange(image.n_objects), np.diff(image.edge_start))
    kind = graph.types.type_by_object[source]
    sizes = np.array([graph.flow.size_bytes(int(one)) for one in graph.types.flow_by_type])
    plain = image.edge_places().off - image.object_header_bytes[source]
    for at in np.random.default_rng(7).choice(image.n_edges, 2000, replace=False).tolist():
        folds = kind[at] >= 0 and graph.types.many_by_type[kind[at]] and sizes[kind[at]]
        assert fields.off_by_edge[at] == (plain[at] % sizes[kind[at]] if folds else plain[at])
    assert (fields.label_by_edge[kind < 0] == -1).all()
    chosen = edges[::7]
    part = fields_of(image, graph.types, graph.flow, chosen)
    texts = [fields.names[n] if n >= 0 else "" for n in fields.label_by_edge[chosen].tolist()]
    assert [part.names[n] if n >= 0 else "" for n in part.label_by_edge.tolist()] == texts
    assert len(fields_of(image, graph.types, graph.flow, edges[:0]).label_by_edge) == 0


@pytest.mark.parametrize(
    ("expression", "pieces"),
    [
        ("9160", [(-32, 0, -1)]),  # DW_OP_fbreg -32
        ("9c", [(0, 0, -1)]),  # DW_OP_call_frame_cfa
        ("9c115822", [(-40, 0, -1)]),  # DW_OP_call_frame_cfa; DW_OP_consts -40; DW_OP_plus
        ("9c2308", [(8, 0, -1)]),  # DW_OP_call_frame_cfa; DW_OP_plus_uconst 8
        ("50", []),  # DW_OP_reg0
        ("509308916093089308", [(-32, 8, 8)]),  # a slice: pointer in a register, length in the frame, no capacity
        ("916093089168930891709308", [(-32, 0, 8), (-24, 8, 8), (-16, 16, 8)]),
        ("", []),
        ("91", []),  # cut off
        ("0300000000000000009f", []),  # DW_OP_addr, DW_OP_stack_value
    ],
)
def test_places_in_frames(expression: str, pieces: list[tuple[int, int, int]]) -> None:
    assert frame_pieces(bytes.fromhex(expression)) == pieces
