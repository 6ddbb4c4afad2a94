"""The dominator tree of a heap: who alone keeps what, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.holders import Holders
from goknot.analyses.heap.tiers import Tier, cut_tiers, edges_of, gather, rows_from
from goknot.kernels.components import RingSet, find_rings
from goknot.kernels.dominators import Dominated, dominate
from goknot.kernels.folding import fold, label_types, sum_types
from goknot.kernels.grouping import lead_into_rings, single_entries
from goknot.kernels.memory import Allocator
from goknot.kernels.reach import flood
from goknot.kernels.rows import Rows
from goknot.kernels.subsets import largest, pairs_within, rows_of
from goknot.model.heap import NO_ID, HeapGraph, ObjectFlag

if TYPE_CHECKING:
    import numpy.typing as npt

    from goknot.model.heap import Int32s, Int64s


class NodeKind(IntEnum):
    """What a node of the dominator tree stands for."""

    OBJECT = 0
    EVERYTHING = 1  # the tree's root
    STACK = 2  # all goroutines with the same sequence of functions
    GOROUTINE = 3
    ROOT = 4
    SPECIAL = 5
    GARBAGE = 6  # all that nothing holds


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A node of the dominator tree.

    Attributes:
        node: Its number in the tree.
        kind: What it stands for.
        id: Object, stack, goroutine, root or special, by `kind`; 0 for the two others.
        retained_bytes: What goes when it goes.
        own_bytes: Its own size.
    """

    node: int
    kind: NodeKind
    id: int
    retained_bytes: int
    own_bytes: int


@dataclass(frozen=True, slots=True)
class HeapTree:
    """The dominator tree of all objects, garbage under a node of its own.

    Nodes: objects, then the root of everything, stacks, goroutines, roots, specials, garbage.

    Attributes:
        graph: The heap.
        tree: The tree by positions.
        tops: Nodes from the root of everything on -> nodes they point at.
        edges: object -> objects.
        owner: Objects with specials that are not due, ascending; int32.
        owned: The specials of those, as nodes; int32.
    """

    graph: HeapGraph
    tree: Dominated
    tops: Rows
    edges: Rows
    owner: Int32s
    owned: Int32s

    def kind_of(self, node: int) -> tuple[NodeKind, int]:
        """What a node stands for."""
        for kind, first in reversed(_first_nodes(self.graph).items()):
            if node >= first:
                return kind, node - first
        raise ValueError(f"{node} is no node")

    def node_of(self, kind: NodeKind, number: int = 0) -> int:
        """The node of an object, stack, goroutine, root or special."""
        return _first_nodes(self.graph)[kind] + number

    def describe(self, node: int) -> TreeNode:
        """A node with its sizes; zero retained bytes if nothing holds it."""
        kind, number = self.kind_of(node)
        own = int(self.graph.bytes_by_object[node]) if kind is NodeKind.OBJECT else 0
        retained = int(self.tree.retained(np.array([node], np.int32))[0])
        return TreeNode(node, kind, number, retained, own)

    def children(self, node: int, count: int = 20) -> list[TreeNode]:
        """The nodes that `node` alone keeps, largest first."""
        below = self.tree.children(node)
        return [self.describe(int(below[at])) for at in largest(self.tree.retained(below), count)]

    def dominators_of(self, node: int) -> list[TreeNode]:
        """What alone keeps `node`, nearest first."""
        return [self.describe(above) for above in self.tree.dominators_of(node)]

    def top_objects(self, count: int = 20) -> list[TreeNode]:
        """The objects that keep most, largest first, equal ones by address; garbage left out."""
        retained = np.zeros(self.graph.n_objects, np.int64)
        positions = np.flatnonzero(self.tree.node_by_position < self.graph.n_objects)
        retained[self.tree.node_by_position[positions]] = self.tree.retained_by_position[positions]
        return [self.describe(int(node)) for node in largest(retained, count)]


