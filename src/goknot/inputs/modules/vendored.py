"""Requirements of modules whose go.mod is not at hand, as far as their vendored packages show them."""

from __future__ import annotations

from goknot.formats.modgraph import Module
from goknot.formats.modulestxt import Vendored
from goknot.inputs.modules.mvs import Requirements
from goknot.inputs.modules.source import Built, Source, built, go_files
from goknot.inputs.modules.sources import Sources
from goknot.inputs.modules.summaries import Summaries


def add_vendored(graph: Requirements, summaries: Summaries, sources: Sources, vendored: Vendored) -> None:
    """Adds to the graph what vendored modules require: what their go.mod says, or else what their packages import."""
    owner_by_package = {
        package: module for module, packages in vendored.packages_by_module.items() for package in packages
    }
    for module in vendored.packages_by_module:
        if module in graph.required:
            continue
        summary = summaries.of(module)
        if summary is not None:
            graph.require(module, summary.requires)
            continue
        source = sources.of(module)
        if isinstance(source, Source):
            graph.require(module, _imported(source, module, owner_by_package))


def _imported(source: Source, module: Module, owner_by_package: dict[str, Module]) -> list[Module]:
    found: set[Module] = set()
    for file in go_files(source):
        if file.head is None or built(file.name.rpartition("/")[2], file.head.constraint) is Built.NEVER:
            continue
        owners = (owner_by_package.get(path) for path in file.head.paths)
        found.update(owner for owner in owners if owner is not None and owner != module)
    return sorted(found)
