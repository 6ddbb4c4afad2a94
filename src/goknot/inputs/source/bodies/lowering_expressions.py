"""Expressions from syntax to `ir`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from tree_sitter import Node

from goknot.inputs.source.bodies.declarations import PackageDeclarations
from goknot.inputs.source.bodies.gotype import GoType
from goknot.inputs.source.bodies.ir import (
    NIL,
    NOTHING,
    Address,
    Block,
    Call,
    Cast,
    Constant,
    Deref,
    Expr,
    Func,
    Index,
    Item,
    Lambda,
    Literal,
    Name,
    Pos,
    Receive,
    Select,
    Several,
)
from goknot.inputs.source.bodies.sourcetext import Part
from goknot.inputs.source.bodies.typereader import TypeReader, first

MAX_DEPTH = 48  # of nested statements and expressions; what lies deeper is taken for a call to something unknown
MAX_BODY_BYTES = 1 << 18
MAX_TEXT = 60  # of an operation whose text is kept
_TYPES = frozenset(
    (  # noqa: SIM905 (reads better so)
        "slice_type map_type channel_type pointer_type array_type struct_type function_type interface_type "
        "qualified_type generic_type type_identifier parenthesized_type"
    ).split()
)


class Expressions(ABC):
    """Reads expressions, and function literals in them; statements are its heir's.

    Args:
        package: Where they stand.
        part: The lines they stand in.
        outlined: Whether types are all that is asked of literals and calls, so that what is in them is left out.
    """

    def __init__(self, package: PackageDeclarations, part: Part, *, outlined: bool = False) -> None:
        self.outlined = outlined
        self.package = package
        self.part = part
        self.source = part.source
        self.row = part.row
        self.text = part.text
        self.local: dict[str, str] = {}
        self.types = TypeReader(part, self.local)
        self.funcs: list[Func] = []
        self.scopes: list[tuple[int, set[str]]] = []  # (depth of function literals, names)
        self.depth = 0

    def pos(self, node: Node) -> Pos:
        """Where a node begins."""
        point = node.start_point
        return self.row + point[0] + 1, point[1] + 1

    @abstractmethod
    def block(self, node: Node | None) -> Block:
        """The statements of a block, a case or a statement list."""

    def fill_signature(self, func: Func, node: Node) -> None:
        """Adds parameters and results to a function."""
        func.params, func.variadic = self.types.params(node.child_by_field_name("parameters"))
        func.results = self.types.results(node.child_by_field_name("result"))

    def fill_body(self, func: Func, node: Node) -> None:
        """Adds the body to a function."""
        body = node.child_by_field_name("body")
        if body is None:
            return
        if body.end_byte - body.start_byte > MAX_BODY_BYTES:
            func.bounded = f"its body is longer than {MAX_BODY_BYTES >> 10} KiB"
            return
        self.funcs.append(func)
        named = (*func.params, *func.results, *((func.receiver,) if func.receiver else ()))
        self.scopes.append((len(self.funcs), {param.name for param in named}))
        func.body = self.block(body)
        self.scopes.pop()
        self.funcs.pop()

    def bounded(self) -> None:
        """Notes that something was nested too deep."""
        self.funcs[0].bounded = f"nested deeper than {MAX_DEPTH} levels"

    def exprs(self, node: Node | None) -> tuple[Expr, ...]:
        """The expressions of a list, or the one that stands there."""
        if node is None:
            return ()
        if node.type == "expression_list":
            return tuple(self.expr(child) for child in node.named_children if child.type != "comment")
        return (self.expr(node),)

    def expr(self, node: Node | None) -> Expr:
        """An expression; what is missing or odd is a constant."""
        if node is None:
            return NOTHING
        lower = _EXPRESSIONS.get(node.type)
        if lower is None:
            if node.type in _TYPES:
                return Cast(NOTHING, self.types.read(node))
            return NIL if node.type == "nil" else Constant(self.text(node) if node.child_count == 0 else "")
        if self.depth >= MAX_DEPTH:
            self.bounded()
            return NOTHING
        self.depth += 1
        found = lower(self, node)
        self.depth -= 1
        return found

    def _identifier(self, node: Node) -> Expr:
        name = self.text(node)
        if len(self.funcs) > 1:  # in a function literal
            level = next((level for level, names in reversed(self.scopes) if name in names), 0)
            for func in self.funcs[level:] if level else ():
                func.free[name] = None
        return Name(name, self.pos(node))

    def _selector(self, node: Node) -> Expr:
        field = node.child_by_field_name("field")
        operand = self.expr(node.child_by_field_name("operand"))
        return Select(operand, self.text(field) if field is not None else "", self.pos(node))

    def _call(self, node: Node) -> Expr:
        callee_node, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        callee = self.expr(callee_node)
        args: list[Expr] = []
        types: list[GoType | None] = []
        for arg in given.named_children if given is not None else ():
            if arg.type in _TYPES:
                types.append(self.types.read(arg))
            elif self.outlined and len(args) == 1:
                continue
            elif arg.type == "variadic_argument":
                args.append(self.expr(first(arg)))
            elif arg.type != "comment":
                args.append(self.expr(arg))
        if isinstance(callee, Name) and callee.name == "new" and args and isinstance(args[0], Call | Literal | Several):
            return Address(args[0], self.pos(node))  # new(expression), Go 1.26
        if isinstance(callee, Name) and callee.name in {"new", "make"} and not types and given is not None:
            types.append(self.types.read(first(given)))
            args = args[1:]
        return Call(callee, tuple(args), tuple(types), self.pos(node))

    def _literal(self, node: Node) -> Expr:
        given = node.child_by_field_name("type")
        return Literal(self.types.read(given), self._items(node.child_by_field_name("body")), self.pos(node))

    def _items(self, body: Node | None) -> tuple[Item, ...]:
        items: list[Item] = []
        for part in body.named_children if body is not None and not self.outlined else ():
            if part.type == "keyed_element":
                key_node = part.child_by_field_name("key")
                inner = first(key_node) if key_node is not None else None
                name = self.text(inner) if inner is not None and inner.type == "identifier" else ""
                key = self._element(key_node)
                items.append(Item(name, key, self._element(part.child_by_field_name("value")), self.pos(part)))
            elif part.type == "literal_element":
                items.append(Item("", None, self._element(part), self.pos(part)))
        return tuple(items)

    def _element(self, node: Node | None) -> Expr:
        inner = first(node) if node is not None else None
        if inner is not None and inner.type == "literal_value":
            if self.depth >= MAX_DEPTH:
                self.bounded()
                return NOTHING
            self.depth += 1
            found = Literal(None, self._items(inner), self.pos(inner))
            self.depth -= 1
            return found
        return self.expr(inner)

    def _lambda(self, node: Node) -> Expr:
        outer = self.funcs[0]
        func = Func(
            outer.name,
            self.package.path,
            self.source.path,
            self.pos(node),
            self.source.imports,
            is_literal=True,
            counted=outer.counted,
        )
        self.fill_signature(func, node)
        outlined, self.outlined = self.outlined, False
        self.fill_body(func, node)
        self.outlined = outlined
        return Lambda(func, self.pos(node))

    def _unary(self, node: Node) -> Expr:
        operator, operand = node.child_by_field_name("operator"), node.child_by_field_name("operand")
        kind = operator.type if operator is not None else ""
        value = self.expr(operand)
        if kind == "&":
            return Address(value, self.pos(node))
        if kind == "*":
            return Deref(value)
        return Receive(value, self.pos(node)) if kind == "<-" else Several((value,))

    def _binary(self, node: Node) -> Expr:
        parts: list[Node] = []
        current: Node | None = node
        while current is not None and current.type == "binary_expression":  # long chains lean to the left
            right = current.child_by_field_name("right")
            parts.extend([right] if right is not None else [])
            current = current.child_by_field_name("left")
        parts.extend([current] if current is not None else [])
        text = self.text(node) if node.end_byte - node.start_byte <= MAX_TEXT else ""
        return Several(tuple(self.expr(part) for part in reversed(parts)), text)

    def _index(self, node: Node) -> Expr:
        base = self.expr(node.child_by_field_name("operand"))
        return Index(base, self.expr(node.child_by_field_name("index")), self.pos(node))

    def _slice(self, node: Node) -> Expr:
        return self.expr(node.child_by_field_name("operand"))

    def _assertion(self, node: Node) -> Expr:
        given = self.types.read(node.child_by_field_name("type"))
        return Cast(self.expr(node.child_by_field_name("operand")), given)

    def _instance(self, node: Node) -> Expr:
        return self.expr(node.child_by_field_name("type") or first(node))

    def _parenthesized(self, node: Node) -> Expr:
        return self.expr(first(node))


_EXPRESSIONS: dict[str, Callable[[Expressions, Node], Expr]] = {
    "identifier": Expressions._identifier,
    "selector_expression": Expressions._selector,
    "call_expression": Expressions._call,
    "composite_literal": Expressions._literal,
    "func_literal": Expressions._lambda,
    "unary_expression": Expressions._unary,
    "binary_expression": Expressions._binary,
    "index_expression": Expressions._index,
    "slice_expression": Expressions._slice,
    "type_assertion_expression": Expressions._assertion,
    "type_conversion_expression": Expressions._assertion,
    "type_instantiation_expression": Expressions._instance,
    "parenthesized_expression": Expressions._parenthesized,
}
