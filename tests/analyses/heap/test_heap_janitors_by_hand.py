"""When a goroutine keeps what would end it."""

from __future__ import annotations

import pytest
from heaps import Heap

from goknot.analyses.heap.dominance import build_tree
from goknot.analyses.heap.holders import find_holders
from goknot.analyses.heap.janitors import JanitorGroup, group_janitors
from goknot.analyses.heap.verdicts import judge_rings
from goknot.model.heap import Block, RootKind, SpecialKind


def janitors(heap: Heap) -> tuple[JanitorGroup, ...]:
    graph = heap.graph()
    holders = find_holders(graph)
    return group_janitors(graph, holders, judge_rings(graph, holders), build_tree(graph, holders))


def house(heap: Heap, *, kind: SpecialKind = SpecialKind.FINALIZER, stack: int = 0) -> tuple[int, int, int]:
    """(cache, its channel, the goroutine that holds both); a timer's channel as well, which a timer holds."""
    cache, stop, tick = heap.new("cache", 100), heap.new("chan", 96), heap.new("tick", 96)
    heap.point(cache, stop)
    goroutine = heap.goroutine(stack, Block.ON_OBJECTS, (stop, tick))
    heap.root(cache, stop, tick, kind=RootKind.STACK, goroutine=goroutine)
    heap.root(tick, kind=RootKind.TIMER)
    heap.special(kind, cache)
    return cache, stop, goroutine


def test_three_of_one_kind_and_one_of_another() -> None:
    heap = Heap()
    caches = [house(heap)[0] for _ in range(3)]
    house(heap, stack=1)
    three, one = janitors(heap)
    assert [janitor.object for janitor in three.janitors] == caches
    assert (three.retained_bytes, one.retained_bytes) == (3 * 196, 196)
    assert three.janitors[0].path == (caches[0], caches[0] + 1)


@pytest.mark.parametrize("holds", ["cache", "stop"])
def test_somebody_else_knows_it(holds: str) -> None:
    heap = Heap()
    cache, stop, _ = house(heap)
    heap.root(cache if holds == "cache" else stop)
    assert janitors(heap) == ()


def test_another_goroutine_may_use_the_channel() -> None:
    heap = Heap()
    _, stop, _ = house(heap)
    heap.root(stop, kind=RootKind.STACK, goroutine=heap.goroutine(5))
    assert janitors(heap) == ()


def test_a_cleanup_with_the_channel_as_argument() -> None:
    heap = Heap()
    cache, stop, tick = heap.new("cache"), heap.new("chan"), heap.new("tick")
    goroutine = heap.goroutine(0, Block.ON_OBJECTS, (stop, tick))
    heap.root(cache, stop, tick, kind=RootKind.STACK, goroutine=goroutine)
    heap.root(tick, kind=RootKind.TIMER)
    heap.special(SpecialKind.CLEANUP, cache, stop)
    # the cleanup holds the channel, too: for as long as the object lives, that is, as long as the goroutine does
    ((janitor,),) = [group.janitors for group in janitors(heap)]
    assert (janitor.object, janitor.path) == (cache, (stop,))


def test_a_finalizer_that_does_not_reach_the_channel() -> None:
    heap = Heap()
    file, work = heap.new("file"), heap.new("chan")
    goroutine = heap.goroutine(0, Block.ON_OBJECTS, (work,))
    heap.root(file, work, kind=RootKind.STACK, goroutine=goroutine)
    heap.root(work, kind=RootKind.TIMER)
    heap.special(SpecialKind.FINALIZER, file)
    assert janitors(heap) == ()


def test_a_weak_pointer_is_no_finalizer() -> None:
    heap = Heap()
    house(heap, kind=SpecialKind.WEAK_HANDLE)
    assert janitors(heap) == ()


def test_a_goroutine_that_runs_is_no_janitor() -> None:
    heap = Heap()
    cache, stop = heap.new("cache"), heap.new("chan")
    heap.point(cache, stop)
    heap.root(cache, stop, kind=RootKind.STACK, goroutine=heap.goroutine(0))
    heap.special(SpecialKind.FINALIZER, cache)
    assert janitors(heap) == ()


def test_a_long_list_is_climbed_within_bounds() -> None:
    heap = Heap()
    cache, *_ = house(heap)
    before = heap.new("node")
    heap.point(cache, before)
    for _ in range(3000):
        before, last = heap.new("node"), before
        heap.point(last, before)
    heap.special(SpecialKind.FINALIZER, before)
    (group,) = janitors(heap)
    assert [janitor.object for janitor in group.janitors] == [cache]
