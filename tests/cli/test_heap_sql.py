"""`goknot heap --sql`: what its tables hold, against the arrays they are made of."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from support.toolchains import QUICK_VERSIONS

from goknot.analyses.heap.dominance import retained_by_set
from goknot.analyses.heap.verdicts import VERDICT_BY_REASON, Reason
from goknot.app.heap.sql import ask
from goknot.app.heap.study import HeapStudy
from goknot.errors import UsageError
from goknot.inputs.process import read_core

HOSTILE = "main.\x1b]0;owned\x07\u202e\udcff\n"


@pytest.fixture(scope="module")
def study(heap_image) -> HeapStudy:
    return HeapStudy(read_core(heap_image(QUICK_VERSIONS[-1]).core, None))


def names(table) -> list[str]:
    return [column.name for column in table.columns]


def test_types_count_what_objects_do(study: HeapStudy) -> None:
    rows = ask(study, "select name, objects, bytes from types where objects > 0").rows
    graph, heap = study.graph, study.heap
    count, size = Counter(), Counter()
    for label, n_bytes in zip(graph.type_by_object.tolist(), graph.bytes_by_object.tolist(), strict=True):
        if label >= 0:
            count[heap.type_names[label]] += 1
            size[heap.type_names[label]] += n_bytes
    assert {name: (n, n_bytes) for name, n, n_bytes in rows} == {name: (count[name], size[name]) for name in count}


def test_rings_are_those_of_the_analysis(study: HeapStudy) -> None:
    rings = study.verdicts.rings
    rows = ask(study, "select * from rings order by id").rows
    assert len(rows) == rings.n_rings > 0
    for number, n_objects, n_bytes, verdict, reason, retained in rows:
        members = rings.members(number)
        why = Reason(int(study.verdicts.reason_by_ring[number]))
        assert (n_objects, n_bytes) == (len(members), int(study.graph.bytes_by_object[members].sum()))
        assert (verdict, reason) == (str(VERDICT_BY_REASON[why]), why.name.lower().replace("_", "-"))
        assert retained == study.retained_by_ring[number]
    several = [row for row in rows if row[3] == "never-freed"][:5]
    assert several
    for row in several:  # a second way to the same number
        assert row[5] == retained_by_set(study.tree, study.holders, rings.members(row[0]))[1]
    joined = ask(study, "select ring, count(*) from objects where ring is not null group by 1 order by 1").rows
    assert joined == tuple((number, n) for number, n, *_ in rows)


@pytest.mark.parametrize("query", ["from edges", "select * from edges", "select columns('.') from edges"])
def test_who_sees_all_columns_sees_the_fields(study: HeapStudy, query: str) -> None:
    found = ask(study, query)
    assert names(found) == ["source", "target", "field", "offset"]
    said = study.heap.fields_of(np.arange(study.graph.n_edges, dtype=np.int64))
    expected = Counter(said.names[label] if label >= 0 else None for label in said.label_by_edge.tolist())
    assert Counter(row[2] for row in found.rows) == expected
    assert len(expected) > 10


def test_what_was_not_looked_up_is_not_there(study: HeapStudy) -> None:
    [[row]] = ask(study, "select e from edges e limit 1").rows
    assert "field" not in str(row)
    with pytest.raises(UsageError, match="nothing"):
        ask(study, "select nothing from edges")


def test_all_tables_have_the_columns_that_help_names(study: HeapStudy) -> None:
    from goknot.app.heap.sql import TABLES

    for table, said in TABLES.items():
        listed = {part.split(" (")[0].strip('" ') for part in said.replace(" (its id, or null)", "").split(", ")}
        assert set(names(ask(study, f"from {table} limit 1"))) == listed


def test_no_number_that_json_lacks(study: HeapStudy) -> None:
    assert ask(study, "select 'nan'::double, 'inf'::double, 0.5").rows == (("nan", "inf", 0.5),)


def test_hostile_names_reach_sql_as_text(study: HeapStudy) -> None:
    bad = HeapStudy(replace(study.heap, type_names=tuple(f"{HOSTILE}{name}" for name in study.heap.type_names)))
    [[n]] = ask(bad, "select count(distinct type) from objects where type like 'main.%\\udcff%' escape '!'").rows
    assert n == len(set(study.graph.type_by_object.tolist()) - {-1})


def test_a_query_that_is_no_text_is_refused(study: HeapStudy) -> None:
    with pytest.raises(UsageError, match="UTF-8"):
        ask(study, "select '\udcff'")
