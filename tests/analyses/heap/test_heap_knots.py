from __future__ import annotations

from heaps import Heap, heaps, kept, reach
from hypothesis import given

from goknot.analyses.heap.dominance import build_tree
from goknot.analyses.heap.holders import HolderKind, find_holders
from goknot.analyses.heap.leak_groups import LeakedGroup, group_leaked
from goknot.analyses.heap.special_rings import SpecialGroup, SpecialStep, group_special_rings
from goknot.analyses.heap.verdicts import Reason, judge_rings
from goknot.analyses.heap.weak_rings import WeakGroup, find_weak_rings
from goknot.model.heap import Block, ObjectFlag, RootKind, SpecialKind


def leaked(heap: Heap) -> tuple[LeakedGroup, ...]:
    graph = heap.graph()
    holders = find_holders(graph)
    return group_leaked(graph, holders, build_tree(graph, holders))


def wait_on(heap: Heap, stack: int, *waits: int, holds: tuple[int, ...] = ()) -> int:
    goroutine = heap.goroutine(stack, Block.ON_OBJECTS, waits)
    heap.root(*waits, *holds, kind=RootKind.STACK, goroutine=goroutine)
    return goroutine


def test_goroutines_on_their_own_channels() -> None:
    heap = Heap()
    for _ in range(3):
        wait_on(heap, 7, heap.new("chan", 96), holds=(heap.new("buffer", 1000),))
    wait_on(heap, 8, shared := heap.new("chan", 96))
    heap.root(shared)
    (group,) = leaked(heap)
    assert (group.stack, group.goroutines, group.kept_bytes) == (7, (0, 1, 2), 3 * 1096)
    assert group.example.waits == (0,)
    assert [(hop.object, hop.kind, hop.holder) for hop in group.example.path] == [(0, HolderKind.ROOT, 0)]


def test_goroutines_that_wait_for_each_other_keep_things_together() -> None:
    heap = Heap()
    first, second, both = heap.new("chan", 96), heap.new("chan", 96), heap.new("both", 5000)
    wait_on(heap, 1, first, holds=(second, both))
    wait_on(heap, 1, second, holds=(first, both))
    (group,) = leaked(heap)
    assert group.kept_bytes == 5192
    assert group.example.others == (1,)


def test_a_channel_behind_a_struct() -> None:
    heap = Heap()
    struct, channel = heap.new("struct"), heap.new("chan")
    heap.point(struct, channel)
    goroutine = heap.goroutine(0, Block.ON_OBJECTS, (channel,))
    heap.root(struct, kind=RootKind.STACK, goroutine=goroutine)
    (group,) = leaked(heap)
    assert [hop.object for hop in group.example.path] == [struct, channel]


def test_a_nil_channel() -> None:
    heap = Heap()
    goroutine = heap.goroutine(0, Block.FOREVER)
    heap.root(heap.new("kept", 320), kind=RootKind.STACK, goroutine=goroutine)
    (group,) = leaked(heap)
    assert (group.block, group.kept_bytes, group.example.waits) == (Block.FOREVER, 320, ())


def test_a_timer_that_will_send_wakes() -> None:
    heap = Heap()
    p = heap.new("p", flags=ObjectFlag.RUNTIME)
    timer, channel = heap.new("timer"), heap.new("chan")
    heap.point(p, timer)
    heap.point(timer, channel)
    heap.root(p)
    wait_on(heap, 0, channel)
    assert leaked(heap) == ()


def test_a_channel_that_a_finalizer_may_use_wakes() -> None:
    heap = Heap()
    owner, channel = heap.new("owner"), heap.new("chan")
    heap.point(owner, channel)
    heap.special(SpecialKind.FINALIZER, owner)
    wait_on(heap, 0, channel)
    assert leaked(heap) == ()


def test_a_sudog_of_another_does_not_wake() -> None:
    heap = Heap()
    machinery = ObjectFlag.RUNTIME | ObjectFlag.GOROUTINE
    all_g, g, sudog = heap.new("allgs"), heap.new("g", flags=machinery), heap.new("sudog", flags=machinery)
    channel = heap.new("chan")
    heap.point(all_g, g)
    heap.point(g, sudog)
    heap.point(sudog, g, channel)
    heap.point(channel, sudog)
    heap.root(all_g)
    goroutine = heap.goroutine(0, Block.ON_OBJECTS, (channel,), g)
    heap.root(channel, kind=RootKind.STACK, goroutine=goroutine)
    (group,) = leaked(heap)
    assert group.kept_bytes == heap.sizes[channel]


def special_groups(heap: Heap) -> tuple[SpecialGroup, ...]:
    graph = heap.graph()
    holders = find_holders(graph)
    tree = build_tree(graph, holders)
    return group_special_rings(graph, holders, judge_rings(graph, holders), tree, type_names=heap.types)


def plant_cleanup(heap: Heap) -> tuple[int, int, int]:
    owner, closure = heap.new("Owner", 48), heap.new("closure", 32)
    heap.point(closure, owner)
    return owner, closure, heap.special(SpecialKind.CLEANUP, owner, closure)


