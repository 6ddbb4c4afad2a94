"""The dependency structure matrix: folders in layers, rings side by side, what points up stands out.

Steward, "The design structure system" (1981): partitioning puts a system's feedback into blocks on the diagonal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from goknot.analyses.quotient import Edge, collapse
from goknot.analyses.rings import components
from goknot.model.graph import Graph
from goknot.model.pictures import FolderMatrix

MAX_FOLDERS = 400  # more cannot be told apart on a screen


def folder_matrix(graph: Graph, folder_by_node: Sequence[str], depth: int, most: int = MAX_FOLDERS) -> FolderMatrix:
    """The matrix of the deepest folders of which there are no more than `most`.

    Args:
        graph: The packages.
        folder_by_node: NodeId -> folder, its elements separated by `/`.
        depth: The first elements of a folder by which rings are looked for.
        most: Folders.

    Returns:
        Folders that nothing imports first. Those with the same first elements stand together, before all they import;
        only members of a ring import what stands before them, and these stand side by side.
    """
    fine, pairs_by_edge = _melted(graph, _cut_to_fit(folder_by_node, most))
    groups = ["/".join(name.split("/")[:depth]) for name in fine.names]
    coarse, _ = _melted(fine, groups)
    number_by_group = {name: number for number, name in enumerate(coarse.names)}
    component_by_group, above = _layers(coarse)
    component_by_folder, inside = _layers(_within(fine, groups))
    first_of = {component_by_group[n]: coarse.names[n] for n in reversed(range(coarse.n_nodes))}

    def key(node: int) -> tuple[int, str, str, int, int, str]:
        group = groups[node]
        component = component_by_group[number_by_group[group]]
        own = component_by_folder[node]
        return (-above[component], first_of[component], group, -inside[own], own, fine.names[node])

    order = sorted(range(fine.n_nodes), key=key)
    place = {node: at for at, node in enumerate(order)}
    sizes = Counter(component_by_group)
    components_in_order = [component_by_group[number_by_group[groups[node]]] for node in order]
    rings = [component for component in dict.fromkeys(components_in_order) if sizes[component] > 1]
    ring_by_component = {component: number for number, component in enumerate(rings)}
    return FolderMatrix(
        folders=tuple(fine.names[node] for node in order),
        ring_by_folder=tuple(ring_by_component.get(component, -1) for component in components_in_order),
        edges=tuple(sorted((place[u], place[v], len(pairs)) for (u, v), pairs in pairs_by_edge.items())),
    )


def _melted(graph: Graph, group_by_node: Sequence[str]) -> tuple[Graph, dict[Edge, list[Edge]]]:
    names = sorted(set(group_by_node))
    number_by_name = {name: number for number, name in enumerate(names)}
    return collapse(graph, [number_by_name[group] for group in group_by_node], names)


def _within(graph: Graph, group_by_node: Sequence[str]) -> Graph:
    """The graph with the edges inside groups alone."""
    return Graph.from_edges(graph.names, [(u, v) for u, v in graph.edges() if group_by_node[u] == group_by_node[v]])


def _cut_to_fit(folder_by_node: Sequence[str], most: int) -> list[str]:
    parts = [folder.split("/") for folder in folder_by_node]
    for depth in range(max(map(len, parts), default=1), 1, -1):
        cut = ["/".join(one[:depth]) for one in parts]
        if len(set(cut)) <= most:
            return cut
    return [one[0] for one in parts]


def _layers(graph: Graph) -> tuple[list[int], list[int]]:
    """(node -> component, component -> longest way down); components are numbered from the bottom."""
    component_by_node = components(graph)
    layers = [0] * (max(component_by_node, default=-1) + 1)
    for node in sorted(range(graph.n_nodes), key=component_by_node.__getitem__):
        own = component_by_node[node]
        for target in graph.successors(node):
            if component_by_node[target] != own:
                layers[own] = max(layers[own], layers[component_by_node[target]] + 1)
    return component_by_node, layers
