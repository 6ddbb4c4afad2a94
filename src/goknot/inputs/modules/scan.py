"""The modules level: a requirement graph, its views, and what stands behind each edge."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from goknot.errors import InputError
from goknot.formats.modgraph import MAX_PROBLEMS, TOOLCHAINS, ModGraph, Module, parse_modgraph
from goknot.formats.modulestxt import Vendored
from goknot.inputs.modules.cache import ModuleCache
from goknot.inputs.modules.evidence import RequireLines
from goknot.inputs.modules.goenv import GoEnv, read_goenv
from goknot.inputs.modules.gotool import graph_from_go
from goknot.inputs.modules.loading import load_requirements
from goknot.inputs.modules.main_modules import MainModules, find_main_modules
from goknot.inputs.modules.proof import ImportKind, Owners, Proof, prove
from goknot.inputs.modules.sources import Sources, read_vendored
from goknot.inputs.modules.summaries import Summaries
from goknot.inputs.modules.vendored import add_vendored
from goknot.inputs.modules.views import ModuleView, Requirement, View, make_view, selected_versions
from goknot.model.graph import Graph
from goknot.model.knot import Evidence
from goknot.model.report import Problem

Edge = tuple[int, int]
MAX_EVIDENCE = 5


class How(StrEnum):
    """Where the graph comes from."""

    CACHE = "cache"
    GO = "go"


@dataclass(frozen=True, slots=True)
class RequireFacts:
    """What stands behind an edge.

    Attributes:
        evidence: Lines of go.mod files (or of the saved graph); at most `MAX_EVIDENCE`.
        n_requirements: Requirements the edge stands for.
        indirect: Whether every such line is marked `// indirect`.
        proof: What the source of the module that requires proves; of its selected version where that requires it.
    """

    evidence: tuple[Evidence, ...]
    n_requirements: int
    indirect: bool
    proof: Proof


class ModuleScan:
    """A module graph and what can be told about it.

    Attributes:
        requirements: As `go mod graph` prints them.
        selected: Module path -> the version a build uses; empty for main modules.
        mains: The main modules, in order.
    """

    def __init__(
        self, requirements: Iterable[Requirement], summaries: Summaries, sources: Sources, notes: _Notes
    ) -> None:
        self.requirements = tuple(dict.fromkeys(requirements))
        self.selected = selected_versions(self.requirements)
        for main in summaries.mains.modules:
            self.selected.setdefault(main.module.path, "")
        self.mains = tuple(sorted({module for pair in self.requirements for module in pair if not module.version}))
        self._sources = sources
        self._lines = RequireLines(summaries)
        self._notes = notes
        self._view_by_name: dict[View, ModuleView] = {}
        self._line_by_requirement: dict[Requirement, int] = {}
        self._text_name = ""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be read so far, sorted."""
        return tuple(sorted(set(self._notes.problems)))

    @property
    def complete(self) -> bool:
        """False if a problem leaves room for rings that were not seen."""
        return not self._notes.problems

    def view(self, view: View = View.SELECTED) -> ModuleView:
        """A view of the graph, with the modules and requirements behind it."""
        if view not in self._view_by_name:
            self._view_by_name[view] = make_view(self.requirements, self.selected, view)
        return self._view_by_name[view]

    def graph(self, view: View = View.SELECTED) -> Graph:
        """A view of the graph."""
        return self.view(view).graph

    def describe(self, edges: Iterable[Edge], view: View = View.SELECTED) -> dict[Edge, RequireFacts]:
        """The lines that make each edge, and what the source proves about it.

        Args:
            edges: Edges of `graph(view)`.
            view: Which view they are of.
        """
        asked = sorted(set(edges))
        pairs_by_edge = self.view(view).requirements
        proofs = self._prove({pairs_by_edge[edge][0] for edge in asked})
        return {edge: self._facts(pairs_by_edge[edge], proofs[pairs_by_edge[edge][0]]) for edge in asked}

    def prove(self, edges: Iterable[Edge], view: View = View.SELECTED) -> dict[Edge, Proof]:
        """What the source proves about each edge of a view."""
        pairs = {edge: self.view(view).requirements[edge][0] for edge in edges}
        proofs = self._prove(set(pairs.values()))
        return {edge: proofs[pairs[edge]] for edge in sorted(pairs)}

    def _prove(self, requirements: Iterable[Requirement]) -> dict[Requirement, Proof]:
        targets_by_source: dict[Module, list[Module]] = {}
        for module, target in sorted(requirements):
            targets_by_source.setdefault(module, []).append(target)

        def has_package(path: str, folder: str) -> bool | None:
            return self._sources.has_package(Module(path, self.selected[path]), folder)

        owners = Owners(self.selected.keys() - TOOLCHAINS, has_package)
        found: dict[Requirement, Proof] = {}
        for module, targets in targets_by_source.items():
            source = self._sources.of(module)
            if isinstance(source, str):
                found.update({(module, target): Proof(ImportKind.UNKNOWN, note=source) for target in targets})
                continue
            proofs = prove(source, module.path, {target.path for target in targets}, owners)
            tools = {owners.of(tool) for tool in self._lines.tools_of(module)}
            for target in targets:
                proof = proofs[target.path]
                if proof.kind is ImportKind.NOT_IMPORTED and target.path in tools:
                    proof = replace(proof, note="a tool directive names one of its packages")
                found[module, target] = proof
        return found

    def _facts(self, requirements: tuple[Requirement, ...], proof: Proof) -> RequireFacts:
        evidence: list[Evidence] = []
        indirect = True
        for requirement in requirements:
            line = self._lines.of(*requirement)
            indirect = indirect and line is not None and line.indirect
            if len(evidence) < MAX_EVIDENCE and (shown := line.evidence if line else self._text_line(requirement)):
                evidence.append(shown)
        return RequireFacts(tuple(evidence), len(requirements), indirect, proof)

    def _text_line(self, requirement: Requirement) -> Evidence | None:
        line = self._line_by_requirement.get(requirement)
        return Evidence(self._text_name, line, 1, f"{requirement[0]} {requirement[1]}") if line else None

    def keep_lines(self, graph: ModGraph, name: str) -> None:
        """Remembers where requirements stand in the text the graph was read from."""
        self._text_name = name
        self._line_by_requirement = dict(zip(graph.requirements(), graph.edge_line, strict=True))


