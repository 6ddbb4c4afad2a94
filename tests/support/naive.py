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
