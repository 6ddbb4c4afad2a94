"""Type expressions, from syntax to `GoType`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tree_sitter import Node

from goknot.inputs.source.bodies.gotype import BASIC, GoType
from goknot.inputs.source.bodies.ir import Param
from goknot.inputs.source.bodies.sourcetext import Part

_MAX_TYPE_DEPTH = 40


def first(node: Node) -> Node | None:
    """The first named child; None if there is none."""
    return node.named_child(0) if node.named_child_count else None


class TypeReader:
    """Reads type expressions of one file.

    Args:
        part: The lines they stand in.
        local: Name -> made-up name of types declared in the function being read.
    """

    def __init__(self, part: Part, local: Mapping[str, str] | None = None) -> None:
        self.part = part
        self.source = part.source
        self.local = local if local is not None else {}

    def read(self, node: Node | None, depth: int = 0) -> GoType | None:
        """The type; None if it is missing, odd or too deep."""
        if node is None or depth > _MAX_TYPE_DEPTH:
            return None
        kind = node.type
        if kind in {"type_identifier", "identifier"}:
            return self._named(self.part.text(node))
        if kind in {"qualified_type", "selector_expression"}:
            alias, _, name = self.part.text(node).partition(".")
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
                yield self.part.text(name), given, False
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
            found.extend(Param(self.part.text(name), given) for name in names)
            if not names:
                found.append(Param("", given))
        return tuple(found), variadic
