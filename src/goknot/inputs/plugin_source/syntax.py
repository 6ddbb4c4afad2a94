"""One Go file as tree-sitter reads it: its functions, and what each calls under which condition."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from goknot.formats.gosyntax import parse_go

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

MAX_DEPTH = 400  # of nesting; what is deeper is no program that a person wrote
EXITS = frozenset({"return_statement", "goto_statement", "break_statement", "continue_statement"})
ENDING_CALLS = frozenset({"panic", "os.Exit", "runtime.Goexit", "log.Fatal", "log.Fatalf", "log.Fatalln", "log.Panic"})
BRANCHES = frozenset({"if_statement", "for_statement", "expression_switch_statement", "type_switch_statement",
                      "select_statement", "labeled_statement", "block", "statement_list"})  # fmt: skip
CASES = frozenset({"expression_case", "type_case", "default_case", "communication_case"})


@dataclass(frozen=True, slots=True)
class Call:
    """A call.

    Attributes:
        qualifier: The package's name or the receiver in front of the dot; empty if there is none.
        name: The function.
        arguments: Expressions.
        certain: Whether it runs whenever its function does.
        concurrent: Whether a new goroutine runs it.
        result: The variable that takes the first result; empty if none does.
    """

    qualifier: str
    name: str
    arguments: tuple[Node, ...]
    node: Node
    certain: bool
    concurrent: bool
    result: str


@dataclass(slots=True)
class Function:
    """A function, a method or (named `init`) the initialisers of variables.

    Attributes:
        receiver: A method's type; empty for functions.
        params: Parameter -> its place, from 0.
        locals: Name -> expression, of constants and of variables that are set once and whose address is not taken.
        shadowed: Names that are declared in it.
    """

    name: str
    receiver: str = ""
    params: dict[str, int] = field(default_factory=dict)
    locals: dict[str, Node] = field(default_factory=dict)
    shadowed: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)


@dataclass(slots=True)
class File:
    """A parsed file.

    Attributes:
        imports: Local name -> import path.
        constants: Constants of the package -> expression.
        broken: Line of the first place that does not parse; 0 if there is none.
    """

    path: str
    data: bytes
    package: str
    imports: dict[str, str]
    constants: dict[str, Node]
    functions: list[Function]
    broken: int


def parse(engine: Parser, path: str, data: bytes) -> File:
    """Reads a file; what does not parse is passed over and told in `broken`."""
    root = parse_go(engine, data).root_node
    found = File(path, data, "", {}, {}, [], _first_error(root))
    variables = Function("init")
    for node in root.named_children:
        if node.type == "package_clause" and node.named_children:
            found.package = text(node.named_children[0])
        elif node.type == "import_declaration":
            found.imports.update(_imports(node))
        elif node.type == "const_declaration":
            found.constants.update(_constants(node))
        elif node.type == "var_declaration":
            for spec in _all(node, "var_spec"):
                _Walk(variables).expression(spec, certain=True, concurrent=False, depth=0)
        elif node.type in ("function_declaration", "method_declaration"):
            found.functions.append(_function(node))
    if variables.calls:
        found.functions.append(variables)
    return found


def text(node: Node | None) -> str:
    """The source of a node."""
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def literal(node: Node) -> str | None:
    """The value of a string literal; None if it is not one that can be read."""
    inner = text(node)
    if node.type == "raw_string_literal":
        return inner[1:-1].replace("\r", "")
    try:
        value = ast.literal_eval(inner)  # Go's escapes are Python's, but for \a \b \f \v which both have
    except (SyntaxError, ValueError):
        return None
    return value if isinstance(value, str) else None


def _first_error(root: Node) -> int:
    if not root.has_error:
        return 0
    queue = [root]
    while queue:
        node = queue.pop()
        if node.type == "ERROR" or node.is_missing:
            return int(node.start_point[0]) + 1
        queue += [child for child in reversed(node.children) if child.has_error or child.is_missing]
    return 1


def _all(node: Node, kind: str) -> Iterator[Node]:
    for child in node.named_children:
        if child.type == kind:
            yield child
        elif child.type.endswith("_list"):
            yield from _all(child, kind)


def _imports(node: Node) -> Iterator[tuple[str, str]]:
    for spec in _all(node, "import_spec"):
        quoted = spec.child_by_field_name("path")
        path = literal(quoted) if quoted is not None else None
        if path:
            name = text(spec.child_by_field_name("name"))
            yield (f"{name} {path}" if name in ("_", ".") else name or _base(path)), path


def _base(path: str) -> str:
    """What a package is most often called: the last element that is no major version."""
    parts = path.split("/")
    last = parts[-2] if len(parts) > 1 and parts[-1][:1] == "v" and parts[-1][1:].isdigit() else parts[-1]
    return last.partition(".v")[0].rpartition("-")[2]


def _constants(node: Node) -> Iterator[tuple[str, Node]]:
    for spec in _all(node, "const_spec"):
        yield from _pairs(spec, "name", "value")


def _pairs(spec: Node, left: str, right: str) -> Iterator[tuple[str, Node]]:
    names = [n for n in spec.children_by_field_name(left) if n.is_named]
    values = spec.child_by_field_name(right)
    if len(names) == 1 and names[0].type == "expression_list":
        names = names[0].named_children
    given = values.named_children if values is not None and values.type == "expression_list" else []
    if len(names) == len(given):
        yield from ((text(name), value) for name, value in zip(names, given, strict=True))


def _function(node: Node) -> Function:
    found = Function(text(node.child_by_field_name("name")))
    receiver = node.child_by_field_name("receiver")
    if receiver is not None:
        found.receiver = text(receiver).strip("()").split()[-1].lstrip("*").partition("[")[0] if text(receiver) else "?"
    parameters = node.child_by_field_name("parameters")
    place = 0
    for declared in parameters.named_children if parameters is not None else ():
        names = declared.children_by_field_name("name")
        for name in names:
            found.params[text(name)] = place
            place += 1
        place += not names
    body = node.child_by_field_name("body")
    if body is not None:
        _settle(found, body)
        _Walk(found).statements(body, certain=True, concurrent=False, depth=0)
    return found


def _settle(function: Function, body: Node) -> None:
    """Finds local names with one value."""
    queue, n_set = [body], dict.fromkeys(function.params, 1)
    while queue:
        node = queue.pop()
        queue += node.named_children
        if node.type in ("const_spec", "var_spec"):
            pairs = dict(_pairs(node, "name", "value"))
            names = [text(n) for n in node.children_by_field_name("name")]
        elif node.type == "short_var_declaration":
            pairs = dict(_pairs(node, "left", "right"))
            names = [text(n) for n in _left(node)]
        elif node.type in ("assignment_statement", "range_clause"):
            pairs, names = {}, [text(n) for n in _left(node)] * 2
        elif node.type == "unary_expression" and text(node).startswith("&"):
            pairs, names = {}, [text(node.child_by_field_name("operand"))] * 2
        else:
            continue
        for name in names:
            n_set[name] = n_set.get(name, 0) + 1
        function.locals.update(pairs)
        function.shadowed.update(names)
    function.locals = {name: value for name, value in function.locals.items() if n_set.get(name) == 1}
    function.params = {name: place for name, place in function.params.items() if n_set.get(name) == 1}


def _left(node: Node) -> list[Node]:
    left = node.child_by_field_name("left")
    return left.named_children if left is not None else []


class _Walk:
    """Goes through one function's body."""

    def __init__(self, function: Function) -> None:
        self.function = function

    def statements(self, node: Node, *, certain: bool, concurrent: bool, depth: int) -> None:
        """Statements one after the other: behind one that may leave, nothing is certain."""
        for child in node.named_children:
            if child.type == "statement_list":
                self.statements(child, certain=certain, concurrent=concurrent, depth=depth + 1)
                continue
            self.expression(child, certain=certain, concurrent=concurrent, depth=depth + 1)
            certain = certain and not _may_leave(child)

    def expression(self, node: Node, *, certain: bool, concurrent: bool, depth: int) -> None:
        """Any node."""
        if depth > MAX_DEPTH:
            return
        if node.type == "block":
            self.statements(node, certain=certain, concurrent=concurrent, depth=depth)
            return
        if node.type == "go_statement":
            self._started(node, certain=certain, concurrent=concurrent, depth=depth)
            return
        if node.type == "call_expression":
            self._call(node, certain=certain, concurrent=concurrent)
        for child in node.named_children:
            sure = certain and not _is_left_out(node, child)
            self.expression(child, certain=sure, concurrent=concurrent, depth=depth + 1)

    def _started(self, node: Node, *, certain: bool, concurrent: bool, depth: int) -> None:
        call = node.named_children[0] if node.named_children else None
        if call is None or call.type != "call_expression":
            return
        callee, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
        self._call(call, certain=certain, concurrent=True)
        if arguments is not None:  # evaluated by who starts it
            self.expression(arguments, certain=certain, concurrent=concurrent, depth=depth + 1)
        if callee is not None:
            self.expression(callee, certain=certain, concurrent=True, depth=depth + 1)

    def _call(self, node: Node, *, certain: bool, concurrent: bool) -> None:
        callee, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if callee is None or arguments is None or callee.type not in ("identifier", "selector_expression"):
            return
        qualifier, _, name = text(callee).rpartition(".")
        self.function.calls.append(
            Call(qualifier, name, tuple(arguments.named_children), node, certain, concurrent, _taken_by(node))
        )