def _first_nodes(graph: HeapGraph) -> dict[NodeKind, int]:
    """The first node of each kind, ascending."""
    stacks = graph.goroutines.stack_by_goroutine
    n_stacks = int(stacks.max()) + 1 if len(stacks) else 0
    sizes = (graph.n_objects, 1, n_stacks, graph.n_goroutines, graph.n_roots, graph.n_specials, 1)
    return dict(zip(NodeKind, accumulate((0, *sizes)), strict=False))


def _garbage_heads(graph: HeapGraph, holders: Holders, alloc: Allocator | None) -> Int32s:
    """One object of each part of the garbage that no other garbage points at."""
    garbage = holders.tier_by_object == Tier.GARBAGE
    if not garbage.any():
        return np.empty(0, np.int32)
    objects = np.flatnonzero(garbage).astype(np.int32)
    after_by_object = np.zeros(graph.n_objects, np.int32)
    after_by_object[objects] = np.arange(1, len(objects) + 1, dtype=np.int32)
    source, target = pairs_within(edges_of(graph), objects, after_by_object, alloc)
    rings = find_rings(rows_of(len(objects), source, target, alloc), alloc=alloc)
    ring = rings.ring_by_node
    outside = (source != target) & ((ring[source] != ring[target]) | (ring[target] < 0))
    pointed_at, ring_pointed_at = np.zeros(len(objects), np.bool_), np.zeros(rings.n_rings, np.bool_)
    pointed_at[target[outside]] = True
    ring_pointed_at[ring[target[outside]][ring[target[outside]] >= 0]] = True
    plain = np.flatnonzero((ring < 0) & ~pointed_at)
    firsts = rings.node[rings.node_start[:-1]][~ring_pointed_at]
    return objects[np.sort(np.concatenate((plain, firsts)))]


def _specials_of_objects(graph: HeapGraph, holders: Holders) -> tuple[Int64s, Int64s]:
    """The specials whose objects are held by more than specials that are due, and the others."""
    is_held = holders.tier_by_object[graph.specials.object_by_special] < Tier.PENDING
    return np.flatnonzero(is_held), np.flatnonzero(~is_held)


def _top_rows(graph: HeapGraph, holders: Holders, alloc: Allocator | None) -> Rows:
    """The rows above the objects: everything -> stacks -> goroutines -> frames -> objects, and so on."""
    n = graph.n_objects
    first = {kind: node - n for kind, node in _first_nodes(graph).items()}
    stack, special, garbage = first[NodeKind.STACK], first[NodeKind.SPECIAL], first[NodeKind.GARBAGE]
    first_goroutine, first_root = first[NodeKind.GOROUTINE], first[NodeKind.ROOT]
    goroutine = graph.roots.goroutine_by_root
    free_roots, stack_roots = np.flatnonzero(goroutine < 0), np.flatnonzero(goroutine >= 0)
    root_owner, root_target = gather(
        Rows(graph.roots.target_start, graph.roots.target_object), np.arange(graph.n_roots)
    )
    tier = holders.tier_by_object
    with_object = np.flatnonzero(graph.goroutines.object_by_goroutine >= 0)
    g_owner, g_target = gather(edges_of(graph), graph.goroutines.object_by_goroutine[with_object])
    g_late = tier[g_target] >= Tier.RUNTIME
    of_object, due = _specials_of_objects(graph, holders)
    words = Rows(graph.specials.target_start, graph.specials.target_object)
    word_owner, word = gather(words, of_object)
    # A finalizer's object points by itself at what the finalizer keeps, unless its pointers do not count.
    opaque = (graph.flags_by_object[graph.specials.object_by_special[of_object]] & ObjectFlag.RUNTIME) != 0
    kept = np.concatenate((due, of_object[opaque]))
    kept_owner, kept_target = gather(holders.leaked.kept_by_special, kept)
    origins = graph.specials.object_by_special[holders.specials.is_stuck & holders.specials.is_self_held]
    heads = _garbage_heads(graph, holders, alloc)
    machinery = np.flatnonzero(((graph.flags_by_object & ObjectFlag.GOROUTINE) != 0) & (tier != Tier.GARBAGE))
    stacks = np.arange(stack, first_goroutine)
    below_all = np.concatenate((stacks, first_root + free_roots, special + due, [garbage]))
    owners = (
        np.zeros(len(below_all) + len(machinery) + len(origins), np.int64),
        stack + graph.goroutines.stack_by_goroutine.astype(np.int64),
        first_goroutine + goroutine[stack_roots].astype(np.int64),
        first_goroutine + with_object[g_owner[g_late]],
        first_root + root_owner,
        special + of_object[word_owner],
        special + kept[kept_owner],
        np.full(len(heads), garbage),
    )
    targets = (
        n + below_all,
        machinery,
        origins,
        n + np.arange(first_goroutine, first_root),
        n + first_root + stack_roots,
        g_target[g_late],
        root_target,
        word,
        kept_target,
        heads,
    )
    return rows_from(np.concatenate(owners), np.concatenate(targets), garbage + 1)


