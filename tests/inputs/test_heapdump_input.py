"""A heap dump as `goknot heap` takes it, against the core that was taken right after it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.builds import build
from support.dump_maker import Maker, full_dump
from support.toolchains import QUICK_VERSIONS, VERSIONS

from goknot.analyses.heap.verdicts import VERDICT_BY_REASON, Reason
from goknot.app.heap.study import HeapStudy
from goknot.errors import InputError
from goknot.inputs.heapdump import NO_CLEANUPS, NO_GOROUTINES, NO_NAMES, read_dump
from goknot.inputs.heapdump_file import is_dump
from goknot.inputs.process import read_core
from goknot.model.heap import ObjectFlag, ObjectState
from goknot.model.verdict import Verdict

if TYPE_CHECKING:
    from support.images import ImageMaker

    from goknot.model.named_heap import NamedHeap

MATRIX = [v if v in QUICK_VERSIONS else pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS]
NEWEST = QUICK_VERSIONS[-1]
# What a dump does not say: what goroutines wait on, cleanups, weak handles (problems of the input name them).
UNSAID = {Reason.LEAKED_GOROUTINE, Reason.CLEANUP_HOLDS_OBJECT, Reason.WEAK_KEY}
EXACT = {Reason.FINALIZER_IN_RING, Reason.UNREACHABLE}


@dataclass(frozen=True)
class Ring:
    reason: Reason
    retained_bytes: int
    type_names: frozenset[str]
    holder: str


def rings(heap: NamedHeap) -> dict[frozenset[int], Ring]:
    study = HeapStudy(heap)
    found = study.verdicts.rings
    out = {}
    for ring in range(found.n_rings):
        members = found.node[found.node_start[ring] : found.node_start[ring + 1]]
        path = study.holders.path(int(members[0]))
        holder = heap.roots[path[0].holder].name if path and path[0].kind == 0 else ""
        out[frozenset(heap.graph.addr_by_object[members].tolist())] = Ring(
            Reason(int(study.verdicts.reason_by_ring[ring])),
            int(study.retained_by_ring[ring]),
            frozenset(heap.type_name(int(one)) for one in members),
            holder,
        )
    return out


@pytest.mark.parametrize("with_exe", [True, False])
@pytest.mark.parametrize("version", MATRIX)
def test_rings_are_those_of_the_core(version: str, with_exe: bool, heap_image: ImageMaker) -> None:
    taken = heap_image(version)
    core = rings(read_core(taken.core, taken.exe))
    dump = rings(read_dump(taken.dump, taken.exe if with_exe else None))
    assert dump.keys() - core.keys() == set()
    assert {core[only].reason for only in core.keys() - dump.keys()} <= {Reason.RUNTIME}
    n_sized = 0
    for members in core.keys() & dump.keys():
        ours, theirs = dump[members], core[members]
        if theirs.reason in UNSAID:
            assert VERDICT_BY_REASON[ours.reason] in (Verdict.KEPT_ALIVE, Verdict.COLLECTED)
            continue
        assert VERDICT_BY_REASON[ours.reason] is VERDICT_BY_REASON[theirs.reason], theirs
        assert (ours.reason is theirs.reason) or theirs.reason not in EXACT
        by_variable = theirs.holder.startswith("variable main.") and "main.uniqueOwner" not in theirs.type_names
        if by_variable and with_exe:
            assert ours.holder == theirs.holder
        if by_variable or theirs.reason in EXACT:
            assert ours.retained_bytes == theirs.retained_bytes, theirs
            n_sized += 1
    assert n_sized > 150


@pytest.mark.parametrize("version", MATRIX)
def test_names_are_those_of_the_core(version: str, heap_image: ImageMaker) -> None:
    taken = heap_image(version)
    core, dump = read_core(taken.core, taken.exe), read_dump(taken.dump, taken.exe)
    both, at, there = np.intersect1d(
        core.graph.addr_by_object, dump.graph.addr_by_object, assume_unique=True, return_indices=True
    )
    assert len(both) > 20_000
    named = [
        (core.type_name(one), dump.type_name(other)) for one, other in zip(at.tolist(), there.tolist(), strict=True)
    ]
    wrong = {(one, other) for one, other in named if "unknown" not in (one, other) and one != other}
    # An m stands in a padded box since Go 1.24; the core's names for the runtime's own differ in nothing else.
    assert {other for _, other in wrong} <= {"runtime.m"}
    assert sum(other != "unknown" for _, other in named) > 250
    assert {"main.ifaceOther", "main.ifaceNode", "func main.makeClosure.func1"} <= {other for _, other in named}
    goroutines = {g.goid: [f.function for f in g.frames] for g in core.goroutines if g.goid != 1}
    said = {g.goid: [f.function for f in g.frames] for g in dump.goroutines if g.goid != 1}
    # a dump leaves out the calls that were inlined
    assert said == {goid: [name for name in goroutines[goid] if name in names] for goid, names in said.items()}
    reasons = {g.goid: g.wait_reason for g in core.goroutines}
    assert all(g.wait_reason == reasons[g.goid] for g in dump.goroutines if g.goid != 1 and g.status == "waiting")
    finalizers = {dump.special_name(number) for number in range(dump.graph.n_specials)}
    assert finalizers <= {core.special_name(number) for number in range(core.graph.n_specials)}
    assert "finalizer main.plantSpecials.func1" in finalizers


@pytest.mark.parametrize("version", MATRIX)
def test_objects_are_those_of_the_core_without_what_a_dump_takes_for_objects(
    version: str, heap_image: ImageMaker
) -> None:
    taken = heap_image(version)
    core, dump = read_core(taken.core, taken.exe).graph, read_dump(taken.dump, None).graph
    live = core.addr_by_object[core.state_by_object == ObjectState.ALLOCATED]
    assert len(np.setxor1d(live, dump.addr_by_object)) <= 8
    noscan = read_dump(taken.dump, None).noscan_by_object
    assert (noscan[np.diff(dump.edge_start) > 0] == 0).all()
    scheduler = (core.flags_by_object & ObjectFlag.GOROUTINE) > 0
    mine = (dump.flags_by_object & ObjectFlag.GOROUTINE) > 0
    assert set(dump.addr_by_object[mine].tolist()) <= set(core.addr_by_object[scheduler].tolist())
    assert int(mine.sum()) >= len(taken.said["goroutines"])


def test_what_a_dump_cannot_say_is_said(heap_image: ImageMaker) -> None:
    old, new = heap_image(QUICK_VERSIONS[0]), heap_image(NEWEST)
    assert NO_GOROUTINES in read_dump(old.dump, None).problems
    assert NO_CLEANUPS not in read_dump(old.dump, None).problems
    assert NO_CLEANUPS in read_dump(new.dump, None).problems
    assert NO_NAMES in read_dump(new.dump, None).problems
    assert NO_NAMES not in read_dump(new.dump, new.exe).problems
    stripped = read_dump(new.dump, build("heap_shapes", NEWEST, stripped=True))  # types have names without symbols
    assert NO_NAMES in stripped.problems
    assert "main.ifaceNode" in stripped.type_names


def test_other_builds_are_refused(heap_image: ImageMaker, tmp_path: Path) -> None:
    taken = heap_image(NEWEST)
    with pytest.raises(InputError, match=r"was built by go1\.21"):
        read_dump(taken.dump, build("heap_shapes", QUICK_VERSIONS[0]))
    with pytest.raises(InputError, match="another build"):
        read_dump(taken.dump, build("heap_big", NEWEST))
    with pytest.raises(InputError, match="not an ELF file"):
        read_dump(taken.dump, taken.dump)
    assert not is_dump(tmp_path)
    assert not is_dump(tmp_path / "none")
    assert not is_dump(taken.core)
    assert is_dump(taken.dump)


def test_position_independent_executables(heap_image: ImageMaker) -> None:
    taken = heap_image(NEWEST, pie=True)
    names = {root.name for root in read_dump(taken.dump, taken.exe).roots}
    assert {"variable main.keep", "variable main.gvSlice", "variable main.gvMap"} <= names


def test_a_made_up_ring_with_a_finalizer(tmp_path: Path) -> None:
    maker = Maker().params().object(0x1000, [0x1010, 0], [0]).object(0x1010, [0x1000, 9], [0]).finalizer(0x1010, 0)
    maker.object(0x2000, [0x2010], [0]).object(0x2010, [0x2000], [0]).segment(12, 0x10, [0, 0x2000])
    maker.goroutine(7).frame(0x7000, [5, 0x2010], b"main.work")
    path = tmp_path / "made"
    path.write_bytes(maker.end())
    heap = read_dump(path, None)
    found = {min(members): ring for members, ring in rings(heap).items()}
    unknown = frozenset({"unknown"})
    assert found == {
        0x1000: Ring(Reason.FINALIZER_IN_RING, 32, unknown, ""),
        0x2000: Ring(Reason.ROOT, 16, unknown, "variable at data+0x8"),
    }
    assert [root.name for root in heap.roots] == ["variable at data+0x8", "goroutine 7 in main.work"]
    fields = heap.fields_of(np.arange(heap.graph.n_edges))
    assert [fields.names[label] for label in fields.label_by_edge] == ["+0"] * 4
    assert heap.goroutines[0].wait_reason == "chan receive"


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 700), new=st.binary(min_size=1, max_size=12))
def test_damage_is_refused_or_harmless(tmp_path: Path, at: int, new: bytes) -> None:
    data = bytearray(full_dump())
    at %= len(data)
    data[at : at + len(new)] = new
    path = tmp_path / "made.dump"
    path.write_bytes(data)
    try:
        heap = read_dump(path, None)
    except InputError as refused:
        assert "made.dump" in refused.what
    else:
        assert len(heap.roots) == heap.graph.n_roots
        rings(heap)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=10)), min_size=1, max_size=3))
def test_a_damaged_dump_of_go(tmp_path: Path, heap_image: ImageMaker, places: list[tuple[float, bytes]]) -> None:
    taken = heap_image(NEWEST)
    data = bytearray(taken.dump.read_bytes())
    for place, new in places:
        at = int(place * (len(data) - len(new)))
        data[at : at + len(new)] = new
    path = tmp_path / "broken.dump"
    path.write_bytes(data)
    try:
        heap = read_dump(path, taken.exe)
    except InputError as refused:
        assert refused.what
    else:
        assert len(heap.roots) == heap.graph.n_roots
