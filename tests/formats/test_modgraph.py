"""Saved output of `go mod graph`."""

from __future__ import annotations

import codecs
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goknot.errors import InputError
from goknot.formats.modgraph import MAX_LINE_BYTES, MAX_PROBLEMS, Module, parse_modgraph

TEXT = """example.com/main example.com/a@v1.0.0
example.com/main go@1.24.0
example.com/a@v1.0.0 example.com/b@v0.0.0-20200101000000-abcdefabcdef
go@1.24.0 toolchain@go1.24.0
"""
REQUIREMENTS = [
    (Module("example.com/main", ""), Module("example.com/a", "v1.0.0")),
    (Module("example.com/main", ""), Module("go", "1.24.0")),
    (Module("example.com/a", "v1.0.0"), Module("example.com/b", "v0.0.0-20200101000000-abcdefabcdef")),
    (Module("go", "1.24.0"), Module("toolchain", "go1.24.0")),
]


def parse(text):
    return parse_modgraph(io.BytesIO(text if isinstance(text, bytes) else text.encode()), "graph.txt")


def test_a_graph():
    graph = parse(TEXT)
    assert list(graph.requirements()) == REQUIREMENTS
    assert list(graph.edge_line) == [1, 2, 3, 4]
    assert graph.mains == (Module("example.com/main", ""),)
    assert [str(module) for module in graph.modules if module.is_toolchain] == ["go@1.24.0", "toolchain@go1.24.0"]
    assert graph.problems == ()


@pytest.mark.parametrize(
    "encoded",
    [
        TEXT.replace("\n", "\r\n").encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.replace("\n", "\r\n").encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.strip().encode(),
        b"\n" + TEXT.encode() + b"\n\n",
        b"go: downloading example.com/a v1.0.0\n" + TEXT.encode(),
        TEXT.encode() * 2,
    ],
)
def test_however_it_was_saved(encoded):
    graph = parse(encoded)
    assert list(graph.requirements()) == REQUIREMENTS
    assert graph.problems == ()


@pytest.mark.parametrize(
    "bad",
    [
        b"one",
        b"one two three",
        b"example.com/a example.com/b",
        b"example.com/a example.com/b@",
        b"example.com/a @v1.0.0",
        b"example.com/a example.com/b@latest",
        b"example.com/a example.com/b@v1.0.0@v1.0.0",
        b"example.com/a go@x",
        b"example.com/a toolchain@",
        b"go: example.com/a@v1.0.0: reading go.mod: no",
        b"\xff\xfe\xfd",
        b"x" * (MAX_LINE_BYTES + 10),
        b"x" * (3 * MAX_LINE_BYTES),
    ],
)
def test_a_bad_line_is_a_problem_and_the_rest_is_kept(bad):
    graph = parse(TEXT.encode() + bad + b"\n" + b"example.com/main example.com/z@v1.0.0\n")
    assert [number for number, _ in graph.problems] == [5]
    assert list(graph.requirements())[:-1] == REQUIREMENTS
    assert list(graph.edge_line)[-1] == 6
    assert len(graph.problems[0][1]) < 200


def test_many_bad_lines_are_counted():
    graph = parse(TEXT + "bad\n" * 1000)
    assert len(graph.problems) == MAX_PROBLEMS + 1
    assert graph.problems[-1] == (1004, f"{1000 - MAX_PROBLEMS} more lines that are no requirements")


@pytest.mark.parametrize("text", [b"", b"\n", b"not a graph at all\n", b"\xff\xfe", b"\0\0\0"])
def test_what_holds_no_requirement_is_an_error(text):
    with pytest.raises(InputError, match=r"graph\.txt"):
        parse(text)


@given(st.binary(max_size=300))
def test_whatever_bytes_end_well(data):
    graph = parse(TEXT.encode() + data)
    assert list(graph.requirements())[: len(REQUIREMENTS) - 1] == REQUIREMENTS[:-1]


@given(st.text(max_size=200), st.integers(1, 7))
def test_utf16_is_read_in_whatever_pieces(text, size):
    class Pieces(io.BytesIO):
        def read(self, n=-1):
            return super().read(min(n, 2 * size) if n > 2 else n)

    whole = parse(codecs.BOM_UTF16_LE + (TEXT + text).encode("utf-16-le", "surrogatepass"))
    pieces = parse_modgraph(
        Pieces(codecs.BOM_UTF16_LE + (TEXT + text).encode("utf-16-le", "surrogatepass")), "graph.txt"
    )
    assert list(whole.requirements()) == list(pieces.requirements())
    assert whole.problems == pieces.problems
