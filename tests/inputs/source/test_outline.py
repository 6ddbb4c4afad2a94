"""Declarations found without parsing, against the parser."""

from __future__ import annotations

from pathlib import Path

import pytest
import tree_sitter_go
from tree_sitter import Language, Parser

from goknot.inputs.source.bodies import lines
from goknot.inputs.source.bodies.declarations import Declared, PackageDeclarations, declare
from goknot.inputs.source.bodies.outline import outline
from goknot.inputs.source.bodies.sourcetext import Reading, SourceText

GO_FILES = Path(__file__).parents[2] / "go"


def declared(text: str) -> tuple[PackageDeclarations, list[str]]:
    """A file's declarations, and the files of which a problem was listed."""
    broken: list[str] = []
    package = PackageDeclarations("example.com/p", "p", "p")
    reading = Reading(Parser(Language(tree_sitter_go.language())), lambda path: "", broken.append)
    declare(package, SourceText("a.go", package.path, text.encode(), reading))
    return package, broken


def named(package: PackageDeclarations) -> set[tuple[str, str]]:
    return {
        *(("func", name) for name in package.functions),
        *(("method", ".".join(key)) for key in package.methods),
        *(("type", name) for name, _ in package.types.items()),
        *(("var", name) for name, _ in package.variables.items()),
        *(("init", str(one.line)) for one in package.inits),
    }


def parsed(text: str) -> set[tuple[str, str]]:
    """The same, by a parse of the whole file."""
    root = Parser(Language(tree_sitter_go.language())).parse(text.encode()).root_node
    found = set()
    for node in root.named_children:
        word = node.type.partition("_")[0]
        if word == "function":
            name = node.child_by_field_name("name").text.decode()
            found.add(("init", str(node.start_point[0] + 1)) if name == "init" else ("func", name))
        elif word == "method":
            receiver = node.child_by_field_name("receiver").named_children[0].child_by_field_name("type")
            while receiver.type in {"pointer_type", "generic_type", "parenthesized_type"}:
                receiver = receiver.named_children[0]
            found.add(("method", f"{receiver.text.decode()}.{node.child_by_field_name('name').text.decode()}"))
        elif word in {"type", "var"}:
            stack = [node]
            while stack:
                at = stack.pop()
                if at.type in {"type_spec", "type_alias", "var_spec"}:
                    found.update((word, name.text.decode()) for name in at.children_by_field_name("name"))
                else:
                    stack.extend(at.named_children)
    return {(kind, name) for kind, name in found if name != "_"}


@pytest.mark.parametrize("path", sorted(GO_FILES.rglob("*.go")), ids=lambda path: str(path.relative_to(GO_FILES)))
def test_declarations_are_the_parsers(path: Path) -> None:
    text = path.read_text()
    package, broken = declared(text)
    assert named(package) == parsed(text)
    assert not broken


ODD = {
    "raw string": "package p\n\nvar a = `\nfunc Phantom() {\n}\n`\n\nfunc Real() {}\n",
    "backtick in a string": 'package p\n\nvar a = "`"\n\nfunc Real() { _ = `\nfunc Phantom() {}\n` }\n',
    "backtick in a comment": "package p\n\n// don`t\nfunc Real() {}\n\nfunc Other() {}\n",
    "block comment": "package p\n\n/*\nfunc Phantom() {}\n*/\nfunc Real() {}\n",
    "licence": "/*\nfunc Phantom() {}\n*/\npackage p\n\nfunc Real() {}\n",
    "groups": "package p\n\ntype (\n\tA struct{ b *B }\n\tB = A\n)\n\nvar (\n\tx, y int\n\tz = func() {}\n)\n",
    "indented": "package p\n\n\tfunc Real() {}\n\n  func (r *T) M() {\n  }\n",
    "one line": "package p; func Real() {}; var x = 1\n",
    "after a brace": "package p\n\nfunc Real() {\n} ; func Other() {}\n",
    "receivers": "package p\n\nfunc (t T[K, V]) A() {}\n\nfunc (*T) B() {}\n\nfunc (t *(T)) C() {}\n",
    "name on the next line": "package p\n\nfunc\nReal() {\n}\n",
    "type inside, not indented": "package p\n\nfunc Real() {\ntype inner int\n}\n\nfunc Other() {}\n",
    "generic": "package p\n\nfunc Map[K comparable, V any](m map[K]V) {}\n\ntype S[T any] struct{}\n",
    "not ascii": "package p\n\nfunc Größe() {}\n\ntype Ж struct{}\n",
    "windows lines": "package p\r\n\r\nfunc Real() {\r\n}\r\n\r\nvar x int\r\n",
}


