"""The dependency structure matrix: what points up is in a ring, rings stand together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from goknot.analyses.matrix import folder_matrix
from goknot.analyses.rings import components
from goknot.model.graph import Graph
from goknot.model.pictures import FolderMatrix

FOLDERS = ("a", "a/x", "a/y", "b", "b/x", "c", "c/x/y", "d", ".")


def matrix(*edges: str, most: int = 100, depth: int = 1) -> FolderMatrix:
    """`a/x>b` is an edge."""
    pairs = [tuple(edge.split(">")) for edge in edges]
    folders = sorted({folder for pair in pairs for folder in pair})
    return folder_matrix(
        Graph.from_edges(folders, [(folders.index(u), folders.index(v)) for u, v in pairs]), folders, depth, most
    )


def test_layers() -> None:
    found = matrix("store>log", "main>store", "main>log", "api>store")
    assert found.folders == ("api", "main", "store", "log")
    assert found.ring_by_folder == (-1, -1, -1, -1)
    assert found.edges == ((0, 2, 1), (1, 2, 1), (1, 3, 1), (2, 3, 1))


def test_a_ring_of_folders_that_is_none_of_packages() -> None:
    found = matrix("main>a/x", "a/x>b/x", "b/y>a/y", "b/y>log")
    assert found.folders == ("main", "a/x", "a/y", "b/x", "b/y", "log")
    assert found.ring_by_folder == (-1, 0, 0, 0, 0, -1)
    assert [edge for edge in found.edges if edge[1] < edge[0]] == [(4, 2, 1)]


def test_too_many_folders_are_taken_together() -> None:
    found = matrix("a/x>b/x", "a/y>b/x", "a/x>a/y", most=2)
    assert (found.folders, found.edges) == (("a", "b"), ((0, 1, 2),))


@given(
    st.sets(st.tuples(st.sampled_from(range(len(FOLDERS))), st.sampled_from(range(len(FOLDERS))))), st.integers(1, 3)
)
def test_only_rings_point_up(pairs: set[tuple[int, int]], depth: int) -> None:
    edges = [(u, v) for u, v in pairs if u != v]
    graph = Graph.from_edges(FOLDERS, edges)
    found = folder_matrix(graph, FOLDERS, depth)
    assert sorted(found.folders) == sorted(FOLDERS)
    assert {(found.folders[u], found.folders[v]) for u, v, _ in found.edges} == {
        (FOLDERS[u], FOLDERS[v]) for u, v in edges
    }
    groups = sorted({"/".join(folder.split("/")[:depth]) for folder in FOLDERS})
    group = [groups.index("/".join(folder.split("/")[:depth])) for folder in FOLDERS]
    coarse = components(Graph.from_edges(groups, [(group[u], group[v]) for u, v in edges if group[u] != group[v]]))
    fine = components(graph)
    for u, v, _ in found.edges:
        own, other = FOLDERS.index(found.folders[u]), FOLDERS.index(found.folders[v])
        if v < u:  # points up
            same_ring = coarse[group[own]] == coarse[group[other]] and group[own] != group[other]
            assert same_ring or (fine[own] == fine[other] and group[own] == group[other])
    for ring in set(found.ring_by_folder) - {-1}:
        at = [place for place, one in enumerate(found.ring_by_folder) if one == ring]
        assert at == list(range(at[0], at[-1] + 1))
        assert len({group[FOLDERS.index(found.folders[place])] for place in at}) > 1
