"""Rings of types: what may hold what, the shortest ways round, and where an interface closes them."""

from __future__ import annotations

from dataclasses import dataclass

from goknot.analyses.cycles import shortest_cycles
from goknot.analyses.knots import members
from goknot.analyses.rings import components, find_rings
from goknot.model.fingerprint import fingerprint
from goknot.model.gotypes import TypeEdge, TypeGraph
from goknot.model.graph import Graph
from goknot.model.knot import Evidence, Knot, KnotEdge, KnotNode, Place
from goknot.model.verdict import Confidence, Level, Verdict

MAX_CYCLES = 50
MAX_INTERFACE_RINGS = 200
_MAX_INTERFACE_CYCLE = 6  # members; longer ways round are no more than "everything reaches everything"
_MAX_VISITS = 10_000_000  # edges looked at for ways back through interfaces: a few seconds
_MEMORY = frozenset(("value", "array", "pointer", "slice", "map-key", "map-value", "chan"))


@dataclass(frozen=True, slots=True)
class TypeRings:
    """What was found.

    Attributes:
        knots: The rings.
        n_left_out: Rings through interfaces that were found and are not among them.
        n_not_sought: Implementers whose rings were not sought: there is too much to look at.
    """

    knots: tuple[Knot, ...]
    n_left_out: int
    n_not_sought: int = 0


def find_type_rings(graph: TypeGraph) -> TypeRings:
    """Rings through fields, each whole; of rings that an interface closes, the shortest one for each implementer."""
    fields = [edge for edge in graph.edges if edge.kind in _MEMORY]
    plain = _graph(graph, fields)
    knots = {}
    component = components(plain)
    inside: dict[int, list[TypeEdge]] = {}
    for edge in fields:
        if component[edge.source] == component[edge.target]:
            inside.setdefault(component[edge.source], []).append(edge)
    for ring in find_rings(plain):
        if any(graph.types[node].asked_for for node in ring.nodes):
            edges = inside[component[ring.nodes[0]]]
            own = len(ring.nodes) == 1
            cycles = (ring.nodes,) if own else shortest_cycles(plain, ring, MAX_CYCLES)
            knot = _knot(graph, list(ring.nodes), edges, [list(cycle) for cycle in cycles])
            knots[knot.id] = knot
    closed, n_left_out, n_not_sought = _interface_rings(graph, fields, component)
    for knot in closed:
        knots.setdefault(knot.id, knot)
    return TypeRings(tuple(knots.values()), n_left_out, n_not_sought)


def _interface_rings(graph: TypeGraph, fields: list[TypeEdge], component: list[int]) -> tuple[list[Knot], int, int]:
    through = [edge for edge in graph.edges if edge.kind == "interface"]
    whole = _graph(graph, [*fields, *through])
    ring_of = components(whole)
    goals: dict[int, set[int]] = {}  # implementer -> its interfaces in the same ring
    for edge in through:
        if ring_of[edge.source] == ring_of[edge.target]:
            goals.setdefault(edge.target, set()).add(edge.source)
    found: dict[frozenset[int], list[int]] = {}
    n_left = _MAX_VISITS
    n_not_sought = 0
    for start in sorted(goals, key=lambda node: (len(goals[node]), node)):
        if n_left <= 0:
            n_not_sought += 1
            continue
        cycles, n_visits = _ways_back(whole, start, goals[start], ring_of)
        n_left -= n_visits
        for cycle in cycles:
            if len({component[node] for node in cycle}) > 1:
                found.setdefault(frozenset(cycle), cycle)
    shortest = sorted(found.values(), key=lambda cycle: (len(cycle), [graph.types[node].name for node in cycle]))
    kept = [cycle for cycle in shortest if len(cycle) <= _MAX_INTERFACE_CYCLE][:MAX_INTERFACE_RINGS]
    by_pair: dict[tuple[int, int], list[TypeEdge]] = {}
    for edge in (*fields, *through):
        by_pair.setdefault((edge.source, edge.target), []).append(edge)
    knots = []
    for cycle in kept:
        pairs = zip(cycle, [*cycle[1:], cycle[0]], strict=True)
        knots.append(_knot(graph, sorted(cycle), [edge for pair in pairs for edge in by_pair[pair]], [cycle]))
    return knots, len(shortest) - len(kept), n_not_sought


