"""Runs a function over many items on two processors, where that is quick to set up."""

from __future__ import annotations

import marshal
import os
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from goknot.inputs.source.tree import DiskTree, Tree

Item = TypeVar("Item")
Result = TypeVar("Result")
MIN_ITEMS = 200  # below that a second process costs more than it saves


def in_halves(tree: Tree, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """The results of a function for each item, in order.

    Where a process can be forked, every other item goes to a child; if anything goes wrong there, they are done here.

    Args:
        tree: What the function reads. A tree that talks to a process of its own (git) cannot be shared with a child.
        function: Must return what `marshal` writes: tuples, lists, dicts, sets, strings, numbers.
        items: Neighbours should cost about the same.
    """
    if len(items) < MIN_ITEMS or not isinstance(tree, DiskTree) or not _can_fork():
        return [function(item) for item in items]
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _serve(function, items[1::2], writing)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as pipe:
            ours = [function(item) for item in items[::2]]
            data = pipe.read()
    finally:
        _, status = os.waitpid(child, 0)
    theirs: list[Result] = marshal.loads(data) if status == 0 else [function(item) for item in items[1::2]]
    results = [*ours, *theirs]
    results[::2], results[1::2] = ours, theirs
    return results


def _can_fork() -> bool:
    # a forked child holds no thread but its own, and macOS's libraries do not take forking well
    return sys.platform == "linux" and (os.cpu_count() or 1) > 1 and threading.active_count() == 1


def _serve(function: Callable[[Item], Result], items: Sequence[Item], writing: int) -> None:
    """What the child does; it never returns."""
    code = 1
    try:
        data = marshal.dumps([function(item) for item in items])
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(data)
        code = 0
    finally:
        os._exit(code)  # no handlers, no flushing of what the parent has buffered
