"""What a function waits for that nobody else can touch: channels, contexts, locks, groups, conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from goknot.analyses.leaks.reach import Pointers
from goknot.model.context import Target
from goknot.model.leakfacts import FunctionFacts, LeakNode
from goknot.model.processes import Act, Choice, Frame, Later, Repeat, Select, Start, Steps

MAX_ROOM = 2  # a channel with more room is never full
_MAX_PARENTS = 8  # of a context
_FUNCTIONS = frozenset({"closure", "method-value"})
_NEVER_LATE = frozenset({"capture", "goroutine", "method-value", "context"})
_LOCKS = frozenset({"lock", "unlock", "rlock", "runlock"})
_GROUPS = frozenset({"add", "done", "wait"})
_CHANNELS = frozenset({"send", "receive", "close"})
_CONDITIONS = frozenset({"cond-wait"})


class Thing(NamedTuple):
    """What processes wait for.

    Attributes:
        kind: `chan`, `never` (a nil channel), `context`, `open` (a context that others may end, too), `lock`, `group`,
            `condition`.
        room: Of a channel.
        below: Of a context: indices of those that end with it, itself included.
    """

    kind: str
    room: int = 0
    below: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Waited:
    """Things by index.

    Attributes:
        index: Target of an act -> index in `things`.
        targets: Index -> the target itself; of contexts the context.
        murky: Other channels that are made here: somebody may wait at them for what happens here.
    """

    index: dict[Target, int]
    things: list[Thing]
    targets: list[Target]
    murky: set[Target] = field(default_factory=set)

    def is_judged(self, target: Target) -> bool:
        """Whether somebody can wait for it in vain."""
        thing = self.index.get(target, -1)
        return thing >= 0 and self.things[thing].kind != "open"


def acts_of(steps: Steps, loops: tuple[int, ...] = ()) -> Iterator[tuple[Act, tuple[int, ...]]]:
    """Every act of some steps, with the loops around it; what ranges over a channel is a receive."""
    for step in steps:
        if isinstance(step, Act):
            yield step, loops
        elif isinstance(step, Choice):
            for inner in step.alternatives:
                yield from acts_of(inner, loops)
        elif isinstance(step, Select):
            for act, inner in step.cases:
                if act is not None:
                    yield act, loops
                yield from acts_of(inner, loops)
        elif isinstance(step, Repeat):
            if step.kind == "channel":
                yield Act("receive", step.places, "", step.where), loops
            yield from acts_of(step.body, (*loops, step.loop))
        elif isinstance(step, Start | Frame | Later):
            yield from acts_of(step.body, loops)


def waited_of(facts: FunctionFacts) -> Waited:
    """Everything that can be judged."""
    found = Waited({}, [], [])
    if facts.process is None:
        return found
    kinds: dict[Target, set[str]] = {}
    spoilt: set[Target] = set()
    for act, loops in acts_of(facts.process.steps):
        for place in act.places:
            kinds.setdefault(place, set()).add(act.kind)
            made = facts.process.loops[place.node]
            if len(act.places) > 1 or loops[: len(made)] != made or (act.kind == "add" and not act.word):
                spoilt.add(place)
    shared = _shared(facts)
    contexts = _Contexts(facts, found)
    for place in sorted(kinds):
        node = facts.nodes[place.node]
        if node.kind in {"context", "cancel"}:
            contexts.add(place)
        elif place not in spoilt and place.node not in shared and not node.outside:
            thing = _thing(kinds[place], node)
            if thing is not None:
                found.index[place] = len(found.things)
                found.things.append(thing)
                found.targets.append(place)
    found.murky.update(place for place in kinds if place not in found.index and facts.nodes[place.node].kind == "chan")
    return found


def _shared(facts: FunctionFacts) -> set[int]:
    """What may be touched unseen: by functions that somebody calls later, finalizers, goroutines that began before."""
    kept = [i for i, node in enumerate(facts.nodes) if node.kind in _FUNCTIONS and not node.ran]
    touched = {subject for event in facts.events if event.destructor for subject in event.subjects}
    pointers = Pointers(facts)
    return pointers.reached(kept) | touched | pointers.reached(_handed_on(facts))


def _handed_on(facts: FunctionFacts) -> set[int]:
    """What a goroutine may find that began before it was stored, as the run did not: what channels and fields hold."""
    first = min((event.order for event in facts.events if event.kind == "go"), default=0)
    return {
        edge.target
        for edge in facts.edges
        if edge.kind not in _NEVER_LATE and (edge.order > first or facts.nodes[edge.source].kind == "chan")
    }


def _thing(kinds: set[str], node: LeakNode) -> Thing | None:
    if node.kind == "chan":
        room = node.size if 0 <= node.size <= MAX_ROOM else MAX_ROOM + 1
        if not kinds <= _CHANNELS:
            return None
        return Thing("never") if node.detail == "nil" else Thing("chan", room)
    if node.kind in {"closure", "method-value", "function", "param", "global", "loaded", "result"}:
        return None
    if kinds <= _LOCKS:
        return Thing("lock")
    if kinds <= _GROUPS:
        return Thing("group")
    return Thing("condition") if kinds <= _CONDITIONS else None


class _Contexts:
    """Contexts that are made here: closed ones end only by a cancel that the function keeps to itself, or never."""

    def __init__(self, facts: FunctionFacts, found: Waited) -> None:
        self.facts = facts
        self.found = found
        self.by_node: dict[int, int] = {}
        self.shared = _shared(facts)
        self.cancels = {
            edge.target: edge.source
            for edge in facts.edges
            if edge.kind == "context" and facts.nodes[edge.source].kind == "cancel"
        }
        self.contexts = {cancel: context for context, cancel in self.cancels.items()}

    def add(self, place: Target) -> None:
        """Adds a context, or that of a cancel function, if it can be judged."""
        node = self.contexts.get(place.node, place.node)
        thing = self._of(node, 0)
        if thing >= 0:
            self.found.index[place] = thing

    def _of(self, node: int, depth: int) -> int:
        """The index of a context; -1 if it is not made here."""
        context = self.facts.nodes[node]
        if node in self.by_node or context.kind != "context" or depth > _MAX_PARENTS:
            return self.by_node.get(node, -1)
        if context.detail == "background":
            return self._new(node, "context", [])
        parents = [self._of(parent, depth + 1) for parent in context.aims_at]
        if context.detail == "WithValue":
            return parents[0] if len(parents) == 1 else -1
        cancel = self.cancels.get(node, -1)
        closed = (
            context.detail.startswith("WithCancel")
            and cancel >= 0
            and not self._is_open(cancel)
            and len(parents) == 1
            and parents[0] >= 0
            and self.found.things[parents[0]].kind == "context"
        )
        return self._new(node, "context" if closed else "open", [parent for parent in parents if parent >= 0])

    def _is_open(self, cancel: int) -> bool:
        return self.facts.nodes[cancel].outside or cancel in self.shared

    def _new(self, node: int, kind: str, parents: list[int]) -> int:
        number = self.by_node[node] = len(self.found.things)
        self.found.things.append(Thing(kind, 0, (number,)))
        self.found.targets.append(Target(node, ""))
        for i, thing in enumerate(self.found.things):
            if any(parent in thing.below for parent in parents):
                self.found.things[i] = thing._replace(below=(*thing.below, number))
        return number
