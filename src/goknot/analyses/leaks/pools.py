"""pool-reaches-owner and self-pointer: notes about what looks like a leak and is none."""

from __future__ import annotations

from collections.abc import Iterator

from goknot.analyses.leaks.finding import Leak, Picture, node_of
from goknot.analyses.leaks.reach import Pointers
from goknot.model.leakfacts import FunctionFacts, LeakEvent, ProgramFacts, Spot
from goknot.model.verdict import Confidence, Level, Verdict

POOL = "pool-reaches-owner"
SELF = "self-pointer"
_SETS = frozenset({"finalizer", "cleanup"})


def find_pools(program: ProgramFacts) -> Iterator[Leak]:
    """Every object put into a pool that leads to what holds the pool."""
    for facts in program.functions:
        pointers = Pointers(facts)
        for event in facts.events:
            if event.kind != "pool-put" or event.where.calls or not event.others:
                continue
            owner = set(event.subjects)
            path = pointers.path(event.others[0], owner)
            if path is None or facts.nodes[event.subjects[0]].type_key == "sync.Pool":
                continue
            picture = Picture.empty()
            node = facts.nodes[event.subjects[0]]
            at = picture.node(event.subjects[0], node_of(node))
            first = picture.node(path[0].source, node_of(facts.nodes[path[0].source]))
            picture.edge(at, first, "pool", event.where.spot)
            picture.path(facts, path)
            yield _note(
                facts,
                POOL,
                event,
                f"what {facts.name} puts into the pool leads to {node.name}, which holds the pool",
                "A pool is no root: when nothing else leads to its owner, pool and objects are freed, and each garbage "
                "collection drops what was not used since the one before.",
                picture,
                event.where.spot,
            )


def find_makers(program: ProgramFacts) -> Iterator[Leak]:
    """Every pool whose New leads to what holds the pool."""
    for facts in program.functions:
        owners = {subject for event in facts.events if event.kind == "pool-put" for subject in event.subjects}
        for edge in facts.edges if owners else ():
            if edge.source not in owners or not edge.field.endswith(".New") or edge.where.calls:
                continue
            back = Pointers(facts).path([edge.target], {edge.source})
            if back is None:
                continue
            picture = Picture.empty()
            node = facts.nodes[edge.source]
            picture.path(facts, [edge])
            picture.path(facts, back)
            event = next(e for e in facts.events if e.kind == "pool-put" and edge.source in e.subjects)
            yield _note(
                facts,
                POOL,
                event,
                f"what the pool of {node.name} makes in {facts.name} leads to {node.name}, which holds the pool",
                "A pool is no root: when nothing else leads to its owner, owner, pool and objects are freed together.",
                picture,
                edge.where.spot,
            )


def find_self_pointers(program: ProgramFacts) -> Iterator[Leak]:
    """Every object that points into its own allocation."""
    for facts in program.functions:
        for event in facts.events:
            if event.kind != "finalizer" or event.where.calls:
                continue
            for subject in event.subjects:
                found = facts.self_pointers.get(subject)
                if found is not None and event.where.function_spot == facts.nodes[subject].where.function_spot:
                    yield _self_pointer(facts, subject, *found, has_finalizer=True)
        with_finalizer = {s for event in facts.events if event.kind in _SETS for s in event.subjects}
        for subject, (field, spot) in sorted(facts.self_pointers.items()):
            node = facts.nodes[subject]
            if node.kind == "new" and not node.where.calls and subject not in with_finalizer:
                yield _self_pointer(facts, subject, field, spot, has_finalizer=False)


def _self_pointer(facts: FunctionFacts, subject: int, field: str, spot: Spot, *, has_finalizer: bool) -> Leak:
    picture = Picture.empty()
    node = facts.nodes[subject]
    at = picture.node(subject, node_of(node))
    picture.edge(at, at, "field", spot, field)
    if has_finalizer:
        title = f"{node.name} has a finalizer and a pointer into itself ({field})"
        reason = "The collector skips pointers of an object into its own allocation, so that the finalizer runs."
    else:
        title = f"{node.name} has a pointer into itself ({field})"
        reason = "The collector traces from roots: what only itself points to is freed."
    return _note(facts, SELF, None, title, reason, picture, spot)


def _note(  # noqa: PLR0917
    facts: FunctionFacts, kind: str, event: LeakEvent | None, title: str, reason: str, picture: Picture, spot: Spot
) -> Leak:
    return Leak(
        kind=kind,
        level=Level.TYPE,
        verdict=Verdict.COLLECTED,
        confidence=Confidence.NOTE,
        title=title,
        reason=reason,
        where=spot,
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="none",
        how="Nothing needs to be done.",
        depth=len(event.where.calls) if event is not None else 0,
        scope=f"{facts.package}.{facts.name}",
    )
