"""Folder rings, and rules between folders."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from goknot.analyses.knots import Finding, knot_of_ring, members
from goknot.analyses.layers import Violation, violations
from goknot.analyses.moves import Move, suggest
from goknot.analyses.quotient import collapse
from goknot.analyses.rings import components, find_rings
from goknot.errors import UsageError
from goknot.inputs.source import EdgeFacts, SourceScan
from goknot.model.cut import Cut
from goknot.model.fingerprint import fingerprint
from goknot.model.graph import Graph
from goknot.model.knot import Knot, KnotEdge, KnotNode, Place
from goknot.model.ring import Ring
from goknot.model.settings import Rule
from goknot.model.verdict import Confidence, Level, Verdict

MAX_EVIDENCE = 20
_DEEPEST = 3
Pair = tuple[int, int]


def choose_depth(keys: Sequence[str]) -> int:
    """The shallowest depth, at most 3, at which no folder holds more than half of the packages.

    Args:
        keys: The folder of each package, relative to the root.
    """
    for depth in range(1, _DEEPEST):
        counts = Counter(folder_at(key, depth) for key in keys)
        if max(counts.values(), default=0) * 2 <= len(keys):
            return depth
    return _DEEPEST if len(keys) > 1 else 1


def folder_at(key: str, depth: int) -> str:
    """The first `depth` elements of a folder."""
    return "/".join(key.split("/")[:depth])


def folder_knots(source: SourceScan, graph: Graph, depth: int) -> list[Knot]:
    """Rings between the folders at `depth`; Go compiles them, but they cannot be built or moved apart."""
    folder_by_node = [folder_at(package.key, depth) for package in source.packages]
    names = sorted(set(folder_by_node))
    id_by_folder = {name: index for index, name in enumerate(names)}
    folders, pairs_by_edge = collapse(graph, [id_by_folder[folder] for folder in folder_by_node], names)
    rings = [ring for ring in find_rings(folders) if not _is_package_ring(ring, pairs_by_edge, components(graph))]
    facts = source.describe(sorted({pair for ring in rings for edge in ring.edges for pair in pairs_by_edge[edge]}))
    knots = []
    for ring in rings:
        nodes = tuple(KnotNode(names[n], "folder", names[n], names[n]) for n in ring.nodes)
        index_by_node = {node: index for index, node in enumerate(ring.nodes)}
        edges = []
        moves = {}
        for u, v in ring.edges:
            pair = (index_by_node[u], index_by_node[v])
            edges.append(_edge(source, pair, pairs_by_edge[u, v], facts))
            moves[names[u], names[v]] = _move(source, names[u], names[v], pairs_by_edge[u, v], facts)
        finding = Finding(
            level=Level.FOLDER,
            kind="folder-ring",
            verdict=Verdict.COUPLES,
            reason="Go compiles it; none of these folders can be understood, tested or moved out without the others.",
            title=f"{members([node.name for node in nodes], 'folders')} import each other",
            nodes=nodes,
            edges=tuple(edges),
            move_of=moves,
        )
        knots.append(knot_of_ring(finding))
    return knots


def _is_package_ring(
    ring: Ring, pairs_by_edge: Mapping[Pair, Sequence[Pair]], component_by_node: Sequence[int]
) -> bool:
    """Whether a folder ring is nothing but one ring of packages, which is reported as such."""
    ends = {component_by_node[node] for edge in ring.edges for pair in pairs_by_edge[edge] for node in pair}
    return len(ends) == 1


def _edge(source: SourceScan, pair: Pair, pairs: Iterable[Pair], facts: Mapping[Pair, EdgeFacts]) -> KnotEdge:
    evidence = sorted({seen for p in pairs for seen in facts[p].evidence}, key=lambda e: (e.file, e.line, e.column))
    symbols = _symbols(source, pairs, facts)
    return KnotEdge(
        source=pair[0],
        target=pair[1],
        kind="import",
        weight=max(1, len(symbols)),
        n_imports=sum(facts[p].n_imports for p in pairs),
        symbols=symbols,
        evidence=tuple(evidence[:MAX_EVIDENCE]),
    )


def _symbols(source: SourceScan, pairs: Iterable[Pair], facts: Mapping[Pair, EdgeFacts]) -> tuple[str, ...]:
    return tuple(sorted({f"{source.packages[v].name}.{name}" for u, v in pairs for name in facts[u, v].symbols}))


def _move(source: SourceScan, folder: str, target: str, pairs: Sequence[Pair], facts: Mapping[Pair, EdgeFacts]) -> Move:
    n_by_kind: Counter[str] = Counter()
    for pair in pairs:
        n_by_kind.update(facts[pair].n_by_kind)
    blank = all(facts[pair].blank for pair in pairs)
    return suggest(
        n_by_kind,
        blank=blank,
        only_tests=False,
        symbols=_symbols(source, pairs, facts),
        source=folder,
        target=target,
    )


def rule_knots(source: SourceScan, graph: Graph, rules: Sequence[Rule]) -> list[Knot]:
    """One knot for each pair of groups that a rule keeps apart and the code does not."""
    knots = []
    for rule in rules:
        nodes_by_group = _groups(source, rule)
        for violation in violations(graph, nodes_by_group, rule.forbidden, indirect=rule.indirect):
            knots.append(_violation_knot(source, rule, violation))
    return knots


def _groups(source: SourceScan, rule: Rule) -> dict[str, list[int]]:
    keys = [package.key for package in source.packages]
    groups: dict[str, list[int]] = {}
    for group, patterns in rule.folders_by_group.items():
        matchers = [_matcher(pattern) for pattern in patterns]
        groups[group] = [node for node, key in enumerate(keys) if any(matcher.fullmatch(key) for matcher in matchers)]
        if not groups[group]:
            raise UsageError(
                f"rule {rule.name!r}: no package lies in {', '.join(patterns)}",
                "Folders are written relative to the module's root, e.g. internal/store or cmd/**.",
            )
    if rule.others:
        named = {node for nodes in groups.values() for node in nodes}
        groups[rule.others] = [node for node in range(len(keys)) if node not in named]
    return groups


def _matcher(pattern: str) -> re.Pattern[str]:
    """A folder pattern as a regular expression: `*` within one name, `**` across names; folders below count too."""
    pieces = re.split(r"(\*\*|\*)", pattern.strip("/").removesuffix("/**"))
    body = "".join({"**": ".*", "*": "[^/]*"}.get(piece, re.escape(piece)) for piece in pieces)
    return re.compile(f"{body}(/.*)?")


def _violation_knot(source: SourceScan, rule: Rule, violation: Violation) -> Knot:
    facts = source.describe(violation.edges)
    members = sorted({node for edge in violation.edges for node in edge}, key=lambda n: source.packages[n].import_path)
    index_by_node = {node: index for index, node in enumerate(members)}
    packages = [source.packages[node] for node in members]
    nodes = tuple(KnotNode(p.import_path, "package", p.key, p.folder) for p in packages)
    edges = tuple(
        _edge(source, (index_by_node[u], index_by_node[v]), [(u, v)], facts) for u, v in sorted(violation.edges)
    )
    by_pair = {(edge.source, edge.target): edge for edge in edges}
    cheapest = edges if violation.direct else (min(edges, key=lambda e: (e.weight, e.source, e.target)),)
    moves = [
        _move(source, nodes[e.source].name, nodes[e.target].name, [(members[e.source], members[e.target])], facts)
        for e in cheapest
    ]
    first = by_pair[index_by_node[violation.edges[0][0]], index_by_node[violation.edges[0][1]]].evidence
    cost = sum(edge.weight for edge in cheapest)
    how = "directly" if violation.direct else f"through {len(violation.edges) - 1} packages between them"
    return Knot(
        id=fingerprint(Level.FOLDER, "layer-violation", (rule.name, violation.source, violation.target)),
        level=Level.FOLDER,
        kind="layer-violation",
        verdict=Verdict.COUPLES,
        confidence=Confidence.CERTAIN,
        reason=f"goknot.toml forbids it ({rule.name}); {violation.source} reaches {violation.target} {how}.",
        title=f"{violation.source} must not reach {violation.target}",
        nodes=nodes,
        edges=edges,
        cuts=(
            Cut(
                edges=tuple((edge.source, edge.target) for edge in cheapest),
                cost=cost,
                lower_bound=cost,
                move=moves[0].name,
                how=moves[0].how,
                steps=tuple((move.name, move.how) for move in moves),
            ),
        ),
        where=Place(first[0].file, first[0].line, first[0].column) if first else None,
    )