def _ways_back(graph: Graph, start: int, goals: set[int], ring_of: list[int]) -> tuple[list[list[int]], int]:
    """Shortest ways from `start` to goals in its ring, no longer than listed rings; how many edges were seen."""
    parents = {start: start}
    level = [start]
    missing = set(goals)
    n_visits = 0
    for _ in range(_MAX_INTERFACE_CYCLE):
        after = []
        for node in level:
            successors = graph.successors(node)
            n_visits += len(successors)
            for successor in successors:
                if successor in parents or ring_of[successor] != ring_of[start]:
                    continue
                parents[successor] = node
                after.append(successor)
        level = after
        missing.difference_update(after)
        if not missing or not level or n_visits > _MAX_VISITS:
            break
    return [_path(parents, goal) for goal in sorted(goals) if goal in parents], n_visits


def _path(parents: dict[int, int], goal: int) -> list[int]:
    path = [goal]
    while parents[path[-1]] != path[-1]:
        path.append(parents[path[-1]])
    return path[::-1]


def _graph(graph: TypeGraph, edges: list[TypeEdge]) -> Graph:
    return Graph.from_edges([one.name for one in graph.types], ((edge.source, edge.target) for edge in edges))


def _knot(graph: TypeGraph, nodes: list[int], edges: list[TypeEdge], cycles: list[list[int]]) -> Knot:
    nodes = sorted(nodes, key=lambda node: graph.types[node].name)
    number = {node: index for index, node in enumerate(nodes)}
    types = [graph.types[node] for node in nodes]
    names = [one.name for one in types]
    packages = {one.package for one in types if one.asked_for}
    apart = len(packages) > 1
    interface = any(edge.kind == "interface" for edge in edges)
    keys = [one.key for one in types]
    does = "hold each other" if len(nodes) > 1 else "holds its own kind"
    first = cycles[0] if cycles else nodes[:1]
    start = min(range(len(first)), key=lambda at: graph.types[first[at]].name)
    opening = graph.types[first[start]]
    return Knot(
        id=fingerprint(Level.TYPE, "type-ring", keys),
        level=Level.TYPE,
        kind="type-ring",
        verdict=Verdict.COUPLES if apart else Verdict.COLLECTED,
        confidence=Confidence.POSSIBLE if interface else Confidence.NOTE,
        reason=_reason(len(packages), interface=interface),
        title=f"{members(names, 'types')} {does}",
        nodes=tuple(KnotNode(one.name, "type", one.key, one.file, one.line) for one in types),
        edges=tuple(sorted(_merged(edges, number), key=lambda edge: (edge.source, edge.target))),
        cycles=tuple(_rotated([number[node] for node in cycle]) for cycle in cycles),
        where=Place(opening.file, opening.line, opening.column),
    )


def _reason(n_packages: int, *, interface: bool) -> str:
    if n_packages > 1:
        return (
            f"Types of {n_packages} packages hold each other through an interface: the compiler allows it and the "
            "collector frees such objects, but they can only be tested and understood together."
        )
    if interface:
        return "An interface lets these types hold each other; the collector frees such rings once nothing reaches it."
    return "Types of one package hold each other; the collector frees such rings once nothing reaches them."


def _merged(edges: list[TypeEdge], number: dict[int, int]) -> list[KnotEdge]:
    """One edge for each pair; its first field by offset is the one shown, all are evidence."""
    by_pair: dict[tuple[int, int], list[TypeEdge]] = {}
    for edge in edges:
        by_pair.setdefault((number[edge.source], number[edge.target]), []).append(edge)
    found = []
    for (source, target), same in by_pair.items():
        first = min(same, key=lambda e: (e.kind == "value", e.offset < 0, e.offset, e.field, e.line))
        seen = {Evidence(e.file, e.line, 0, _shown(e)) for e in same}
        evidence = sorted(seen, key=lambda e: (e.file, e.line, e.text))
        symbols = tuple(sorted({edge.field for edge in same if edge.field}))
        found.append(
            KnotEdge(
                source,
                target,
                first.kind,
                weight=max(1, len(same)),
                n_imports=len(same),
                symbols=symbols,
                evidence=tuple(evidence),
                field=first.field,
                offset=first.offset,
            )
        )
    return found


def _shown(edge: TypeEdge) -> str:
    if edge.kind == "interface":
        return f"implements {edge.through.rpartition('/')[2]}"
    at = f" @{edge.offset}" if edge.offset >= 0 else ""
    return f"{edge.field or 'its elements'}{at} ({edge.kind.replace('-', ' ')})"


def _rotated(cycle: list[int]) -> tuple[int, ...]:
    first = cycle.index(min(cycle))
    return (*cycle[first:], *cycle[:first])
