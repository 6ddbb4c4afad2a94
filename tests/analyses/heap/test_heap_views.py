from __future__ import annotations

from itertools import pairwise

import numpy as np
from heaps import Heap, heaps, naive_graph, reach
from hypothesis import given
from hypothesis import strategies as st

from goknot.analyses.heap.diff import Amount, ChangeKind, amounts_of_rings, compare
from goknot.analyses.heap.dominance import NodeKind, build_tree, retained_by_ring
from goknot.analyses.heap.groups import group_by_signature, sign_rings
from goknot.analyses.heap.holders import find_holders
from goknot.analyses.heap.profile import samples_of
from goknot.analyses.heap.tiers import Tier
from goknot.analyses.heap.verdicts import judge_rings
from goknot.analyses.heap.views import nearest_of, object_at, objects_of_type, path_to_type, weigh
from goknot.kernels.memory import Allocator
from goknot.model.heap import HeapGraph, ObjectFlag, RootKind


@given(heaps(flags=(0, 0, ObjectFlag.RUNTIME, ObjectFlag.POOL), kinds=tuple(RootKind)), st.data())
def test_samples_sum_to_what_nodes_retain(heap: Heap, data: st.DataObject) -> None:
    graph = heap.graph()
    tree = build_tree(graph, find_holders(graph))
    n_nodes = len(tree.tree.position_by_node)
    top = data.draw(
        st.lists(st.integers(-1, 4), min_size=n_nodes - graph.n_objects, max_size=n_nodes - graph.n_objects)
    )
    label = np.array([*heap.type_of, *top], np.int32)
    samples = samples_of(tree, label)
    assert len({one.labels for one in samples}) == len(samples)
    assert sum(one.n_objects for one in samples) == graph.n_objects
    for wanted in set(label.tolist()) - {-1}:
        own = [node for node in range(graph.n_objects) if label[node] == wanted]
        assert sum(one.n_bytes for one in samples if one.labels[-1] == wanted) == sum(heap.sizes[n] for n in own)
        below = [
            node
            for node in range(graph.n_objects)
            if wanted in {int(label[one.node]) for one in [tree.describe(node), *tree.dominators_of(node)]}
        ]
        assert sum(one.n_bytes for one in samples if wanted in one.labels) == sum(heap.sizes[n] for n in below)


def test_a_long_list_is_two_samples() -> None:
    heap = Heap()
    nodes = [heap.new("Node") for _ in range(100)]
    for before, after in pairwise(nodes):
        heap.point(before, after)
    heap.root(nodes[0])
    graph = heap.graph()
    tree = build_tree(graph, find_holders(graph))
    label = np.full(len(tree.tree.position_by_node), -1, np.int32)
    label[:100] = 0
    (sample,) = samples_of(tree, label)
    assert (sample.labels, sample.n_objects, sample.n_bytes) == ((0,), 100, 1600)


@given(heaps(flags=(0, 0, ObjectFlag.RUNTIME), kinds=tuple(RootKind)))
def test_what_a_type_keeps(heap: Heap) -> None:
    graph = heap.graph()
    holders = find_holders(graph)
    tree = build_tree(graph, holders)
    rows = naive_graph(heap, graph, holders, tree)
    for label in range(len(heap.types)):
        members = objects_of_type(graph, label)
        assert members.tolist() == [node for node, kind in enumerate(heap.type_of) if kind == label]
        live = [node for node in members.tolist() if holders.tier_by_object[node] != Tier.GARBAGE]
        sizes = weigh(holders, tree, members)
        assert (sizes.n_objects, sizes.own_bytes) == (len(live), sum(heap.sizes[node] for node in live))
        gone = set(range(graph.n_objects)) - reach(rows, [tree.node_of(NodeKind.EVERYTHING)], live)
        expected = (len(gone), sum(heap.sizes[node] for node in gone)) if live else (0, 0)
        assert (sizes.n_retained, sizes.retained_bytes) == expected
        nearest = nearest_of(holders, members)
        assert (nearest in live) if live else (nearest == -1)
        path = path_to_type(graph, holders, label)
        assert (path[-1].object if path else -1) == nearest


