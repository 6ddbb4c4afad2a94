"""Paths in the graph of one function's objects."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence

from goknot.model.leakfacts import FunctionFacts, LeakEdge

Path = tuple[LeakEdge, ...]
CONTAINERS = frozenset({"slice", "map", "chan"})


def is_pointer(edge: LeakEdge) -> bool:
    """Whether the collector sees the edge; a handle is a number."""
    return edge.kind != "handle"


class Pointers:
    """The pointers of a function's objects by where they start."""

    def __init__(self, facts: FunctionFacts) -> None:
        self.facts = facts
        self.below: dict[int, list[LeakEdge]] = {}
        for edge in facts.edges:
            self.below.setdefault(edge.source, []).append(edge)

    def path(
        self, starts: Iterable[int], targets: Collection[int], allows: Callable[[LeakEdge], bool] = is_pointer
    ) -> Path | None:
        """A shortest path of at least one edge; None if there is none. Prefers edges that were stored first."""
        came_by: dict[int, LeakEdge] = {}
        origins = list(dict.fromkeys(starts))
        queue = deque(origins)
        seen = set(origins)
        while queue:
            node = queue.popleft()
            for edge in self.below.get(node, ()):
                if not allows(edge):
                    continue
                if edge.target in targets:
                    return _walk_back(edge, came_by, set(origins))
                if edge.target not in seen:
                    seen.add(edge.target)
                    came_by[edge.target] = edge
                    queue.append(edge.target)
        return None

    def reached(self, starts: Iterable[int], allows: Callable[[LeakEdge], bool] = lambda edge: True) -> set[int]:
        """Every node that some nodes lead to, themselves included."""
        seen = set(starts)
        stack = list(seen)
        while stack:
            for edge in self.below.get(stack.pop(), ()):
                if edge.target not in seen and allows(edge):
                    seen.add(edge.target)
                    stack.append(edge.target)
        return seen


def _walk_back(last: LeakEdge, came_by: dict[int, LeakEdge], origins: set[int]) -> Path:
    path = [last]
    while path[-1].source not in origins:
        path.append(came_by[path[-1].source])
    return tuple(reversed(path))


def without_containers(facts: FunctionFacts, path: Sequence[LeakEdge]) -> list[tuple[LeakEdge, str]]:
    """The path with slices, maps and channels folded into the fields that hold them, as (edge, label).

    The edge starts at the object that holds the container and ends at the element.
    """
    folded: list[tuple[LeakEdge, str]] = []
    for edge in path:
        label = edge.field.lstrip(".")
        if folded and facts.nodes[edge.source].kind in CONTAINERS and len(path) > 1:
            before, text = folded[-1]
            if before.target == edge.source:
                mark = "[key]" if edge.kind == "map-key" else "[]"
                merged = LeakEdge(
                    before.source, edge.target, edge.kind, edge.field, edge.where, edge.order, before.sure and edge.sure
                )
                folded[-1] = (merged, text + mark)
                continue
        folded.append((edge, label))
    return folded