@pytest.mark.parametrize("name", [name for name in ODD if name != "type inside, not indented"])
def test_odd_files_too(name: str) -> None:
    package, broken = declared(ODD[name])
    assert named(package) == parsed(ODD[name])
    assert not broken


def test_a_cut_in_the_wrong_place_is_mended() -> None:
    package, broken = declared(ODD["type inside, not indented"])
    assert package.functions["Real"].node.end_point[0] == 4
    assert not broken


def test_places_are_those_of_the_file() -> None:
    text = "package p\n\n// doc\n// and more\nfunc A() {\n\tb()\n}\n\n// SetFinalizer\nfunc C() {}\n"
    package, _ = declared(text)
    first: Declared = package.functions["A"]
    assert (first.line, first.part.row, first.text) == (5, 4, b"func A() {\n\tb()\n}\n")
    assert package.functions["C"].line == 10


@pytest.mark.parametrize("page", [1, 3, 64])
def test_lines_are_those_of_the_file(page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_PAGE", page)
    lines.lines_of.cache_clear()
    text = "package p\n\n\nvar a = 1\r\n\tvar b = 2\n" + "// x\n" * 30 + "var last = 3"
    reading = Reading(Parser(Language(tree_sitter_go.language())), lambda _path: "", lambda _path: None)
    source = SourceText("a.go", "p", text.encode(), reading)
    for number, line in enumerate(text.split("\n"), 1):
        assert source.line_text(number) == line.strip()
    lines.lines_of.cache_clear()


def test_a_line_far_down_is_found_from_its_page() -> None:
    """Every edge of a finding asks for its line: counting from the top each time is quadratic in generated files."""

    class Counting(bytes):
        n_finds = 0

        def find(self, *given: object) -> int:
            Counting.n_finds += 1
            return super().find(*given)  # type: ignore[arg-type]

    reading = Reading(Parser(Language(tree_sitter_go.language())), lambda _path: "", lambda _path: None)
    source = SourceText("a.go", "p", Counting(b"// some words of a line\n" * 20_000), reading)
    Counting.n_finds = 0
    assert source.line_text(19_999) == "// some words of a line"
    assert Counting.n_finds < 1_000


def test_imports_by_name() -> None:
    text = (
        'package p\n\nimport "fmt" // not "this"\n\nimport (\n\tx "a.b/c"\n\t_ "d"\n\t. "e"\n\t`f/g-h`\n\t"i/v2"\n)\n'
    )
    package, _ = declared(text)
    assert package.files[0].imports == {"fmt": "fmt", "x": "a.b/c", "g_h": "f/g-h", "i": "i/v2"}


def test_what_does_not_parse_is_said_when_it_is_looked_at() -> None:
    package, broken = declared("package p\n\nfunc Good() {}\n\nfunc Bad() {\n\tif {{ x\n}\n\nfunc Better() { f() }\n")
    assert package.functions["Good"].node.type == "function_declaration"
    assert package.functions["Better"].node.child_by_field_name("body") is not None
    assert not broken
    assert package.functions["Bad"].node is not None
    assert broken == ["a.go"]


def test_constants_are_left_out() -> None:
    chunks = outline(b"package p\n\nconst a = 1\n\nconst (\n\tb = 2\n)\n\nvar c = 3\n")
    assert [(chunk.kind, chunk.names) for chunk in chunks or ()] == [("var", ("c",))]
