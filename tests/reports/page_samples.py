"""A report with everything that the page shows."""

from __future__ import annotations

from dataclasses import replace

from goknot.model.chain import ChainStep, KnotLink
from goknot.model.cut import Cut
from goknot.model.knot import Evidence, HeapSize, HeapStep, Knot, KnotEdge, KnotNode, Place
from goknot.model.pictures import Excerpt, FolderMatrix, GoroutineSize, KeptNode
from goknot.model.report import Problem, Report, ReportInput, TypeSize
from goknot.model.verdict import Confidence, Level, Verdict

HOSTILE = "</script><img src=x onerror=alert(1)>"


def ring(number: int, title: str = "a and b", n: int = 2) -> Knot:
    nodes = tuple(KnotNode(f"example.com/p{number}.T{at}", "type", f"p.T{at}", "p/p.go", at + 1) for at in range(n))
    edges = tuple(
        KnotEdge(
            at, (at + 1) % n, "pointer", field=f"f{at}", offset=8, evidence=(Evidence("p/p.go", at + 1, 2, "next *T"),)
        )
        for at in range(n)
    )
    return Knot(
        id=f"{number:012x}",
        level=Level.TYPE,
        kind="type-ring",
        verdict=Verdict.COLLECTED,
        confidence=Confidence.NOTE,
        reason="Types hold each other.",
        title=title,
        nodes=nodes,
        edges=edges,
        cycles=(tuple(range(n)),),
    )


def live(number: int) -> Knot:
    steps = (HeapStep("main.T", "object", 0xC000010000, "next", 8),)
    return replace(
        ring(number, "main.T: 3 rings"),
        level=Level.HEAP,
        kind="finalizer-in-ring",
        verdict=Verdict.NEVER_FREED,
        confidence=Confidence.CERTAIN,
        heap=HeapSize(3, 6, 96, 4096, steps, (HeapStep("variable main.keep", "root"),)),
        cuts=(Cut(((0, 1),), 1, 1, "finalizer-outside-ring", "Put it outside."),),
        links=(KnotLink(f"{number + 1:012x}", "same types"),),
        chain=(ChainStep("type", "T", "main.go", 12, "type T struct", "3 rings"),),
        where=Place("main.go", 12, 1),
    )


def report(*knots: Knot) -> Report:
    return Report(
        "1.0",
        (ReportInput("core", "core.1", {"go": "1.27"}),),
        knots,
        problems=(Problem("x.go:3", "does not parse", "not seen"),),
        stats={"knots": len(knots)},
        types=(TypeSize("main.T", "runtime", 6, 96, 4096),),
        matrix=FolderMatrix(("cmd", HOSTILE, "store"), (-1, 0, 0), ((0, 1, 3), (1, 2, 1), (2, 1, 2))),
        goroutines=(
            GoroutineSize(
                "main.serve", "chan send", True, 7, 4096, 18, "main.main main.go:9", (("main.serve", "a.go:4"),)
            ),
            GoroutineSize(HOSTILE, "running", False, 1, 0, 1, "", ((HOSTILE, ""),)),
        ),
        excerpts=(
            Excerpt("main.go", 9, ("", "// a", HOSTILE, "type T struct {", "\tnext *T", "}")),
            Excerpt("p/p.go", 1, ("package p", "type T0 struct { next *T }")),
        ),
        kept=(KeptNode(-1, "variable main.keep", "root", 0, 0, 96), KeptNode(0, HOSTILE, "object", 6, 96, 96)),
    )


SAMPLE = report(live(1), ring(2), ring(3, HOSTILE, 5), ring(4, "\u202eevil\u0007" + "n" * 10_000, 1))
