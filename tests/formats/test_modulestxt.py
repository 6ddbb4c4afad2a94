"""vendor/modules.txt."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from goknot.formats.modgraph import Module
from goknot.formats.modulestxt import parse_modulestxt

TEXT = b"""# ex.com/a v1.0.0
## explicit; go 1.22
ex.com/a
ex.com/a/sub
# ex.com/b v1.0.0 => ex.com/fork v1.2.3
## explicit
ex.com/b
# ex.com/c v1.0.0 => ../c
ex.com/c/x
# ex.com/none v1.0.0
## explicit
# ex.com/d => ../d
"""
PACKAGES = {
    Module("ex.com/a", "v1.0.0"): ("ex.com/a", "ex.com/a/sub"),
    Module("ex.com/b", "v1.0.0"): ("ex.com/b",),
    Module("ex.com/c", "v1.0.0"): ("ex.com/c/x",),
}


def test_packages_of_modules():
    found = parse_modulestxt(TEXT)
    assert found.packages_by_module == PACKAGES
    assert not found.is_workspace


def test_of_a_workspace():
    found = parse_modulestxt(b"## workspace\n" + TEXT.replace(b"\n", b"\r\n"))
    assert found.packages_by_module == PACKAGES
    assert found.is_workspace


def test_packages_of_a_line_that_is_not_understood_are_left_out():
    assert parse_modulestxt(b"stray\n# ex.com/a what\nex.com/a\n").packages_by_module == {}


def test_packages_lie_inside():
    for path in ("../x", "/etc", "a/../../b", "a//b", "./a", "a\\..\\b", "a\0b", "a/..."):
        assert parse_modulestxt(f"# ex.com/a v1.0.0\n{path}\n".encode()).packages_by_module == {}


@given(st.binary(max_size=200))
def test_whatever_bytes_end_well(data):
    assert PACKAGES.items() <= parse_modulestxt(TEXT + b"#\n" + data).packages_by_module.items() or b"# ex" in data