def test_the_nearest_is_the_firmest_then_the_shortest() -> None:
    heap = Heap()
    pooled, far, near, step = heap.new("T"), heap.new("T"), heap.new("T"), heap.new("step")
    heap.point(step, far)
    heap.root(pooled, kind=RootKind.POOL)
    heap.root(step)
    heap.root(near)
    holders = find_holders(heap.graph())
    assert nearest_of(holders, np.array([pooled, far, near], np.int32)) == near


def test_addresses_inside_and_outside() -> None:
    heap = Heap()
    first, second = heap.new(size=48), heap.new(size=16)
    graph = heap.graph()
    base = int(graph.addr_by_object[0])
    cases = {base: first, base + 47: first, base + 48: -1, base + 64: second, base - 1: -1, 0: -1, 1 << 64: -1, -1: -1}
    assert {address: object_at(graph, address) for address in cases} == cases


def rings_of(heap: Heap) -> dict[tuple[str, ...], Amount]:
    graph = heap.graph()
    holders = find_holders(graph)
    verdicts = judge_rings(graph, holders)
    retained = retained_by_ring(build_tree(graph, holders), holders, verdicts.rings)
    signed = sign_rings(graph, verdicts)
    return amounts_of_rings(
        group_by_signature(graph, holders, verdicts, signed, lambda: retained, type_names=heap.types)
    )


def test_which_rings_grew() -> None:
    old, new = Heap(), Heap()
    for heap, counts in ((old, (2, 1, 1, 0)), (new, (5, 1, 0, 1))):
        for name, count in zip(("Grows", "Same", "Goes", "Comes"), counts, strict=True):
            for _ in range(count):
                heap.root(*heap.ring(name, name + "2"))
    new.ring("Grows", "Grows2")  # another reason, the same knot
    changes = compare(rings_of(old), rings_of(new))
    assert [(one.key[0].split(".")[0], one.kind, one.grown_count, one.grown_bytes) for one in changes] == [
        ("Grows", ChangeKind.GREW, 4, 128),
        ("Comes", ChangeKind.NEW, 1, 32),
        ("Same", ChangeKind.SAME, 0, 0),
        ("Goes", ChangeKind.GONE, -1, -32),
    ]


def test_the_order_of_types_does_not_matter() -> None:
    first, second = Heap(types=["A", "B"]), Heap(types=["B", "A"])
    for heap in (first, second):
        heap.ring("A", "B", "B")
    assert rings_of(first) == rings_of(second)


def everything(graph: HeapGraph, names: list[str], alloc: Allocator) -> object:
    holders = find_holders(graph, alloc)
    verdicts = judge_rings(graph, holders, alloc)
    tree = build_tree(graph, holders, alloc)
    retained = retained_by_ring(tree, holders, verdicts.rings, alloc)
    return group_by_signature(graph, holders, verdicts, sign_rings(graph, verdicts), lambda: retained, type_names=names)


def test_past_the_memory_limit_results_are_the_same() -> None:
    heap = Heap()
    for _ in range(2000):
        heap.root(*heap.ring("A", "B"))
    graph = heap.graph()
    copies = 100  # enough objects for arrays to be worth a file
    wide = HeapGraph(
        np.arange(copies * graph.n_objects, dtype=np.uint64) * np.uint64(64),
        np.tile(graph.bytes_by_object, copies),
        np.tile(graph.state_by_object, copies),
        np.tile(graph.flags_by_object, copies),
        np.tile(graph.type_by_object, copies),
        np.arange(copies * graph.n_objects + 1, dtype=np.int64),
        np.concatenate([graph.edge_target + np.int32(copy * graph.n_objects) for copy in range(copies)]),
        graph.roots,
        graph.specials,
        graph.goroutines,
    )
    small, large = Allocator(limit_bytes=3_000_000), Allocator()
    assert everything(wide, heap.types, small) == everything(wide, heap.types, large)
    assert small.mapped_bytes > 0
    assert small.peak_bytes <= 3_000_000 < large.peak_bytes
    assert large.mapped_bytes == 0


def test_nodes_name_themselves() -> None:
    heap = Heap()
    heap.goroutine(1)
    heap.root(heap.new())
    graph = heap.graph()
    tree = build_tree(graph, find_holders(graph))
    for kind in NodeKind:
        assert tree.kind_of(tree.node_of(kind)) == (kind, 0) or kind is NodeKind.SPECIAL
