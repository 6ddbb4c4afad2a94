"""The packages of a scan, parsed when something in them is asked for; types, fields and methods by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from goknot.formats.gosyntax import go_parser
from goknot.inputs.source.bodies.declarations import Declared, PackageDeclarations, declare
from goknot.inputs.source.bodies.gotype import GoType
from goknot.inputs.source.bodies.ir import Assign, Func
from goknot.inputs.source.bodies.lowering import lower_function, lower_value
from goknot.inputs.source.bodies.sourcetext import Reading, SourceText
from goknot.inputs.source.bodies.typereader import TypeReader
from goknot.inputs.source.layout import shown
from goknot.inputs.source.package import Package, SourceFile
from goknot.inputs.source.tree import Tree
from goknot.model.report import Problem

MAX_FILE_BYTES = 16 << 20
_MAX_EMBEDDED = 5
_GENERATED = re.compile(rb"^// Code generated .* DO NOT EDIT\.$", re.MULTILINE)

# types of the standard library that fields and parameters often have and that are interfaces, functions or channels
NO_STRUCTS = frozenset(
    tuple(name.rsplit(".", 1))
    for name in (  # noqa: SIM905 (a list of names reads better so)
        "context.Context context.CancelFunc context.CancelCauseFunc io.Reader io.Writer io.Closer io.ReadCloser "
        "io.WriteCloser io.ReadWriteCloser io.ReadWriter io.ReaderAt io.Seeker net.Conn net.Listener net.PacketConn "
        "net.Addr net/http.Handler net/http.HandlerFunc net/http.ResponseWriter net/http.RoundTripper "
        "net/http.Flusher sync.Locker os.Signal fmt.Stringer io/fs.FS hash.Hash log/slog.Handler "
        "runtime/cgo.Handle runtime.Cleanup weak.Pointer reflect.Type sort.Interface"
    ).split()
)


class Files(Protocol):
    """What is asked of a scan."""

    packages: tuple[Package, ...]

    @property
    def tree(self) -> Tree: ...  # noqa: D102

    def files_of(self, node: int, *, tests: bool) -> Sequence[SourceFile]: ...  # noqa: D102

    def address_of(self, node: int) -> str: ...  # noqa: D102


class Step(NamedTuple):
    """One field on the way to a promoted field or method."""

    name: str
    type: GoType | None


Method = tuple[list[Step], PackageDeclarations, Declared]
_Key = tuple[str, str, str]


class Program:
    """The packages of a scan.

    Args:
        scan: Where the files are.

    Attributes:
        problems: Files that could not be read or do not parse, and bodies that were left out.
        n_bytes: Source read so far.
        constants: (import path, name) -> the text of a constant; what has been asked for.
    """

    def __init__(self, scan: Files) -> None:
        self.scan = scan
        self.problems: set[Problem] = set()
        self.n_bytes = 0
        self.constants: dict[tuple[str, str], str] = {}
        self._reading = Reading(go_parser(), self._name_of, self._broken)
        self._node_by_path = {package.import_path: node for node, package in reversed(list(enumerate(scan.packages)))}
        self._texts: dict[int, list[tuple[str, bytes]]] = {}
        self._declared: dict[str, PackageDeclarations | None] = {}
        self._func_by_id: dict[int, Func] = {}
        self._value_by_id: dict[int, Assign] = {}
        self._field_ways: dict[_Key, list[Step] | None] = {}  # (package, type, name) -> the way to it
        self._method_ways: dict[_Key, Method | None] = {}
        self._under: dict[tuple[str, str], GoType | None] = {}

    def texts(self, node: int) -> list[tuple[str, bytes]]:
        """The path (relative to the scanned folder) and bytes of each of a package's own files."""
        found = self._texts.get(node)
        if found is not None:
            return found
        found = self._texts[node] = []
        for name, head in self.scan.files_of(node, tests=False):
            path = f"{self.scan.address_of(node)}/{name}"
            where = shown(self.scan.tree.start, path)
            if head.unusable and not head.read_paths:
                continue  # the scan has listed it
            try:
                data = self.scan.tree.read(path, MAX_FILE_BYTES + 1)
            except OSError as error:
                self.problem(where, error.strerror or str(error), "its functions are not looked at")
                continue
            if len(data) > MAX_FILE_BYTES:
                self.problem(where, f"larger than {MAX_FILE_BYTES >> 20} MiB", "its functions are not looked at")
                continue
            self.n_bytes += len(data)
            found.append((where, data))
        return found

    def problem(self, where: str, what: str, effect: str) -> None:
        """Lists something that may hide a leak."""
        self.problems.add(Problem(where, what, effect))

    def package(self, path: str) -> PackageDeclarations | None:
        """What a package of the scan declares; None if it is none of the scan's."""
        if path not in self._declared:
            node = self._node_by_path.get(path)
            self._declared[path] = None if node is None else self._declare(node)
        return self._declared[path]

    def _declare(self, node: int) -> PackageDeclarations:
        package = self.scan.packages[node]
        found = PackageDeclarations(package.import_path, package.name, package.key)
        for where, data in self.texts(node):
            declare(found, SourceText(where, package.import_path, data, self._reading))
        return found

    def _broken(self, where: str) -> None:
        self.problem(where, "does not parse everywhere", "functions around the error may not be looked at")

    def _name_of(self, path: str) -> str:
        node = self._node_by_path.get(path)
        return self.scan.packages[node].name if node is not None else ""

    def line(self, path: str, line: int) -> str:
        """The text of a line of a file that was parsed; empty if it was not."""
        for package in self._declared.values():
            for source in package.files if package is not None else ():
                if source.path == path:
                    return source.line_text(line)
        return ""

    def functions(self, package: PackageDeclarations) -> Iterator[Declared]:
        """Every function and method with its body as syntax."""
        yield from package.functions.values()
        yield from package.methods.values()
        yield from package.inits

    def body(self, package: PackageDeclarations, declared: Declared) -> Func:
        """A function; its body is read when it is needed."""
        found = self._func_by_id.get(id(declared))
        if found is None:
            found = self._func_by_id[id(declared)] = lower_function(package, declared, self._bounded)
        return found

    def _bounded(self, func: Func) -> None:
        where = f"{func.file}:{func.pos[0]}"
        self.problem(where, f"{func.name}: {func.bounded}", "what it does beyond that is not looked at")

    def variable(self, package: PackageDeclarations, declared: Declared) -> Assign:
        """The statement that initializes a package variable, without what is in literals and calls there."""
        found = self._value_by_id.get(id(declared))
        if found is None:
            found = self._value_by_id[id(declared)] = lower_value(package, declared)
        return found

    # types

    def under(self, given: GoType | None) -> GoType | None:
        """The type behind names; None if it is not known."""
        for _ in range(10):
            if given is None or given.kind != "named":
                return given
            key = (given.package, given.name)
            if key not in self._under:
                self._under[key] = self._declared_type(given)
            given = self._under[key]
        return None

    def _declared_type(self, given: GoType) -> GoType | None:
        package = self.package(given.package)
        declared = (package.types.get(given.name) or package.local_types.get(given.name)) if package else None
        if declared is None:
            return None
        return TypeReader(declared.part).read(declared.node.child_by_field_name("type"))

    def alias(self, given: GoType | None) -> GoType | None:
        """A type with alias names followed, so that its methods are found."""
        for _ in range(10):
            if given is None or given.kind != "named":
                return given
            package = self.package(given.package)
            declared = package.types.get(given.name) if package else None
            if declared is None or declared.node.type != "type_alias":
                return given
            given = TypeReader(declared.part).read(declared.node.child_by_field_name("type"))
        return None

    def place_of_type(self, given: GoType | None) -> tuple[str, int]:
        """File and line of a named type's declaration; empty and 0 if not known."""
        if given is not None and given.kind == "ptr":
            given = given.elem
        package = self.package(given.package) if given is not None and given.kind == "named" else None
        declared = package.types.get(given.name) if package and given else None
        return (declared.source.path, declared.line) if declared else ("", 0)

    def is_inline(self, given: GoType | None) -> bool:
        """Whether a value of the type lies in the allocation that holds it, so that its fields do."""
        found = self.under(given)
        if found is None:  # of another module: only a struct has fields to speak of
            return given is not None and given.kind == "named" and (given.package, given.name) not in NO_STRUCTS
        return found.kind in {"struct", "array"}

    def has_pointers(self, given: GoType | None) -> bool:
        """Whether a value of the type can lead to an object that matters; unknown types can."""
        found = self.under(given)
        return found is None or found.kind != "basic" or found.name in {"any", "error"}

    def field(self, given: GoType | None, name: str) -> list[Step] | None:
        """The fields to follow from a struct (or a pointer to one) to a field, promoted ones included."""
        key = _named(given, name)
        if key is None:
            return self._search(given, lambda owner, struct: self._own_field(struct, name))
        if key not in self._field_ways:
            self._field_ways[key] = self._search(given, lambda owner, struct: self._own_field(struct, name))
        return self._field_ways[key]

    def _own_field(self, struct: GoType | None, name: str) -> list[Step] | None:
        for field_name, field_type, _ in struct.fields if struct and struct.kind == "struct" else ():
            if field_name == name:
                return [Step(field_name, field_type)]
        return None

    def method(self, given: GoType | None, name: str) -> Method | None:
        """The fields to follow to a method's receiver, and the method."""
        key = _named(given, name)
        if key is None:
            return self._find_method(given, name)
        if key not in self._method_ways:
            self._method_ways[key] = self._find_method(given, name)
        return self._method_ways[key]

    def _find_method(self, given: GoType | None, name: str) -> Method | None:
        found: list[tuple[PackageDeclarations, Declared]] = []

        def own(owner: GoType | None, struct: GoType | None) -> list[Step] | None:
            owner = self.alias(owner)
            if owner is None or owner.kind != "named":
                return None
            package = self.package(owner.package)
            declared = package.methods.get((owner.name, name)) if package else None
            if package is None or declared is None:
                return None
            found.append((package, declared))
            return []

        steps = self._search(given, own)
        return (steps, *found[0]) if steps is not None else None

    def embedded_foreign(self, given: GoType | None) -> list[list[Step]]:
        """Ways to embedded types of other modules: methods may come from there."""
        ways: list[list[Step]] = []

        def own(owner: GoType | None, struct: GoType | None) -> list[Step] | None:
            return None

        self._search(given, own, ways)
        return ways

    def _search(self, given: GoType | None, own: _Own, foreign: list[list[Step]] | None = None) -> list[Step] | None:
        level: list[tuple[GoType | None, list[Step]]] = [(given, [])]
        for _ in range(_MAX_EMBEDDED):
            below: list[tuple[GoType | None, list[Step]]] = []
            for at, steps in level:
                owner = at.elem if at is not None and at.kind == "ptr" else at
                struct = self.under(owner)
                if struct is not None and struct.kind == "ptr":
                    owner, struct = struct.elem, self.under(struct.elem)
                found = own(owner, struct)
                if found is not None:
                    return [*steps, *found]
                if struct is None and steps and foreign is not None:
                    foreign.append(steps)
                for name, field_type, embedded in struct.fields if struct and struct.kind == "struct" else ():
                    if embedded and len(below) < 64:
                        below.append((field_type, [*steps, Step(name, field_type)]))
            level = below
        return None


def _named(given: GoType | None, name: str) -> _Key | None:
    """What identifies a field or method of a named type; that type and a pointer to it have the same."""
    if given is not None and given.kind == "ptr":
        given = given.elem
    return (given.package, given.name, name) if given is not None and given.kind == "named" else None


class _Own(Protocol):
    def __call__(self, owner: GoType | None, struct: GoType | None) -> list[Step] | None: ...


def is_generated(data: bytes) -> bool:
    """Whether a file says that a program wrote it (go help generate)."""
    return _GENERATED.search(data) is not None
