"""What a package declares: types, functions, methods, variables. Bodies stay syntax until somebody asks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from goknot.inputs.source.bodies.gotype import BASIC, GoType
from goknot.inputs.source.bodies.ir import Param

_MAX_TYPE_DEPTH = 40
_VERSION = re.compile(r"v\d+$")


@dataclass(slots=True)
class SourceText:
    """One parsed file.

    Attributes:
        path: Relative to the scanned folder.
        imports: Name in the file -> import path.
        tree: The syntax tree; keeps the nodes alive.
    """

    path: str
    package: str
    data: bytes
    imports: dict[str, str] = field(default_factory=dict)
    tree: object = None

    def text(self, node: Node) -> str:
        """The source of a node."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def line_text(self, line: int) -> str:
        """A line of the file, stripped and shortened."""
        start = 0
        for _ in range(line - 1):
            start = self.data.find(b"\n", start) + 1
        end = self.data.find(b"\n", start)
        text = self.data[start : end if end >= 0 else len(self.data)].decode("utf-8", "replace").strip()
        return text if len(text) <= 200 else text[:199] + "…"


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration: where, and its syntax."""

    source: SourceText
    node: Node

    @property
    def line(self) -> int:
        """Line from 1."""
        return int(self.node.start_point[0]) + 1


@dataclass(slots=True)
class PackageDeclarations:
    """The top level of a package.

    Attributes:
        path: Import path.
        name: In its package clauses.
        key: What identifies it in fingerprints.
        types: Name -> type_spec or type_alias.
        functions: Name -> function_declaration.
        methods: (type, name) -> method_declaration.
        variables: Name -> var_spec.
        local_types: Types declared in functions, by a made-up name.
    """

    path: str
    name: str
    key: str
    files: list[SourceText] = field(default_factory=list)
    types: dict[str, Declared] = field(default_factory=dict)
    functions: dict[str, Declared] = field(default_factory=dict)
    methods: dict[tuple[str, str], Declared] = field(default_factory=dict)
    variables: dict[str, Declared] = field(default_factory=dict)
    inits: list[Declared] = field(default_factory=list)
    local_types: dict[str, Declared] = field(default_factory=dict)


def declare(package: PackageDeclarations, source: SourceText, root: Node, name_of: Callable[[str], str]) -> None:
    """Adds a file's top level to a package.

    Args:
        package: Grows.
        source: The file; its imports are filled in.
        root: The source_file node.
        name_of: Import path -> the package's own name, empty if not known.
    """
    for node in root.named_children:
        kind = node.type
        if kind == "function_declaration":
            _declare_function(package, source, node)
        elif kind == "method_declaration":
            receiver, name = node.child_by_field_name("receiver"), node.child_by_field_name("name")
            if receiver is not None and name is not None:
                package.methods.setdefault(
                    (_receiver_name(source, receiver), source.text(name)), Declared(source, node)
                )
        elif kind == "type_declaration":
            for spec in node.named_children:
                name = spec.child_by_field_name("name")
                if name is not None:
                    package.types.setdefault(source.text(name), Declared(source, spec))
        elif kind == "var_declaration":
            for spec in var_specs(node):
                for name in spec.children_by_field_name("name"):
                    package.variables.setdefault(source.text(name), Declared(source, spec))
        elif kind == "import_declaration":
            _declare_imports(source, node, name_of)


def _declare_function(package: PackageDeclarations, source: SourceText, node: Node) -> None:
    name = node.child_by_field_name("name")
    if name is None:
        return
    text = source.text(name)
    if text == "init":
        package.inits.append(Declared(source, node))
    else:
        package.functions.setdefault(text, Declared(source, node))


def first(node: Node) -> Node | None:
    """The first named child; None if there is none."""
    return node.named_child(0) if node.named_child_count else None


def var_specs(node: Node) -> Iterator[Node]:
    """The var_spec nodes of a var_declaration."""
    for child in node.named_children:
        if child.type == "var_spec":
            yield child
        elif child.type == "var_spec_list":
            yield from (spec for spec in child.named_children if spec.type == "var_spec")


def _receiver_name(source: SourceText, receiver: Node) -> str:
    match = re.search(r"\*?\s*([^\W\d]\w*)\s*(?:\[[^\]]*\])?\s*\)*\s*\)$", source.text(receiver))
    return match[1] if match else ""


def _declare_imports(source: SourceText, node: Node, name_of: Callable[[str], str]) -> None:
    stack = [node]
    while stack:
        part = stack.pop()
        if part.type != "import_spec":
            stack.extend(part.named_children)
            continue
        path_node, alias = part.child_by_field_name("path"), part.child_by_field_name("name")
        if path_node is None:
            continue
        path = source.text(path_node)[1:-1]
        name = source.text(alias) if alias is not None else name_of(path) or guessed_name(path)
        if name not in {"_", "."}:
            source.imports[name] = path


def guessed_name(path: str) -> str:
    """The package name an import path suggests: its last part, without a major version and `go-`."""
    parts = path.split("/")
    last = parts[-2] if len(parts) > 1 and _VERSION.match(parts[-1]) else parts[-1]
    last = re.sub(r"\.v\d+$", "", last)
    return last.removeprefix("go-").removesuffix("-go").replace("-", "_") if "-" in last else last


class TypeReader:
    """Reads type expressions of one file.

    Args:
        source: The file.
        local: Name -> made-up name of types declared in the function being read.
    """

    def __init__(self, source: SourceText, local: Mapping[str, str] | None = None) -> None:
        self.source = source
        self.local = local if local is not None else {}

    def read(self, node: Node | None, depth: int = 0) -> GoType | None:
        """The type; None if it is missing, odd or too deep."""
        if node is None or depth > _MAX_TYPE_DEPTH:
            return None
        kind = node.type
        if kind in {"type_identifier", "identifier"}:
            return self._named(self.source.text(node))
        if kind in {"qualified_type", "selector_expression"}:
            alias, _, name = self.source.text(node).partition(".")
            path = self.source.imports.get(alias.strip())
            return GoType("named", path, name.strip()) if path else None
        if kind in {"generic_type", "type_elem", "type_constraint"}:
            return self.read(node.child_by_field_name("type") or first(node), depth + 1)
        if kind == "parenthesized_type":
            return self.read(first(node), depth + 1)
        return self._composed(node, kind, depth)

    def _named(self, name: str) -> GoType:
        if name in self.local:
            return GoType("named", self.source.package, self.local[name])
        return GoType("basic", name=name) if name in BASIC else GoType("named", self.source.package, name)

    def _composed(  # noqa: PLR0911 (one line a kind)
        self, node: Node, kind: str, depth: int
    ) -> GoType | None:
        def elem(name: str) -> GoType | None:
            return self.read(node.child_by_field_name(name), depth + 1)

        if kind == "pointer_type":
            return GoType("ptr", elem=self.read(first(node), depth + 1))
        if kind == "slice_type":
            return GoType("slice", elem=elem("element"))
        if kind in {"array_type", "implicit_length_array_type"}:
            return GoType("array", elem=elem("element"))
        if kind == "map_type":
            return GoType("map", elem=elem("value"), key=elem("key"))
        if kind == "channel_type":
            return GoType("chan", elem=elem("value"))
        if kind == "function_type":
            results = self.results(node.child_by_field_name("result"), depth + 1)
            return GoType("func", fields=tuple((p.name, p.type, False) for p in results))
        if kind == "interface_type":
            return GoType("iface")
        if kind == "struct_type":
            return GoType("struct", fields=tuple(self._fields(node, depth + 1)))
        return None

    def _fields(self, node: Node, depth: int) -> Iterator[tuple[str, GoType | None, bool]]:
        inside = first(node)
        for field_node in inside.named_children if inside is not None else ():
            if field_node.type != "field_declaration":
                continue
            given = self.read(field_node.child_by_field_name("type"), depth)
            names = field_node.children_by_field_name("name")
            for name in names:
                yield self.source.text(name), given, False
            if not names and given is not None:
                pointer = any(child.type == "*" for child in field_node.children)
                named = given.elem if given.kind == "ptr" and given.elem else given
                yield named.name, GoType("ptr", elem=given) if pointer else given, True

    def results(self, node: Node | None, depth: int = 0) -> tuple[Param, ...]:
        """The results of a signature."""
        if node is None:
            return ()
        if node.type == "parameter_list":
            return self.params(node, depth)[0]
        return (Param("", self.read(node, depth)),)

    def params(self, node: Node | None, depth: int = 0) -> tuple[tuple[Param, ...], bool]:
        """The parameters, and whether the last is variadic."""
        found: list[Param] = []
        variadic = False
        for part in node.named_children if node is not None else ():
            if part.type not in {"parameter_declaration", "variadic_parameter_declaration"}:
                continue
            given = self.read(part.child_by_field_name("type"), depth)
            if part.type == "variadic_parameter_declaration":
                variadic, given = True, GoType("slice", elem=given)
            names = part.children_by_field_name("name")
            found.extend(Param(self.source.text(name), given) for name in names)
            if not names:
                found.append(Param("", given))
        return tuple(found), variadic
