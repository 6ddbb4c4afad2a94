from __future__ import annotations

import numpy as np
import pytest
from heaps import Heap, heaps, naive_graph, reach
from hypothesis import given

from goknot.analyses.heap.dominance import (
    NodeKind,
    build_tree,
    retained_by_ring,
    retained_by_set,
    sizes_by_type,
)
from goknot.analyses.heap.groups import RingGroup, group_by_signature, sign_rings
from goknot.analyses.heap.holders import HolderKind, find_holders
from goknot.analyses.heap.tiers import Tier
from goknot.analyses.heap.verdicts import VERDICT_BY_REASON, Reason, judge_rings
from goknot.model.heap import Block, ObjectFlag, ObjectState, RootKind, SpecialKind
from goknot.model.verdict import Verdict


def judged(heap: Heap) -> list[RingGroup]:
    graph = heap.graph()
    holders = find_holders(graph)
    verdicts = judge_rings(graph, holders)
    retained = retained_by_ring(build_tree(graph, holders), holders, verdicts.rings)
    signed = sign_rings(graph, verdicts)
    return list(group_by_signature(graph, holders, verdicts, signed, lambda: retained, type_names=heap.types))


def reasons(heap: Heap) -> list[Reason]:
    return [group.reason for group in judged(heap)]


def test_a_plain_ring_is_collected() -> None:
    heap = Heap()
    heap.ring("A", "B")
    (group,) = judged(heap)
    assert group.reason is Reason.UNREACHABLE
    assert VERDICT_BY_REASON[group.reason] is Verdict.COLLECTED
    assert group.key == ("A.->B", "B.->A")
    assert (group.n_instances, group.n_objects, group.own_bytes, group.retained_bytes) == (1, 2, 32, 32)


def test_a_ring_in_a_variable_names_it() -> None:
    heap = Heap()
    heap.root()
    a, b = heap.ring("A", "B")
    root = heap.root(b)
    (group,) = judged(heap)
    assert group.reason is Reason.ROOT
    assert group.holders == ((HolderKind.ROOT, root, 1),)
    assert group.example.cycle == (a, b)


def test_a_finalizer_in_a_ring() -> None:
    heap = Heap()
    a, b = heap.ring("A", "B")
    tail = heap.new("Tail", 800)
    heap.point(b, tail)
    special = heap.special(SpecialKind.FINALIZER, a)
    (group,) = judged(heap)
    assert group.reason is Reason.FINALIZER_IN_RING
    assert group.example.special == special
    assert group.retained_bytes == 832
    heap.root(a)
    (group,) = judged(heap)  # letting go will not free it
    assert group.reason is Reason.FINALIZER_IN_RING
    assert group.example.special == special
    assert group.holders == ((HolderKind.ROOT, 0, 1),)


def test_the_cycle_through_the_finalizers_object_is_shown() -> None:
    heap = Heap()
    a, b, c = heap.ring("A", "B", "C")
    z = heap.new("Z")
    heap.point(b, a, z)  # A and B are a shorter ring, of lesser names
    heap.point(z, c)
    heap.special(SpecialKind.FINALIZER, z)
    (group,) = judged(heap)
    assert group.example.cycle == (z, c, a, b)


def test_the_example_is_one_that_the_first_holder_holds() -> None:
    heap = Heap()
    one, many = heap.ring("A", "B"), [heap.ring("A", "B") for _ in range(3)]
    heap.root(one[0])
    often = heap.root(*(ring[0] for ring in many))
    (group,) = judged(heap)
    assert group.holders == ((HolderKind.ROOT, often, 3), (HolderKind.ROOT, 0, 1))
    assert group.example.cycle == tuple(many[0])


def test_a_finalizer_on_an_object_that_points_at_itself_runs() -> None:
    heap = Heap()
    a = heap.new()
    heap.point(a, a)
    heap.special(SpecialKind.FINALIZER, a)
    assert judged(heap) == []
    assert find_holders(heap.graph()).tier_by_object.tolist() == [Tier.GARBAGE]


