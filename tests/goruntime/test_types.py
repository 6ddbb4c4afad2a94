"""Types of heap objects: against what the program says of itself, and against heaps made from random types."""

from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.dump_flow import flow_of, symbols, type_layout
from support.naive import reachable
from support.toolchains import QUICK_VERSIONS, VERSIONS

from goknot.errors import InputError
from goknot.formats.heapdump import read_heap_dump
from goknot.formats.heapdump_graph import heap_graph
from goknot.goruntime import types as go
from goknot.goruntime.pointers import EdgePlaces
from goknot.goruntime.types import TypeModule, TypeTable, local_name
from goknot.goruntime.types_arrays import SIZE_CLASSES, slot_bytes
from goknot.goruntime.types_flow import name_objects
from goknot.goruntime.types_seeds import FlowHeap, Functions, NamedBy, finalizer_seeds, variable_seeds
from goknot.goruntime.types_slots import FlowTypes
from goknot.kernels.pointer_scan import ODD

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from support.images import HeapImage, ImageMaker

MATRIX = [v if v in QUICK_VERSIONS else pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS]


def _by_name(table: TypeTable) -> dict[str, go.GoType]:
    """Every type of the first module, the hard way."""
    start, end = table.sections()[0]
    found = (table.type_at(addr) for addr in range(start, end, 8))
    return {kind.qualified_name: kind for kind in found if kind}


