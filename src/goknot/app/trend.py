"""The use case behind `goknot trend`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from goknot.analyses.cuts import CutProof, minimum_cut
from goknot.analyses.quotient import collapse
from goknot.analyses.rings import find_rings
from goknot.app.folders import choose_depth, folder_at
from goknot.errors import InputError
from goknot.inputs.history import Revision
from goknot.inputs.source import GitTree, HeaderCache, SourceOptions, SourceScan, scan_source
from goknot.model.report import Problem
from goknot.model.ring import Ring
from goknot.model.trend import Trend, TrendPoint

Edge = tuple[str, str]


def trend(
    path: Path,
    revisions: Sequence[Revision],
    options: SourceOptions,
    folders: int | None,
    progress: Callable[[int, int], None],
) -> Trend:
    """Scans each revision from git objects; the work tree is not touched.

    Args:
        path: Folder inside a git work tree.
        revisions: Oldest first.
        options: Platform and tags.
        folders: Depth of folder rings; None: chosen from the newest revision.
        progress: Called with (done, all) after each revision.
    """
    cache: HeaderCache = {}
    problems: list[Problem] = []
    state_by_commit: dict[str, tuple[TrendPoint, set[Edge], set[Edge]]] = {}
    # the newest first: it decides the depth for all
    for number, revision in enumerate(reversed(revisions), 1):
        try:
            source = scan_source(GitTree(path, revision.commit), options, cache)
        except InputError as error:
            problems.append(Problem(revision.label, error.what, "this revision is left out"))
        else:
            problems += [Problem(f"{revision.label}: {p.where}", p.what, p.effect) for p in source.problems]
            folders = folders or choose_depth([package.key for package in source.packages])
            state_by_commit[revision.commit] = _look(revision, source, folders)
        progress(number, len(revisions))
    if not state_by_commit or folders is None:
        raise InputError(str(path), "none of the revisions holds Go code")
    points: list[TrendPoint] = []
    before: set[Edge] | None = None
    for revision in revisions:
        if revision.commit in state_by_commit:
            point, edges, ring_edges = state_by_commit[revision.commit]
            added = () if before is None else tuple(sorted(ring_edges - before))
            points.append(replace(point, added=added))
            before = edges
    return Trend(str(path), folders, tuple(points), tuple(sorted(set(problems))))


def _look(revision: Revision, source: SourceScan, depth: int) -> tuple[TrendPoint, set[Edge], set[Edge]]:
    """The point of one revision, all its folder edges, and those on rings."""
    graph = source.production_graph()
    folder_by_node = [folder_at(package.key, depth) for package in source.packages]
    names = sorted(set(folder_by_node))
    id_by_name = {name: index for index, name in enumerate(names)}
    folder_graph, pairs_by_edge = collapse(graph, [id_by_name[name] for name in folder_by_node], names)
    rings = find_rings(folder_graph)
    proofs = [_cut(ring, pairs_by_edge) for ring in rings]
    point = TrendPoint(
        revision=revision.commit,
        label=revision.label,
        date=revision.date,
        n_packages=graph.n_nodes,
        n_imports=graph.n_edges,
        n_import_rings=len(find_rings(graph)),
        n_folder_rings=len(rings),
        n_folders_in_rings=sum(len(ring.nodes) for ring in rings),
        n_folders=len(names),
        cut=sum(proof.cost for proof in proofs),
        lower_bound=sum(proof.lower_bound for proof in proofs),
    )
    all_edges = {(names[u], names[v]) for u, v in folder_graph.edges()}
    ring_edges = {(names[u], names[v]) for ring in rings for u, v in ring.edges}
    return point, all_edges, ring_edges


def _cut(ring: Ring, pairs_by_edge: Mapping[tuple[int, int], Sequence[tuple[int, int]]]) -> CutProof:
    index_by_node = {node: index for index, node in enumerate(ring.nodes)}
    weights = {(index_by_node[u], index_by_node[v]): len(pairs_by_edge[u, v]) for u, v in ring.edges}
    return minimum_cut(len(ring.nodes), weights)
