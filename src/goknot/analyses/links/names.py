"""Names of types as each level writes them, brought together.

A heap calls a type `example.com/app/store.Node` or, in package main, `main.session`; source calls it by import path or
by folder and name. Two names are one where the folder and the name agree, and no other type could be meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from goknot.model.gotypes import SourceType, TypeGraph
from goknot.model.knot import Knot, KnotNode
from goknot.model.report import Report

# a named type inside another: path, dot, name; arguments of generic types are looked at apart
_NAMED = re.compile(r"(?:[\w.~-]+/)*[\w~-][\w.~-]*\.[^\W\d][\w·]*")
_ESCAPE = re.compile(r"%([0-9a-f]{2})")
_CLOSURE = re.compile(r"func (?=[^\s(])")  # an object of a heap that is a closure is called by its function
_NO_TYPE = frozenset(("goroutine", "special"))
_SOURCE = frozenset(("source", "module-graph"))


class Names:
    """What the names of a set of reports mean.

    Args:
        reports: The reports.
        types: The types of the source, if that is at hand.

    Attributes:
        modules: Of the source, longest first.
        plugins: Of the process that was read: plugin -> its state, as `HeapModule` has it.
    """

    def __init__(self, reports: Sequence[Report], types: TypeGraph | None) -> None:
        self.modules = _modules(reports)
        self.plugins = {one.name: one.state for report in reports for one in report.modules[1:]}  # the first: the host
        self._declared: dict[str, SourceType] = {}
        self._by_local: dict[str, set[str]] = {}
        for one in types.types if types is not None else ():
            if one.asked_for and "[" not in one.name:
                self._declared[self.canonical(one.name)] = one
        sources = [r for r in reports if any(one.kind in _SOURCE for one in r.inputs)]
        keys = {self.of_source(node) for r in sources for k in r.knots if k.heap is None for node in k.nodes}
        for key in {*keys, *self._declared} - {""}:
            self._by_local.setdefault(key.rpartition(".")[2], set()).add(key)

    def canonical(self, name: str) -> str:
        """A full name relative to its module: `./store.Node`, of the module's root `./.Node`; others as they are."""
        path, _, local = name.rpartition(".")
        for module in self.modules:
            if path == module:
                return f"./.{local}"
            if path.startswith(f"{module}/"):
                return f"./{path[len(module) + 1 :]}.{local}"
        return name

    def qualified(self, package: str, name: str) -> str:
        """The canonical name of what another package calls `package.name`; empty if several, or none, may be meant."""
        found = [one for one in self._by_local.get(name, ()) if self.package(one).rpartition("/")[2] == package]
        return found[0] if len(found) == 1 else ""

    def declared(self, canonical: str) -> SourceType | None:
        """The declaration of a type, if source is at hand."""
        return self._declared.get(canonical)

    def package(self, canonical: str) -> str:
        """The import path of a canonical name's package, as far as the modules tell."""
        path, is_own = canonical.rpartition(".")[0], canonical.startswith("./")
        path = path.removeprefix("./") if is_own else path
        if len(self.modules) != 1 or not is_own:
            return path
        return f"{self.modules[0]}/{path}" if path else self.modules[0]

    def of_knot(self, knot: Knot) -> frozenset[str]:
        """The named types a knot is about, canonical."""
        if knot.heap is not None:
            types = [node for node in knot.nodes if node.kind not in _NO_TYPE and not _CLOSURE.match(node.name)]
            return frozenset(one for node in types for one in self.of_heap(node.name))
        return frozenset(found for node in knot.nodes if (found := self.of_source(node)))

    def function_packages(self, knot: Knot) -> tuple[str, ...]:
        """The packages of a heap's closures and goroutines."""
        if knot.heap is None:
            return ()
        goroutines = [node.key for node in knot.nodes if node.kind == "goroutine"]
        closures = [_CLOSURE.sub("", node.name) for node in knot.nodes if _CLOSURE.match(node.name)]
        return tuple(dict.fromkeys(found for one in [*goroutines, *closures] if (found := package_of_symbol(one))))

    def of_heap(self, name: str) -> tuple[str, ...]:
        """The named types in a name of the runtime's."""
        return tuple(self._of_runtime(match) for match in _NAMED.findall(name))

    def _of_runtime(self, name: str) -> str:
        path, _, local = name.rpartition(".")
        if path != "main":
            return self.canonical(name)
        known = self._by_local.get(local, set())
        return next(iter(known)) if len(known) == 1 else name

    def of_source(self, node: KnotNode) -> str:
        """The type a node of source is: its key is folder (a dot for the root), dot, name; empty if it is none."""
        if not _NAMED.fullmatch(node.name.partition("[")[0]) or ":" in node.key or node.kind not in {"type", "object"}:
            return ""
        folder, _, local = node.key.partition("[")[0].rpartition(".")
        if "." in folder.strip(".").partition("/")[0]:
            return self.canonical(f"{folder}.{local}")
        return f"./{folder.strip('.')}.{local}"


def package_of_symbol(symbol: str) -> str:
    """The import path in a function's symbol; empty for what has none, such as code of C.

    It ends at the first dot of its last element, whose own dots are `%2e` (cmd/internal/objabi/path.go, PathToPrefix).
    """
    head = re.split(r"[(\[]", symbol, maxsplit=1)[0]
    start = head.rfind("/") + 1
    last, dot, _ = head[start:].partition(".")
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), head[:start] + last) if dot and last else ""


def _modules(reports: Sequence[Report]) -> tuple[str, ...]:
    """The modules of the source, longest first."""
    found: set[str] = set()
    for report in reports:
        for one in report.inputs:
            given = one.details.get("module", ())
            found.update((given,) if isinstance(given, str) else given if isinstance(given, tuple) else ())
    return tuple(sorted(found, key=lambda module: (-len(module), module)))
