from __future__ import annotations

from heaps import Heap, heaps, kept, live_goroutines, reach
from hypothesis import given

from goknot.analyses.heap.holders import HolderKind, find_holders
from goknot.analyses.heap.leaked import find_leaked
from goknot.analyses.heap.tiers import Tier
from goknot.model.heap import Block, ObjectFlag, ObjectState, RootKind, SpecialKind


@given(heaps(flags=(0, 0, ObjectFlag.RUNTIME | ObjectFlag.GOROUTINE)))
def test_leaked_goroutines_are_those_of_repeated_marking(heap: Heap) -> None:
    assert find_leaked(heap.graph()).is_live.tolist() == live_goroutines(heap)


def with_specials(heap: Heap, seeds: set[int], active: set[int]) -> set[int]:
    """What is reached from `seeds` and, for objects that are reached, from their active specials."""
    found = reach(heap.rows, seeds)
    while True:
        more = {t for s in active if heap.specials[s][1] in found for t in kept(heap, s)}
        if more <= found:
            return found
        found = reach(heap.rows, found | more)


@given(heaps(flags=(0, 0, 0, ObjectFlag.RUNTIME)))
def test_what_becomes_of_unheld_objects_is_what_a_collector_does(heap: Heap) -> None:
    every = set(range(len(heap.rows)))
    specials = set(range(len(heap.specials)))
    own = {t for _, _, _, g in heap.goroutines if g >= 0 for t in heap.rows[g]}
    roots = {t for _, _, targets in heap.roots for t in targets} | own
    held = with_specials(heap, roots, specials)
    active = set(specials)
    cycles = []
    while True:  # every cycle marks what specials keep, then runs those whose objects are not marked
        marked = reach(heap.rows, roots | {t for s in active for t in kept(heap, s)})
        cycles.append(marked)
        due = {s for s in active if heap.specials[s][1] not in marked}
        if not due:
            break
        active -= due
    found = find_holders(heap.graph())
    tiers = found.tier_by_object

    def having(*chosen: int) -> set[int]:
        return {node for node in every if tiers[node] in chosen}

    assert having(Tier.GARBAGE) == every - cycles[0] - held
    assert having(Tier.PENDING) == cycles[0] - cycles[-1]
    assert having(Tier.STUCK, Tier.STUCK + 1) == cycles[-1] - held
    stuck = {s for s in active if heap.specials[s][1] not in held}
    assert {s for s in specials if found.specials.is_stuck[s]} == stuck


@given(heaps(flags=(0, 0, ObjectFlag.RUNTIME, ObjectFlag.POOL), kinds=tuple(RootKind)))
def test_paths_lead_from_a_holder_to_the_object(heap: Heap) -> None:
    graph = heap.graph()
    found = find_holders(graph)
    for node in range(len(heap.rows)):
        path = found.path(node)
        assert bool(path) == (found.tier_by_object[node] != Tier.GARBAGE)
        if not path:
            continue
        assert path[-1].object == node
        before = -1
        for hop in path:
            if hop.edge >= 0:
                assert graph.edge_target[hop.edge] == hop.object
                assert graph.edge_start[before] <= hop.edge < graph.edge_start[before + 1]
            elif hop.kind is HolderKind.ROOT:
                assert hop.object in heap.roots[hop.holder][2]
            elif hop.kind is HolderKind.SPECIAL:
                assert hop.object in kept(heap, hop.holder)
                assert before in (-1, heap.specials[hop.holder][1])
            else:
                assert hop.object in found.leaked.stacks.of(hop.holder)
            before = hop.object


def tier(heap: Heap, node: int) -> int:
    return int(find_holders(heap.graph()).tier_by_object[node])


def test_the_firmest_holder_counts() -> None:
    heap = Heap()
    node = heap.new()
    heap.root(node, kind=RootKind.POOL)
    assert tier(heap, node) == Tier.POOL
    heap.root(node, kind=RootKind.CGO_HANDLE)
    assert tier(heap, node) == Tier.CGO_HANDLE
    heap.root(node, kind=RootKind.TIMER)
    assert tier(heap, node) == Tier.TIMER
    heap.root(node, kind=RootKind.DATA)
    assert tier(heap, node) == Tier.ORDINARY