class _Notes:
    """Problems met on the way."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, where: str, what: str, effect: str) -> None:
        self.problems.append(Problem(where, what, effect))

    def add_missing(self, missing: Mapping[Module, str], what: str) -> None:
        for module in list(missing)[:MAX_PROBLEMS]:
            self.add(str(module), what.format(name=missing[module]), "rings through what it requires are not seen")
        if len(missing) > MAX_PROBLEMS:
            more = f"{len(missing) - MAX_PROBLEMS} more go.mod files are not there"
            self.add("module cache", more, "rings through what those modules require are not seen")


def load(path: Path, *, how: How = How.CACHE, environment: Mapping[str, str] | None = None) -> ModuleScan:
    """Loads the module graph of the module or workspace around a folder.

    Args:
        path: A folder (or a file in it).
        how: From go.mod files alone, or from Go.
        environment: For GOMODCACHE, GOPATH, GOFLAGS, GOWORK, GOENV; None: that of the process.

    Raises:
        InputError: No go.mod there, or the main one cannot be read.
        ToolError: Go was asked for and is missing or refuses.
        UsageError: The environment makes no sense.
    """
    environment = os.environ if environment is None else environment
    goenv = read_goenv(environment)
    notes = _Notes()
    asides = _Notes() if how is How.GO else notes  # what Go takes is no problem
    mains = find_main_modules(path, goenv, asides.add)
    summaries = Summaries(mains, ModuleCache(goenv.modcache), asides.add)
    vendored = _vendored(mains, asides)
    sources = Sources(summaries, vendored)
    if how is How.GO:
        graph = graph_from_go(path if path.is_dir() else path.parent, environment)
        return ModuleScan(graph.requirements(), summaries, sources, notes)
    return _from_files(summaries, sources, vendored, goenv, notes)


def load_graph(
    stream: BinaryIO, name: str, *, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> ModuleScan:
    """Loads saved output of `go mod graph`.

    Args:
        stream: The text, as bytes.
        name: What reports call it.
        folder: Where the main module may be; used if it is the one the graph was made of.
        environment: As in `load`.

    Raises:
        InputError: Not such a text.
        UsageError: The environment makes no sense.
    """
    goenv = read_goenv(os.environ if environment is None else environment)
    notes = _Notes()
    graph = parse_modgraph(stream, name)
    for line, what in graph.problems:
        notes.add(f"{name}:{line}", what, "a requirement may be missing")
    mains = _mains_of(graph, folder, goenv)
    summaries = Summaries(mains, ModuleCache(goenv.modcache), _Notes().add)  # the text is what counts
    scan = ModuleScan(graph.requirements(), summaries, Sources(summaries, _vendored(mains, notes)), notes)
    scan.keep_lines(graph, name)
    return scan


def _from_files(
    summaries: Summaries, sources: Sources, vendored: Vendored | None, goenv: GoEnv, notes: _Notes
) -> ModuleScan:
    graph = load_requirements(summaries)
    missing = dict(summaries.missing)
    if missing and not goenv.modcache.is_dir():
        notes.add("module cache", "there is none", "only what main modules, replacements and vendor say is seen")
    if missing and vendored is not None:
        add_vendored(graph, summaries, sources, vendored)
        what = f"{len(missing)} go.mod files are not in the module cache; vendor stands in for them"
        effect = "requirements without an import in a vendored package, and rings through them, are not seen"
        notes.add("vendor/modules.txt", what, effect)
    elif missing:
        notes.add_missing(missing, "its go.mod is not there: {name}")
    requirements = ((module, required) for module, all_ in graph.walk() for required in all_)
    return ModuleScan(requirements, summaries, sources, notes)


def _mains_of(graph: ModGraph, folder: Path | None, goenv: GoEnv) -> MainModules:
    """The main modules in a folder if they are those of the graph; otherwise none."""
    nothing = MainModules.none()
    if folder is None:
        return nothing
    try:
        mains = find_main_modules(folder, goenv, _Notes().add)
    except InputError:
        return nothing  # the graph says enough without
    return mains if {main.module for main in mains.modules} == set(graph.mains) else nothing


def _vendored(mains: MainModules, notes: _Notes) -> Vendored | None:
    try:
        return read_vendored(mains)
    except OSError as error:
        notes.add("vendor/modules.txt", error.strerror or str(error), "what vendor holds is not used")
        return None
