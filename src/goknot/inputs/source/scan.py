"""A scan: the packages of a tree and how they import each other."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from goknot.errors import InputError
from goknot.inputs.source.configurations import Platforms, configurations_of
from goknot.inputs.source.edges import EdgeFacts, describe
from goknot.inputs.source.layout import Group, Layout, find_layout, shown
from goknot.inputs.source.loader import HeaderCache, Loader
from goknot.inputs.source.options import (
    NEWEST_GO,
    SourceOptions,
    default_experiments,
    experiments_of,
    tags_that_are_on,
)
from goknot.inputs.source.package import FileChooser, LoadedPackage, Package, SourceFile, finish
from goknot.inputs.source.tree import Tree
from goknot.model.graph import Graph
from goknot.model.report import Problem

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ScannedModule:
    """A module whose packages were asked for; `folder` is relative to the scanned one."""

    path: str
    folder: str
    go: str


@dataclass(slots=True)
class SourceScan:
    """The packages of a tree and how they import each other.

    Attributes:
        label: What the user called the tree.
        options: The configuration.
        packages: Sorted by key.
        modules: The modules asked for, sorted by path.
        problems: What could not be read or decided, sorted.
        complete: False if a problem leaves room for imports that were not seen.
        n_files: .go files met.
        go_minor: The newest release tag that was on.
        platforms: Every platform, with the tags that are on there.
    """

    label: str
    options: SourceOptions
    packages: tuple[Package, ...]
    modules: tuple[ScannedModule, ...]
    problems: tuple[Problem, ...]
    complete: bool
    n_files: int
    go_minor: int
    platforms: Platforms
    _tree: Tree
    _loader: Loader
    _loaded: list[LoadedPackage] = field(repr=False)
    _group_of: list[Group] = field(repr=False)
    _node_of: array[int] = field(repr=False)  # order of loading -> node

    def production_graph(self) -> Graph:
        """Who imports whom outside tests; node i is `packages[i]`. Files whose head Go refuses count as far as read."""
        names = [package.import_path for package in self.packages]
        start, target = array("i", [0]), array("i")
        for node in range(len(names)):
            target.extend(sorted(self._targets(node, self._loaded[node].own_paths)))
            start.append(len(target))
        return Graph(names, start, target)

    def test_edges(self) -> tuple[Pair, ...]:
        """What in-package _test.go files import beyond the package itself."""
        return self._extra_edges([package.test_paths for package in self._loaded])

    def xtest_edges(self) -> tuple[Pair, ...]:
        """What external test packages import beyond the package itself, which they are drawn at."""
        return self._extra_edges([package.xtest_paths for package in self._loaded])

    def describe(self, edges: Iterable[Pair], tests: bool = False) -> dict[Pair, EdgeFacts]:
        """What is used over edges, and where it is written. Reads the files that carry them in full, each once.

        Args:
            edges: Pairs of nodes.
            tests: Whether the edges are those of in-package tests.
        """
        return describe(self, edges, tests=tests)

    def configurations_of(self, edges: Iterable[Pair]) -> tuple[tuple[str, ...], dict[Pair, int]]:
        """On which platforms and with which tags edges exist.

        Args:
            edges: Pairs of nodes; an edge counts where either a file of the package or of its in-package tests has it.

        Returns:
            What a person calls each class of configurations that are alike for these edges, and edge -> bits, bit i
            set if it exists in class i.
        """
        labels, mask_by_edge, is_whole = configurations_of(self, edges)
        if not is_whole:
            what = "more build tags than can be tried in every combination"
            problem = Problem(
                self.label, what, "platforms and tags of a ring: each tag was tried alone, and all at once"
            )
            self.problems = tuple(sorted({*self.problems, problem}))
        return labels, mask_by_edge

    def files_of(self, node: int, *, tests: bool) -> Sequence[SourceFile]:
        """The files of a node with their heads: its own, or those of its in-package tests."""
        return self._loaded[node].tests if tests else self._loaded[node].own

    def target_of(self, node: int, import_path: str) -> int:
        """The node that an import path means in a node's files; -1 if it lies outside."""
        found = self._group_of[node].package_by_path.get(import_path, -1)
        return self._node_of[found] if found >= 0 else -1

    def address_of(self, node: int) -> str:
        """The folder of a node in the tree."""
        return self._loaded[node].address

    @property
    def base(self) -> str:
        """The folder in the tree that keys are relative to."""
        return self._loader.layout.base

    @property
    def groups(self) -> Sequence[Group]:
        """The modules asked for, each with those it sees."""
        return self._loader.layout.groups

    def packages_of(self, group: Group) -> list[Package]:
        """The packages that were read for a group of modules."""
        return [self.packages[node] for node, own in enumerate(self._group_of) if own is group]

    @property
    def tree(self) -> Tree:
        """Where the files come from."""
        return self._tree

    @property
    def chooser(self) -> FileChooser:
        """Which files the configuration takes."""
        return self._loader.chooser

    @property
    def module_folders(self) -> tuple[Path, ...]:
        """The folders of the modules on the machine, and that of the workspace, sorted."""
        modules = (module for group in self.groups for module in group.module_by_prefix.values())
        return tuple(sorted({self._tree.on_disk(folder) for folder in (self.base, *(m.folder for m in modules))}))

    def _targets(self, node: int, paths: set[str]) -> set[int]:
        known, node_of = self._group_of[node].package_by_path, self._node_of
        # what is not known yet is only imported by external tests, or by tests of packages that were not asked for
        return {node_of[found] for path in paths if (found := known.get(path, -1)) >= 0}

    def _extra_edges(self, paths_by_node: Sequence[set[str]]) -> tuple[Pair, ...]:
        found: list[Pair] = []
        for node, paths in enumerate(paths_by_node):
            if paths:
                targets = self._targets(node, paths) - self._targets(node, self._loaded[node].own_paths)
                found.extend((node, target) for target in sorted(targets))
        return tuple(found)


