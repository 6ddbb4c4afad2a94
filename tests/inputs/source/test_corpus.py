"""The index of a program's texts, and who calls a function by the names in each file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from trees import scan, write

from goknot.inputs.source.bodies.callers import calls_by_file, compiled
from goknot.inputs.source.bodies.corpus import Corpus
from goknot.inputs.source.bodies.program import Program

FILES = {
    "go.mod": "module x.y/m\n\ngo 1.24\n",
    "a/a.go": """package a

import "errors"

type T struct{ next *T }

func New() *T { return &T{} }

func (t *T) Start(n int) {}

func hidden() { hidden2() }

func Use() {
	_ = errors.New("not ours")
	hidden()
	New().Start(1)
}
""",
    "a/more.go": "package a\n\nvar é = New()\n\nfunc (t *T) again() { hidden() }\n",
    "b/b.go": 'package b\n\nimport (\n\tother "x.y/m/a"\n)\n\nfunc F() { other.New() }\n\nfunc New() {}\n',
    "c/c.go": 'package c\n\nimport "x.y/m/a"\n\nfunc F(t *a.T) {\n\tt.Start(2)\n\tStart := 1\n\t_ = Start\n}\n',
    "d/d.go": 'package d\n\nimport "errors"\n\nvar e = errors.New("x.y/m/a")\n\nfunc hidden() {}\n',
}


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(Program(scan(write(tmp_path, FILES))))


def callers(corpus: Corpus, *functions: tuple[str, str]) -> dict[str, list[int]]:
    """File -> lines with a call."""
    found = {}
    patterns = compiled(calls_by_file(corpus, functions))
    for file in corpus.all_files():
        if file.path in patterns:
            hits = patterns[file.path].finditer(file.data)
            lines = [file.data.count(b"\n", 0, hit.start()) + 1 for hit in hits]
            if lines:
                found[file.path] = lines
    return found


def test_words_are_those_of_the_files(corpus: Corpus) -> None:
    files = list(corpus.all_files())
    words = {word for file in files for word in re.findall(rb"[\w\x80-\xff]+", file.data)}
    for word in words:
        whole = re.compile(rb"(?<![\w\x80-\xff])" + re.escape(word) + rb"(?![\w\x80-\xff])")
        assert corpus.with_word(word) == [file for file in files if whole.search(file.data)]
    assert corpus.with_word(b"Hidden") == []
    assert [file.path for file in corpus.with_any([b"hidden2", "é".encode(), b"hidden"])] == [
        "a/a.go",
        "a/more.go",
        "d/d.go",
    ]


def test_importers_have_their_own_name_for_a_package(corpus: Corpus) -> None:
    found = {file.path: alias for file, alias in corpus.importers("x.y/m/a").items()}
    assert found == {"b/b.go": "other", "c/c.go": "a"}  # d has the path in a string


def test_headers(corpus: Corpus) -> None:
    found = corpus.header("x.y/m/a", "T", "Start")
    assert found is not None
    assert found[0].data[found[1] :].startswith(b"func (t *T) Start(")
    assert corpus.header("x.y/m/a", "", "Start") is None
    assert corpus.n_methods("again") == 1


def test_calls_of_a_function_are_told_from_others_of_its_name(corpus: Corpus) -> None:
    assert callers(corpus, ("x.y/m/a", "New")) == {"a/a.go": [7, 16], "a/more.go": [3], "b/b.go": [7]}


def test_calls_of_what_is_not_exported_are_at_home(corpus: Corpus) -> None:
    assert callers(corpus, ("x.y/m/a", "hidden")) == {"a/a.go": [11, 15], "a/more.go": [5]}


def test_calls_of_a_method_may_be_anywhere(corpus: Corpus) -> None:
    assert callers(corpus, ("x.y/m/a", "T.Start")) == {"a/a.go": [16], "c/c.go": [6]}
