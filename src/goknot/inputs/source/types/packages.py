"""The packages whose types are looked at: the scan's in full, others as far as something in them is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from goknot.inputs.source.layout import shown
from goknot.inputs.source.scan import SourceScan
from goknot.inputs.source.types.cache import CachedReader
from goknot.inputs.source.types.dependencies import MAX_FILE_BYTES, Dependencies, read_bytes
from goknot.inputs.source.types.syntax import MAX_DEPTH, ConstDecl, FileDecls, MethodDecl, TypeDecl
from goknot.model.report import Problem

_VERSION = re.compile(r"v\d+$")
_MAX_ALIASES = 50


@dataclass(slots=True)
class SourceFile:
    """One file.

    Attributes:
        path: Relative to the scanned folder; of other modules an absolute path.
        package: Import path.
    """

    path: str
    package: str
    decls: FileDecls


@dataclass(slots=True)
class TypePackage:
    """A package's top level.

    Attributes:
        path: Import path.
        key: What identifies it in fingerprints.
        asked_for: Whether it lies in the scanned folder.
        aliases: Name -> aliases of it.
        waiting: Files of a dependency that have not been parsed.
    """

    path: str
    name: str
    key: str
    asked_for: bool
    types: dict[str, tuple[SourceFile, TypeDecl]] = field(default_factory=dict)
    methods: dict[str, list[tuple[SourceFile, MethodDecl]]] = field(default_factory=dict)
    consts: dict[str, tuple[SourceFile, ConstDecl]] = field(default_factory=dict)
    aliases: dict[str, list[str]] = field(default_factory=dict)
    waiting: list[tuple[str, bytes]] = field(default_factory=list)


class Packages:
    """Packages by import path.

    Attributes:
        problems: Files that could not be read or parsed.
        n_bytes: Source of the scan read.
        outside: Packages of other modules that were looked up, with what that depended on.
    """

    def __init__(self, scan: SourceScan, dependencies: Dependencies, reader: CachedReader) -> None:
        self.scan = scan
        self.dependencies = dependencies
        self.problems: set[Problem] = set()
        self.n_bytes = 0
        self.outside: dict[str, bytes] = {}
        self._reader = reader
        self._node_by_path: dict[str, int] = {}
        for node, package in enumerate(scan.packages):
            self._node_by_path.setdefault(package.import_path, node)
        self._loaded: dict[str, TypePackage | None] = {}

    def of_scan(self) -> Iterator[TypePackage]:
        """Every package of the scan, in order."""
        for path in self._node_by_path:
            package = self.package(path)
            if package is not None:
                yield package

    def package(self, path: str) -> TypePackage | None:
        """A package; None if it is not to be found."""
        if path not in self._loaded:
            node = self._node_by_path.get(path)
            self._loaded[path] = self._read(node) if node is not None else self._dependency(path)
        return self._loaded[path]

    def name_of(self, path: str) -> str:
        """The name in a package's clauses; a guess if it is not to be found."""
        node = self._node_by_path.get(path)
        if node is not None:
            return self.scan.packages[node].name
        package = self.package(path)
        return package.name if package is not None else guessed_name(path)

    def type_decl(self, package: TypePackage, name: str) -> tuple[SourceFile, TypeDecl] | None:
        """The declaration of a type; parses a dependency's files until it turns up."""
        if name not in package.types and package.waiting:
            self._parse_where(package, re.compile(rb"^(?:type)?[ \t]*%b\b" % re.escape(name.encode()), re.MULTILINE))
        return package.types.get(name)

    def methods_of(self, package: TypePackage, name: str) -> list[tuple[SourceFile, MethodDecl]]:
        """The methods declared on a type."""
        if package.waiting:
            self._parse_where(
                package, re.compile(rb"^func[ \t]*\([^)\n]*\b%b\b" % re.escape(name.encode()), re.MULTILINE)
            )
        names = [name]
        for one in names:  # a receiver may be written as an alias of the type
            names += package.aliases.get(one, ())
            if len(names) > _MAX_ALIASES:
                break
        return [method for one in dict.fromkeys(names) for method in package.methods.get(one, ())]

    def const(self, package: TypePackage, name: str) -> tuple[SourceFile, ConstDecl] | None:
        """The declaration of a constant."""
        if name not in package.consts and package.waiting:
            self._parse_where(
                package, re.compile(rb"^(?:const)?[ \t(]*[\w, \t]*\b%b\b" % re.escape(name.encode()), re.M)
            )
        return package.consts.get(name)

    def _parse_where(self, package: TypePackage, pattern: re.Pattern[bytes]) -> None:
        left: list[tuple[str, bytes]] = []
        for path, data in package.waiting:
            if pattern.search(data):
                self._add(package, path, data)
            else:
                left.append((path, data))
        package.waiting = left

    def _read(self, node: int) -> TypePackage:
        scan = self.scan
        facts = scan.packages[node]
        package = TypePackage(facts.import_path, facts.name, facts.key, asked_for=facts.asked_for)
        for name, head in scan.files_of(node, tests=False):
            path = f"{scan.address_of(node)}/{name}"
            where = shown(scan.tree.start, path)
            if head.unusable and not head.read_paths:
                continue  # the scan has listed it
            if head.package and head.package != facts.name:
                continue
            try:
                data = scan.tree.read(path, MAX_FILE_BYTES + 1)
            except OSError as error:
                self.problems.add(Problem(where, error.strerror or str(error), "its types are not seen"))
                continue
            if len(data) > MAX_FILE_BYTES:
                what = f"larger than {MAX_FILE_BYTES >> 20} MiB"
                self.problems.add(Problem(where, what, "its types are not seen"))
                continue
            self.n_bytes += len(data)
            self._add(package, where, data, report=True)
        return package

    def _dependency(self, path: str) -> TypePackage | None:
        if path in {"C", "unsafe"}:
            return None
        self.outside[path] = self.dependencies.stamp(path)
        files = self.dependencies.files(path)
        if not files:
            return None
        package = TypePackage(path, files[0][1], path, asked_for=False)
        for file, _ in files:
            data = read_bytes(file)
            if data is not None:
                package.waiting.append((str(file), data))
        return package

    def _add(self, package: TypePackage, path: str, data: bytes, *, report: bool = False) -> None:
        decls = self._reader.read(data)
        if decls.error_line and report:
            self.problems.add(
                Problem(f"{path}:{decls.error_line}", "does not parse here", "types around it may not be seen")
            )
        if decls.unfit and report:
            self.problems.add(Problem(path, decls.unfit, "its types are not seen"))
        if decls.deep_line and report:
            what = f"a type nested more than {MAX_DEPTH} levels deep"
            self.problems.add(Problem(f"{path}:{decls.deep_line}", what, "what lies deeper is not seen"))
        source = SourceFile(path, package.path, decls)
        for declared in decls.types:
            if declared.is_alias and declared.type[0] == "n":
                package.aliases.setdefault(declared.type[1], []).append(declared.name)
            if declared.name != "_":
                package.types.setdefault(declared.name, (source, declared))
        for method in decls.methods:
            package.methods.setdefault(method.receiver, []).append((source, method))
        for const in decls.consts:
            package.consts.setdefault(const.name, (source, const))


def guessed_name(path: str) -> str:
    """The package name an import path suggests: its last part, without a major version."""
    parts = path.split("/")
    last = parts[-2] if len(parts) > 1 and _VERSION.match(parts[-1]) else parts[-1]
    return re.sub(r"\.v\d+$", "", last)
