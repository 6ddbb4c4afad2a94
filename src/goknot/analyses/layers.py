"""Which edges, or chains of edges, go where a rule forbids it.

The semantics are those users of import-linter know: a rule is about groups of nodes; a chain through nodes that are in
no group of the rule counts as well, unless the rule is about direct edges only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from goknot.model.graph import Graph


@dataclass(frozen=True, slots=True)
class Violation:
    """One group reaches another that it must not.

    Attributes:
        source: Name of the group that reaches.
        target: Name of the group reached.
        edges: The direct edges between the two; if there are none, the edges of the shortest chain.
        direct: Whether `edges` are direct.
    """

    source: str
    target: str
    edges: tuple[tuple[int, int], ...]
    direct: bool


def violations(
    graph: Graph,
    nodes_by_group: Mapping[str, Collection[int]],
    forbidden: Sequence[tuple[str, str]],
    *,
    indirect: bool = True,
) -> tuple[Violation, ...]:
    """Finds what breaks a rule.

    Args:
        graph: Any graph.
        nodes_by_group: Group name -> its nodes. A node may be in more than one group.
        forbidden: (source group, target group) pairs that must not be connected.
        indirect: Whether a chain through nodes outside every group counts.

    Returns:
        One violation for each pair that is connected, in the order of `forbidden`.
    """
    grouped = {node for nodes in nodes_by_group.values() for node in nodes}
    found = []
    for source, target in forbidden:
        sources = set(nodes_by_group[source])
        targets = set(nodes_by_group[target]) - sources
        direct = [(u, v) for u in sorted(sources) for v in graph.successors(u) if v in targets]
        if direct:
            found.append(Violation(source, target, tuple(direct), direct=True))
        elif indirect and (chain := _chain(graph, sources, targets, grouped)):
            found.append(Violation(source, target, chain, direct=False))
    return tuple(found)


def _chain(
    graph: Graph, sources: Collection[int], targets: Collection[int], blocked: Collection[int]
) -> tuple[tuple[int, int], ...]:
    """The shortest chain of edges from a source to a target that passes no blocked node in between; ties by name."""
    queue = deque(sorted(sources, key=graph.names.__getitem__))
    parent_by_node: dict[int, int | None] = dict.fromkeys(queue)
    while queue:
        node = queue.popleft()
        for successor in sorted(graph.successors(node), key=graph.names.__getitem__):
            if successor in parent_by_node:
                continue
            parent_by_node[successor] = node
            if successor in targets:
                return _edges_back(successor, parent_by_node)
            if successor not in blocked:
                queue.append(successor)
    return ()


def _edges_back(node: int, parent_by_node: Mapping[int, int | None]) -> tuple[tuple[int, int], ...]:
    edges: list[tuple[int, int]] = []
    while (parent := parent_by_node[node]) is not None:
        edges.append((parent, node))
        node = parent
    return tuple(reversed(edges))
