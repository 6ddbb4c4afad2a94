"""The module graph from go.mod files alone, as `go mod graph` prints it.

Source: cmd/go/internal/modload/buildlist.go (readModGraph, expandGraph, updatePrunedRoots, updateUnprunedRoots) and
init.go (requirementsFromModFiles, hasRedundantRoot).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from goknot.formats.modgraph import Module
from goknot.formats.semver import module_key
from goknot.inputs.modules.mvs import Requirements, minimal_roots
from goknot.inputs.modules.summaries import DEFAULT_GO_OF_MODULE, DEFAULT_GO_OF_WORK, Pruning, Summaries, pruning_of

Roots = tuple[Module, ...]


def load_requirements(summaries: Summaries) -> Requirements:
    """Follows requirements from the main modules as far as Go does.

    What cannot be read is left out; `summaries` knows what that was.
    """
    mains = summaries.mains
    if mains.work is not None:
        go = Module("go", mains.work.go or DEFAULT_GO_OF_WORK)
        roots = [*(main.module for main in mains.modules), go]
        if mains.work.toolchain:
            roots.append(Module("toolchain", mains.work.toolchain))
        return _read(summaries, Pruning.WORKSPACE, _sorted(roots))
    main = mains.modules[0]
    go_version = main.gomod.go or DEFAULT_GO_OF_MODULE
    kept = [r for r in main.gomod.requires if Module(r.path, r.version) not in mains.excludes]
    direct = {"go", *(r.path for r in kept if not r.indirect)}
    roots = [Module(r.path, r.version) for r in kept]
    roots.append(Module("go", go_version))
    if main.gomod.toolchain:
        roots.append(Module("toolchain", main.gomod.toolchain))
    return _expanded(summaries, pruning_of(go_version), _sorted(roots), direct)


def _expanded(summaries: Summaries, pruning: Pruning, roots: Roots, direct: set[str]) -> Requirements:
    """Reads the graph and, where a root turns out not to be selected, again from the roots Go would write."""
    main = summaries.mains.modules[0].module
    paths = [module.path for module in roots]
    if main.path in paths or len(set(paths)) < len(paths):
        roots = _updated(summaries, pruning, roots, direct, None)
    graph = _read(summaries, pruning, roots)
    if not summaries.n_failed and any(graph.selected[root.path] != root.version for root in roots):
        roots = _updated(summaries, pruning, roots, direct, graph)
        graph = _read(summaries, pruning, roots)
    return graph


def _updated(
    summaries: Summaries, pruning: Pruning, roots: Roots, direct: set[str], graph: Requirements | None
) -> Roots:
    if pruning is Pruning.UNPRUNED:
        return _updated_unpruned(summaries, roots, direct, graph or _read(summaries, pruning, roots))
    main = summaries.mains.modules[0].module
    while True:
        selected = graph.selected if graph else _highest(roots)
        paths = dict.fromkeys(root.path for root in roots if root.path != main.path)
        first = {root.path: root.version for root in reversed(roots)}
        updated = tuple(Module(path, selected[path]) for path in paths)
        upgraded = any(first[module.path] != module.version for module in updated)
        roots = updated
        if not upgraded:
            return roots
        graph = _read(summaries, pruning, roots)


def _updated_unpruned(summaries: Summaries, roots: Roots, direct: set[str], graph: Requirements) -> Roots:
    main = summaries.mains.modules[0].module
    base = [root.path for root in roots if graph.selected[root.path] == root.version]
    keep = [module for module in graph.build_list() if module != main]
    base += [module.path for module in keep if module.path in direct]

    def required_by(module: Module) -> Sequence[Module] | None:
        if module == main:
            return keep
        summary = summaries.of(module)
        return summary.requires if summary else None

    minimal = minimal_roots(main, base, required_by)
    return roots if minimal is None else tuple(minimal)


def _read(summaries: Summaries, pruning: Pruning, roots: Roots) -> Requirements:
    mains = summaries.mains
    if pruning is Pruning.WORKSPACE:
        graph = Requirements(roots)
    else:
        graph = Requirements([mains.modules[0].module])
        graph.require(mains.modules[0].module, roots)
    queue = deque((module, pruning) for module in roots)
    seen: set[tuple[Module, Pruning]] = set()
    _drain(summaries, graph, queue, seen)
    if pruning is Pruning.WORKSPACE:
        _reload_selected(summaries, graph, queue, seen)
    return graph


def _drain(
    summaries: Summaries,
    graph: Requirements,
    queue: deque[tuple[Module, Pruning]],
    seen: set[tuple[Module, Pruning]],
) -> None:
    while queue:
        module, pruning = queue.popleft()
        if (module, pruning) in seen:
            continue
        seen.add((module, pruning))
        summary = summaries.of(module)
        if summary is None:
            continue
        graph.require(module, summary.requires)
        # a module before Go 1.17 does not list all it needs, so what it requires is followed further
        following = Pruning.UNPRUNED if pruning is Pruning.UNPRUNED else summary.pruning
        if pruning is not Pruning.PRUNED or summary.pruning is Pruning.UNPRUNED:
            queue.extend((required, following) for required in summary.requires)


def _reload_selected(
    summaries: Summaries,
    graph: Requirements,
    queue: deque[tuple[Module, Pruning]],
    seen: set[tuple[Module, Pruning]],
) -> None:
    """Follows the selected versions of whatever the workspace's modules require at a lower one."""
    in_all = {root.path for root in graph.roots}
    reloaded: set[Module] = set()
    while True:
        needed: set[Module] = set()
        for path in in_all:
            module = Module(path, graph.selected[path])
            if module not in reloaded:
                needed.add(module)
                continue
            for required in graph.required.get(module, ()):
                selected = Module(required.path, graph.selected[required.path])
                higher = module_key(*selected) > module_key(*required)
                if higher and selected.version and selected not in reloaded:
                    needed.add(selected)
        if not needed:
            return
        for module in sorted(needed):
            queue.append((module, Pruning.WORKSPACE))
            reloaded.add(module)
            in_all.add(module.path)
        _drain(summaries, graph, queue, seen)


def _highest(roots: Iterable[Module]) -> dict[str, str]:
    return Requirements(roots).selected


def _sorted(roots: Iterable[Module]) -> Roots:
    # gover/mod.go ModSort
    return tuple(sorted(roots, key=lambda module: (module.path, module_key(*module))))
