"""Where something stands or happens in a function that is run on paper."""

from __future__ import annotations

from typing import NamedTuple

from goknot.model.spot import Spot


class Target(NamedTuple):
    """An object, or a field that lies within it."""

    node: int
    field: str


class Context(NamedTuple):
    """Where something happens.

    Attributes:
        branch: Numbers of the branches around it, outermost first: what has a prefix of another's branches happens
            whenever the other does. Negative numbers are finalizers and cleanups.
        calls: The calls that lead to it from the function that is looked at; empty if it stands there.
        function: Name of the function it stands in.
        function_spot: Where that begins.
        in_method: Whether that has a receiver.
        loop: How many loops are around it.
    """

    spot: Spot
    branch: tuple[int, ...]
    calls: tuple[Spot, ...]
    function: str
    function_spot: Spot
    in_method: bool
    loop: int
