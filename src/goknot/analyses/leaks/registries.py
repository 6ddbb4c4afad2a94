"""registered-never-removed: what is put into a package variable again and again, and nothing takes out.

How sure that is hangs on three questions: whether anything in the program takes elements out, whether what is put in is
another each time, and how often the function runs that puts it in. A register that is filled while the program starts
is none that grows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from goknot.analyses.leaks.finding import Leak, Picture, evidence, node_of, precedes
from goknot.analyses.leaks.releases import taken_back
from goknot.model.knot import KnotNode
from goknot.model.leakfacts import FunctionFacts, LeakEvent, ProgramFacts
from goknot.model.registerfacts import Registration
from goknot.model.verdict import Confidence, Level, Verdict

KIND = "registered-never-removed"
_OF_SERVICES = frozenset({"shutdown"})  # what ends with the program, as often as not


def find(program: ProgramFacts) -> Iterator[Leak]:
    """Every object that is registered for good."""
    for facts in program.functions:
        events = {event.order: event for event in facts.events}
        for one in facts.registrations if facts.name != "init" else ():
            confidence = _judge(facts, events[one.event], one)
            if confidence is not None:
                yield _leak(facts, events[one.event], one, confidence)


def _judge(facts: FunctionFacts, event: LeakEvent, one: Registration) -> Confidence | None:  # noqa: PLR0911
    """How sure it is; None if it is no leak, as far as anybody can see."""
    often = one.frequency.kind
    if often == "start" or one.grows in {"same", "bounded"}:
        return None
    undone = _undone(facts, event, one)
    if undone == "always":
        return None
    if undone == "sometimes":
        return Confidence.POSSIBLE if _is_its_own(facts, one) else None
    if one.given or one.grows == "looked-up":
        return None
    if one.way_out.kind == "there":
        if one.ticket == "none" or one.grows != "each":
            return None
        if one.ticket == "kept":
            return Confidence.POSSIBLE if _is_its_own(facts, one) else None
    if one.grows == "unique" and often != "many":
        return None
    doubtful = one.way_out.kind == "alias" or one.grows != "each" or one.apart
    if often == "once":
        return Confidence.POSSIBLE if one.ends else None
    if often == "few":
        return Confidence.POSSIBLE
    transient = one.ends and one.ends.rpartition(".")[2].lower() not in _OF_SERVICES
    comes_and_goes = often == "many" or transient
    return Confidence.LIKELY if comes_and_goes and not doubtful else Confidence.POSSIBLE


def _undone(facts: FunctionFacts, event: LeakEvent, one: Registration) -> str:
    """Whether the function takes something out of the register itself: `no`, `sometimes`, `always`."""
    subjects = set(event.subjects)
    if taken_back(facts, event, "map-delete", subjects) is None:
        return "always"
    branch = event.where.branch
    for other in facts.events:
        if other.kind != "map-delete" or other.order < event.order or not subjects.intersection(other.subjects):
            continue
        if precedes(branch, other.where.branch) or precedes(other.where.branch, branch):
            return "sometimes"
    return "no"


def _is_its_own(facts: FunctionFacts, one: Registration) -> bool:
    """Whether only the function and the register know what is registered."""
    tables = {one.table}
    for value in one.values:
        for edge in facts.edges:
            holder = facts.nodes[edge.source]
            if edge.target == value and edge.source not in tables and holder.outside and holder.kind != "closure":
                return False
    returned = {subject for event in facts.events if event.kind == "returned" for subject in event.subjects}
    return not returned.intersection(one.values)


def _leak(facts: FunctionFacts, event: LeakEvent, one: Registration, confidence: Confidence) -> Leak:
    picture = Picture.empty()
    table = (
        node_of(facts.nodes[one.table]) if one.table >= 0 else KnotNode(one.register, "object", "client-go:informer")
    )
    at = picture.node("table", KnotNode(one.register, table.kind, table.key, table.file, table.line))
    node = facts.nodes[one.values[0]]
    target = picture.node(one.values[0], node_of(node))
    plain = one.way_out.kind == "none" and one.register.count(".") == 1  # what --confirm=go can ask about
    picture.edge(at, target, "field" if plain else "register", event.where.spot)
    if one.where != event.where.spot:
        edge = picture.edges[0]
        picture.edges[0] = replace(edge, evidence=(*edge.evidence, *evidence(one.where)))
    return Leak(
        kind=KIND,
        level=Level.TYPE,
        verdict=Verdict.KEPT_ALIVE,
        confidence=confidence,
        title=f"{one.maker} registers {node.name} in {one.register}, which nothing leaves",
        reason=_reason(one),
        where=one.where,
        nodes=tuple(picture.nodes),
        edges=tuple(picture.edges),
        move="unregister",
        how="Take it out again where it ends (Close, Stop), or register it weakly (weak.Pointer, Go 1.24).",
        depth=one.depth,
        scope=f"{facts.package}.{facts.name}",
    )


def _reason(one: Registration) -> str:
    said = [f"The package variable {one.register} is a root: what it holds stays until the process ends"]
    if one.table < 0:
        said = ["A shared informer holds its event handlers, and what they capture, until RemoveEventHandler"]
    way = one.way_out
    if way.kind == "none":
        said.append("nothing in this program takes an element out of it")
    elif way.kind == "alias":
        said.append(f"nothing seen takes an element out of it, though {way.name} gives it another name")
    elif way.kind == "unused":
        said.append(f"nothing here calls {way.name}, which would take it out")
    elif one.ticket == "dropped":
        said.append(f"what would let {way.name} take it out is dropped")
    else:
        said.append(f"{way.name} does not take it out on every way")
    if one.frequency.kind in {"few", "many"}:
        spot = one.frequency.spot
        once = "done while the program starts" if one.frequency.kind == "few" else "not done once"
        said.append(f"it is {once}: {one.frequency.why}" + (f" ({spot.file}:{spot.line})" if spot else ""))
    elif one.ends:
        said.append(f"such objects come and go, as {one.ends} says")
    else:
        said.append("how often that happens is not to be seen")
    return "; ".join(said) + "."
