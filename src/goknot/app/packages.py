"""Import rings: of packages, and of packages with their own tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from goknot.analyses.conditional import rings_by_configuration
from goknot.analyses.extra_rings import extra_rings
from goknot.analyses.knots import Finding, knot_of_ring, members
from goknot.analyses.moves import Move, suggest
from goknot.analyses.rings import find_rings
from goknot.inputs.source import EdgeFacts, SourceScan
from goknot.model.graph import Graph
from goknot.model.knot import Knot, KnotEdge, KnotNode
from goknot.model.ring import Ring
from goknot.model.verdict import Level, Verdict

Pair = tuple[int, int]

_REASON_BY_KIND = {
    "import-ring": "The compiler refuses it: import cycle not allowed.",
    "self-import": "The compiler refuses it: a package may not import itself.",
    "test-import-ring": "go vet and go test refuse it: import cycle not allowed in test. The package itself builds; "
    "the ring goes through a _test.go file that is part of the package.",
}


def import_knots(source: SourceScan, graph: Graph) -> list[Knot]:
    """Every ring of production imports, and every ring one package's own tests close."""
    knots = []
    for ring, platforms in _on_platforms(source, find_rings(graph)):
        facts = source.describe(ring.edges)
        kind = "self-import" if len(ring.nodes) == 1 else "import-ring"
        knots.append(_knot(source, ring, facts, {}, kind=kind, platforms=platforms))
    return knots + _test_knots(source, graph)


def _test_knots(source: SourceScan, graph: Graph) -> list[Knot]:
    found = extra_rings(graph, source.test_edges())
    knots = []
    for ring, platforms in _on_platforms(source, [extra.ring for extra in found]):
        test_pairs = {pair for extra in found for pair in extra.extra_edges} & set(ring.edges)
        facts = source.describe([pair for pair in ring.edges if pair not in test_pairs])
        tests = source.describe(sorted(test_pairs), tests=True)
        if tests:
            knots.append(_knot(source, ring, facts, tests, kind="test-import-ring", platforms=platforms))
    return knots


def _on_platforms(source: SourceScan, rings: Iterable[Ring]) -> list[tuple[Ring, tuple[str, ...]]]:
    """Each ring with the platforms it exists on; () stands for all that were looked at."""
    if not source.options.all_platforms:
        return [(ring, ()) for ring in rings]
    found = []
    for ring in rings:
        labels, mask_by_edge = source.configurations_of(ring.edges)
        for real, configurations in rings_by_configuration(ring, labels, mask_by_edge):
            everywhere = len(configurations) == len(labels)
            found.append((real, () if everywhere else tuple(labels[c] for c in configurations)))
    return found


def _knot(
    source: SourceScan,
    ring: Ring,
    facts: Mapping[Pair, EdgeFacts],
    tests: Mapping[Pair, EdgeFacts],
    *,
    kind: str,
    platforms: Sequence[str],
) -> Knot:
    index_by_node: dict[int, int] = {node: index for index, node in enumerate(ring.nodes)}
    facts_by_pair = {
        (index_by_node[u], index_by_node[v]): (fact, (u, v) in tests) for (u, v), fact in {**facts, **tests}.items()
    }
    nodes = tuple(
        KnotNode(package.import_path, "package", package.key, package.folder)
        for package in (source.packages[node] for node in ring.nodes)
    )
    edges = tuple(_edge(pair, fact, in_test) for pair, (fact, in_test) in facts_by_pair.items())
    moves = {
        (nodes[s].name, nodes[t].name): _move(nodes[s].name, nodes[t].name, *facts_by_pair[s, t])
        for s, t in facts_by_pair
    }
    finding = Finding(
        level=Level.PACKAGE,
        kind=kind,
        verdict=Verdict.BREAKS_BUILD,
        reason=_REASON_BY_KIND[kind],
        title=_title(kind, nodes),
        nodes=nodes,
        edges=edges,
        move_of=moves,
        platforms=tuple(platforms),
    )
    return knot_of_ring(finding)


def _edge(pair: Pair, facts: EdgeFacts, in_test: bool) -> KnotEdge:
    return KnotEdge(
        source=pair[0],
        target=pair[1],
        kind="test-import" if in_test else "import",
        weight=max(1, len(facts.symbols)),
        n_imports=facts.n_imports,
        symbols=facts.symbols,
        evidence=facts.evidence,
    )


def _move(source: str, target: str, facts: EdgeFacts, in_test: bool) -> Move:
    return suggest(
        facts.n_by_kind, blank=facts.blank, only_tests=in_test, symbols=facts.symbols, source=source, target=target
    )


def _title(kind: str, nodes: Sequence[KnotNode]) -> str:
    if kind == "self-import":
        return f"{nodes[0].key} imports itself"
    what = "import each other" if kind == "import-ring" else "import each other through a test"
    return f"{members([node.name for node in nodes], 'packages')} {what}"
