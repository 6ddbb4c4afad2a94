"""What Go source says as text, held against the plain way to find it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goknot.formats.gosyntax import go_parser, parse_go
from goknot.inputs.source.bodies import texts
from goknot.inputs.source.bodies.lines import Lines
from goknot.inputs.source.bodies.outline import emptied
from goknot.inputs.source.bodies.texts import header_around, on_lines_with

PIECES = st.lists(
    st.sampled_from(
        (
            "package p\n",
            "\n",
            "\nfunc F() {\n",
            "\nfunc (r *T) M(x int) {\n",
            "\nfunc one() int { return 1 }\n",
            "func begin() {\n",
            "\tmark.field = field\n",
            "\tx := marker\n",
            "// mark }\n",
            "}\n",
            "\n}\n",
            "var a = 1\n",
        )
    ),
    max_size=12,
).map(lambda pieces: "".join(pieces).encode())


def plain_header(data: bytes, at: int) -> str | None:
    """The function around an offset, read upwards from it."""
    start = data.rfind(b"\nfunc", 0, at + 3) + 1
    if not start and not data.startswith(b"func"):
        return None
    if at <= start or data.find(b"\n}", start, at) >= 0:
        return None
    first = data.find(b"\n", start)
    line = data[start:first]
    if 0 <= first < at and line.rstrip().endswith(b"}") and b"{" in line:
        return None
    header = texts.header_at(data, start)
    return None if header is None else header.full


@given(PIECES, st.integers(0, 400))
def test_the_function_around_a_place(data: bytes, at: int) -> None:
    at = min(at, len(data))
    if data[at - 1 : at] == b"}" or data[at : at + 1] == b"}":
        return  # on the very end of a function nobody looks
    header = header_around(data, at)
    assert (None if header is None else header.full) == plain_header(data, at)


@given(PIECES, st.sampled_from((b"mark", b".field", b"x")), st.booleans())
def test_what_stands_on_lines_with_a_mark(data: bytes, mark: bytes, large: bool) -> None:
    pattern = re.compile(re.escape(mark) + rb"\b")
    expected = [match.start() for match in pattern.finditer(data)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "_LARGE", 0 if large else 1 << 20)
        assert [match.start() for match in on_lines_with(data, mark, pattern)] == expected


@given(st.binary(max_size=200).map(lambda data: data.replace(b"\x00", b"\n")))
def test_lines(data: bytes) -> None:
    lines = Lines(data)
    for at in range(len(data) + 1):
        assert lines.row(at) == data.count(b"\n", 0, at)
    starts = [0, *(at + 1 for at, char in enumerate(data) if char == 0x0A)]
    assert [lines.start(row) for row in range(len(starts))] == starts


LARGE = "\n".join(f'\t\t"{number}": {{a: func() {{ x() }}, b: []int{{1}}}},' for number in range(100))


@pytest.mark.parametrize(
    ("text", "is_shorter"),
    [
        (f"var a = map[string]T{{\n{LARGE}\n}}\n", True),
        (f"var (\n\ta = 1\n\tb = &T{{\n{LARGE}\n\t}}\n\tc, d = f()\n)\n", True),
        (f"var a = func() {{\n{LARGE}\n}}\n", False),  # its body may be run
        (f"var a struct {{\n{LARGE}\n}}\n", False),
        ("var a = T{\n\tb: 1,\n}\n", False),
    ],
)
def test_large_literals_are_blanked(text: str, is_shorter: bool) -> None:
    data = text.encode()
    shorter = emptied(data)
    assert (shorter != data) is is_shorter
    assert len(shorter) == len(data)
    assert [at for at, c in enumerate(shorter) if c == 0x0A] == [at for at, c in enumerate(data) if c == 0x0A]
    if is_shorter:
        assert b"x()" not in shorter
        assert not parse_go(go_parser(), shorter).root_node.has_error