def test_through_the_runtime_only_when_nothing_else_holds_it() -> None:
    heap = Heap()
    p, timer, shared = heap.new("p", flags=ObjectFlag.RUNTIME), heap.new("timer"), heap.new("x")
    heap.point(p, timer, shared)
    heap.root(p)
    heap.root(shared)
    assert tier(heap, timer) == Tier.RUNTIME
    assert tier(heap, shared) == Tier.ORDINARY


def test_a_pool_in_a_variable_still_is_a_pool() -> None:
    heap = Heap()
    pool, local, item = heap.new("sync.Pool"), heap.new("poolLocal", flags=ObjectFlag.POOL), heap.new("item")
    heap.point(pool, local)
    heap.point(local, item)
    heap.root(pool)
    assert [tier(heap, node) for node in (pool, local, item)] == [Tier.ORDINARY, Tier.ORDINARY, Tier.POOL]


def test_a_cleanup_argument_is_held_as_firmly_as_the_object() -> None:
    heap = Heap()
    owner, closure, argument = heap.new("owner"), heap.new("closure"), heap.new("argument")
    heap.point(closure, argument)
    special = heap.special(SpecialKind.CLEANUP, owner, closure)
    root = heap.root(owner)
    assert tier(heap, argument) == Tier.ORDINARY + 1
    path = find_holders(heap.graph()).path(argument)
    assert [(hop.object, hop.kind, hop.holder) for hop in path] == [
        (owner, HolderKind.ROOT, root),
        (closure, HolderKind.SPECIAL, special),
        (argument, None, -1),
    ]


def test_the_heap_allocated_defer_of_a_live_goroutine_wakes_others() -> None:
    heap = Heap()
    g = heap.new("g", flags=ObjectFlag.RUNTIME | ObjectFlag.GOROUTINE)
    defer, channel = heap.new("_defer"), heap.new("chan")
    heap.point(g, defer)
    heap.point(defer, channel)
    heap.goroutine(g=g)
    waiter = heap.goroutine(1, Block.ON_OBJECTS, (channel,))
    heap.root(channel, kind=RootKind.STACK, goroutine=waiter)
    assert find_leaked(heap.graph()).is_live.tolist() == [True, True]


def test_garbage_waiting_holds_nothing_for_ever() -> None:
    heap = Heap()
    a, _ = heap.ring("A", "B", state=ObjectState.WAITING)
    heap.special(SpecialKind.FINALIZER, a)
    assert tier(heap, a) == Tier.PENDING


def test_a_main_goroutine_that_parks_is_no_leak() -> None:
    heap = Heap(first_goid=1)
    channel = heap.new("chan")
    main = heap.goroutine(0, Block.ON_OBJECTS, (channel,))
    heap.root(channel, kind=RootKind.STACK, goroutine=main)
    other = heap.goroutine(1, Block.ON_OBJECTS, (own := heap.new("chan"),))
    heap.root(own, kind=RootKind.STACK, goroutine=other)
    assert find_leaked(heap.graph()).is_live.tolist() == [True, False]
    heap.root(own, kind=RootKind.STACK, goroutine=main)  # main would send once it is woken
    assert find_leaked(heap.graph()).is_live.tolist() == [False, False]
    heap.goroutines[main] = (0, Block.FOREVER, [], -1)
    assert find_leaked(heap.graph()).is_live.tolist() == [True, False]


def test_a_channel_behind_a_weak_pointer_may_be_used() -> None:
    heap = Heap()
    session, channel, handle = heap.new("session"), heap.new("chan"), heap.new("handle")
    heap.point(session, channel)
    waiter = heap.goroutine(0, Block.ON_OBJECTS, (channel,))
    heap.root(session, channel, kind=RootKind.STACK, goroutine=waiter)
    heap.special(SpecialKind.WEAK_HANDLE, session, handle)
    assert find_leaked(heap.graph()).is_live.tolist() == [False]  # only the special knows the handle
    table = heap.new("table")
    heap.point(table, handle)
    heap.root(table)
    assert find_leaked(heap.graph()).is_live.tolist() == [True]
