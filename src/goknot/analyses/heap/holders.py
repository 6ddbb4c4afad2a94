"""Who holds every object, how firmly, and by which shortest path."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.leaked import LeakedGoroutines, find_leaked
from goknot.analyses.heap.specials import HeldSpecials, find_stuck
from goknot.analyses.heap.tiers import ROOT_TIER_BY_KIND, Tier, edges_of, expand_tiers, gather
from goknot.kernels.memory import Allocator
from goknot.kernels.reach import Search, Spread, path_to, seeds_of_some
from goknot.kernels.rows import Rows
from goknot.model.heap import HeapGraph, RootKind

if TYPE_CHECKING:
    from goknot.model.heap import Int32s, UInt8s


class HolderKind(IntEnum):
    """What a path to an object starts from."""

    ROOT = 0
    GOROUTINE = 1  # what the runtime keeps in a goroutine's `g`
    SPECIAL = 2


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a path: `object`, and how it is reached.

    Attributes:
        object: The object reached.
        edge: The edge from the object of the hop before; -1 when a holder names the object.
        kind: The holder's kind when `edge` is -1.
        holder: Root, goroutine or special, by `kind`; -1 otherwise.
    """

    object: int
    edge: int
    kind: HolderKind | None = None
    holder: int = -1


@dataclass(frozen=True, slots=True)
class Leg:
    """A stretch of a path: what it starts from, and the objects from there on.

    Attributes:
        kind: The holder's kind.
        holder: Root, goroutine or special, by `kind`.
        objects: At least one.
    """

    kind: HolderKind
    holder: int
    objects: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds what.

    Attributes:
        found: Tiers, parents and order of the search.
        kind_by_seed: seed -> HolderKind; uint8.
        holder_by_seed: seed -> root, goroutine or special; int32.
        leaked: The goroutines, by whether anything can wake them.
        specials: Finalizers and cleanups that can never run.
    """

    graph: HeapGraph
    found: Spread
    kind_by_seed: UInt8s
    holder_by_seed: Int32s
    leaked: LeakedGoroutines
    specials: HeldSpecials

    @property
    def tier_by_object(self) -> UInt8s:
        """object -> Tier (odd: through a special of an object in the tier below); uint8."""
        return self.found.tier_by_node

    def seeds_of(self, objects: Int32s) -> Int32s:
        """The seed that the shortest path to each object starts from, or -1; quick for few objects."""
        return seeds_of_some(self.found, objects)

    def path(self, target: int) -> tuple[Hop, ...]:
        """The shortest path to an object within its tier; empty for garbage.

        A path through a special leads to the special's object first, then from its holder on.
        """
        hops: list[Hop] = []
        for leg in self.legs(target):
            hops.append(Hop(leg.objects[0], -1, leg.kind, leg.holder))
            hops += [Hop(after, edge_between(self.graph, before, after)) for before, after in pairwise(leg.objects)]
        return tuple(hops)

    def legs(self, target: int) -> tuple[Leg, ...]:
        """The same path as stretches of objects, each with the holder it starts from: cheap where it is long."""
        legs: list[Leg] = []
        seen: set[int] = set()
        while True:
            seed, nodes = path_to(self.found, target)
            if seed < 0:
                break
            kind, holder = HolderKind(self.kind_by_seed[seed]), int(self.holder_by_seed[seed])
            legs.append(Leg(kind, holder, nodes))
            if kind is not HolderKind.SPECIAL or holder in seen:
                break
            seen.add(holder)
            if self.found.tier_by_node[target] % 2 == 0:  # a special that is stuck or due: nothing else holds it
                break
            target = int(self.graph.specials.object_by_special[holder])
        return tuple(reversed(legs))


def edge_between(graph: HeapGraph, source: int, target: int) -> int:
    """The first pointer of `source` to `target`."""
    first, last = int(graph.edge_start[source]), int(graph.edge_start[source + 1])
    return first + int(np.argmax(graph.edge_target[first:last] == target))


class _Seeding:
    """Runs the search and keeps what each seed stands for."""

    def __init__(self, graph: HeapGraph, leaked: LeakedGoroutines, alloc: Allocator | None) -> None:
        self.graph = graph
        self.leaked = leaked
        self.search = Search(edges_of(graph), expand_tiers(graph), alloc)
        self._kinds: list[UInt8s] = []
        self._holders: list[Int32s] = []
        self._open_specials = np.arange(graph.n_specials)  # their objects are not reached yet

    def go(self, tier: int, kind: HolderKind, rows: Rows, chosen: Int32s) -> None:
        """Seeds the targets of chosen rows."""
        owner, target = gather(rows, chosen)
        self._kinds.append(np.full(len(target), kind, np.uint8))
        self._holders.append(chosen[owner].astype(np.int32))
        self.search.go(tier, target)

    def follow_specials(self, tier: int) -> None:
        """Reaches, as tier + 1, what the specials of reached objects keep."""
        while len(self._open_specials):
            reached = (
                self.search.tier_by_node[self.graph.specials.object_by_special[self._open_specials]] != Tier.GARBAGE
            )
            if not reached.any():
                return
            chosen = self._open_specials[reached]
            self._open_specials = self._open_specials[~reached]
            self.go(tier + 1, HolderKind.SPECIAL, self.leaked.kept_by_special, chosen.astype(np.int32))

    def root_tier(self, tier: Tier, tier_by_root: UInt8s) -> None:
        """Runs one tier of roots."""
        roots = self.graph.roots
        chosen = np.flatnonzero(tier_by_root == tier).astype(np.int32)
        self.go(tier, HolderKind.ROOT, Rows(roots.target_start, roots.target_object), chosen)
        if tier in (Tier.RUNTIME, Tier.LEAKED):
            chosen = np.flatnonzero(self.leaked.is_live == (tier is Tier.RUNTIME)).astype(np.int32)
            self.go(tier, HolderKind.GOROUTINE, self.leaked.stacks, chosen)
        self.follow_specials(tier)

    def unreached_specials(self) -> Int32s:
        """The specials whose objects no tier has reached so far."""
        self_tier = self.search.tier_by_node[self.graph.specials.object_by_special]
        return np.flatnonzero(self_tier == Tier.GARBAGE).astype(np.int32)

    def holders(self, specials: HeldSpecials) -> Holders:
        """What was found."""
        none = np.empty(0, np.int32)
        return Holders(
            self.graph,
            self.search.found(),
            np.concatenate([*self._kinds, none.astype(np.uint8)]),
            np.concatenate([*self._holders, none]),
            self.leaked,
            specials,
        )


def tiers_of_roots(graph: HeapGraph, leaked: LeakedGoroutines) -> UInt8s:
    """root -> Tier."""
    tier_by_kind = np.zeros(len(RootKind), np.uint8)
    for kind, tier in ROOT_TIER_BY_KIND.items():
        tier_by_kind[kind] = tier
    tiers = tier_by_kind[graph.roots.kind_by_root]
    goroutine = graph.roots.goroutine_by_root
    of_leaked = np.zeros(graph.n_roots, np.bool_)
    of_leaked[goroutine >= 0] = ~leaked.is_live[goroutine[goroutine >= 0]]
    tiers[of_leaked] = Tier.LEAKED
    return tiers


def find_holders(graph: HeapGraph, alloc: Allocator | None = None) -> Holders:
    """Searches from the roots, the firmest holders first."""
    leaked = find_leaked(graph, alloc)
    seeding = _Seeding(graph, leaked, alloc)
    tier_by_root = tiers_of_roots(graph, leaked)
    for tier in (Tier.ORDINARY, Tier.TIMER, Tier.RUNTIME, Tier.CGO_HANDLE, Tier.LEAKED, Tier.GOROUTINE):
        seeding.root_tier(tier, tier_by_root)
    specials = find_stuck(graph, leaked.kept_by_special, seeding.search.tier_by_node, tier_by_root, alloc)
    seeding.go(
        Tier.STUCK, HolderKind.SPECIAL, leaked.kept_by_special, np.flatnonzero(specials.is_stuck).astype(np.int32)
    )
    seeding.follow_specials(Tier.STUCK)
    for tier in (Tier.POOL, Tier.QUEUE):
        seeding.root_tier(tier, tier_by_root)
    due = seeding.unreached_specials()
    seeding.go(Tier.PENDING, HolderKind.SPECIAL, leaked.kept_by_special, due)
    return seeding.holders(specials)
