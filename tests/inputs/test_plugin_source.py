"""Calls of plugin.Open in Go source: constants, conditions, functions that open what they are given."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goknot.errors import InputError
from goknot.formats.gosyntax import go_parser
from goknot.inputs.plugin_source.scan import read_source
from goknot.inputs.plugin_source.syntax import parse
from goknot.model.plugin_rings import PluginCall


def calls(folder: Path, body: str, imports: str = '"plugin"') -> tuple[PluginCall, ...]:
    folder.mkdir(exist_ok=True)
    (folder / "a.go").write_text(f"package main\n\nimport ({imports})\n\n{body}\n")
    return read_source([str(folder)]).packages[0].calls


@pytest.mark.parametrize(
    ("expression", "path"),
    [
        ('"a.so"', "a.so"),
        ("`a.so`", "a.so"),
        ('"a" + "." + ("so")', "a.so"),
        ("name", "dir/a.so"),
        ('dir + "/b.so"', "dir/b.so"),
        ('filepath.Join(dir, "..", "b.so")', "b.so"),
        ('filepath.Join("/x", name)', "/x/dir/a.so"),
        (r'"\x61\u002eso"', "a.so"),
        ("once", "once.so"),
        ("twice", ""),
        ("variable", ""),
        ("os.Args[1]", ""),
        ('fmt.Sprintf("%s.so", dir)', ""),
    ],
)
def test_constants(tmp_path: Path, expression: str, path: str) -> None:
    body = (
        'const (\n dir = "dir"\n name = dir + "/a.so"\n)\nvar variable = "v.so"\n'
        'func init() { once := "once.so"; twice := "x"; twice = "y"; _, _ = once, twice\n'
        f"plugin.Open({expression}) }}"
    )
    (found,) = calls(tmp_path, body, '"plugin"; "os"; "fmt"; "path/filepath"')
    assert (found.path, found.in_init, found.certain) == (path, True, True)
    assert bool(found.why_unknown) == (not path)


@pytest.mark.parametrize(
    ("statement", "in_init", "certain"),
    [
        ('plugin.Open("a.so")', True, True),
        ('if _, err := plugin.Open("a.so"); err != nil { panic(err) }', True, True),
        ('if x { plugin.Open("a.so") }', True, False),
        ('if x { return }; plugin.Open("a.so")', True, False),
        ('if x { panic(1) }; plugin.Open("a.so")', True, False),
        ('if x { println() }; plugin.Open("a.so")', True, True),
        ('for { plugin.Open("a.so") }', True, True),
        ('for range y { plugin.Open("a.so") }', True, False),
        ('switch x { case true: plugin.Open("a.so") }', True, False),
        ('_ = x && try(plugin.Open("a.so"))', True, False),
        ('func() { plugin.Open("a.so") }()', True, True),
        ('defer func() { plugin.Open("a.so") }()', True, True),
        ('f := func() { plugin.Open("a.so") }; f()', True, False),
        ('once.Do(func() { plugin.Open("a.so") })', True, False),
        ('go func() { plugin.Open("a.so") }()', False, False),
        ('go plugin.Open("a.so")', False, False),
        ("open()", True, True),
        ("go open()", False, False),
        ("if x { open() }", True, False),
        ("thing.open()", True, False),
    ],
)
def test_conditions(tmp_path: Path, statement: str, in_init: bool, certain: bool) -> None:
    helper = 'func open() { plugin.Open("a.so") }\n' if " open()" in f" {statement}" else ""
    helper += 'type T int\nfunc (T) open() { plugin.Open("a.so") }\n' if "thing." in statement else ""
    found = [c for c in calls(tmp_path, f"{helper}func init() {{ {statement} }}") if c.path]
    assert [(c.in_init, c.certain) for c in found] == [(in_init, certain)]


def test_a_function_that_is_called_by_nobody_in_init(tmp_path: Path) -> None:
    (found,) = calls(tmp_path, 'func Call() { p, _ := plugin.Open("a.so"); p.Lookup("Name"); p.Lookup(x) }')
    assert (found.in_init, found.symbols) == (False, ("?", "Name"))


def test_who_is_handed_the_path(tmp_path: Path) -> None:
    body = (
        "func must(times int, path string) { if times > 0 { return }; plugin.Open(path) }\n"
        'func load(path string) { must(0, path) }\nfunc init() { load("a.so"); must(1, "b.so") }'
    )
    assert [(c.path, c.in_init, c.certain) for c in calls(tmp_path, body)] == [
        ("a.so", True, False),
        ("b.so", True, False),
    ]


def test_variables_of_a_package_and_other_names_of_the_import(tmp_path: Path) -> None:
    (found,) = calls(tmp_path, 'var p, err = dl.Open("a.so")\nfunc F() { p.Lookup("X") }', 'dl "plugin"')
    assert (found.path, found.in_init, found.symbols) == ("a.so", True, ("X",))
    assert calls(tmp_path / "other", 'func init() { plugin.Open("a.so") }', '"example.com/plugin"') == ()


def test_packages_that_the_host_has_initialised(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/m\n")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "l.go").write_text('package lib\nimport "plugin"\nfunc init() { plugin.Open("a.so") }\n')
    (tmp_path / "a.go").write_text('package main\nimport _ "example.com/m/lib"\nimport _ "embed"\n')
    (alone,) = read_source([str(tmp_path)]).packages
    (shared,) = read_source([str(tmp_path)], {"example.com/m/lib"}).packages
    assert [c.in_init for c in alone.calls] == [True]
    assert shared.calls == ()


def test_files_that_no_build_takes(tmp_path: Path) -> None:
    call = 'package main\nimport "plugin"\nfunc init() { plugin.Open("a.so") }\n'
    (tmp_path / "a.go").write_text("package main\n")
    (tmp_path / "a_windows.go").write_text(call)
    (tmp_path / "a_test.go").write_text(call)
    (tmp_path / "b.go").write_text(f"//go:build ignore\n\n{call}")
    assert read_source([str(tmp_path)]).packages[0].calls == ()


def test_source_that_does_not_parse(tmp_path: Path) -> None:
    (tmp_path / "bad.go").write_text("package main\n\nfunc ( {{{ \n")
    (tmp_path / "good.go").write_text('package main\nimport "plugin"\nfunc init() { plugin.Open("a.so") }\n')
    found = read_source([str(tmp_path)])
    assert [c.path for c in found.packages[0].calls] == ["a.so"]
    assert [(Path(p.where).name, p.what) for p in found.problems] == [("bad.go:3", "does not parse")]


def test_folders_that_are_none(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nosuch"):
        with pytest.raises(InputError):
            read_source([str(folder)])


PIECES = ["func f(", ")", "{", "}", 'plugin.Open("a")', "if x", "const a = ", "\n", "go ", "\xff", "var p, e =", ";"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*PIECES, "a + ", "(", "func (T) g()", "[", "*"]), max_size=40))
def test_any_text_is_read(parts: list[str]) -> None:
    parse(go_parser(), "x.go", ('package main\nimport "plugin"\n' + "".join(parts)).encode())


def test_nesting_without_end() -> None:
    data = b"package main\nvar x = " + b"(" * 30_000 + b"1" + b")" * 30_000
    assert parse(go_parser(), "x.go", data).package == "main"
