"""Function bodies from syntax to `ir`, each on demand; nesting and size are bounded, and what was left out is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from tree_sitter import Node

from goknot.inputs.source.bodies.declarations import Declared, PackageDeclarations, var_specs
from goknot.inputs.source.bodies.ir import (
    NIL,
    NOTHING,
    Assign,
    Block,
    Case,
    Choose,
    Constant,
    Defer,
    Expr,
    Func,
    Go,
    Group,
    If,
    Leave,
    Loop,
    Name,
    Return,
    Run,
    Send,
    Several,
    Stmt,
    Switch,
)
from goknot.inputs.source.bodies.lowering_expressions import MAX_DEPTH, Expressions
from goknot.inputs.source.bodies.typereader import first

MATTERS = re.compile(rb"SetFinalizer|AddCleanup|NewHandle|Pin\(|AfterFunc|weak\.|\.Delete\(|\bdelete\(")

_JUMPS = re.compile(r"\b(?:break|fallthrough)\b")  # what a chain of ifs cannot do
_FLAGS = (NIL, Constant("true"), Constant("false"), Constant("0"), Constant("1"))
_COUNTS = re.compile(r"(\w+) := 0; *\1 < ([^;&|]+); *\1(?:\+\+| \+= 1)")


def lower_function(package: PackageDeclarations, declared: Declared, told: Callable[[Func], None]) -> Func:
    """A function or method declaration; its body is read when it is needed.

    Args:
        package: Where it is declared.
        declared: The declaration.
        told: Is told of functions of which not all of the body is there.
    """
    part = declared.signature or declared.part
    func = _Lowering(package, part).signature(part.declaration(), declared.name)
    func.matters = MATTERS.search(declared.source.data, declared.start, declared.end) is not None

    def read_body(func: Func) -> None:
        _Lowering(package, declared.part).fill_body(func, declared.node)
        if func.bounded:
            told(func)

    func.pending = read_body
    return func


def lower_value(package: PackageDeclarations, declared: Declared) -> Assign:
    """A package variable's declaration, as the statement that initializes it."""
    lowering = _Lowering(package, declared.part, outlined=True)
    lowering.funcs.append(
        Func("init", package.path, declared.source.path, lowering.pos(declared.node), declared.source.imports)
    )
    return lowering.var_spec(declared.node)