def test_a_cleanup_on_a_ring_runs_unless_it_reaches_the_ring() -> None:
    heap = Heap()
    a, _ = heap.ring("A", "B")
    closure = heap.new("closure")
    heap.special(SpecialKind.CLEANUP, a, closure)
    (group,) = judged(heap)
    assert (group.reason, group.example.special) == (Reason.UNREACHABLE, -1)
    heap.point(closure, a)
    assert reasons(heap) == [Reason.CLEANUP_HOLDS_OBJECT]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (RootKind.STACK, Reason.FINALIZER_IN_RING),
        (RootKind.TIMER, Reason.FINALIZER_IN_RING),
        (RootKind.CGO_HANDLE, Reason.FINALIZER_IN_RING),
        (RootKind.RUNTIME, Reason.RUNTIME),
    ],
)
def test_a_held_ring_with_a_finalizer(kind: RootKind, reason: Reason) -> None:
    heap = Heap()
    a, _ = heap.ring("A", "B")
    heap.special(SpecialKind.FINALIZER, a)
    heap.root(a, kind=kind)
    assert reasons(heap) == [reason]


def test_a_held_ring_with_a_cleanup() -> None:
    heap = Heap()
    a, _ = heap.ring("A", "B")
    heap.root(a)
    heap.special(SpecialKind.CLEANUP, a)
    assert reasons(heap) == [Reason.ROOT]
    heap.special(SpecialKind.CLEANUP, a, a)
    assert reasons(heap) == [Reason.CLEANUP_HOLDS_OBJECT]


def test_garbage_waiting_keeps_its_reason_whatever_special_is_on_it() -> None:
    heap = Heap()
    a, _ = heap.ring("A", "B", state=ObjectState.WAITING)
    heap.special(SpecialKind.FINALIZER, a)
    assert reasons(heap) == [Reason.GARBAGE_WAITING]


def test_a_weak_handle_keeps_nothing() -> None:
    heap = Heap()
    a, _ = heap.ring("A", "B")
    heap.special(SpecialKind.WEAK_HANDLE, a, heap.new("handle", 8))
    assert reasons(heap) == [Reason.UNREACHABLE]


def test_what_a_stuck_ring_reaches_is_stuck() -> None:
    heap = Heap()
    a, b = heap.ring("A", "B")
    c, _ = heap.ring("C", "D")
    heap.point(b, c)
    heap.special(SpecialKind.FINALIZER, a)
    assert reasons(heap) == [Reason.FINALIZER_IN_RING, Reason.HELD_BY_STUCK]


def test_a_finalizer_outside_that_points_into_a_ring_is_due() -> None:
    heap = Heap()
    owner = heap.new("Owner")
    a, _ = heap.ring("A", "B")
    heap.point(owner, a)
    heap.special(SpecialKind.FINALIZER, owner)
    assert reasons(heap) == [Reason.PENDING_SPECIAL]


def test_a_chain_of_finalizers_into_a_ring_is_due() -> None:
    heap = Heap()
    first, second = heap.new("First"), heap.new("Second")
    a, _ = heap.ring("A", "B")
    heap.point(first, second)
    heap.point(second, a)
    heap.special(SpecialKind.FINALIZER, first)
    heap.special(SpecialKind.FINALIZER, second)
    assert reasons(heap) == [Reason.PENDING_SPECIAL]


def test_cleanups_that_hold_each_other() -> None:
    heap = Heap()
    a, _ = heap.ring("A", "B")
    c, _ = heap.ring("C", "D")
    of_a, of_c = heap.new("closure"), heap.new("closure")
    heap.point(of_a, c)
    heap.point(of_c, a)
    heap.special(SpecialKind.CLEANUP, a, of_a)
    heap.special(SpecialKind.CLEANUP, c, of_c)
    assert reasons(heap) == [Reason.CLEANUP_HOLDS_OBJECT] * 2