def test_cleanups_that_capture_their_objects() -> None:
    heap = Heap()
    owner, closure, special = plant_cleanup(heap)
    for _ in range(2):
        plant_cleanup(heap)
    (group,) = special_groups(heap)
    assert (group.reason, group.n_instances, group.retained_bytes) == (Reason.CLEANUP_HOLDS_OBJECT, 3, 80)
    assert group.cycle == (SpecialStep(True, special), SpecialStep(False, closure), SpecialStep(False, owner))
    assert [(link.source, link.target) for link in group.links] == [
        ("Owner", "cleanup"),
        ("cleanup", "closure"),
        ("closure", "Owner"),
    ]


def test_a_cleanup_that_holds_its_object_does_so_while_a_root_holds_it_too() -> None:
    heap = Heap()
    owner, _, _ = plant_cleanup(heap)
    heap.root(owner)
    assert [group.reason for group in special_groups(heap)] == [Reason.CLEANUP_HOLDS_OBJECT]


def test_a_cleanup_that_does_not_reach_its_object_is_none() -> None:
    heap = Heap()
    owner, argument = heap.new("Owner"), heap.new("argument")
    heap.point(owner, argument)
    heap.special(SpecialKind.CLEANUP, owner, argument)
    assert special_groups(heap) == ()


def test_rings_of_objects_are_not_told_twice() -> None:
    heap = Heap()
    a, _ = heap.ring("A", "B")
    heap.special(SpecialKind.FINALIZER, a)
    assert special_groups(heap) == ()


def test_a_finalizer_whose_function_captures_its_object() -> None:
    heap = Heap()
    owner, closure = heap.new("Owner"), heap.new("closure")
    heap.point(closure, owner)
    heap.special(SpecialKind.FINALIZER, owner, closure)
    assert [group.reason for group in special_groups(heap)] == [Reason.FINALIZER_IN_RING]


@given(heaps(flags=(0, 0, 0, ObjectFlag.RUNTIME)))
def test_every_stuck_special_is_explained(heap: Heap) -> None:
    """Each unheld special that reaches its own object lies on a ring of objects or in a group."""
    graph = heap.graph()
    holders = find_holders(graph)
    rings = judge_rings(graph, holders).rings
    n_alone = 0
    for special, (kind, target, _) in enumerate(heap.specials):
        if holders.specials.is_stuck[special] and target in reach(heap.rows, kept(heap, special)):
            assert holders.specials.is_self_held[special]
            n_alone += int(rings.ring_by_node[target] < 0 and kind is not SpecialKind.WEAK_HANDLE)
    assert bool(n_alone) <= bool(special_groups(heap))


def weak_groups(heap: Heap) -> tuple[WeakGroup, ...]:
    graph = heap.graph()
    holders = find_holders(graph)
    return find_weak_rings(graph, holders, build_tree(graph, holders), type_names=heap.types)


def plant_weak_map(heap: Heap, through_value: bool = True) -> tuple[int, int, int]:
    table, groups = heap.new("Map"), heap.new("groups", 272, ObjectFlag.MAP)
    key, handle, value = heap.new("Key"), heap.new("handle", 8), heap.new("Value")
    heap.point(table, groups)
    heap.point(groups, handle, value)
    if through_value:
        heap.point(value, key)
    heap.special(SpecialKind.WEAK_HANDLE, key, handle)
    heap.root(table)
    return groups, key, value


def test_a_value_that_reaches_its_weak_key() -> None:
    heap = Heap()
    groups, key, value = plant_weak_map(heap)
    plant_weak_map(heap)
    (group,) = weak_groups(heap)
    assert (group.map_type, group.key_type, len(group.keys), group.storage) == ("groups", "Key", 2, groups)
    assert [node for node, _ in group.path] == [value, key]
    assert group.retained_bytes == 32


def test_a_key_that_something_else_holds_is_none() -> None:
    heap = Heap()
    _, key, _ = plant_weak_map(heap)
    heap.root(key)
    assert weak_groups(heap) == ()


def test_a_value_that_does_not_reach_the_key_is_none() -> None:
    heap = Heap()
    _, key, _ = plant_weak_map(heap, through_value=False)
    assert weak_groups(heap) == ()
    heap.root(key)
    assert weak_groups(heap) == ()


def test_a_struct_with_a_weak_and_a_plain_pointer_is_none() -> None:
    heap = Heap()
    struct, child, handle = heap.new("Struct"), heap.new("Child"), heap.new("handle", 8)
    heap.point(struct, child, handle)
    heap.special(SpecialKind.WEAK_HANDLE, child, handle)
    heap.root(struct)
    assert weak_groups(heap) == ()


def test_garbage_shares_in_nothing() -> None:
    heap = Heap()
    wait_on(heap, 3, channel := heap.new("chan", 96), holds=(buffer := heap.new("buffer", 1000),))
    heap.point(heap.new("closure of the go statement"), channel, buffer)
    (group,) = leaked(heap)
    assert group.kept_bytes == 1096