def _resolver(heap: FlowHeap):  # type: ignore[no-untyped-def]
    def resolve(pointers: NDArray[np.uint64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        at = np.searchsorted(heap.addr_by_object, pointers, side="right") - 1
        inner = pointers - heap.addr_by_object[at]
        inside = (at >= 0) & (inner < heap.bytes_by_object[at].astype(np.uint64))
        return np.where(inside, at, -1).astype(np.int32), inner.astype(np.int64)

    return resolve


def _said_type(thing: dict[str, str]) -> str:
    prefix = {"array": "[]", "closure": "func "}.get(thing["kind"], "")
    return prefix + thing["type"]


def _same(named: str, said: str) -> bool:
    """The program prints the last element of import paths."""
    return named == said or named.replace("heap_shapes/", "").replace("container/", "") == said


@pytest.mark.parametrize("version", MATRIX)
def test_names_are_what_the_program_says(version: str, heap_image: ImageMaker) -> None:
    """No name is wrong; with what a reader of variables adds, the rings held by variables are all named."""
    image: HeapImage = heap_image(version)
    heap, table, functions = flow_of(version, image.exe, image.dump)
    dump = read_heap_dump(str(image.dump))
    graph = heap_graph(dump)
    standing = [finalizer for finalizer in dump.finalizers if not finalizer.queued]
    types = FlowTypes(table)
    owners = graph.finalizer_object.tolist()
    deltas = [f.object_addr - int(graph.addr_by_object[o]) for f, o in zip(standing, owners, strict=True)]
    finalizers = finalizer_seeds(types, table, owners, deltas, [f.object_type_addr for f in standing])
    by_name, places = _by_name(table), symbols(version, image.exe)
    variables = {"main.gvPointer": "*main.held", "main.gvArray": "*main.held", "main.gvSlice": "[]*main.held"}
    variables |= {"main.gvMap": "map[string]*main.held", "main.gvChan": "chan *main.held"}
    seen = [(places[name][0], types.id_at(by_name[kind].addr)) for name, kind in variables.items() if kind in by_name]
    assert len(seen) >= 3
    more = (finalizers, variable_seeds(heap, types, seen, _resolver(heap)))
    named = name_objects(heap, table, types, functions, more)

    shapes: dict[str, list[bool]] = {}
    for plant in image.said["plants"]:
        for thing in plant["objects"]:
            place = int(np.searchsorted(heap.addr_by_object, int(thing["addr"], 16), side="right")) - 1
            kind = int(named.type_by_object[place])
            if kind >= 0:
                assert _same(named.names[kind], _said_type(thing)), (plant["shape"], thing)
            shapes.setdefault(f"{plant['holder']} {plant['shape']}", []).append(kind >= 0)
            assert (kind >= 0) == (named.named_by_object[place] != NamedBy.UNKNOWN)
    # From here on unsafe pointers, or pointers to the middle of an object, are the only ones: nothing is known.
    dark = {"keep interior", "keep unsafe"}
    lit = [shape for shape in shapes if shape.startswith("keep ") and shape not in dark]
    lit += ["special finalizer-fields", "special finalizer-map", "special finalizer-method"]
    shape_of = {
        "main.gvSlice": "var-slice",
        "main.gvMap": "var-map",
        "main.gvChan": "var-chan",
        "main.gvPointer": "var-pointer",
    }
    # The linker leaves out the descriptors that nothing needs at run time.
    lit += [f"{shape} held-{shape}" for name, shape in shape_of.items() if variables[name] in by_name]
    assert len(lit) > 38
    assert [shape for shape in lit if not all(shapes[shape])] == []

    starts, targets = graph.edge_start.tolist(), graph.edge_target.tolist()
    successors = [targets[starts[n] : starts[n + 1]] for n in range(len(starts) - 1)]
    live = np.zeros(len(successors), np.bool_)
    live[list(reachable(successors, graph.roots.target_by_root.tolist()))] = True
    scanned = live & (heap.noscan_by_object == 0)
    assert (named.type_by_object[scanned] >= 0).mean() > 0.85


@pytest.mark.parametrize("version", MATRIX)
def test_types_read(version: str, heap_image: ImageMaker) -> None:
    image: HeapImage = heap_image(version)
    _, table, _ = flow_of(version, image.exe, image.dump)
    by_name = _by_name(table)
    sizes = {
        thing["type"]: thing["size"] for p in image.said["plants"] for thing in p["objects"] if thing["kind"] == "value"
    }
    checked = [name for name, size in sizes.items() if name in by_name and size]
    assert len(checked) > 50
    for name in checked:
        assert by_name[name].size_bytes == sizes[name], name
    field_a = by_name["main.fieldA"]
    assert [(field.name, field.off) for field in field_a.fields] == [("b", 0), ("payload", 8)]
    assert (field_a.kind, field_a.pkg_path, field_a.pointer_bytes) == (go.STRUCT, "main", 16)
    embedder = by_name["main.embedder"]
    assert [(field.name, field.off, field.embedded) for field in embedder.fields] == [
        ("base", 0, True),
        ("part", 16, False),
    ]
    assert by_name["heap_shapes/inner.Node"].name == "inner.Node"
    links = table.type_at(by_name["main.headerNode"].fields[0].type_addr)
    assert links is not None
    assert (links.kind, links.length, links.name) == (go.ARRAY, 100, "[100]*main.headerNode")
    owner = table.type_at(by_name["main.mapOwner"].fields[0].type_addr)
    assert owner is not None
    assert (owner.kind, owner.name) == (go.MAP, "map[string]*main.mapChild")
    key, elem, group = (table.type_at(a) for a in (owner.key_addr, owner.elem_addr, owner.group_addr))
    assert key and elem and group
    assert (key.kind, elem.kind, group.kind) == (go.STRING, go.POINTER, go.STRUCT)
    assert elem.direct
    assert not key.direct
    generic = "main.twoParams[int,*main.fieldA]"
    assert by_name[generic].pkg_path == "main"
    assert by_name["sync/atomic.Pointer[main.atomicNode]"].name == "atomic.Pointer[main.atomicNode]"


def test_local_names() -> None:
    assert local_name("main.Node") == "Node"
    assert local_name("a.Pair[b.c/d.E[f.G],h.I]") == "Pair[b.c/d.E[f.G],h.I]"
    assert local_name("int") == "int"


def test_size_classes() -> None:
    sizes = np.array([0, 1, 8, 9, 48, 49, 512, 513, 32768, 32769, 40960, 40961], np.int64)
    assert slot_bytes(sizes).tolist() == [0, 8, 8, 16, 48, 64, 512, 576, 32768, 40960, 40960, 49152]
    assert list(SIZE_CLASSES) == sorted(SIZE_CLASSES)


# Damaged descriptors.


def _image(data: bytes, start: int = 0x1000):  # type: ignore[no-untyped-def]
    def read(addr: int, n_bytes: int) -> bytes:
        if not start <= addr <= addr + n_bytes <= start + len(data):
            raise InputError("image", "nothing there")
        return data[addr - start : addr - start + n_bytes]

    return read


@settings(deadline=None, max_examples=300)
@given(data=st.binary(min_size=256, max_size=2048), places=st.lists(st.integers(0, 255), min_size=8, max_size=40))
def test_anything_may_lie_there(data: bytes, places: list[int]) -> None:
    """Random bytes with plausible heads: no type, or a type that can be compiled."""
    made = bytearray(data[: len(data) // 8 * 8])
    for index, place in enumerate(places):
        at = place * 8 % (len(made) - 96)
        head = struct.pack(
            "<QQIBBBBQQii", 8 * (index % 9), 8 * (index % 3), 0, index % 8, 8, 8, 17 + index % 10, 0, 0, 40, 0
        )
        made[at : at + 48] = head
        made[at + 48 : at + 96] = struct.pack("<6Q", *(0x1000 + 8 * (p % 200) if p % 3 else p for p in places[:6]))
    table = TypeTable([TypeModule(0x1000, 0x1000 + len(made))], _image(bytes(made)), type_layout("1.26.0"))
    types = FlowTypes(table)
    for addr in range(0xFF8, 0x1008 + len(made), 8):
        assert types.id_at(addr) >= -1
    arrays = types.arrays()
    assert len(arrays.slot_start) == len(types.names) + 1
    assert (arrays.slot_arg < len(types.names)).all()


def _struct_type(size: int, fields: list[tuple[int, int]], at: int) -> bytes:
    """A struct type and its fields behind it: (type address, offset)."""
    head = struct.pack("<QQIBBBBQQii", size, size, 0, 0, 8, 8, go.STRUCT, 0, 0, 8, 0)
    body = struct.pack("<QQQQ", 0, at + 80, len(fields), len(fields))
    return head + body + b"".join(struct.pack("<QQQ", 0, kind, off) for kind, off in fields)


def test_types_that_contain_themselves_and_each_other_twice() -> None:
    name = b"\0\0\0\0\0\0\0\0\1\1x\0\0\0\0\0"
    at = 0x1000 + len(name)
    parts = [_struct_type(8, [(at, 0)], at)]  # contains itself
    for index in range(60):  # each contains the next twice at one place: 2^60 ways down
        here = at + sum(map(len, parts))
        following = here + 80 + 48
        parts.append(_struct_type(8, [(following, 0), (following, 0)] if index < 59 else [], here))
    data = name + b"".join(parts)
    table = TypeTable([TypeModule(0x1000, 0x1000 + len(data))], _image(data), type_layout("1.26.0"))
    types = FlowTypes(table)
    assert types.id_at(at) >= 0
    assert types.id_at(at + len(parts[0])) >= 0
    types.arrays()


# Heaps made from random types.


class _World:
    """Random struct types, and objects of them whose pointers point at what their types say."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.fields: list[list[tuple[str, int]]] = []  # type -> word -> (what, type)
        n_types = rng.randint(1, 6)
        for _ in range(n_types):
            words = [
                (rng.choice(["int", "one", "many", "any"]), rng.randrange(n_types)) for _ in range(rng.randint(2, 9))
            ]
            words[rng.randrange(1, len(words))] = ("one", rng.randrange(n_types))  # every type has a pointer
            words[0] = ("int", 0)  # and none begins like another
            self.fields.append(words)
        self.objects = [(rng.randrange(n_types), rng.choice([1, 1, 2, 3])) for _ in range(rng.randint(1, 25))]
        self.edges: list[list[tuple[int, int]]] = []  # object -> (offset, object)
        for kind, count in self.objects:
            edges = []
            for item in range(count):
                for word, (what, arg) in enumerate(self.fields[kind]):
                    fit = [o for o, (k, n) in enumerate(self.objects) if k == arg and (n == 1 or what == "many")]
                    anything = range(len(self.objects))
                    choice = {"one": fit, "many": fit, "any": list(anything), "int": []}[what]
                    if choice and rng.random() < 0.8:
                        edges.append((8 * (item * len(self.fields[kind]) + word), rng.choice(choice)))
            self.edges.append(edges)
        self.known = [o for o in range(len(self.objects)) if rng.random() < 0.3]

    def slot(self, which: int) -> int:
        kind, count = self.objects[which]
        return int(slot_bytes(np.array([8 * len(self.fields[kind]) * count]))[0])

    def named(self) -> set[int]:
        """What typed pointers lead to, naively."""
        found = set(self.known)
        while True:
            new = {
                target
                for o in found
                for off, target in self.edges[o]
                if self.fields[self.objects[o][0]][off // 8 % len(self.fields[self.objects[o][0]])][0]
                in ("one", "many")
            } - found
            if not new:
                return found
            found |= new


def _places(off: np.ndarray) -> tuple[np.ndarray, ...]:
    """Every third edge as an odd one."""
    word, odd = (off // 8).astype(np.uint16), np.arange(0, len(off), 3)
    word[odd] = ODD
    return word, odd, off[odd] // 8, np.zeros(len(odd), np.int64)


@settings(deadline=None, max_examples=200)
@given(seed=st.integers(0, 2**32))
def test_types_spread_as_far_as_typed_pointers_and_no_further(seed: int) -> None:
    from goknot.kernels.type_flow import (
        ANY,
        EXACT,
        MANY,
        MOST_SMALL_BYTES,
        N_SIZES,
        ONE,
        SCALAR,
        SIZE_SHIFT,
        prepare,
        read_out,
        spread,
    )

    world = _World(seed)
    n_objects = len(world.objects)
    starts = np.cumsum([0, *(len(edges) for edges in world.edges)]).astype(np.int64)
    target = np.array([t for edges in world.edges for _, t in edges], np.int32)
    off = np.array([o for edges in world.edges for o, _ in edges], np.int64)
    says = {"int": SCALAR, "any": ANY, "one": ONE, "many": MANY}
    sizes = np.array([8 * len(words) for words in world.fields], np.int64)
    slot_start = np.cumsum([0, *(len(words) for words in world.fields)]).astype(np.int64)
    known = np.array(world.known, np.int32)
    objects, numbered = np.empty(n_objects, np.int64), np.zeros(N_SIZES, np.int64)
    nothing, slots = np.zeros(n_objects, np.uint8), np.array([world.slot(o) for o in range(n_objects)], np.int64)
    prepare(slots, nothing, nothing, np.zeros(MOST_SMALL_BYTES // 8 + 1, np.uint8), numbered, objects)
    if seed % 2:  # sizes that have no number are looked up
        objects &= ~np.int64((N_SIZES - 1) << SIZE_SHIFT)
    n_typed = spread(
        starts, target, _places(off), slots, numbered,
        sizes, slot_bytes(sizes), slot_bytes(sizes + 8), np.full(len(sizes), EXACT, np.uint8), sizes * 64,
        np.zeros(len(sizes), np.uint8), np.zeros(len(sizes), np.int32),
        slot_start, np.array([says[what] for words in world.fields for what, _ in words], np.uint8),
        np.array([arg for words in world.fields for _, arg in words], np.int32),
        known, np.zeros(len(known), np.int64), np.array([world.objects[o][0] for o in known], np.int32),
        np.array([world.objects[o][1] > 1 for o in known], np.uint8), np.full(len(known), 4, np.uint8),
        np.ones(len(known), np.uint8), np.empty(n_objects, np.int32), objects,
    )  # fmt: skip
    pair, source = np.empty(n_objects, np.int32), np.empty(n_objects, np.uint8)
    used = np.zeros(2 * len(sizes), np.uint8)
    read_out(objects, np.zeros(len(sizes), np.uint8), 3, pair, source, used)
    assert np.flatnonzero(used).tolist() == np.unique(pair[pair >= 0]).tolist()
    kind = pair >> 1  # -1 stays
    expected = world.named()
    assert {o for o in range(n_objects) if kind[o] >= 0} == expected
    assert n_typed == len(expected)
    assert [int(kind[o]) for o in sorted(expected)] == [world.objects[o][0] for o in sorted(expected)]
    assert (source[kind >= 0] == 1).all()


def test_what_does_not_fit_is_not_believed() -> None:
    """A noscan object has no type with pointers; a pointer at a scalar's place, another size, the middle: neither."""
    empty = Functions(np.zeros(0, np.uint64), str)
    table = TypeTable([], _image(b""), type_layout("1.26.0"))
    types = FlowTypes(table)
    heap = FlowHeap(
        addr_by_object=np.array([0x1000], np.uint64), bytes_by_object=np.array([16], np.int64),
        header_by_object=np.zeros(1, np.uint8), noscan_by_object=np.zeros(1, np.uint8),
        edge_start=np.zeros(2, np.int64), edge_target=np.zeros(0, np.int32), places=EdgePlaces(
            np.zeros(0, np.uint16), *(np.zeros(0, np.int64) for _ in range(4)), np.zeros(0, np.uint64)
        ),
        header_object=np.zeros(0, np.int32), header_type_addr=np.zeros(0, np.uint64),
        words_at=lambda a: np.zeros(len(a), np.uint64), holding=lambda *_: np.zeros(0, np.int32),
        root_target=np.array([0], np.int32), root_delta=np.array([0], np.int64),
        before_by_root=np.array([0x1234568], np.uint64),
    )  # fmt: skip
    named = name_objects(heap, table, types, empty)
    assert named.type_by_object.tolist() == [-1]
    assert named.named_by_object.tolist() == [NamedBy.UNKNOWN]