def test_the_function_of_a_finalizer_that_captures_its_object() -> None:
    heap = Heap()
    a, closure = heap.new("A"), heap.new("closure")
    heap.point(closure, a)
    heap.special(SpecialKind.FINALIZER, a, closure)
    found = find_holders(heap.graph())
    assert found.specials.is_stuck.tolist() == [True]
    assert found.tier_by_object.tolist() == [Tier.STUCK, Tier.STUCK]


def test_kinds_of_holders() -> None:
    expected = {
        RootKind.TIMER: Reason.TIMER,
        RootKind.CGO_HANDLE: Reason.CGO_HANDLE,
        RootKind.POOL: Reason.POOL,
        RootKind.QUEUE: Reason.QUEUE,
        RootKind.RUNTIME: Reason.RUNTIME,
        RootKind.REGISTERS: Reason.ROOT,
    }
    for kind, reason in expected.items():
        heap = Heap()
        heap.root(*heap.ring("A", "B"), kind=kind)
        assert reasons(heap) == [reason]


def test_a_ring_on_the_stack_of_a_leaked_goroutine() -> None:
    heap = Heap()
    a, _ = heap.ring("A", "B")
    channel = heap.new("chan")
    leaked = heap.goroutine(0, Block.ON_OBJECTS, (channel,))
    heap.root(channel, a, kind=RootKind.STACK, goroutine=leaked)
    assert reasons(heap) == [Reason.LEAKED_GOROUTINE]
    heap.root(channel)
    assert reasons(heap) == [Reason.ROOT]


def test_garbage_waiting_is_kept_apart() -> None:
    heap = Heap()
    heap.ring("A", "B", state=ObjectState.WAITING)
    heap.ring("A", "B")
    assert reasons(heap) == [Reason.UNREACHABLE, Reason.GARBAGE_WAITING]


def test_no_ring_leads_through_the_runtime() -> None:
    heap = Heap()
    a, p = heap.ring("A", "p")
    heap.flags[p] = ObjectFlag.RUNTIME
    heap.root(a)
    assert judged(heap) == []


def test_lists_of_any_length_are_one_group_shown_by_its_least() -> None:
    heap = Heap()
    long = heap.ring("N", "N", "N", "N")
    for _ in range(3):
        heap.ring("N", "N")
    heap.root(long[0])
    heap.root(*range(4, 10))
    (group,) = judged(heap)
    assert (group.n_instances, group.n_objects, group.n_holders) == (4, 10, 2)
    assert group.example.objects.tolist() == [4, 5]
    assert group.holders == ((HolderKind.ROOT, 1, 3), (HolderKind.ROOT, 0, 1))


def test_unknown_types_and_no_objects() -> None:
    heap = Heap()
    heap.root(*heap.ring("", "A"))
    assert judged(heap)[0].key == ("A.->unknown", "unknown.->A")
    assert judged(Heap()) == []


@given(heaps(flags=(0, 0, 0, ObjectFlag.RUNTIME, ObjectFlag.POOL), kinds=tuple(RootKind)))
def test_retained_sizes_are_what_removing_shows(heap: Heap) -> None:
    graph = heap.graph()
    holders = find_holders(graph)
    tree = build_tree(graph, holders)
    rows = naive_graph(heap, graph, holders, tree)
    top = tree.node_of(NodeKind.EVERYTHING)
    n = graph.n_objects
    assert (tree.tree.position_by_node >= 0).all()

    def lost(*nodes: int) -> set[int]:
        return set(range(n)) - reach(rows, [top], nodes)

    for node in range(len(rows)):
        described = tree.describe(node)
        assert described.retained_bytes == sum(heap.sizes[one] for one in lost(node))
        assert tree.node_of(described.kind, described.id) == node
    verdicts = judge_rings(graph, holders)
    rings = verdicts.rings
    retained = retained_by_ring(tree, holders, rings, n_floods=0)
    assert retained_by_ring(tree, holders, rings).tolist() == retained.tolist()
    for ring in range(rings.n_rings):
        members = rings.node[rings.node_start[ring] : rings.node_start[ring + 1]]
        gone = lost(*members.tolist())
        assert retained[ring] == sum(heap.sizes[one] for one in gone)
        assert retained_by_set(tree, holders, members) == (len(gone), retained[ring])


