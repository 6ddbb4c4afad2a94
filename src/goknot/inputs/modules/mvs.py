"""Minimal version selection over requirements as they are found.

Sources: cmd/go/internal/mvs/graph.go, mvs.go (Req); R. Cox, Minimal Version Selection,
https://research.swtch.com/vgo-mvs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from goknot.formats.modgraph import Module
from goknot.formats.semver import module_key

RequiredBy = Callable[[Module], Sequence[Module] | None]


class Requirements:
    """Requirements, and the highest version of each path that anything requires.

    Attributes:
        roots: Where reading starts.
        required: Module -> what it requires, in the order of its go.mod.
        selected: Module path -> highest version.
    """

    def __init__(self, roots: Iterable[Module]) -> None:
        self.roots = tuple(roots)
        self.required: dict[Module, Sequence[Module]] = {}
        self.selected: dict[str, str] = {}
        for module in self.roots:
            self._see(module)

    def require(self, module: Module, required: Sequence[Module]) -> None:
        """Adds what a module requires; the first word counts."""
        if module in self.required:
            return
        self.required[module] = required
        for each in required:
            self._see(each)

    def build_list(self) -> tuple[Module, ...]:
        """The selected versions: roots first, then by path."""
        first = dict.fromkeys(module.path for module in self.roots)
        rest = sorted(path for path in self.selected if path not in first)
        return tuple(Module(path, self.selected[path]) for path in (*first, *rest))

    def walk(self) -> Iterator[tuple[Module, Sequence[Module]]]:
        """Each module reached from the roots with what it requires, breadth first."""
        queue = list(dict.fromkeys(self.roots))
        seen = set(queue)
        for module in queue:
            required = self.required.get(module, ())
            yield module, required
            for each in required:
                if each not in seen:
                    seen.add(each)
                    queue.append(each)

    def _see(self, module: Module) -> None:
        known = self.selected.get(module.path)
        if known is None or module_key(module.path, known) < module_key(module.path, module.version):
            self.selected[module.path] = module.version


def minimal_roots(main: Module, base: Iterable[str], required_by: RequiredBy) -> list[Module] | None:
    """The shortest list of requirements with which `main` gets the versions it has now.

    Args:
        main: The main module.
        base: Module paths that must be in the list.
        required_by: What a module requires; None if that cannot be told.

    Returns:
        The list, sorted by path; None if a module's requirements cannot be told.
    """
    graph = Requirements([main])
    queue = [main]
    seen = {main}
    for module in queue:
        required = required_by(module)
        if required is None:
            return None
        graph.require(module, required)
        fresh = [each for each in dict.fromkeys(required) if each not in seen]
        seen.update(fresh)
        queue += fresh
    postorder = _postorder(graph, main)
    have: set[Module] = set()
    minimal: list[Module] = []

    def keep(module: Module) -> None:
        minimal.append(module)
        stack = [module]
        while stack:
            current = stack.pop()
            if current not in have:
                have.add(current)
                stack.extend(graph.required.get(current, ()) if current != main else ())

    for path in dict.fromkeys(base):
        keep(Module(path, graph.selected.get(path, "")))
    for module in reversed(postorder):
        if graph.selected[module.path] == module.version and module not in have:
            keep(module)
    return sorted(minimal, key=lambda module: module.path)


def _postorder(graph: Requirements, main: Module) -> list[Module]:
    """Every module but the main one, each after what it requires."""
    seen = {main}
    order: list[Module] = []
    for root in graph.build_list():
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, iter(graph.required.get(root, ())))]
        while stack:
            module, rest = stack[-1]
            for each in rest:
                if each not in seen:
                    seen.add(each)
                    stack.append((each, iter(graph.required.get(each, ()))))
                    break
            else:
                order.append(module)
                stack.pop()
    return order