def build_tree(graph: HeapGraph, holders: Holders, alloc: Allocator | None = None) -> HeapTree:
    """Builds the dominator tree.

    Pointers of garbage count only to other garbage, and those of the runtime's structures only to what nothing firmer
    reaches. A special belongs to its object, and goes when that goes; one that is due stands by itself. What the
    runtime keeps of goroutines (g, sudog) is nobody's: it is used again, not freed, when they end.
    """
    tops = _top_rows(graph, holders, alloc)
    edges = edges_of(graph)
    of_object, _ = _specials_of_objects(graph, holders)
    first = _first_nodes(graph)[NodeKind.SPECIAL]
    of_object = of_object[np.argsort(graph.specials.object_by_special[of_object], kind="stable")]
    owner, owned = graph.specials.object_by_special[of_object], (first + of_object).astype(np.int32)
    tree = _dominate(graph, holders, edges, tops, owner=owner, owned=owned, alloc=alloc)
    return HeapTree(graph, tree, tops, edges, owner, owned)


def _dominate(
    graph: HeapGraph,
    holders: Holders,
    edges: Rows,
    tops: Rows,
    *,
    owner: Int32s,
    owned: Int32s,
    alloc: Allocator | None,
) -> Dominated:
    return dominate(
        edges,
        tops,
        bytes_by_node=graph.bytes_by_object,
        cut=cut_tiers(graph, holders.tier_by_object),
        tier_by_node=holders.tier_by_object,
        owner=owner,
        owned=owned,
        alloc=alloc,
    )


def retained_by_ring(
    heap: HeapTree, holders: Holders, rings: RingSet, alloc: Allocator | None = None, n_floods: int = 2
) -> Int64s:
    """ring -> bytes that go when all its members go; exact.

    Where one member dominates the others its own retained size is the ring's. Other rings are entered in several
    places: all pointers into them are led to their first member, which changes nothing outside and makes it dominate.
    Up to `n_floods` of those are weighed one by one instead.
    """
    entry = single_entries(rings, heap.tree)
    retained = heap.tree.retained(np.maximum(entry, 0))
    several = np.flatnonzero(entry < 0)
    if len(several) <= n_floods:  # quicker than another tree
        for ring in several.tolist():
            members = rings.node[rings.node_start[ring] : rings.node_start[ring + 1]]
            retained[ring] = retained_by_set(heap, holders, members, alloc)[1]
        return retained
    first = rings.node[rings.node_start[:-1]]
    lead = np.full(rings.n_rings, NO_ID, np.int32)
    lead[several] = first[several]
    tops = heap.tops.target.copy()
    entered = np.full(len(tops), NO_ID, np.int32)
    is_object = tops < heap.graph.n_objects
    entered[is_object] = rings.ring_by_node[tops[is_object]]
    enters = np.flatnonzero(entered >= 0)[lead[entered[entered >= 0]] >= 0]
    tops[enters] = lead[entered[enters]]
    led = lead_into_rings(heap.edges, rings.ring_by_node, lead, alloc)
    tops_led = Rows(heap.tops.start, tops)
    tree = _dominate(heap.graph, holders, led, tops_led, owner=heap.owner, owned=heap.owned, alloc=alloc)
    retained[several] = tree.retained(first[several])
    return retained


