"""The chain of a leaked goroutine: module and version, package, statements in order, and how many there are."""

from __future__ import annotations

import pytest

from goknot.analyses.links import join
from goknot.analyses.links.names import package_of_symbol
from goknot.model.chain import ChainStep
from goknot.model.knot import Evidence, HeapSize, Knot, KnotEdge, KnotNode, Place
from goknot.model.report import Report, ReportInput
from goknot.model.verdict import Confidence, Level, Verdict

FILE, CACHED = "server/loop.go", "example.com/Lib@v1.2.3/server/loop.go"


def source(*modules: str) -> Report:
    knot = Knot(
        id="a" * 12,
        level=Level.GOROUTINE,
        kind="goroutine-blocked",
        verdict=Verdict.NEVER_FREED,
        confidence=Confidence.LIKELY,
        reason="It may.",
        title="a goroutine",
        nodes=(
            KnotNode("goroutine of Loop", "goroutine", "server.Loop:goroutine", FILE, 20),
            KnotNode("chan int", "object", "server.Loop:chan", FILE, 10),
        ),
        edges=(
            KnotEdge(0, 1, "send", evidence=(Evidence(FILE, 30, text="done <- 1"),)),
            KnotEdge(1, 0, "wakes", note="nobody does", evidence=(Evidence(FILE, 10, text="done := make(chan int)"),)),
        ),
        where=Place(FILE, 30),
    )
    return Report("1", (ReportInput("source", ".", {"module": modules}),), (knot,))


def heap(file: str = CACHED, function: str = "example.com/Lib/server.(*Loop).run.func1") -> Report:
    knot = Knot(
        id="b" * 12,
        level=Level.GOROUTINE,
        kind="goroutine-blocked",
        verdict=Verdict.NEVER_FREED,
        confidence=Confidence.LIKELY,
        reason="It waits.",
        title="goroutines",
        nodes=(KnotNode(f"goroutine in {function}", "goroutine", function), KnotNode("chan int", "object", "chan int")),
        edges=(KnotEdge(0, 1, "stack", evidence=(Evidence(file, 30, text=function),)), KnotEdge(1, 0, "wakes")),
        heap=HeapSize(7, 0, 0, 700),
    )
    return Report("1", (ReportInput("core", "core", {}),), (knot,))


def chain(*reports: Report) -> list[tuple[str, str]]:
    chains = {knot.chain for knot in join(reports).knots}
    assert len(chains) == 1  # of the finding and of what shows it alike
    return [(step.level, f"{step.name} {step.line or ''} {step.text}".strip()) for step in chains.pop()]


STATEMENTS = [
    ("statement", "wakes: nobody does 10 done := make(chan int)"),
    ("statement", "go 20"),
    ("statement", "send 30 done <- 1"),
]


def test_a_dependency_has_its_version() -> None:
    expected = [("module", "example.com/Lib@v1.2.3"), ("package", "example.com/Lib/server"), *STATEMENTS]
    assert chain(source("example.com/Lib"), heap())[:-1] == expected
    assert chain(source(), heap())[:-1] == expected  # without a go.mod
    assert chain(source("example.com/other"), heap())[:-1] == expected


def test_the_programs_own_module() -> None:
    own = heap("/home/me/lib/server/loop.go")
    expected = [("module", "example.com/Lib"), ("package", "example.com/Lib/server"), *STATEMENTS]
    assert chain(source("example.com/Lib"), own)[:-1] == expected
    assert chain(source("example.com/other"), own)[:-1] == expected[1:]


def test_how_many_there_are() -> None:
    step = next(iter(join((source(), heap())).knots)).chain[-1]
    name = "goroutine in example.com/Lib/server.(*Loop).run.func1"
    assert step == ChainStep("goroutine", name, note="7 goroutines, 700 bytes kept")


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("example.com/app/store.Open", "example.com/app/store"),
        ("example.com/app/store.(*Cache).run.func1", "example.com/app/store"),
        ("example.com/app/store.Cache.run-fm", "example.com/app/store"),
        ("example.com/app.(*T[...]).M", "example.com/app"),
        ("example.com/app/store.Map[example.com/x/y.Z].Get", "example.com/app/store"),
        ("gopkg.in/natefinch/lumberjack%2ev2.(*Logger).millRun", "gopkg.in/natefinch/lumberjack.v2"),
        ("net/http.(*persistConn).readLoop", "net/http"),
        ("main.run.func1", "main"),
        ("_cgo_wait", ""),
        ("", ""),
    ],
)
def test_the_package_in_a_symbol(symbol: str, expected: str) -> None:
    assert package_of_symbol(symbol) == expected
