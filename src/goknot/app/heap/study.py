"""One heap under study: its analyses, each done when it is first asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from goknot.analyses.heap.dominance import HeapTree, build_tree, retained_by_ring
from goknot.analyses.heap.groups import RingGroup, group_by_signature, sign_rings
from goknot.analyses.heap.holders import Holders, find_holders
from goknot.analyses.heap.janitors import JanitorGroup, group_janitors
from goknot.analyses.heap.leak_groups import LeakedGroup, group_leaked
from goknot.analyses.heap.special_rings import SpecialGroup, group_special_rings
from goknot.analyses.heap.tiers import edges_of
from goknot.analyses.heap.verdicts import RingVerdicts, judge_rings
from goknot.analyses.heap.weak_rings import WeakGroup, find_weak_rings
from goknot.kernels.components import list_inner_edges

if TYPE_CHECKING:
    from collections.abc import Callable

    from goknot.kernels.memory import Allocator
    from goknot.model.heap import HeapGraph, Int64s
    from goknot.model.named_heap import EdgeFields, NamedHeap


T = TypeVar("T")


class _Once(Generic[T]):
    """A part of a study: worked out when it is first asked for; threads that ask meanwhile wait for it.

    (`functools.cached_property` had this lock up to Python 3.11.)
    """

    def __init__(self, work: Callable[[GraphStudy], T]) -> None:
        self.__doc__ = work.__doc__
        self._work, self._name, self._lock = work, work.__name__, RLock()

    def __get__(self, study: GraphStudy, owner: type[GraphStudy]) -> T:
        with self._lock:
            if self._name not in study.parts:
                study.parts[self._name] = self._work(study)
            return cast("T", study.parts[self._name])


class GraphStudy:
    """What can be known of a heap before its objects have types.

    Attributes:
        graph: The heap.
        alloc: Where large arrays come from; None: ordinary memory.
        parts: What was worked out, by name.
    """

    def __init__(self, graph: HeapGraph, alloc: Allocator | None = None) -> None:
        self.graph = graph
        self.alloc = alloc
        self.parts: dict[str, object] = {}

    def begin(self) -> None:
        """Does what every question needs in a second thread; whoever asks for a part of it waits for that part."""
        second = ThreadPoolExecutor(1)
        second.submit(self.prepare)  # should it fail, whoever asks first tries again, and fails
        second.shutdown(wait=False)

    def prepare(self) -> None:
        """Does what every question needs."""
        _ = self.holders, self.verdicts, self.tree, self.retained_by_ring

    @_Once
    def holders(self) -> Holders:
        """Who holds every object."""
        return find_holders(self.graph, self.alloc)

    @_Once
    def verdicts(self) -> RingVerdicts:
        """All rings of objects, each with its reason."""
        return judge_rings(self.graph, self.holders, self.alloc)

    @_Once
    def tree(self) -> HeapTree:
        """The dominator tree."""
        return build_tree(self.graph, self.holders, self.alloc)

    @_Once
    def retained_by_ring(self) -> Int64s:
        """ring -> bytes that go when it goes."""
        return retained_by_ring(self.tree, self.holders, self.verdicts.rings, self.alloc)


class HeapStudy:
    """A heap and what is known of it.

    Attributes:
        heap: The heap.
        alloc: Where large arrays come from; None: ordinary memory.
        known: What is known without types; of the same graph.
    """

    def __init__(self, heap: NamedHeap, alloc: Allocator | None = None, known: GraphStudy | None = None) -> None:
        self.heap = heap
        self.graph = heap.graph
        self.alloc = alloc
        self.known = known if known is not None and known.graph is heap.graph else GraphStudy(heap.graph, alloc)

    @property
    def holders(self) -> Holders:
        """Who holds every object."""
        return self.known.holders

    @property
    def verdicts(self) -> RingVerdicts:
        """All rings of objects, each with its reason."""
        return self.known.verdicts

    @property
    def tree(self) -> HeapTree:
        """The dominator tree."""
        return self.known.tree

    @property
    def retained_by_ring(self) -> Int64s:
        """ring -> bytes that go when it goes."""
        return self.known.retained_by_ring

    @cached_property
    def ring_fields(self) -> EdgeFields:
        """The fields of the rings' inner edges."""
        rings = self.verdicts.rings
        if self.heap.fields_of_rings is not None:
            return self.heap.fields_of_rings(rings)
        return self.heap.fields_of(list_inner_edges(rings, edges_of(self.graph), self.alloc).edge)

    @cached_property
    def ring_groups(self) -> tuple[RingGroup, ...]:
        """Rings that look alike."""
        signatures = sign_rings(self.graph, self.verdicts, self.ring_fields.label_by_edge)  # needs no tree
        return group_by_signature(
            self.graph,
            self.holders,
            self.verdicts,
            signatures,
            lambda: self.retained_by_ring,
            type_names=self.heap.type_names,
            field_names=self.ring_fields.names,
        )

    @cached_property
    def special_groups(self) -> tuple[SpecialGroup, ...]:
        """Finalizers and cleanups whose own words reach their object."""
        return group_special_rings(
            self.graph, self.holders, self.verdicts, self.tree, type_names=self.heap.type_names, alloc=self.alloc
        )

    @cached_property
    def weak_groups(self) -> tuple[WeakGroup, ...]:
        """Weakly keyed maps that keep their own keys."""
        return find_weak_rings(self.graph, self.holders, self.tree, type_names=self.heap.type_names, alloc=self.alloc)

    @cached_property
    def leaked_groups(self) -> tuple[LeakedGroup, ...]:
        """Goroutines that nothing can wake, by stack."""
        return group_leaked(self.graph, self.holders, self.tree, self.alloc)

    @cached_property
    def janitor_groups(self) -> tuple[JanitorGroup, ...]:
        """Goroutines that keep what would end them."""
        return group_janitors(self.graph, self.holders, self.verdicts, self.tree, self.alloc)
