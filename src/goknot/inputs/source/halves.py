"""Runs a function over many items on two processors, where that is quick to set up."""

from __future__ import annotations

import marshal
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")
MIN_ITEMS = 400  # below that a second process costs more than it saves


def map_in_halves(function: Callable[[Item], Any], items: Sequence[Item]) -> list[Any]:
    """The results of a function for each item, in order.

    Where a process can be forked, half of the items go to a child; if anything goes wrong there, they are done here.

    Args:
        function: Must return what `marshal` writes: tuples, lists, dicts, sets, strings, numbers.
        items: In any order; neighbours should cost about the same.
    """
    alone = len(items) < MIN_ITEMS or not hasattr(os, "fork") or (os.cpu_count() or 1) < 2
    if alone or threading.active_count() > 1:  # a forked child holds no thread but its own
        return [function(item) for item in items]
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _serve(function, items[1::2], writing)
    os.close(writing)
    try:
        ours = [function(item) for item in items[::2]]
        with os.fdopen(reading, "rb") as pipe:
            data = pipe.read()
    finally:
        _, status = os.waitpid(child, 0)
    theirs = marshal.loads(data) if status == 0 else [function(item) for item in items[1::2]]
    results: list[Any] = [None] * len(items)
    results[::2] = ours
    results[1::2] = theirs
    return results


def _serve(function: Callable[[Item], Any], items: Sequence[Item], writing: int) -> None:
    """What the child does; it never returns."""
    code = 1
    try:
        data = marshal.dumps([function(item) for item in items])
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(data)
        code = 0
    finally:
        os._exit(code)  # no handlers, no flushing of what the parent has buffered