class _Lowering(Expressions):
    def signature(self, node: Node, name: str) -> Func:
        func = Func(name, self.package.path, self.source.path, self.pos(node), self.source.imports)
        receiver = node.child_by_field_name("receiver")
        if receiver is not None:
            params, _ = self.types.params(receiver)
            func.receiver = params[0] if params else None
            base = params[0].type if params else None
            base = base.elem if base is not None and base.kind == "ptr" else base
            func.name = f"{base.name}.{name}" if base is not None else name
        self.fill_signature(func, node)
        return func

    def block(self, node: Node | None) -> Block:
        """The statements of a block, a case or a statement list."""
        self.scopes.append((len(self.funcs), set()))
        found: list[Stmt] = []
        for child in node.named_children if node is not None else ():
            for part in child.named_children if child.type == "statement_list" else (child,):
                self.statement(part, found)
        self.scopes.pop()
        return tuple(found)

    def statement(self, node: Node, out: list[Stmt], label: str = "") -> None:
        if self.depth >= MAX_DEPTH:
            self.bounded()
            return
        self.depth += 1
        lower = _STATEMENTS.get(node.type)
        if lower is not None:
            lower(self, node, out, label)
        self.depth -= 1

    def _run(self, node: Node, out: list[Stmt], label: str) -> None:
        child = first(node)
        if child is not None:
            out.append(Run(self.expr(child)))

    def _assign(self, node: Node, out: list[Stmt], label: str) -> None:
        right = self.exprs(node.child_by_field_name("right"))
        define = node.type == "short_var_declaration"
        left_node = node.child_by_field_name("left")
        if define:
            self._declare(left_node)
        operator = node.child_by_field_name("operator")
        if operator is not None and operator.type != "=":  # += and its like move no pointers
            out.append(Run(Several((*self.exprs(left_node), *right))))
            self._count(left_node)
            return
        if not define and any(value in _FLAGS for value in right):
            self._count(left_node)
        out.append(Assign(self.exprs(left_node), right, define, None, self.pos(node)))

    def _counting(self, node: Node, out: list[Stmt], label: str) -> None:
        self._count(first(node))

    def _count(self, node: Node | None) -> None:
        if node is not None:
            self.funcs[0].counted.add(self.text(node))

    def _declare(self, node: Node | None) -> None:
        for name in node.named_children if node is not None else ():
            if name.type == "identifier":
                self.scopes[-1][1].add(self.text(name))

    def var_spec(self, spec: Node) -> Assign:
        right = self.exprs(spec.child_by_field_name("value"))
        names = spec.children_by_field_name("name")
        given = self.types.read(spec.child_by_field_name("type"))
        if self.scopes:
            self.scopes[-1][1].update(self.text(name) for name in names)
        left = tuple(Name(self.text(name), self.pos(name)) for name in names)
        return Assign(left, right, True, given, self.pos(spec))

    def _var(self, node: Node, out: list[Stmt], label: str) -> None:
        out.extend(self.var_spec(spec) for spec in var_specs(node))

    def _const(self, node: Node, out: list[Stmt], label: str) -> None:
        for spec in node.named_children:
            for name in spec.children_by_field_name("name"):
                self.scopes[-1][1].add(self.text(name))

    def _type(self, node: Node, out: list[Stmt], label: str) -> None:
        for spec in node.named_children:
            name = spec.child_by_field_name("name")
            if name is not None:
                text = self.text(name)
                made_up = f"{text}·{self.funcs[0].name}·{len(self.local)}"
                self.local[text] = made_up
                self.package.local_types[made_up] = Declared.of(self.part, spec, text)

    def _go(self, node: Node, out: list[Stmt], label: str) -> None:
        child = first(node)
        if child is not None:
            call = self.expr(child)
            out.append((Go if node.type == "go_statement" else Defer)(call, self.pos(node)))

    def _return(self, node: Node, out: list[Stmt], label: str) -> None:
        out.append(Return(self.exprs(first(node)), self.pos(node)))

    def _if(self, node: Node, out: list[Stmt], label: str) -> None:
        self.scopes.append((len(self.funcs), set()))
        inner: list[Stmt] = []
        self._initializer(node, inner)
        condition_node = node.child_by_field_name("condition")
        condition = self.expr(condition_node)
        text = self.text(condition_node) if condition_node is not None else ""
        then = self.block(node.child_by_field_name("consequence"))
        otherwise: list[Stmt] = []
        alternative = node.child_by_field_name("alternative")
        if alternative is not None:
            self.statement(alternative, otherwise)
        inner.append(If(condition, then, tuple(otherwise), self.pos(node), text))
        self.scopes.pop()
        out.append(Group(tuple(inner)) if len(inner) > 1 else inner[0])

    def _initializer(self, node: Node, out: list[Stmt]) -> None:
        initializer = node.child_by_field_name("initializer")
        if initializer is not None:
            self.statement(initializer, out)

    def _for(self, node: Node, out: list[Stmt], label: str) -> None:
        self.scopes.append((len(self.funcs), set()))
        inner: list[Stmt] = []
        kind, define, bound = "ever", False, ""
        subject: Expr = NOTHING
        left: tuple[Expr, ...] = ()
        head = next((c for c in node.named_children if c.type not in {"block", "comment"}), None)
        tail: list[Stmt] = []
        if head is not None and head.type == "range_clause":
            right = head.child_by_field_name("right")
            kind, subject = "range", self.expr(right)
            bound = self.text(right) if right is not None else ""
            left_node = head.child_by_field_name("left")
            define = any(child.type == ":=" for child in head.children)
            if define:
                self._declare(left_node)
            left = self.exprs(left_node)
        elif head is not None and head.type == "for_clause":
            self._initializer(head, inner)
            condition = head.child_by_field_name("condition")
            if condition is not None:
                kind, subject = "while", self.expr(condition)
            found = _COUNTS.fullmatch(self.text(head))
            bound = found[2].strip() if found is not None else ""
            update = head.child_by_field_name("update")
            if update is not None:
                self.statement(update, tail)
        elif head is not None:
            kind, subject = "while", self.expr(head)
            if head.type == "true":
                kind = "ever"
        body = self.block(node.child_by_field_name("body"))
        inner.append(Loop(kind, subject, left, define, (*body, *tail), label, self.pos(node), bound))
        self.scopes.pop()
        out.append(Group(tuple(inner)) if len(inner) > 1 else inner[0])

    def _switch(self, node: Node, out: list[Stmt], label: str) -> None:
        self.scopes.append((len(self.funcs), set()))
        inner: list[Stmt] = []
        self._initializer(node, inner)
        if not label and self._is_chain(node):
            inner.extend(self._chain(node))
            self.scopes.pop()
            out.append(Group(tuple(inner)))
            return
        subject = self.expr(node.child_by_field_name("value"))
        alias_node = node.child_by_field_name("alias")
        alias = self.text(alias_node).strip() if alias_node is not None else ""
        self._declare(alias_node)
        cases, types = [], []
        for case in node.named_children:
            if case.type not in {"expression_case", "type_case", "default_case"}:
                continue
            named = case.children_by_field_name("type")
            types.append(self.types.read(named[0]) if len(named) == 1 else None)
            values = self.exprs(case.child_by_field_name("value"))
            guard = Run(Several(values)) if values else None
            cases.append(Case(guard, self._case_body(case), case.type == "default_case"))
        inner.append(Switch(subject, alias, tuple(cases), tuple(types) if alias else (), label, self.pos(node)))
        self.scopes.pop()
        out.append(Group(tuple(inner)) if len(inner) > 1 else inner[0])

    def _is_chain(self, node: Node) -> bool:
        """Whether a switch is no more than if, else if, else."""
        if node.type != "expression_switch_statement" or node.child_by_field_name("value") is not None:
            return False
        return _JUMPS.search(self.text(node)) is None

    def _chain(self, node: Node) -> Block:
        """The cases of a switch without a subject, each the else of the one before; the default is the last."""
        chain: Block = ()
        cases: list[If] = []
        for case in node.named_children:
            if case.type == "default_case":
                chain = self._case_body(case)
            elif case.type == "expression_case":
                value = case.child_by_field_name("value")
                conditions = self.exprs(value)
                condition = conditions[0] if len(conditions) == 1 else Several(conditions)
                text = self.text(value) if value is not None and len(conditions) == 1 else ""
                cases.append(If(condition, self._case_body(case), (), self.pos(case), text))
        for one in reversed(cases):
            chain = (replace(one, otherwise=chain),)
        return chain

    def _case_body(self, case: Node) -> Block:
        self.scopes.append((len(self.funcs), set()))
        found: list[Stmt] = []
        for child in case.named_children:
            if child.type == "statement_list":
                for part in child.named_children:
                    self.statement(part, found)
        self.scopes.pop()
        return tuple(found)

    def _select(self, node: Node, out: list[Stmt], label: str) -> None:
        cases = []
        for case in node.named_children:
            if case.type not in {"communication_case", "default_case"}:
                continue
            self.scopes.append((len(self.funcs), set()))
            guard: list[Stmt] = []
            communication = case.child_by_field_name("communication")
            if communication is not None:
                self.statement(communication, guard)
            cases.append(Case(guard[0] if guard else None, self._case_body(case), case.type == "default_case"))
            self.scopes.pop()
        out.append(Choose(tuple(cases), label, self.pos(node)))

    def _receive(self, node: Node, out: list[Stmt], label: str) -> None:
        right = (self.expr(node.child_by_field_name("right")),)
        left_node = node.child_by_field_name("left")
        define = any(child.type == ":=" for child in node.children)
        if define:
            self._declare(left_node)
        left = self.exprs(left_node)
        out.append(Assign(left, right, define, None, self.pos(node)) if left else Run(right[0]))

    def _send(self, node: Node, out: list[Stmt], label: str) -> None:
        channel = self.expr(node.child_by_field_name("channel"))
        out.append(Send(channel, self.expr(node.child_by_field_name("value")), self.pos(node)))

    def _labeled(self, node: Node, out: list[Stmt], label: str) -> None:
        name = self.text(node.child_by_field_name("label") or node)
        inner = node.named_children[-1] if node.named_child_count else None
        if inner is not None and inner.type != "label_name":
            self.statement(inner, out, name)

    def _leave(self, node: Node, out: list[Stmt], label: str) -> None:
        target = first(node)
        out.append(Leave(node.type.partition("_")[0], self.text(target) if target is not None else ""))

    def _group(self, node: Node, out: list[Stmt], label: str) -> None:
        out.append(Group(self.block(node)))


_Statement = Callable[[_Lowering, Node, list[Stmt], str], None]
_STATEMENTS: dict[str, _Statement] = {
    "expression_statement": _Lowering._run,
    "assignment_statement": _Lowering._assign,
    "short_var_declaration": _Lowering._assign,
    "var_declaration": _Lowering._var,
    "const_declaration": _Lowering._const,
    "type_declaration": _Lowering._type,
    "go_statement": _Lowering._go,
    "defer_statement": _Lowering._go,
    "return_statement": _Lowering._return,
    "if_statement": _Lowering._if,
    "for_statement": _Lowering._for,
    "expression_switch_statement": _Lowering._switch,
    "type_switch_statement": _Lowering._switch,
    "select_statement": _Lowering._select,
    "receive_statement": _Lowering._receive,
    "send_statement": _Lowering._send,
    "labeled_statement": _Lowering._labeled,
    "break_statement": _Lowering._leave,
    "continue_statement": _Lowering._leave,
    "goto_statement": _Lowering._leave,
    "block": _Lowering._group,
    "inc_statement": _Lowering._counting,
    "dec_statement": _Lowering._counting,
}
