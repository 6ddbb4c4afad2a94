"""What a package declares: types, functions, methods, variables. Nothing is parsed until somebody asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

from goknot.inputs.source.bodies.outline import Chunk, outline, trimmed
from goknot.inputs.source.bodies.sourcetext import Part, SourceText
from goknot.inputs.source.bodies.texts import Header

_RECEIVER = re.compile(r"\*?\s*([^\W\d]\w*)\s*(?:\[[^\]]*\])?\s*\)*\s*\)$")


class Declared:
    """A declaration: where, and its syntax.

    Attributes:
        source: The file.
        start: Where its text begins in the file.
        name: What it declares; of a type or variable what finds it among others of the same declaration.
        is_variable: Whether it declares variables.
    """

    __slots__ = ("_end", "_node", "_part", "_signature", "is_variable", "name", "source", "start")

    def __init__(self, source: SourceText, start: int, end: int, name: str, *, is_variable: bool = False) -> None:
        self.source = source
        self.start = start
        self._end = end
        self.name = name
        self.is_variable = is_variable
        self._part: Part | None = None
        self._signature: Part | None = None
        self._node: Node | None = None

    @classmethod
    def of(cls, part: Part, node: Node, name: str) -> Declared:
        """A declaration that has been parsed."""
        found = cls(part.source, part.offset + node.start_byte, part.offset + node.end_byte, name)
        found._part, found._node = part, node
        return found

    @property
    def end(self) -> int:
        """Where its text ends."""
        if self._part is None:
            self._end = trimmed(self.source.data, self.start, self._end)
        return self._end

    @property
    def part(self) -> Part:
        """The lines that were parsed for it."""
        if self._part is None:
            parse = self.source.parse_outlined if self.is_variable else self.source.parse
            self._part = parse(self.start, self.end)
        return self._part

    @property
    def signature(self) -> Part | None:
        """A function's declaration without its body, parsed; None if it takes all of it to see where that begins."""
        if self._part is not None:
            return self._part
        if self._signature is None:
            begin = self.source.data.find(b"{\n", self.start, self._end)
            if begin >= 0:
                self._signature = self.source.parse_as(self.start, self.source.data[self.start : begin] + b"{}")
        return self._signature

    @property
    def node(self) -> Node:
        """A function_declaration, method_declaration, type_spec, type_alias or var_spec."""
        if self._node is None:
            self._node = self._find()
        return self._node

    def _find(self) -> Node:
        declaration = self.part.declaration()
        for spec in _specs(declaration):
            if any(self.part.text(name) == self.name for name in spec.children_by_field_name("name")):
                return spec
        return declaration

    @property
    def text(self) -> bytes:
        """Its source."""
        return self.source.data[self.start : self.end]

    @property
    def line(self) -> int:
        """Line from 1."""
        return self.source.row(self.start) + 1


class Names:
    """Types or variables of a package by name; declarations of several are parsed when one may be among them."""

    def __init__(self) -> None:
        self._known: dict[str, Declared] = {}
        self._groups: list[tuple[SourceText, Chunk]] = []
        self._missing: set[str] = set()

    def add(self, name: str, declared: Declared) -> None:
        """Adds a declaration; of two with the same name the first counts. `_` names nothing."""
        if name != "_":
            self._known.setdefault(name, declared)

    def add_group(self, source: SourceText, chunk: Chunk) -> None:
        """Adds declarations of which the names are not known yet."""
        self._groups.append((source, chunk))

    def get(self, name: str) -> Declared | None:
        """A declaration; None if there is none."""
        found = self._known.get(name)
        if found is not None or not self._groups or name in self._missing:
            return found
        written = name.encode()
        self._parse([group for group in self._groups if group[0].data.find(written, group[1].start, group[1].end) >= 0])
        found = self._known.get(name)
        if found is None:
            self._missing.add(name)
        return found

    def __contains__(self, name: str) -> bool:  # noqa: D105 (as of every dict)
        return self.get(name) is not None

    def items(self) -> Iterator[tuple[str, Declared]]:
        """Everything that is declared."""
        self._parse(list(self._groups))
        yield from self._known.items()

    def _parse(self, groups: list[tuple[SourceText, Chunk]]) -> None:
        for group in groups:
            source, chunk = group
            self._groups.remove(group)
            parse = source.parse_outlined if chunk.kind == "vars" else source.parse
            part = parse(chunk.start, chunk.end)
            for spec in _specs(part.declaration()):
                for name in spec.children_by_field_name("name"):
                    self.add(part.text(name), Declared.of(part, spec, part.text(name)))


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
    types: Names = field(default_factory=Names)
    functions: dict[str, Declared] = field(default_factory=dict)
    methods: dict[tuple[str, str], Declared] = field(default_factory=dict)
    variables: Names = field(default_factory=Names)
    inits: list[Declared] = field(default_factory=list)
    local_types: dict[str, Declared] = field(default_factory=dict)


def declared_as(package: PackageDeclarations, header: Header) -> Declared | None:
    """The declaration of a function that a text names; None if the package has none (another build)."""
    if header.owner:
        return package.methods.get((header.owner, header.name))
    return package.functions.get(header.name)


def declare(package: PackageDeclarations, source: SourceText) -> None:
    """Adds a file's top level to a package."""
    package.files.append(source)
    chunks = outline(source.data)
    if chunks is None:
        _declare_parsed(package, source)
        return
    for chunk in chunks:
        if chunk.kind == "import":
            source.add_imports(chunk.start, chunk.end)
        elif chunk.kind == "types":
            package.types.add_group(source, chunk)
        elif chunk.kind == "vars":
            package.variables.add_group(source, chunk)
        else:
            for name in chunk.names:
                declared = Declared(source, chunk.start, chunk.end, name, is_variable=chunk.kind == "var")
                _add(package, chunk.kind, chunk.receiver, declared)


def _add(package: PackageDeclarations, kind: str, receiver: str, declared: Declared) -> None:
    if kind == "method":
        package.methods.setdefault((receiver, declared.name), declared)
    elif kind == "type":
        package.types.add(declared.name, declared)
    elif kind == "var":
        package.variables.add(declared.name, declared)
    elif declared.name == "init":
        package.inits.append(declared)
    else:
        package.functions.setdefault(declared.name, declared)


_KINDS = {
    "function_declaration": "func",
    "method_declaration": "method",
    "type_declaration": "type",
    "var_declaration": "var",
}


def _declare_parsed(package: PackageDeclarations, source: SourceText) -> None:
    part = source.whole()
    for node in part.root.named_children:
        if node.type == "import_declaration":
            source.add_imports(node.start_byte, node.end_byte)
            continue
        kind = _KINDS.get(node.type)
        if kind is None:
            continue
        receiver = node.child_by_field_name("receiver")
        match = _RECEIVER.search(part.text(receiver)) if receiver is not None else None
        for spec in _specs(node) if kind in {"type", "var"} else (node,):
            for name in spec.children_by_field_name("name"):
                text = part.text(name)
                _add(package, kind, match[1] if match else "", Declared.of(part, spec, text))


def _specs(declaration: Node) -> Iterator[Node]:
    """The type_spec, type_alias and var_spec nodes of a declaration."""
    if declaration.type == "var_declaration":
        yield from var_specs(declaration)
    elif declaration.type == "type_declaration":
        yield from declaration.named_children


def var_specs(node: Node) -> Iterator[Node]:
    """The var_spec nodes of a var_declaration."""
    for child in node.named_children:
        if child.type == "var_spec":
            yield child
        elif child.type == "var_spec_list":
            yield from (spec for spec in child.named_children if spec.type == "var_spec")
