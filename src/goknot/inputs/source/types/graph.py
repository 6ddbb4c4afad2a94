"""The type graph: every named type of a scan, and the ways from one to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path

from goknot.inputs.source.scan import SourceScan
from goknot.inputs.source.types.bounds import Bounds
from goknot.inputs.source.types.cache import CachedReader
from goknot.inputs.source.types.dependencies import Dependencies, GoPlaces
from goknot.inputs.source.types.edges import EdgeWalk, Way
from goknot.inputs.source.types.forms import Form, Interface, Named, Param, Struct, Unknown, label
from goknot.inputs.source.types.methods import Implementers, Key, Method, MethodSets
from goknot.inputs.source.types.packages import Packages
from goknot.inputs.source.types.resolver import Resolver
from goknot.inputs.source.types.sizes import Sizes
from goknot.model.gotypes import UNKNOWN, SourceField, SourceType, TypeEdge, TypeGraph
from goknot.model.report import Problem

_EDGE_ORDER = attrgetter("source", "target", "kind", "field", "offset", "file", "line", "through")  # of its own
MAX_INSTANCES = 20_000
MAX_IMPLEMENTS = 250_000  # pairs of an interface and a type; interfaces with the fewest implementers come first


@dataclass(slots=True)
class TypesRead:
    """A type graph and how it came about.

    Attributes:
        graph: The graph.
        problems: What could not be read or resolved.
        n_bytes: Source read.
        n_unknown: Fields and types of the scan whose type could not be resolved.
        outside: Packages of other modules that were looked up, with what that depended on.
    """

    graph: TypeGraph
    problems: tuple[Problem, ...]
    n_bytes: int
    n_unknown: int
    outside: Mapping[str, bytes]


def read_types(scan: SourceScan, places: GoPlaces, cache: Path | None = None) -> TypesRead:
    """Reads the types of every package of a scan, and as much of others as their layout and methods ask for.

    Args:
        scan: The packages.
        places: Where those of other modules lie.
        cache: Folder that keeps what files declare; None: nothing is kept.
    """
    dependencies = Dependencies(places, scan.module_folders, scan.chooser)
    reader = CachedReader(cache)
    packages = Packages(scan, dependencies, reader)
    try:
        return _Builder(packages, scan.options.goarch).build()
    finally:
        reader.keep()


@dataclass(slots=True)
class _Node:
    named: Named
    form: Form
    file: str
    line: int
    column: int
    key: str
    asked_for: bool
    ways: list[Way] = field(default_factory=list)


class _Builder:
    def __init__(self, packages: Packages, goarch: str) -> None:
        self.packages = packages
        self.bounds = Bounds()
        self.resolver = Resolver(packages, self.bounds)
        self.methods = MethodSets(self.resolver)
        self.sizes = Sizes(self.resolver, goarch)
        self.nodes: dict[Named, _Node] = {}
        self.n_unknown = 0

    def build(self) -> TypesRead:
        origins: list[Named] = []
        for package in self.packages.of_scan():
            for name, (source, decl) in package.types.items():
                if decl.is_alias:
                    continue
                named = Named(package.path, name)
                form = self.resolver.underlying(named)
                self.n_unknown += _n_unknown(form)
                key = name if package.key == "." else f"{package.key}.{name}"
                self.nodes[named] = _Node(named, form, source.path, decl.line, decl.column, key, package.asked_for)
                if package.asked_for and not decl.parameters:
                    origins.append(named)
        self._add_ways()
        graph = self._graph(origins)
        if self.methods.n_cut:
            what = f"{self.methods.n_cut} types with more embedded in each other than is followed"
            where = self._place(self.methods.cut_at)
            self.packages.problems.add(Problem(where, what, "methods promoted from further down are not seen"))
        if self.sizes.n_cut:
            what = f"{self.sizes.n_cut} types that lie by value in others more deeply than is followed"
            self.packages.problems.add(Problem("types", what, "sizes, and offsets behind them, are not known"))
        self.packages.problems.update(self.bounds.problems())
        return TypesRead(
            graph,
            tuple(sorted(self.packages.problems)),
            self.packages.n_bytes,
            self.n_unknown,
            self.packages.outside,
        )

    def _add_ways(self) -> None:
        """Walks every type; instances of generic types are found on the way and walked in turn."""
        walk = EdgeWalk(self.resolver, self.sizes, frozenset(self.nodes))
        waiting = list(self.nodes)
        while waiting:
            named = waiting.pop()
            node = self.nodes[named]
            n_cut = walk.n_cut
            node.ways = walk.ways(node.form)
            if walk.n_cut > n_cut:
                what = "types nested more deeply than is followed"
                self.bounds.note(what, "what lies deeper is not seen", f"{node.file}:{node.line}")
            for way in node.ways:
                if way.target not in self.nodes and len(self.nodes) < MAX_INSTANCES + walk.n_origins:
                    made = self._instance(way.target)
                    if made is not None:
                        self.nodes[way.target] = made
                        waiting.append(way.target)

    def _place(self, form: Form | None) -> str:
        """Where a type is declared."""
        node = self.nodes.get(form) if isinstance(form, Named) else None
        return f"{node.file}:{node.line}" if node is not None else "types"

    def _instance(self, named: Named) -> _Node | None:
        origin = self.nodes.get(Named(named.package, named.name))
        form = self.resolver.underlying(named)
        key = f"{origin.key if origin else f'{named.package}.{named.name}'}[{','.join(map(label, named.args))}]"
        if origin is not None:
            return _Node(named, form, origin.file, origin.line, origin.column, key, origin.asked_for)
        found = self.resolver.declared(named)
        if found is None:
            return None
        _, source, decl = found
        return _Node(named, form, source.path, decl.line, decl.column, key, asked_for=False)

    def _graph(self, origins: list[Named]) -> TypeGraph:
        order = sorted(self.nodes.values(), key=lambda node: (node.named.package, label(node.named)))
        number = {node.named: index for index, node in enumerate(order)}
        types = tuple(self._type(node) for node in order)
        edges: set[TypeEdge] = set()
        for source, node in enumerate(order):
            for way in node.ways:
                target = number.get(way.target)
                if target is None:  # an instance beyond the bound: its origin stands for it
                    target = number.get(Named(way.target.package, way.target.name))
                if target is not None:
                    line = way.line or node.line
                    edges.add(TypeEdge(source, target, way.kind, way.field, way.offset, node.file, line, way.through))
        edges.update(self._implementers(origins, number))
        return TypeGraph(types, tuple(sorted(edges, key=_EDGE_ORDER)))

    def _implementers(self, origins: list[Named], number: dict[Named, int]) -> Iterator[TypeEdge]:
        interfaces = [named for named in origins if isinstance(self.nodes[named].form, Interface)]
        concrete: dict[Named, Mapping[Key, Method]] = {}
        for named in origins:
            if not isinstance(self.nodes[named].form, Interface):
                concrete[named] = self.methods.of(named)
        finder = Implementers(concrete)
        wanted = {named: self.methods.interface(named) or {} for named in interfaces}
        n_left = MAX_IMPLEMENTS
        n_cut = 0
        for interface in sorted(interfaces, key=lambda named: (finder.at_most(wanted[named]), number[named])):
            n_left -= finder.at_most(wanted[interface])
            if n_left < 0:
                n_cut += 1
                continue
            through = label(interface)
            for named in finder.of(wanted[interface]):
                node = self.nodes[named]
                yield TypeEdge(
                    number[interface], number[named], "interface", "", UNKNOWN, node.file, node.line, through
                )
        if n_cut:
            what = f"{n_cut} interfaces that more types may implement than are followed ({MAX_IMPLEMENTS:,} in all)"
            self.packages.problems.add(Problem("types", what, "rings through them are not seen"))

    def _type(self, node: _Node) -> SourceType:
        size, _ = self.sizes.size_and_align(node.form if not isinstance(node.form, Unknown) else node.named)
        fields: tuple[SourceField, ...] = ()
        if isinstance(node.form, Struct):
            offsets, size, _ = self.sizes.offsets(node.form)
            fields = tuple(
                SourceField(one.name, label(one.type), offset, one.embedded, node.file, one.line)
                for one, offset in zip(node.form.fields, offsets, strict=True)
            )
        return SourceType(
            name=label(node.named),
            package=node.named.package,
            key=node.key,
            kind=_kind(node.form),
            file=node.file,
            line=node.line,
            column=node.column,
            size=size,
            fields=fields,
            asked_for=node.asked_for,
        )


def _kind(form: Form) -> str:
    return "unknown" if isinstance(form, Unknown | Param) else type(form).__name__.lower()


def _n_unknown(form: Form) -> int:
    if isinstance(form, Struct):
        return sum(isinstance(one.type, Unknown) for one in form.fields)
    return int(isinstance(form, Unknown))
