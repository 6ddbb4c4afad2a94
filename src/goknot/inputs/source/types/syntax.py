"""What a file declares at its top level, as plain tuples: types, methods, constants, imports.

Type expressions are tuples whose first member says what they are:
`("n", name)`, `("q", package name, name)`, `("g", base, arguments)`, `("*", elem)`, `("[]", elem)`,
`("[n]", length text, elem)`, `("map", key, value)`, `("chan", direction, elem)`,
`("func", parameters, results, variadic)`, `("struct", fields)`, `("iface", methods, embedded)`, `("?",)`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tree_sitter import Node

from goknot.formats.gosyntax import go_parser, parse_go
from goknot.inputs.source.types.shortening import unfit, without_bodies

Expr = tuple[Any, ...]
UNKNOWN: Expr = ("?",)
MAX_DEPTH = 100


class FieldDecl(NamedTuple):
    """A field; `tag` is as written."""

    name: str
    type: Expr
    embedded: bool
    tag: str
    line: int


class TypeDecl(NamedTuple):
    """A type declaration; `parameters` are names with their constraints."""

    name: str
    is_alias: bool
    parameters: tuple[tuple[str, Expr], ...]
    type: Expr
    line: int
    column: int


class MethodDecl(NamedTuple):
    """A method; `parameters` are the receiver's names for the type parameters of its type."""

    receiver: str
    is_pointer: bool
    parameters: tuple[str, ...]
    name: str
    type: Expr


class ConstDecl(NamedTuple):
    """A constant: its expression as written, empty if there is none, and what iota is there."""

    name: str
    iota: int
    text: str


class FileDecls(NamedTuple):
    """A file's declarations.

    Attributes:
        error_line: Where it does not parse; 0 if it does.
        deep_line: Where a type is nested too deeply to follow; 0 if none is.
        unfit: Why it is not parsed at all; empty if it is.
    """

    package: str
    imports: tuple[tuple[str, str], ...]
    types: tuple[TypeDecl, ...]
    methods: tuple[MethodDecl, ...]
    consts: tuple[ConstDecl, ...]
    error_line: int
    deep_line: int = 0
    unfit: str = ""


class FileReader:
    """Reads files; one parser serves them all."""

    def __init__(self) -> None:
        self._parser = go_parser()

    def read(self, data: bytes) -> FileDecls:
        """What a file declares."""
        if (why := unfit(data)) is not None:
            return FileDecls("", (), (), (), (), 0, 0, why)
        blanked = without_bodies(data)
        root = parse_go(self._parser, blanked).root_node
        if root.has_error and blanked != data:
            blanked = data
            root = parse_go(self._parser, data).root_node
        return _FileWalk(blanked).walk(root)


