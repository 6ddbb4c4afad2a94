"""Heads of Go files; how they agree with Go is tested in inputs/source."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goknot.formats.goheader import PathNames, parse_head, parse_imports
from goknot.formats.goheader_exact import import_offsets, parse_head_exactly

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
PIECES = [
    *(
        "package p\n",
        'import "a"\n',
        'import (\n\tx "b/c" // "no"\n\t/* "no" */ "d"\n)\n',
        "// c\n",
        "/* c */",
        "\n",
        ";",
    ),
    *(" ", "\t", 'import . "e"\n', 'import _ "f"', "func f() {}\n", "\r\n", "ü", "\ufeff", "i", "(", ")", '"', "`"),
    *("import `g`\n", "//go:build x\n\n"),
]


def _whole(data: bytes) -> object:
    return parse_head(data, complete=True, names=PathNames())


@given(st.lists(st.sampled_from(PIECES), max_size=8))
def test_the_quick_way_and_the_exact_way_agree(pieces: list[str]) -> None:
    data = ("package p\n" + "".join(pieces)).encode()
    assert _whole(data) == parse_head_exactly(data, complete=True)


@given(st.lists(st.sampled_from(PIECES), max_size=8), st.integers(0, 200))
def test_a_part_of_a_file_says_the_same_as_the_whole_or_asks_for_more(pieces: list[str], n_bytes: int) -> None:
    data = ("package p\n" + "".join(pieces) + "\nfunc f() {}\n").encode()
    head = parse_head(data[:n_bytes], complete=n_bytes >= len(data), names=PathNames())
    assert head is None or head == _whole(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    head = parse_head(data, complete=True, names=PathNames())
    assert head is not None
    parse_imports(data)


def test_places_of_imports() -> None:
    source = b'\xef\xbb\xbf// c\npackage p\n\nimport (\n\t"a"\n\n\t/* x */ y "b" // "no"\n)\nimport . "c"\n'
    assert parse_imports(source) == (
        ("", "a", 5, 2, '"a"'),
        ("y", "b", 7, 10, '/* x */ y "b" // "no"'),
        (".", "c", 9, 8, 'import . "c"'),
    )


def test_places_are_the_same_the_exact_way() -> None:
    for path in sorted(EXAMPLES.rglob("*.go")):
        source = path.read_bytes()
        quick = [(i.name, i.path, i.line) for i in parse_imports(source)]
        exact = [(name, spec, source.count(b"\n", 0, offset) + 1) for name, spec, offset in import_offsets(source)]
        assert quick == exact


@pytest.mark.parametrize(
    ("source", "paths", "read"),
    [
        (b'package p\nimport "a"\nimport "b\n', (), ("a",)),
        (b'package p\nimport (\n\t"a"\n\t"b" "c"\n)\n', (), ("a", "b")),
        (b'package p\nimport "a"\nfunc broken( {\n', ("a",), ("a",)),
        (b'package p\nimport "a"\n// \xff\n', (), ("a",)),
    ],
)
def test_what_a_broken_head_still_says(source: bytes, paths: tuple[str, ...], read: tuple[str, ...]) -> None:
    head = parse_head(source, complete=True, names=PathNames())
    assert head is not None
    assert (head.paths, head.read_paths) == (paths, read)
    assert bool(head.problem) == (paths != read)


def test_a_hostile_head_takes_no_time() -> None:
    rng = random.Random(1)
    for opening in (b"/*", b"/* * ", b"(", b"import (", b'import "', b"package p;" * 3, b"// \n", b"import `"):
        data = b"package p\n" + opening * 20_000 + rng.randbytes(100)
        assert parse_head(data, complete=True, names=PathNames()) is not None
