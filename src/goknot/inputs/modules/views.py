"""Three views of the module graph.

`exact`: every module version there is. `selected`: the versions a build uses, and between them what those require.
`path`: all versions of a module as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from goknot.formats.modgraph import Module
from goknot.formats.semver import Key, module_key
from goknot.model.graph import Graph

Requirement = tuple[Module, Module]


class View(StrEnum):
    """Which modules are nodes."""

    EXACT = "exact"
    SELECTED = "selected"
    PATH = "path"


@dataclass(frozen=True, slots=True)
class ModuleView:
    """One view.

    Attributes:
        graph: Named by path, or by path and version in the exact view.
        modules: node -> the module; in the path view its selected version stands for all.
        requirements: (node, node) -> the requirements the edge stands for: the selected version's first, then from the
            highest version down.
    """

    graph: Graph
    modules: tuple[Module, ...]
    requirements: Mapping[tuple[int, int], tuple[Requirement, ...]]


def selected_versions(requirements: Iterable[Requirement]) -> dict[str, str]:
    """Module path -> the highest version that anything requires; a main module has none, and is above all."""
    highest: dict[str, str] = {}
    for pair in requirements:
        for path, version in pair:
            if path not in highest or module_key(path, highest[path]) < module_key(path, version):
                highest[path] = version
    return highest


def make_view(requirements: Iterable[Requirement], selected: Mapping[str, str], view: View) -> ModuleView:
    """Builds a view; versions of Go itself are left out, and so is a module's requirement of its own path.

    Args:
        requirements: All requirements, as `go mod graph` prints them.
        selected: Module path -> selected version.
        view: Which one.
    """
    shown: dict[Module, Module] = {}  # module -> the node it is part of
    found: dict[Requirement, list[Requirement]] = {}
    for requirement in requirements:
        source, target = requirement
        if source.is_toolchain or target.is_toolchain:
            continue
        for module in requirement:
            if module not in shown:
                shown[module] = module if view is View.EXACT else Module(module.path, selected[module.path])
        edge = shown[source], shown[target]
        if edge[0] != edge[1] and (view is not View.SELECTED or source == edge[0]):
            found.setdefault(edge, []).append(requirement)
    modules = tuple(sorted(set(shown.values()), key=lambda m: (m.path, module_key(*m), m.version)))
    node_by_module = {module: node for node, module in enumerate(modules)}
    rank = _rank(selected)
    by_edge = {
        (node_by_module[source], node_by_module[target]): (
            tuple(sorted(pairs, key=rank, reverse=True)) if len(pairs) > 1 else tuple(pairs)
        )
        for (source, target), pairs in found.items()
    }
    names = [str(module) if view is View.EXACT else module.path for module in modules]
    return ModuleView(Graph.from_edges(names, by_edge), modules, by_edge)


def _rank(selected: Mapping[str, str]) -> Callable[[Requirement], tuple[bool, Key, Key, str]]:
    """Sort key, ascending; the selected version comes out last."""

    def key(pair: Requirement) -> tuple[bool, Key, Key, str]:
        source, target = pair
        return (source.version == selected[source.path], module_key(*source), module_key(*target), target.version)

    return key