def _taken_by(call: Node) -> str:
    parent = call.parent
    if parent is None or parent.type != "expression_list" or parent.parent is None:
        return ""
    holder = parent.parent
    if len(parent.named_children) != 1:
        return ""
    if holder.type in ("short_var_declaration", "assignment_statement"):
        names = _left(holder)
    elif holder.type == "var_spec":
        names = holder.children_by_field_name("name")
    else:
        return ""
    return text(names[0]) if names else ""


def _is_left_out(node: Node, child: Node) -> bool:
    """Whether a part of a node may be left out when the node runs."""
    if node.type == "if_statement":
        return child in (node.child_by_field_name("consequence"), node.child_by_field_name("alternative"))
    if node.type == "for_statement":
        return child.type == "block" and len(node.named_children) > 1
    if child.type in CASES:
        return True
    if node.type == "binary_expression":
        operator = node.child_by_field_name("operator")
        return text(operator) in ("&&", "||") and child == node.child_by_field_name("right")
    if child.type == "func_literal":
        return not (node.type == "call_expression" and child == node.child_by_field_name("function"))
    return False


def _may_leave(statement: Node) -> bool:
    """Whether what follows a statement may be left out because of it."""
    queue = [statement]
    while queue:
        node = queue.pop()
        if node.type == "func_literal":
            continue
        if node.type in EXITS:
            return True
        if node.type == "call_expression" and text(node.child_by_field_name("function")) in ENDING_CALLS:
            return True
        queue += node.named_children
    return False
