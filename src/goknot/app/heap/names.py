"""Names of what a dominator tree is made of, and of types as a user writes them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np

from goknot.analyses.heap.dominance import NodeKind
from goknot.analyses.heap.holders import HolderKind
from goknot.analyses.heap.tiers import Tier
from goknot.analyses.heap.views import object_at
from goknot.app.heap.steps import holder_name
from goknot.errors import UsageError
from goknot.reports.words import name_of

if TYPE_CHECKING:
    from goknot.app.heap.study import HeapStudy

_MAX_CANDIDATES = 8
_HELD = {Tier.GARBAGE: "garbage", Tier.STUCK: "special", Tier.LEAKED: "leaked goroutine"}
_PLUMBING = ("runtime.", "internal/", "sync.")


def node_name(study: HeapStudy, kind: NodeKind, number: int) -> str:
    """What a person calls a node of the dominator tree."""
    heap = study.heap
    if kind is NodeKind.OBJECT:
        return heap.type_name(number)
    if kind is NodeKind.STACK:
        return f"goroutines in {stack_name(heap.stack_names[number])}"
    if kind is NodeKind.GOROUTINE:
        goroutine = heap.goroutines[number]
        return f"goroutine {goroutine.goid} in {stack_name(tuple(frame.function for frame in goroutine.frames))}"
    if kind is NodeKind.ROOT:
        return holder_name(heap, HolderKind.ROOT, number)
    if kind is NodeKind.SPECIAL:
        return heap.special_name(number)
    return "garbage" if kind is NodeKind.GARBAGE else "everything"


def stack_name(functions: tuple[str, ...]) -> str:
    """The innermost function that says what a goroutine does; of the runtime's own goroutines, what they began with."""
    began = (name for name in reversed(functions) if name != "runtime.goexit")
    return next((name for name in functions if is_own(name)), next(began, "?"))


def is_own(function: str) -> bool:
    """Whether a frame says what a goroutine does, not how the runtime waits."""
    return not function.startswith(_PLUMBING)


def held_words() -> list[str]:
    """Tier -> what holds an object in it, in a word or two."""
    words = ["root"] * 256
    for tier in Tier:
        word = _HELD.get(tier, tier.name.lower().replace("ordinary", "root"))
        words[tier] = words[min(tier + 1, 255)] = word
    return words


def type_of(study: HeapStudy, text: str) -> int:
    """The type that a user means: a whole name, or the end of one.

    Raises:
        UsageError: None or several fit.
    """
    names = study.heap.type_names
    if text in names:
        return names.index(text)
    fitting = [number for number, name in enumerate(names) if _ends_with(name, text)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        shown = ", ".join(name_of(names[number]) for number in fitting[:_MAX_CANDIDATES])
        more = f" and {len(fitting) - _MAX_CANDIDATES} more" if len(fitting) > _MAX_CANDIDATES else ""
        raise UsageError(f"{len(fitting)} types end in {text!r}", f"Say which: {shown}{more}.")
    near = get_close_matches(text, [*names, *(name.rpartition("/")[2] for name in names)], n=3, cutoff=0.6)
    raise UsageError(
        f"no object of the heap has type {text!r}", f"Near it: {', '.join(map(name_of, near))}." if near else ""
    )


def _ends_with(name: str, text: str) -> bool:
    """`Node` and `tree.Node` stand for `example.com/tree.Node`, not for `[]example.com/tree.Node` or `SubNode`."""
    if not name.endswith(text):
        return False
    before = name[: len(name) - len(text)]
    return before.endswith((".", "/")) and not before.startswith(("[", "*", "map[", "chan "))


def object_or_type(study: HeapStudy, text: str) -> tuple[int, int]:
    """(object, -1) of an address, (-1, type) of a name.

    Raises:
        UsageError: There is no such object or type.
    """
    if text.lower().startswith("0x"):
        try:
            address = int(text, 16)
        except ValueError:
            raise UsageError(f"{text!r} is no address", "Write it as 0xc000012345.") from None
        found = object_at(study.graph, address)
        if found < 0:
            raise UsageError(f"no object of the heap lies at {text}")
        return found, -1
    return -1, type_of(study, text)


def named_by(study: HeapStudy) -> list[str]:
    """type -> where most of its objects have the name from."""
    from goknot.model.named_heap import NAMED_BY  # noqa: PLC0415 (one use)

    graph, n_types = study.graph, len(study.heap.type_names)
    known = graph.type_by_object >= 0
    pair = graph.type_by_object[known].astype(np.int64) * len(NAMED_BY) + study.heap.named_by_object[known]
    counts = np.bincount(pair, minlength=n_types * len(NAMED_BY)).reshape(-1, len(NAMED_BY))
    return [NAMED_BY[number] for number in counts.argmax(1).tolist()]
