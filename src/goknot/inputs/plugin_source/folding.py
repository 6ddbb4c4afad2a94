"""Constant strings: literals, constants, sums of them, and filepath.Join of them."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goknot.inputs.plugin_source.syntax import File, Function, literal, text

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_DEPTH, MAX_CHARS = 60, 1 << 16
JOINS = frozenset({("path/filepath", "Join"), ("path", "Join")})
KEEPS = frozenset({("path/filepath", "Clean"), ("path", "Clean"), ("path/filepath", "FromSlash")})


@dataclass(frozen=True, slots=True)
class Param:
    """The value is what the function was given."""

    place: int


# package's import path -> constant -> (file, expression)
Constants = Mapping[str, Mapping[str, tuple[File, "Node"]]]
Value = str | Param | None


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands; `function` is None at package level."""

    constants: Constants
    package: str
    file: File
    function: Function | None


def fold(node: Node, scope: Scope, depth: int = 0) -> Value:  # noqa: PLR0911 (a case a kind of expression)
    """The constant string that an expression is, or the parameter; None for anything else."""
    if depth > MAX_DEPTH:
        return None
    if node.type in ("interpreted_string_literal", "raw_string_literal"):
        return literal(node)
    if node.type == "parenthesized_expression" and node.named_children:
        return fold(node.named_children[0], scope, depth + 1)
    if node.type == "identifier":
        return _name(text(node), scope, depth)
    if node.type == "selector_expression":
        path = scope.file.imports.get(text(node.child_by_field_name("operand")), "")
        return _constant(path, text(node.child_by_field_name("field")), scope, depth)
    if node.type == "binary_expression" and text(node.child_by_field_name("operator")) == "+":
        return _sum(node, scope, depth)
    if node.type == "call_expression":
        return _call(node, scope, depth)
    return None


def _name(name: str, scope: Scope, depth: int) -> Value:
    function = scope.function
    if function is not None:
        if name in function.locals:
            return fold(function.locals[name], scope, depth + 1)
        if name in function.shadowed:
            return None
        if name in function.params:
            return Param(function.params[name])
    return _constant(scope.package, name, scope, depth)


def _constant(package: str, name: str, scope: Scope, depth: int) -> Value:
    found = scope.constants.get(package, {}).get(name)
    if found is None:
        return None
    return fold(found[1], Scope(scope.constants, package, found[0], None), depth + 1)


def _sum(node: Node, scope: Scope, depth: int) -> Value:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        return None
    first = fold(left, scope, depth + 1)
    second = fold(right, scope, depth + 1) if isinstance(first, str) else None
    if not isinstance(first, str) or not isinstance(second, str) or len(first) + len(second) > MAX_CHARS:
        return None
    return first + second


def _call(node: Node, scope: Scope, depth: int) -> Value:
    callee, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    qualifier, _, name = text(callee).rpartition(".")
    given = [] if arguments is None else arguments.named_children
    if not qualifier and name == "string" and len(given) == 1:
        return fold(given[0], scope, depth + 1)
    called = (scope.file.imports.get(qualifier, ""), name)
    parts = [fold(one, scope, depth + 1) for one in given] if called in JOINS | KEEPS else [None]
    texts = [part for part in parts if isinstance(part, str)]
    if len(texts) != len(parts):
        return None
    joined = "/".join(filter(None, texts))
    return posixpath.normpath(joined) if joined and len(joined) <= MAX_CHARS else None
