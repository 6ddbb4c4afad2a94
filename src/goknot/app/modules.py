"""Module rings: modules that require each other, and what their source says about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from goknot import __version__
from goknot.analyses.knots import Finding, knot_of_ring, members
from goknot.analyses.moves import Move
from goknot.analyses.rings import find_rings
from goknot.errors import GoknotError
from goknot.inputs.modules import How, ImportKind, ModuleScan, RequireFacts, View, load
from goknot.model.graph import Graph
from goknot.model.knot import Knot, KnotEdge, KnotNode
from goknot.model.report import Problem, Report, ReportInput
from goknot.model.ring import Ring
from goknot.model.verdict import BaselineState, Confidence, Level, Verdict

Pair = tuple[int, int]

_NOTE_BY_PROOF = {
    ImportKind.PRODUCTION: "production import",
    ImportKind.TEST_ONLY: "imported by tests only",
    ImportKind.NOT_IMPORTED: "required, not imported",
    ImportKind.UNKNOWN: "not proven",
}


def report_modules(scan: ModuleScan, view: View, *, path: str, source: str) -> Report:
    """Everything there is to say about the modules."""
    knots = module_knots(scan, view)
    graph = scan.graph(view)
    details: dict[str, str | int | tuple[str, ...]] = {
        "module": tuple(module.path for module in scan.mains),
        "view": str(view),
        "graph": source,
    }
    return Report(
        version=__version__,
        inputs=(ReportInput("module-graph", path, details),),
        knots=tuple(sorted(knots, key=lambda knot: knot.order)),
        problems=scan.problems,
        stats={
            "modules": graph.n_nodes,
            "requirements": graph.n_edges,
            "knots": len(knots),
            "new": sum(knot.baseline is BaselineState.NEW for knot in knots),
            "known": 0,
            "fixed": 0,
        },
        complete=scan.complete,
    )


def module_knots_offline(
    path: Path, progress: Callable[[str], None] = lambda what: None
) -> tuple[list[Knot], list[Problem]]:
    """Rings through the modules scanned, as far as go.mod files and the module cache tell without Go.

    Rings among dependencies alone are nobody's to cut here; `goknot modules` shows them. A cache that lacks files
    is one problem, not many.
    """
    try:
        scan = load(path, how=How.CACHE)
    except GoknotError as error:
        # the source scan has said what is wrong with a go.mod, and a folder of loose modules has no build list
        return [], [Problem("modules", error.what, "module rings are not looked for")] if _is_module(path) else []
    progress("modules")
    problems = []
    if scan.problems:
        first = scan.problems[0]
        more = f" and {len(scan.problems) - 1} more" if len(scan.problems) > 1 else ""
        problems.append(
            Problem(
                "modules",
                f"{first.where}: {first.what}{more}",
                "module rings may be missing; `go mod download`, or give `goknot modules` the text of `go mod graph`",
            )
        )
    own = tuple(module.path for module in scan.mains)
    knots = module_knots(scan, View.SELECTED)
    return [knot for knot in knots if any(_is_own(node.name, own) for node in knot.nodes)], problems


def _is_own(path: str, mains: tuple[str, ...]) -> bool:
    return any(path == main or path.startswith(f"{main}/") for main in mains)


def _is_module(path: Path) -> bool:
    return any(
        (folder / name).is_file() for folder in (path, *path.resolve().parents) for name in ("go.mod", "go.work")
    )


def module_knots(scan: ModuleScan, view: View) -> list[Knot]:
    """Rings of modules that require each other; each requirement held against the source."""
    shown = scan.view(view)
    rings = find_rings(shown.graph)
    facts = scan.describe([edge for ring in rings for edge in ring.edges], view)
    mains = {module.path for module in scan.mains}
    knots = []
    for ring in rings:
        nodes = tuple(
            KnotNode(
                name=shown.graph.names[node],
                kind="module",
                key="." if shown.modules[node].path in mains and len(mains) == 1 else shown.graph.names[node],
            )
            for node in ring.nodes
        )
        knots.append(_knot(ring, nodes, {edge: facts[edge] for edge in ring.edges}))
    return knots


@dataclass(frozen=True, slots=True)
class _Coupling:
    """What is left of a ring where only proven imports count."""

    confidence: Confidence
    reason: str


def _knot(ring: Ring, nodes: tuple[KnotNode, ...], facts: Mapping[Pair, RequireFacts]) -> Knot:
    index_by_node: dict[int, int] = {node: index for index, node in enumerate(ring.nodes)}
    local = {(index_by_node[u], index_by_node[v]): fact for (u, v), fact in facts.items()}
    coupling = _coupling(nodes, local)
    finding = Finding(
        level=Level.MODULE,
        kind="module-ring",
        verdict=Verdict.COUPLES,
        confidence=coupling.confidence,
        reason=coupling.reason,
        title=f"{members([node.name for node in nodes], 'modules')} require each other",
        nodes=nodes,
        edges=tuple(_edge(pair, fact) for pair, fact in local.items()),
        move_of={
            (nodes[u].name, nodes[v].name): _move(nodes[u].name, nodes[v].name, fact) for (u, v), fact in local.items()
        },
    )
    return knot_of_ring(finding)


def _coupling(nodes: tuple[KnotNode, ...], facts: Mapping[Pair, RequireFacts]) -> _Coupling:
    names = [node.name for node in nodes]
    proven = find_rings(Graph.from_edges(names, [pair for pair, fact in facts.items() if fact.proof.couples]))
    n_unknown = sum(fact.proof.kind is ImportKind.UNKNOWN for fact in facts.values())
    n_idle = sum(not fact.proof.couples and fact.proof.kind is not ImportKind.UNKNOWN for fact in facts.values())
    if proven:
        size = max(len(ring.nodes) for ring in proven)
        whole = size == len(nodes)
        which = "they import each other in production code" if whole else f"{size} of them do so in production code"
        return _Coupling(
            Confidence.CERTAIN,
            f"No release of one can be made without a release of the others; {which}."
            if whole
            else f"Requirements tie all {len(nodes)} together; {which}, so those cannot be released apart.",
        )
    if n_unknown:
        return _Coupling(
            Confidence.POSSIBLE,
            f"The requirements form a ring; for {n_unknown} of {len(facts)} the source is not at hand, so it is not "
            "known whether imports do, too.",
        )
    return _Coupling(
        Confidence.NOTE,
        f"Only the go.mod files form a ring: {n_idle} of {len(facts)} requirements have no production import behind "
        "them, and without those no ring is left. The versions pull each other up; the code is not tied.",
    )


def _edge(pair: Pair, facts: RequireFacts) -> KnotEdge:
    proof = facts.proof
    note = _NOTE_BY_PROOF[proof.kind]
    if proof.optional:
        note += " behind a build tag"
    if proof.note:
        note += f" ({proof.note})"
    return KnotEdge(
        source=pair[0],
        target=pair[1],
        kind="require",
        weight=max(1, proof.n_imports) if proof.couples else 1,
        n_imports=facts.n_requirements,
        symbols=proof.packages,
        evidence=(*facts.evidence, *proof.evidence),
        note=note,
    )


def _move(source: str, target: str, facts: RequireFacts) -> Move:
    kind = facts.proof.kind
    if kind is ImportKind.NOT_IMPORTED:
        return Move(
            "drop-requirement",
            f"Nothing in {source} imports {target}: `go mod tidy` there, and a release of it, drop the requirement "
            "unless another of its requirements pulls it in.",
        )
    if kind is ImportKind.TEST_ONLY:
        return Move(
            "test-module", f"Only tests of {source} import {target}: move those tests into a module of their own."
        )
    if kind is ImportKind.UNKNOWN:
        return Move("look-first", f"The source of {source} is not at hand: `go mod download` it and run this again.")
    return Move(
        "split-module",
        f"Move the packages of {source} that import {target} into a module of their own, or what they need of {target} "
        "into one that both require.",
    )
