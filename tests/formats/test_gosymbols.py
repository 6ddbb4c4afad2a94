"""Uses and declarations, against Go's own parser."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goknot.formats.gosymbols import declarations, free_names, uses

GO = shutil.which("go")
needs_go = pytest.mark.skipif(GO is None, reason="no Go on PATH to ask")
ORACLE = Path(__file__).parent.parent / "go" / "symbols_oracle"


@pytest.fixture(scope="session")
def oracle(tmp_path_factory):
    program = tmp_path_factory.mktemp("oracle") / "oracle"
    subprocess.run([GO, "build", "-o", str(program), "."], cwd=ORACLE, check=True)

    def ask(files):
        done = subprocess.run([program], input="\n".join(map(str, files)), capture_output=True, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    return ask


def used(code: str, **aliases: str) -> dict[str, set[str]]:
    return uses(("package p\n" + code).encode(), aliases or {"a": "x/a"})


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("var x = a.B", {"B"}),
        ("var x = a.b", set()),
        ("var x = c.a.B", set()),
        ("var x = ca.B + _a.B", set()),
        ("func f(xs ...a.T) {}", {"T"}),
        ("// a.B\nvar x = 1", set()),
        ("// done.\nvar _ = a.B", {"B"}),
        ('var x = "a.B" + a.C', {"C"}),
        (r'var x = "\"a.B" + a.C', {"C"}),
        ("var x = 'a' + a.C", {"C"}),
        ("var x = '\"' + a.C", {"C"}),
        ("var x = `a.B` + a.C", {"C"}),
        ("var x = `\na.B\n` + a.C", {"C"}),
        ("/*\na.B\n*/\nvar x = a.C", {"C"}),
        ("var x = a.\n\t// why\n\tB", {"B"}),
        ("var x = c.\n\ta.B()", set()),
        ("type T struct{ a.E; *a.F }", {"E", "F"}),
        ("var x = a.Map[a.K, []a.V]{}", {"Map", "K", "V"}),
        ("var x = a.Ünder + a.ünder", {"Ünder"}),
        ('type T struct { x a.X `json:"a.B"` }', {"X"}),
    ],
)
def test_uses(code, names):
    assert used(code).get("x/a", set()) == names


def test_two_aliases_of_one_package_are_one():
    assert used("var x = a.B + b.C", a="x/a", b="x/a") == {"x/a": {"B", "C"}}


def test_free_names():
    source = b'package p\nimport . "x"\nvar y = Foo + z.Bar // Baz\nvar s = "Qux"\n'
    assert free_names(source) == {"Foo"}


TRICKY = """// Package p is tricky.
package p

import "x/a"

const (
	A, B = iota, iota
	C
	d
	E = 1 +
		2
	F = "x" +
		"y"
	G = A |
		B
)

var H, I = func() (int, int) {
	var Hidden = 1
	return Hidden, 2
}()

var (
	J = []int{
		1,
	}
	K struct {
		NotMe int
	}
	L, M int = 1,
		2
	N = `
O = 1
func P() {}
`; Q = 3
)

type (
	R struct{ S int }
	T interface {
		U()
	}
	V = R
	W[X any] []X
)

func Y() { type Inner int }
func (R) Method() {}
func Z[T any](t T) {}

/*
func Commented() {}
*/
type Ö int
"""


@needs_go
def test_tricky_declarations_as_go_reads_them(oracle, tmp_path):
    shapes = [
        TRICKY,
        TRICKY.replace("\n", "\r\n"),
        "package p\n  func A() {}\n  type B int\n\tvar (\n C int\n )\n",
        "package p; func A() {}; type B int; const C, D = 1, 2\n",
        "package p\nvar A = func() {\n}\nvar\nB = 1\n",
        "package p\nfunc\nA() {}\n",
        "package p\nconst (A = 1; B = 2)\n",
        "package p\nvar ()\ntype T struct{}\n",
        "package p\n",
    ]
    files = [tmp_path / f"f{i}.go" for i in range(len(shapes))]
    for file, text in zip(files, shapes, strict=True):
        file.write_bytes(text.encode())
    for said in oracle(files):
        assert declarations(Path(said["File"]).read_bytes()) == said["Declares"], said["File"]


@needs_go
def test_real_source_as_go_reads_it(oracle):
    root = Path(subprocess.run([GO, "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip())
    files = [
        f for d in ("net/http", "go/types", "encoding/json", "reflect") for f in sorted((root / "src" / d).glob("*.go"))
    ]
    answers = oracle(files)
    assert len(answers) > 150
    for said in answers:
        source = Path(said["File"]).read_bytes()
        assert declarations(source) == said["Declares"]
        mine = uses(source, said["Aliases"])
        for path, names in said["Uses"].items():
            assert set(names) <= mine.get(path, set()), said["File"]  # more only where a variable shadows


pieces = st.sampled_from(
    [
        "a.B",
        "x.a.C",
        '"a.D"',
        "`a.E`",
        "`\n",
        "/*",
        "*/",
        "//",
        "\n",
        " ",
        "'a'",
        "'\\''",
        '"',
        "+",
        "(",
        ")",
        "...a.F",
        "\\",
    ]
)


@settings(max_examples=300)
@given(st.lists(pieces, max_size=14).map("".join))
def test_nothing_breaks_on_scraps(text):
    source = b"package p\n" + text.encode()
    assert all(name[0] in "BCDEF" for name in uses(source, {"a": "x/a"}).get("x/a", ()))
    declarations(source)