def scan_source(tree: Tree, options: SourceOptions, cache: HeaderCache | None = None) -> SourceScan:
    """Reads the heads of a tree's .go files.

    Args:
        tree: Where the files come from.
        options: The configuration.
        cache: Heads by what the tree says identifies a file's content; filled, and used by the next scan.

    Raises:
        InputError: There is no Go code.
    """
    layout = find_layout(tree, options)
    go_minor = options.go_minor or max(NEWEST_GO, layout.newest_go)
    experiments = _experiments(tree, layout, go_minor)
    platforms = Platforms(options, go_minor, experiments)
    chooser = FileChooser(None, True, platforms.needs_custom_tag)
    if not options.all_platforms:
        on = tags_that_are_on(
            options, options.goos, options.goarch, cgo=options.cgo, go_minor=go_minor, experiments=experiments
        )
        chooser = FileChooser(on, options.cgo, platforms.needs_custom_tag)
    loader = Loader(tree, layout, chooser, cache)
    for group in layout.groups:
        loader.load_asked_for(group)
    if not any(folder == tree.start for group in layout.groups for folder, _ in group.asked_for):
        layout.groups.append(loader.load_loose())
    if not loader.n_go_files and layout.complete:
        raise InputError(tree.label, "no Go code here", "Name the folder of a Go module, workspace or package.")
    return _finished(tree, options, layout, loader, go_minor, platforms)


def _experiments(tree: Tree, layout: Layout, go_minor: int) -> dict[str, str]:
    """Those of the GOROOT that is scanned, else of the Go this was written for."""
    for group in layout.groups:
        module = group.module_by_prefix.get("")
        if module is not None and module.path == "std":
            try:
                text = tree.read(f"{module.folder}/internal/buildcfg/exp.go", 1 << 20)
            except OSError:
                continue
            return experiments_of(text) or default_experiments(go_minor)
    return default_experiments(go_minor)


def _finished(  # noqa: PLR0917
    tree: Tree, options: SourceOptions, layout: Layout, loader: Loader, go_minor: int, platforms: Platforms
) -> SourceScan:
    base = layout.base
    made = []
    for number, loaded in enumerate(loader.loaded):
        group = loader.group_of[number]
        if loaded.address == base:
            key = "."
        elif loaded.address.startswith(f"{base}/"):
            key = shown(base, loaded.address)
        else:
            key = loaded.import_path
        folder = "." if loaded.address == tree.start else shown(tree.start, loaded.address)
        listed = partial(loader.listed_path, group=group) if group.vendor_prefix else None
        package = finish(loaded, key, folder, listed)
        made.append((package, number))
    made.sort(key=lambda pair: (pair[0].key, pair[0].import_path, pair[0].folder))
    node_of = array("i", bytes(4 * len(made)))
    for node, (_, number) in enumerate(made):
        node_of[number] = node
    modules = {
        (module.path, "." if module.folder == tree.start else shown(tree.start, module.folder), module.go)
        for group in layout.groups
        for _, module in group.asked_for
        if module.declared
    }
    return SourceScan(
        label=tree.label,
        options=options,
        packages=tuple([package for package, _ in made]),
        modules=tuple([ScannedModule(*module) for module in sorted(modules)]),
        problems=tuple(sorted(set(layout.problems))),
        complete=layout.complete,
        n_files=loader.n_go_files,
        go_minor=go_minor,
        platforms=platforms,
        _tree=tree,
        _loader=loader,
        _loaded=[loader.loaded[number] for _, number in made],
        _group_of=[loader.group_of[number] for _, number in made],
        _node_of=node_of,
    )
