"""cleanup-holds-object: a cleanup whose function or argument leads to the object it waits for.

Source: runtime/mcleanup.go, AddCleanup: function and argument are kept until the object is dead. A plain ring is none
of its business. From Go 1.26 on a closure that captures the pointer itself panics at the call.
"""

from __future__ import annotations

from collections.abc import Iterator

from goknot.analyses.leaks.finding import Leak, Picture, node_of, strength_of_path, weakest
from goknot.analyses.leaks.reach import Path, Pointers
from goknot.analyses.leaks.releases import taken_back
from goknot.model.leakfacts import FunctionFacts, LeakEvent, ProgramFacts
from goknot.model.verdict import Confidence, Level, Verdict

KIND = "cleanup-holds-object"


def find(program: ProgramFacts) -> Iterator[Leak]:
    """Every cleanup that keeps its own object."""
    for facts in program.functions:
        pointers = Pointers(facts)
        for event in facts.events:
            if event.kind == "cleanup" and not event.destructor:
                yield from _of_event(facts, pointers, event)


def _of_event(facts: FunctionFacts, pointers: Pointers, event: LeakEvent) -> Iterator[Leak]:
    function, argument, handle = event.others
    undone = taken_back(facts, event, "clear-cleanup", set(handle))
    if undone is None:
        return
    confidence = undone
    if event.where.branch or event.where.calls or len(event.subjects) > 1:
        confidence = weakest(confidence, Confidence.LIKELY)
    for subject in event.subjects:
        path = pointers.path(function, {subject})
        role = "function"
        if path is None and subject not in argument:
            path, role = pointers.path(argument, {subject}), "argument"
        if path is not None:
            yield _leak(facts, event, subject, path, role, weakest(confidence, strength_of_path(facts, event, path)))
        elif subject in argument:
            yield _leak(facts, event, subject, (), "argument", confidence)


def _leak(  # noqa: PLR0917
    facts: FunctionFacts, event: LeakEvent, subject: int, path: Path, role: str, confidence: Confidence
) -> Leak:
    picture = Picture.empty()
    node = facts.nodes[subject]
    at = picture.node(subject, node_of(node))
    holder = picture.node(path[0].source, node_of(facts.nodes[path[0].source])) if path else at
    picture.edge(at, holder, "cleanup", event.where.spot, note=f"the cleanup's {role}")
    picture.path(facts, path)
    direct = len(path) <= 1
    since = (
        "Go 1.24 and 1.25 leak it without a word; Go 1.26 and later panic at the call when they see it"
        if direct
        else "every release from Go 1.24 on leaks it without a word"
    )
    return Leak(
        kind=KIND,
        level=Level.TYPE,
        verdict=Verdict.NEVER_FREED,
        confidence=confidence,
        title=f"the cleanup of {node.name} holds it by its {role}",
        reason=f"A cleanup's function and argument are kept until the object is dead, and its {role} leads to "
        f"{node.name}: the object never dies and the cleanup never runs; {since}.",
        where=event.where.calls[0] if event.where.calls else event.where.spot,
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="cleanup-without-object",
        how="Give the cleanup what it releases (a file descriptor, a handle, an inner object that does not point back) "
        "as its argument, and let its function capture nothing.",
        depth=len(event.where.calls),
        scope=f"{facts.package}.{facts.name}",
        anchor=event.where.spot,
    )