@given(heaps(flags=(0, 0, 0, ObjectFlag.RUNTIME), kinds=tuple(RootKind)))
def test_all_bytes_are_below_a_holder_or_garbage(heap: Heap) -> None:
    graph = heap.graph()
    holders = find_holders(graph)
    tree = build_tree(graph, holders)
    whole = tree.describe(tree.node_of(NodeKind.EVERYTHING)).retained_bytes
    assert whole == sum(heap.sizes)
    garbage = tree.describe(tree.node_of(NodeKind.GARBAGE)).retained_bytes
    tiers = holders.tier_by_object
    assert garbage == sum(size for size, tier in zip(heap.sizes, tiers, strict=True) if tier == Tier.GARBAGE)


@given(heaps(flags=(0, 0, ObjectFlag.RUNTIME), kinds=tuple(RootKind)))
def test_sizes_by_type(heap: Heap) -> None:
    graph = heap.graph()
    holders = find_holders(graph)
    tree = build_tree(graph, holders)
    sizes = sizes_by_type(tree, len(heap.types))
    for label in range(len(heap.types)):
        members = [
            node
            for node, kind in enumerate(heap.type_of)
            if kind == label and holders.tier_by_object[node] != Tier.GARBAGE
        ]
        assert sizes.n_objects_by_type[label] == len(members)
        assert sizes.bytes_by_type[label] == sum(heap.sizes[node] for node in members)
        outermost = [
            node
            for node in members
            if not any(
                one.kind is NodeKind.OBJECT and heap.type_of[one.id] == label for one in tree.dominators_of(node)
            )
        ]
        assert sizes.dominated_by_type[label] == sum(tree.describe(node).retained_bytes for node in outermost)


def test_the_tree_from_the_top() -> None:
    heap = Heap()
    big, small, shared = heap.new("Big", 1000), heap.new("Small", 10), heap.new("Shared", 5)
    heap.point(big, shared)
    heap.point(small, shared)
    variable, other = heap.root(big), heap.root(small)
    graph = heap.graph()
    tree = build_tree(graph, find_holders(graph))
    top = tree.children(tree.node_of(NodeKind.EVERYTHING), 3)
    assert [(one.kind, one.id, one.retained_bytes) for one in top] == [
        (NodeKind.ROOT, variable, 1000),
        (NodeKind.ROOT, other, 10),
        (NodeKind.OBJECT, shared, 5),
    ]
    assert [one.id for one in tree.top_objects(2)] == [big, small]
    assert [one.kind for one in tree.dominators_of(big)] == [NodeKind.ROOT, NodeKind.EVERYTHING]
    assert np.array_equal(tree.tree.children(big), [])


def test_what_a_goroutine_keeps_of_labels_does_not_hide_a_variable() -> None:
    heap = Heap()
    g = heap.new("g", flags=ObjectFlag.RUNTIME | ObjectFlag.GOROUTINE)
    labels, own = heap.new("labels", 100), heap.new("defer", 50)
    heap.point(g, labels, own)
    heap.goroutine(g=g)
    heap.root(g, kind=RootKind.RUNTIME)
    variable = heap.root(labels)
    graph = heap.graph()
    tree = build_tree(graph, find_holders(graph))
    assert tree.describe(tree.node_of(NodeKind.ROOT, variable)).retained_bytes == 100
    assert tree.describe(tree.node_of(NodeKind.GOROUTINE, 0)).retained_bytes == 50
