"""Graph answers by the plainest means: what kernels and analyses are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def reachable(successors: Sequence[Sequence[int]], starts: Iterable[int], without: Iterable[int] = ()) -> set[int]:
    """Every node that `starts` lead to, themselves included, never through or to `without`."""
    barred = set(without)
    seen = {start for start in starts if start not in barred}
    stack = list(seen)
    while stack:
        for target in successors[stack.pop()]:
            if target not in seen and target not in barred:
                seen.add(target)
                stack.append(target)
    return seen


def predecessors(successors: Sequence[Sequence[int]]) -> list[list[int]]:
    """node -> nodes that point at it."""
    found: list[list[int]] = [[] for _ in successors]
    for source, targets in enumerate(successors):
        for target in targets:
            found[target].append(source)
    return found


def component_of(successors: Sequence[Sequence[int]], back: Sequence[Sequence[int]], node: int) -> set[int]:
    """The strongly connected component of `node`: what it reaches and what reaches it."""
    return reachable(successors, [node]) & reachable(back, [node])


def retained(
    successors: Sequence[Sequence[int]], back: Sequence[Sequence[int]], roots: set[int], ring: set[int]
) -> set[int]:
    """What goes when `ring` goes: nothing outside leads to it, not even garbage."""
    inside = reachable(successors, ring)
    held = {n for n in inside - ring if n in roots or any(source not in inside for source in back[n])}
    return inside - reachable(successors, held, without=ring)


def rings_of(successors: Sequence[Sequence[int]]) -> list[set[int]]:
    """Every strongly connected component of more than one node, by its least node (Kosaraju's two passes)."""
    order: list[int] = []
    seen: set[int] = set()
    for start in range(len(successors)):
        stack = [(start, iter(successors[start]))] if start not in seen else []
        seen.add(start)
        while stack:
            node, targets = stack[-1]
            fresh = next((target for target in targets if target not in seen), -1)
            if fresh < 0:
                order.append(stack.pop()[0])
            else:
                seen.add(fresh)
                stack.append((fresh, iter(successors[fresh])))
    back = predecessors(successors)
    done: set[int] = set()
    found = []
    for node in reversed(order):
        if node not in done:
            component, stack_of_nodes = {node}, [node]
            while stack_of_nodes:
                fresh_nodes = {n for n in back[stack_of_nodes.pop()] if n not in done and n not in component}
                component |= fresh_nodes
                stack_of_nodes += fresh_nodes
            done |= component
            found.append(component)
    return sorted((one for one in found if len(one) > 1), key=min)
