"""Runs every detector, keeps one finding a place, and makes knots of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from goknot.analyses.cuts import minimum_cut
from goknot.analyses.cycles import shortest_cycles
from goknot.analyses.leaks import (
    blocked,
    cleanup,
    contexts,
    finalizer_ring,
    handles,
    init_rings,
    janitor,
    library_registers,
    pins,
    plugin_globals,
    pools,
    registries,
    tickers,
    timers,
    weak_maps,
)
from goknot.analyses.leaks.finding import Leak
from goknot.analyses.rings import find_rings
from goknot.model.cut import Cut
from goknot.model.fingerprint import fingerprint
from goknot.model.graph import Graph
from goknot.model.knot import Knot, Place
from goknot.model.leakfacts import FunctionFacts, ProgramFacts
from goknot.model.report import Problem
from goknot.model.verdict import Confidence

_MAX_CYCLES = 3
Detector = Callable[[ProgramFacts], Iterator[Leak]]
DETECTORS: tuple[Detector, ...] = (
    finalizer_ring.find,
    cleanup.find,
    janitor.find,
    tickers.find,
    handles.find,
    pins.find,
    weak_maps.find,
    contexts.find,
    registries.find,
    library_registers.find,
    init_rings.find,
    plugin_globals.find,
    timers.find,
    pools.find_pools,
    pools.find_makers,
    pools.find_self_pointers,
)
_ORDER = list(Confidence)


def detect(program: ProgramFacts) -> tuple[list[Knot], int, tuple[Problem, ...]]:
    """Every knot the detectors find, how many were left out because a comment says so, and what was not looked at."""
    left_out: list[FunctionFacts] = []
    detectors: tuple[Detector, ...] = (*DETECTORS, partial(blocked.find, left_out=left_out))
    leaks = _one_a_place(leak for detector in detectors for leak in detector(program))
    kept = [leak for leak in leaks if not _is_ignored(program, leak)]
    by_id: dict[str, Knot] = {}
    for leak in kept:
        knot = _knot(leak, "")
        number = 1
        while knot.id in by_id:  # alike in the same function
            number += 1
            knot = _knot(leak, str(number))
        by_id[knot.id] = knot
    return list(by_id.values()), len(leaks) - len(kept), _left_out(left_out)


def _left_out(functions: list[FunctionFacts]) -> tuple[Problem, ...]:
    """One problem, however many functions there are; no doubt about the rest."""
    if not functions:
        return ()
    first = min(functions, key=lambda facts: (facts.spot, facts.name))
    n_others = len(functions) - 1
    others = f" and {n_others} other function{'s' * (n_others > 1)}" if n_others else ""
    what = f"{first.name}{others}: goroutines that can run in too many orders to look at each"
    return (Problem(f"{first.spot.file}:{first.spot.line}", what, "some that wait for ever may not be seen there"),)


def _one_a_place(leaks: Iterable[Leak]) -> list[Leak]:
    """Of findings of one kind at one line the surest and nearest; sorted by place."""
    best: dict[tuple[str, str, int], Leak] = {}
    found = list(leaks)
    near = {(leak.kind, leak.anchor) for leak in found if leak.depth == 0}
    for leak in found:
        if leak.depth and leak.anchor is not None and (leak.kind, leak.anchor) in near:
            continue  # a caller sees no more than the function itself
        place = (leak.kind, leak.where.file, leak.where.line)
        other = best.get(place)
        if other is None or _rank(leak) < _rank(other):
            best[place] = leak
    return sorted(best.values(), key=lambda leak: (leak.where, leak.kind))


def _rank(leak: Leak) -> tuple[object, ...]:
    return _ORDER.index(leak.confidence), leak.depth, len(leak.nodes), leak.title


def _is_ignored(program: ProgramFacts, leak: Leak) -> bool:
    """A comment on the line or the one above."""
    spots = (leak.where.line, leak.where.line - 1)
    return any(leak.kind in program.ignores.get((leak.where.file, line), {}) for line in spots)


def _knot(leak: Leak, number: str) -> Knot:
    nodes = leak.nodes
    pairs = [(edge.source, edge.target) for edge in leak.edges]
    graph = Graph.from_edges([node.name for node in nodes], pairs)
    rings = find_rings(graph)
    proof = minimum_cut(graph.n_nodes, dict.fromkeys(pairs, 1))
    edges, cost = (tuple(proof.edges), proof.cost) if proof.edges else ((pairs[0],), 1)  # no ring: any edge lets go
    cuts = (Cut(edges, cost, proof.lower_bound or cost, leak.move, leak.how),)
    return Knot(
        id=fingerprint(leak.level, leak.kind, [*(node.key for node in nodes), f"in {leak.scope}", number]),
        level=leak.level,
        kind=leak.kind,
        verdict=leak.verdict,
        confidence=leak.confidence,
        reason=leak.reason,
        title=leak.title,
        nodes=nodes,
        edges=tuple(sorted(leak.edges, key=lambda edge: (edge.source, edge.target))),
        cycles=tuple(cycle for ring in rings for cycle in shortest_cycles(graph, ring, _MAX_CYCLES)),
        cuts=cuts,
        where=Place(leak.where.file, leak.where.line, leak.where.column),
    )