class _FileWalk:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.package = ""
        self.imports: list[tuple[str, str]] = []
        self.types: list[TypeDecl] = []
        self.methods: list[MethodDecl] = []
        self.consts: list[ConstDecl] = []
        self.deep_line = 0

    def walk(self, root: Node) -> FileDecls:
        for node in root.named_children:
            kind = node.type
            if kind == "method_declaration":
                self._method(node)
            elif kind == "type_declaration":
                for spec in node.named_children:
                    self._type(spec)
            elif kind == "const_declaration":
                self._consts(node)
            elif kind == "import_declaration":
                self._imports(node)
            elif kind == "package_clause" and node.named_child_count:
                self.package = self.text(node.named_children[0])
        error = _first_error(root) if root.has_error else 0
        return FileDecls(
            self.package,
            tuple(self.imports),
            tuple(self.types),
            tuple(self.methods),
            tuple(self.consts),
            error,
            self.deep_line,
        )

    def text(self, node: Node) -> str:
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def _imports(self, node: Node) -> None:
        stack = [node]
        while stack:
            part = stack.pop()
            if part.type != "import_spec":
                stack.extend(reversed(part.named_children))
                continue
            path, name = part.child_by_field_name("path"), part.child_by_field_name("name")
            if path is not None:
                self.imports.append((self.text(name) if name is not None else "", self.text(path)[1:-1]))

    def _type(self, spec: Node) -> None:
        name, form = spec.child_by_field_name("name"), spec.child_by_field_name("type")
        if name is None or form is None or spec.type not in {"type_spec", "type_alias"}:
            return
        parameters: list[tuple[str, Expr]] = []
        listed = spec.child_by_field_name("type_parameters")
        for part in listed.named_children if listed is not None else ():
            constraint = part.child_by_field_name("type")
            expr = self.expr(constraint, 0) if constraint is not None else UNKNOWN
            parameters.extend((self.text(one), expr) for one in part.children_by_field_name("name"))
        line, column = spec.start_point
        is_alias = spec.type == "type_alias"
        self.types.append(
            TypeDecl(self.text(name), is_alias, tuple(parameters), self.expr(form, 0), line + 1, column + 1)
        )

    def _method(self, node: Node) -> None:
        receiver, name = node.child_by_field_name("receiver"), node.child_by_field_name("name")
        if receiver is None or name is None or not receiver.named_child_count:
            return
        form = receiver.named_children[0].child_by_field_name("type")
        expr = self.expr(form, 0) if form is not None else UNKNOWN
        is_pointer = expr[0] == "*"
        if is_pointer:
            expr = expr[1]
        parameters: tuple[str, ...] = ()
        if expr[0] == "g":
            parameters = tuple(part[1] if part[0] == "n" else "_" for part in expr[2])
            expr = expr[1]
        if expr[0] == "n":
            self.methods.append(MethodDecl(expr[1], is_pointer, parameters, self.text(name), self._signature(node, 0)))

    def _consts(self, node: Node) -> None:
        texts: list[str] = []
        specs = [spec for spec in node.named_children if spec.type == "const_spec"]
        for iota, spec in enumerate(specs):
            values = spec.child_by_field_name("value")
            if values is not None:
                texts = [self.text(value) for value in values.named_children if value.type != "comment"]
            names = spec.children_by_field_name("name")
            self.consts.extend(
                ConstDecl(self.text(name), iota, texts[at] if at < len(texts) else "")
                for at, name in enumerate(name for name in names if name.type == "identifier")
            )

    # type expressions

    def expr(self, node: Node | None, depth: int) -> Expr:  # noqa: PLR0911, PLR0912 (one case a kind)
        if node is None:
            return UNKNOWN
        if depth > MAX_DEPTH:
            self.deep_line = self.deep_line or node.start_point[0] + 1
            return UNKNOWN
        kind = node.type
        depth += 1
        if kind in {"type_identifier", "identifier"}:
            return ("n", self.text(node))
        if kind == "qualified_type":
            package, name = node.child_by_field_name("package"), node.child_by_field_name("name")
            return ("q", self.text(package), self.text(name)) if package is not None and name is not None else UNKNOWN
        if kind == "pointer_type":
            return ("*", self.expr(_first(node), depth))
        if kind == "slice_type":
            return ("[]", self.expr(node.child_by_field_name("element"), depth))
        if kind == "map_type":
            key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
            return ("map", self.expr(key, depth), self.expr(value, depth))
        if kind == "function_type":
            return self._signature(node, depth)
        if kind == "struct_type":
            return ("struct", tuple(self._fields(node, depth)))
        if kind == "interface_type":
            return self._interface(node, depth)
        if kind == "array_type":
            length = node.child_by_field_name("length")
            text = self.text(length) if length is not None else ""
            return ("[n]", text, self.expr(node.child_by_field_name("element"), depth))
        if kind == "channel_type":
            return ("chan", self._direction(node), self.expr(node.child_by_field_name("value"), depth))
        if kind == "generic_type":
            given = node.child_by_field_name("type_arguments")
            parts = [part for part in given.named_children if part.type != "comment"] if given is not None else []
            return ("g", self.expr(node.child_by_field_name("type"), depth), tuple(self.expr(p, depth) for p in parts))
        if kind in {"parenthesized_type", "type_elem", "type_constraint"}:
            parts = [part for part in node.named_children if part.type != "comment"]
            return self.expr(parts[0], depth) if len(parts) == 1 else ("union",)
        return ("union",) if kind == "negated_type" else UNKNOWN

    def _direction(self, node: Node) -> str:
        head = self.text(node)[:32].split("//")[0].replace(" ", "")
        return "<-" if head.startswith("<-") else "->" if head.startswith("chan<-") else ""

    def _signature(self, node: Node, depth: int) -> Expr:
        parameters, variadic = self._parameters(node.child_by_field_name("parameters"), depth)
        result = node.child_by_field_name("result")
        if result is None:
            results: tuple[Expr, ...] = ()
        elif result.type == "parameter_list":
            results = self._parameters(result, depth)[0]
        else:
            results = (self.expr(result, depth),)
        return ("func", parameters, results, variadic)

    def _parameters(self, node: Node | None, depth: int) -> tuple[tuple[Expr, ...], bool]:
        found: list[Expr] = []
        variadic = False
        for part in node.named_children if node is not None else ():
            if part.type == "variadic_parameter_declaration":
                variadic = True
            elif part.type != "parameter_declaration":
                continue
            expr = self.expr(part.child_by_field_name("type"), depth)
            if part.type == "variadic_parameter_declaration":
                expr = ("[]", expr)
            found.extend([expr] * max(1, len(part.children_by_field_name("name"))))
        return tuple(found), variadic

    def _fields(self, node: Node, depth: int) -> list[FieldDecl]:
        found: list[FieldDecl] = []
        inside = _first(node)
        for part in inside.named_children if inside is not None else ():
            if part.type != "field_declaration":
                continue
            expr = self.expr(part.child_by_field_name("type"), depth)
            tag = part.child_by_field_name("tag")
            text = self.text(tag) if tag is not None else ""
            names = part.children_by_field_name("name")
            found.extend(FieldDecl(self.text(n), expr, False, text, n.start_point[0] + 1) for n in names)
            if not names:
                if any(child.type == "*" for child in part.children):
                    expr = ("*", expr)
                found.append(FieldDecl(_embedded_name(expr), expr, True, text, part.start_point[0] + 1))
        return found

    def _interface(self, node: Node, depth: int) -> Expr:
        methods: list[tuple[str, Expr]] = []
        embedded: list[Expr] = []
        for part in node.named_children:
            if part.type in {"method_elem", "method_spec"}:
                name = part.child_by_field_name("name")
                if name is not None:
                    methods.append((self.text(name), self._signature(part, depth)))
            elif part.type != "comment":
                embedded.append(self.expr(part, depth))
        return ("iface", tuple(methods), tuple(embedded))


def _first(node: Node) -> Node | None:
    return next((child for child in node.named_children if child.type != "comment"), None)


def _embedded_name(expr: Expr) -> str:
    while expr[0] in {"*", "g"}:
        expr = expr[1]
    return str(expr[-1]) if expr[0] in {"n", "q"} else ""


def _first_error(root: Node) -> int:
    node = root
    while True:
        inner = next((child for child in node.children if child.has_error or child.is_missing), None)
        if inner is None or node.type == "ERROR":
            return int(node.start_point[0]) + 1
        node = inner
