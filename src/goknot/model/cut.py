"""A cut: edges whose removal undoes a ring."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cut:
    """Edges to remove, what that costs, and how Go code does it.

    Attributes:
        edges: (from, to) as indices into the knot's nodes.
        cost: Sum of the weights of `edges`.
        lower_bound: No cut costs less; equal to `cost` when the cut is proven minimal.
        move: Short name of the refactoring, e.g. `consumer-interface`.
        how: One or two sentences: the refactoring in terms of this knot.
        steps: (move, how) of each edge, in the order of `edges`; empty if there is nothing to add to `move` and `how`.
    """

    edges: tuple[tuple[int, int], ...]
    cost: int
    lower_bound: int
    move: str
    how: str
    steps: tuple[tuple[str, str], ...] = ()
