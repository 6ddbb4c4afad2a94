"""When a heap lowers what source says, and when it must not."""

from __future__ import annotations

from dataclasses import replace

from goknot.analyses.links import join
from goknot.model.knot import HeapSize, Knot, KnotEdge, KnotNode
from goknot.model.report import Report, ReportInput, TypeSize
from goknot.model.verdict import Confidence, Level, Verdict

SOURCE = ReportInput("source", ".", {"module": ("example.com/app",)})
HEAP = ReportInput("core", "core", {})
FINDING = Knot(
    id="a" * 12,
    level=Level.HEAP,
    kind="finalizer-in-ring",
    verdict=Verdict.NEVER_FREED,
    confidence=Confidence.LIKELY,
    reason="It may.",
    title="store.Conn and store.Pool",
    nodes=(
        KnotNode("store.Conn", "object", "store.Conn", "store/c.go", 3),
        KnotNode("store.Pool", "object", "store.Pool"),
    ),
    edges=(KnotEdge(0, 1, "field"), KnotEdge(1, 0, "field")),
)


def source(knot: Knot = FINDING) -> Report:
    return Report("1", (SOURCE,), (knot,))


def heap(*types: tuple[str, int], knots: tuple[Knot, ...] = ()) -> Report:
    sizes = tuple(TypeSize(name, "runtime", n, n * 8, n * 8) for name, n in types)
    return Report("1", (HEAP,), knots, types=sizes)


def live(kind: str, *names: str, **changes: object) -> Knot:
    nodes = tuple(KnotNode(name, "type", name) for name in names)
    edges = tuple(KnotEdge(at, (at + 1) % len(names), "field") for at in range(len(names)))
    knot = Knot("b" * 12, Level.HEAP, kind, Verdict.NEVER_FREED, Confidence.CERTAIN, "It is.", "t", nodes, edges)
    return replace(knot, heap=HeapSize(7, 14, 100, 900), **changes)


def joined(*reports: Report) -> Knot:
    return next(knot for knot in join(reports).knots if knot.id == FINDING.id)


def weighed(*reports: Report) -> Knot:
    """What the join says of it, without the levels that it lives on."""
    return replace(joined(*reports), chain=())


CONN, POOL = "example.com/app/store.Conn", "example.com/app/store.Pool"


def test_shown_by_the_heap() -> None:
    knot = joined(heap((CONN, 7), (POOL, 7), knots=(live("finalizer-in-ring", CONN, POOL, f"[]*{CONN}"),)), source())
    assert knot.confidence is Confidence.CERTAIN
    assert knot.reason == "It may. The heap shows it: 7 instances, 900 bytes kept."
    assert [link.id for link in knot.links] == ["b" * 12]


def test_not_there_though_its_objects_are() -> None:
    knot = joined(source(), heap((CONN, 7), (POOL, 5)))
    assert knot.confidence is Confidence.POSSIBLE
    assert "has 12 objects of these types, and none in such a knot" in knot.reason


def test_a_heap_without_one_of_the_types_says_nothing() -> None:
    assert weighed(source(), heap((CONN, 7))) == FINDING
    assert weighed(source(), heap((f"[]*{CONN}", 7), (POOL, 1))) == FINDING
    assert weighed(source(), heap(("example.com/other/store.Conn", 7), (POOL, 3))) == FINDING


def test_a_kind_that_heaps_do_not_show_stays() -> None:
    finding = replace(FINDING, kind="ctx-cancel-never-called")
    assert weighed(source(finding), heap((CONN, 7), (POOL, 5))) == finding


def test_another_ring_of_the_kind_lowers_nothing() -> None:
    other = live("finalizer-in-ring", "example.com/app/mail.Box")
    knot = joined(source(), heap((CONN, 7), (POOL, 5), knots=(other,)))
    assert (knot.confidence, knot.links) == (Confidence.LIKELY, ())


def test_main_is_found_by_name_only_where_one_type_can_be_meant() -> None:
    in_main = replace(
        FINDING,
        nodes=(KnotNode("main.Conn", "object", "cmd/app.Conn"), KnotNode("main.Pool", "object", "cmd/app.Pool")),
    )
    ring = heap(knots=(live("finalizer-in-ring", "main.Conn", "main.Pool"),))
    assert joined(source(in_main), ring).links
    twin = replace(in_main, id="c" * 12, nodes=(KnotNode("main.Conn", "object", "cmd/b.Conn"), in_main.nodes[1]))
    assert not joined(Report("1", (SOURCE,), (in_main, twin)), ring).links