def retained_by_set(
    heap: HeapTree, holders: Holders, objects: Int32s, alloc: Allocator | None = None, roots: Int64s | None = None
) -> tuple[int, int]:
    """How many objects, and how many bytes, go when all of `objects` go; garbage among them counts for itself.

    Args:
        heap: The tree.
        holders: Who holds what.
        objects: The objects.
        alloc: Where arrays come from.
        roots: Roots that let go as well.
    """
    graph = heap.graph
    mark = np.zeros(graph.n_objects, np.uint8)
    mark[objects] = 2
    special = _first_nodes(graph)[NodeKind.SPECIAL] - graph.n_objects
    by_object = np.zeros(heap.tops.n_rows, np.bool_)
    by_object[heap.owned - graph.n_objects] = True
    if roots is not None:
        by_object[_first_nodes(graph)[NodeKind.ROOT] - graph.n_objects + roots] = True
    _, seeds = gather(heap.tops, np.flatnonzero(~by_object))
    waiting = heap.owned - graph.n_objects - special
    n_gone, bytes_gone = graph.n_objects, int(graph.bytes_by_object.sum())
    cut = cut_tiers(graph, holders.tier_by_object)
    while True:  # what specials keep, as their objects are reached
        seeds = seeds[seeds < graph.n_objects]
        found = flood(heap.edges, seeds, mark, cut=cut, tier_by_node=holders.tier_by_object, alloc=alloc)
        n_gone, bytes_gone = n_gone - len(found), bytes_gone - int(graph.bytes_by_object[found].sum())
        reached = mark[graph.specials.object_by_special[waiting]] == 1
        if not reached.any():
            break
        _, seeds = gather(heap.tops, special + waiting[reached])
        waiting = waiting[~reached]
    return n_gone, bytes_gone


@dataclass(frozen=True, slots=True)
class TypeSizes:
    """What objects of each type weigh; the last row is for objects of unknown type.

    Attributes:
        n_objects_by_type: type -> reachable objects; int64.
        bytes_by_type: type -> their bytes; int64.
        dominated_by_type: type -> bytes kept by single objects of the type: what the outermost of them retain, summed.
            A lower bound of what goes when all go (`retained_by_set`), which counts things that several hold together.
    """

    n_objects_by_type: Int64s
    bytes_by_type: Int64s
    dominated_by_type: Int64s


def own_bytes(heap: HeapTree) -> Int64s:
    """position -> the node's own size."""
    own = np.zeros(len(heap.tree.node_by_position), np.int64)
    objects = np.flatnonzero(heap.tree.node_by_position < heap.graph.n_objects)
    own[objects] = heap.graph.bytes_by_object[heap.tree.node_by_position[objects]]
    return own


def sizes_by_type(heap: HeapTree, n_types: int, alloc: Allocator | None = None) -> TypeSizes:
    """Sums over the types; what is garbage does not count."""
    graph, tree = heap.graph, heap.tree
    garbage = int(tree.position_by_node[heap.node_of(NodeKind.GARBAGE)])
    label = label_types(tree.node_by_position, graph.type_by_object, garbage, n_types, alloc)
    folded = fold(tree.idom_by_position, label, alloc=alloc)
    is_garbage = _below_garbage(folded.parent_by_path, folded.label_by_path, n_types + 2)
    label[is_garbage[folded.path_by_position]] = n_types + 2
    sums = sum_types(label, folded.is_outermost, tree, graph.bytes_by_object, n_types + 1)
    return TypeSizes(*sums)


def _below_garbage(parent_by_path: Int32s, label_by_path: Int32s, label: int) -> npt.NDArray[np.bool_]:
    below: npt.NDArray[np.bool_] = label_by_path == label
    for path in range(1, len(below)):  # a path's parent stands before it
        below[path] |= below[parent_by_path[path]]
    return below
