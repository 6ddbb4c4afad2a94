"""goknot-baseline.json: round trip, stability, refusals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goknot.app.baselinefile import BaselineFile, edge_hash, format_baseline, parse_baseline
from goknot.errors import InputError
from goknot.model.known import KnownKnot
from goknot.model.verdict import Level, Verdict

name = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
knots = st.builds(
    KnownKnot,
    id=st.from_regex(r"[0-9a-f]{12}", fullmatch=True),
    level=st.sampled_from(list(Level)).map(str),
    kind=name,
    verdict=st.sampled_from(list(Verdict)).map(str),
    title=name,
    edges=st.lists(st.tuples(name, name), max_size=5).map(tuple),
)
files = st.builds(
    BaselineFile,
    folders=st.integers(1, 9),
    knots=st.lists(knots, max_size=4).map(tuple),
    seen=st.frozensets(st.builds(edge_hash, st.just("folder"), name, name), max_size=5),
)


@given(files)
def test_round_trip(file):
    text = format_baseline(file)
    assert parse_baseline(text.encode(), "b") == file
    assert format_baseline(parse_baseline(text.encode(), "b")) == text


def test_one_edge_is_one_line():
    known = KnownKnot("0" * 12, "folder", "folder-ring", "couples", "t", (("a", "b"), ("b", "a")))
    lines = format_baseline(BaselineFile(1, (known,), frozenset())).splitlines()
    assert [line.strip() for line in lines if '"a"' in line] == ['["a", "b"],', '["b", "a"]']


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"schema": "goknot.baseline/9"}',
        b'{"schema": "goknot.baseline/1", "folders": 1, "knots": 3, "seen": ""}',
        b'{"schema": "goknot.baseline/1", "folders": 1, "knots": [{}], "seen": ""}',
        b'{"schema": "goknot.baseline/1", "folders": 1, "knots": [], "seen": "!"}',
        b'{"schema": "goknot.baseline/1", "folders": [], "knots": [], "seen": ""}',
        b'{"schema": "goknot.baseline/1", "folders": Infinity, "knots": [], "seen": ""}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_baseline_is_refused(text):
    with pytest.raises(InputError) as error:
        parse_baseline(text, "b.json")
    assert error.value.what.startswith("b.json: ")
    assert "--update-baseline" in error.value.hint
