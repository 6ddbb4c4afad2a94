"""What newer Go allows is parsed, at its own place and under its own names."""

from __future__ import annotations

import pytest

from goknot.formats.gosyntax import as_older_go, go_parser, parse_go

TYPES = [
    "T", "[]int", "map[string]int", "pkg.T[int]", "struct{ a int }", "func() int", "x.y", "*T", "<-chan int",
    "[3]struct{ a int }", "T[A, B[C]]", "interface{ M() }", "T,",
]  # fmt: skip
VALUES = [
    "42", "x.Now()", '"s"', "T{1, 2}", "-1", "a + b", "&x", "func() int { return 1 }()", "[]int{1}", "int64(3)",
    "struct{ a int }{1}", "m[k] + 1", "true", "`r`", "'c'", "1.5", "a == b", "!ok", "(x)", "f(a)(b)",
    "map[string]int{}",
]  # fmt: skip
METHOD = b"""package a

func (c C[T]) M[I, O any, F func(x []int) (I, error)](
	f F,
) O {
	return *new(O)
}

type later struct{}
"""


def function(argument: str) -> bytes:
    return f"package a\n\nfunc f() {{\n\ta := new({argument})\n}}\n".encode()


@pytest.mark.parametrize("argument", TYPES)
def test_new_of_a_type_stays(argument: str) -> None:
    data = function(argument)
    assert as_older_go(data) == data
    assert not parse_go(go_parser(), data).root_node.has_error


@pytest.mark.parametrize("argument", VALUES)
def test_new_of_a_value_parses(argument: str) -> None:
    root = parse_go(go_parser(), function(argument)).root_node
    assert not root.has_error
    assert len(as_older_go(function(argument))) == len(function(argument))


def test_methods_with_type_parameters_keep_places() -> None:
    assert go_parser().parse(METHOD).root_node.has_error  # else this file is no longer needed
    root = parse_go(go_parser(), METHOD).root_node
    assert not root.has_error
    _, method, later = root.named_children
    name = method.child_by_field_name("name")
    assert name is not None
    assert METHOD[name.start_byte : name.end_byte] == b"M"
    assert later.start_point[0] == METHOD[: METHOD.index(b"type later")].count(b"\n")


def test_what_is_broken_stays_broken() -> None:
    assert parse_go(go_parser(), b"package a\n\nfunc f( {\n\tnew(f())\n").root_node.has_error
