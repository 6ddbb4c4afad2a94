"""pool-reaches-owner and self-pointer: notes about what looks like a leak and is none."""

from __future__ import annotations

from collections.abc import Iterator

from goknot.analyses.leaks.finding import Leak, Picture, node_of
from goknot.analyses.leaks.reach import Pointers
from goknot.model.leakfacts import FunctionFacts, LeakEvent, ProgramFacts, Spot
from goknot.model.verdict import Confidence, Level, Verdict

POOL = "pool-reaches-owner"
SELF = "self-pointer"


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


def find_self_pointers(program: ProgramFacts) -> Iterator[Leak]:
    """Every object with a finalizer that points into its own allocation."""
    for facts in program.functions:
        for event in facts.events:
            if event.kind != "finalizer" or event.where.calls:
                continue
            for subject in event.subjects:
                found = facts.self_pointers.get(subject)
                if found is not None and event.where.function_spot == facts.nodes[subject].where.function_spot:
                    yield _self_pointer(facts, event, subject, *found)


def _self_pointer(facts: FunctionFacts, event: LeakEvent, subject: int, field: str, spot: Spot) -> Leak:
    picture = Picture.empty()
    node = facts.nodes[subject]
    at = picture.node(subject, node_of(node))
    picture.edge(at, at, "field", spot, field)
    return _note(
        facts,
        SELF,
        event,
        f"{node.name} has a finalizer and a pointer into itself ({field})",
        "The collector skips pointers of an object into its own allocation, so that the finalizer runs.",
        picture,
        spot,
    )


def _note(  # noqa: PLR0917
    facts: FunctionFacts, kind: str, event: LeakEvent, title: str, reason: str, picture: Picture, spot: Spot
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
        depth=len(event.where.calls),
        scope=f"{facts.package}.{facts.name}",
    )
