"""Reports made by hand, each with one thing to show; the goldens are rendered from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from goknot.model.cut import Cut
from goknot.model.fingerprint import fingerprint
from goknot.model.knot import Evidence, Knot, KnotEdge, KnotNode, Place
from goknot.model.report import Problem, Report, ReportInput
from goknot.model.verdict import BaselineState, Confidence, Level, Verdict

VERSION = "0.0.0-test"
_STATS = {"modules": 1, "packages": 1316, "files": 5121, "imports": 51564}
_DETAILS = {"module": ("example.com/shop",), "platform": "linux/amd64", "folders": 1}
_INPUTS = (ReportInput("source", ".", _DETAILS),)
_COMPARED = (ReportInput("source", ".", {**_DETAILS, "baseline": "goknot-baseline.json"}),)


def _packages(*folders: str, module: str = "example.com/shop") -> tuple[KnotNode, ...]:
    return tuple(KnotNode(f"{module}/{folder}", "package", folder, folder) for folder in folders)


def _import(source: int, target: int, file: str, line: int, text: str, *symbols: str, **rest: object) -> KnotEdge:
    edge = KnotEdge(source, target, "import", max(len(symbols), 1), 1, symbols, (Evidence(file, line, 2, text),))
    return edge if not rest else _with(edge, **rest)


def _with(edge: KnotEdge, **rest: object) -> KnotEdge:
    return replace(edge, **rest)  # type: ignore[arg-type]


def import_ring_knot() -> Knot:
    nodes = _packages("auth", "log", "store")
    return Knot(
        id=fingerprint(Level.PACKAGE, "import-ring", [node.key for node in nodes]),
        level=Level.PACKAGE,
        kind="import-ring",
        verdict=Verdict.BREAKS_BUILD,
        confidence=Confidence.CERTAIN,
        reason="The compiler refuses packages that import each other, so none of these can be built.",
        title="auth, log and store import each other",
        nodes=nodes,
        edges=(
            _import(0, 2, "auth/auth.go", 9, '"example.com/shop/store"', "DB", "Open"),
            _import(1, 0, "log/log.go", 5, '"example.com/shop/auth"', "User"),
            _import(2, 1, "store/store.go", 7, '"example.com/shop/log"', "Level", "New", "Printf"),
        ),
        cycles=((0, 2, 1),),
        cuts=(
            Cut(
                ((1, 0),),
                1,
                1,
                "consumer-interface",
                "log uses only the type User of auth: declare in log the small interface it needs, and let auth's "
                "User satisfy it.",
                (
                    (
                        "consumer-interface",
                        "log uses only the type User of auth: declare in log the small interface it needs, and let "
                        "auth's User satisfy it.",
                    ),
                ),
            ),
        ),
        where=Place("auth/auth.go", 9, 2),
    )


def tangle_knot(n_nodes: int = 25) -> Knot:
    names = [f"hugolib/part{index:02}" for index in range(n_nodes)]
    nodes = tuple(KnotNode(f"github.com/gohugoio/hugo/{name}", "folder", name, name) for name in names)
    pairs = sorted({(i, (i + step) % n_nodes) for i in range(n_nodes) for step in (1, 3, 7)} | {(4, 3), (9, 4)})
    edges = tuple(
        KnotEdge(
            a,
            b,
            "import",
            1 + (a * b) % 5,
            2 + a,
            tuple(f"Symbol{k}" for k in range(1 + (a * b) % 5)),
            (Evidence(f"{names[a]}/file.go", 3 + b, 2, f'"github.com/gohugoio/hugo/{names[b]}"'),),
        )
        for a, b in pairs
    )
    weight = {(edge.source, edge.target): edge.weight for edge in edges}
    cut = tuple(pair for pair in pairs if pair[1] < pair[0])
    cost = sum(weight[pair] for pair in cut)
    hows = tuple(
        ("leaf-package", f"Move the constants of {names[b]} that {names[a]} uses to a leaf package.") for a, b in cut
    )
    return Knot(
        id=fingerprint(Level.FOLDER, "folder-ring", [node.key for node in nodes]),
        level=Level.FOLDER,
        kind="folder-ring",
        verdict=Verdict.COUPLES,
        confidence=Confidence.CERTAIN,
        reason="The folders compile, but none can be tested or moved without the others.",
        title=f"{n_nodes} folders need each other",
        nodes=nodes,
        edges=edges,
        cycles=(
            (3, 4),
            (4, 7, 8, 9),
            *(((i, i + 1, i + 2, i + 3, i + 10) if i % 2 else (i, i + 3, i + 10)) for i in range(5, 12)),
        ),
        cuts=(Cut(cut, cost, cost - 7, "leaf-package", hows[0][1], hows),),
        where=Place("hugolib/part03/file.go", 7, 2),
    )


def test_ring_knot() -> Knot:
    nodes = _packages("internal/ledger", "internal/testkit")
    return Knot(
        id=fingerprint(Level.PACKAGE, "test-import-ring", [node.key for node in nodes]),
        level=Level.PACKAGE,
        kind="test-import-ring",
        verdict=Verdict.BREAKS_BUILD,
        confidence=Confidence.CERTAIN,
        reason="go build passes, but go test refuses ledger: its _test.go files import a package that imports it.",
        title="internal/ledger and internal/testkit import each other through _test.go files",
        nodes=nodes,
        edges=(
            _with(
                _import(0, 1, "internal/ledger/ledger_test.go", 6, '"example.com/shop/internal/testkit"', "Amounts"),
                kind="test-import",
            ),
            _import(1, 0, "internal/testkit/testkit.go", 4, '"example.com/shop/internal/ledger"', "Cents"),
        ),
        cycles=((0, 1),),
        cuts=(
            Cut(
                ((0, 1),),
                1,
                1,
                "external-test",
                "Make the test package ledger_test: an external test may import what imports ledger.",
            ),
        ),
        where=Place("internal/ledger/ledger_test.go", 6, 2),
    )


def windows_knot() -> Knot:
    nodes = _packages("internal/clock", "internal/logging")
    windows = ("windows/amd64", "windows/arm64")
    return Knot(
        id=fingerprint(Level.PACKAGE, "import-ring", [node.key for node in nodes]),
        level=Level.PACKAGE,
        kind="import-ring",
        verdict=Verdict.BREAKS_BUILD,
        confidence=Confidence.CERTAIN,
        reason="The compiler refuses packages that import each other; on Linux nobody sees it.",
        title="internal/clock and internal/logging import each other on windows",
        nodes=nodes,
        edges=(
            _with(
                _import(0, 1, "internal/clock/drift_windows.go", 3, '"example.com/shop/internal/logging"', "Print"),
                platforms=windows,
            ),
            _import(1, 0, "internal/logging/logging.go", 7, '"example.com/shop/internal/clock"', "Now"),
        ),
        cycles=((0, 1),),
        cuts=(Cut(((0, 1),), 1, 1, "inject-function", "Hand Print to clock as a function when the program starts."),),
        where=Place("internal/clock/drift_windows.go", 3, 2),
        platforms=windows,
    )


def module_knot() -> Knot:
    names = (
        "go.opentelemetry.io/otel@v1.35.0",
        "go.opentelemetry.io/otel/metric@v1.35.0",
        "go.opentelemetry.io/otel/trace@v1.35.0",
    )
    nodes = tuple(KnotNode(name, "module", name.split("@")[0]) for name in names)
    gomod = "cache/download/go.opentelemetry.io"
    return Knot(
        id=fingerprint(Level.MODULE, "module-ring", [node.key for node in nodes]),
        level=Level.MODULE,
        kind="module-ring",
        verdict=Verdict.COUPLES,
        confidence=Confidence.LIKELY,
        reason="Modules that require each other can only be released together: one drags the others along.",
        title="otel, otel/metric and otel/trace require each other",
        nodes=nodes,
        edges=(
            KnotEdge(
                0,
                1,
                "require",
                3,
                1,
                (),
                (Evidence(f"{gomod}/otel/@v/v1.35.0.mod", 9, 0, "go.opentelemetry.io/otel/metric v1.35.0"),),
                (),
                "imported by 3 packages",
            ),
            KnotEdge(
                0,
                2,
                "require",
                4,
                1,
                (),
                (Evidence(f"{gomod}/otel/@v/v1.35.0.mod", 10, 0, "go.opentelemetry.io/otel/trace v1.35.0"),),
                (),
                "imported by 4 packages",
            ),
            KnotEdge(
                1,
                0,
                "require",
                1,
                1,
                (),
                (Evidence(f"{gomod}/otel/metric/@v/v1.35.0.mod", 7, 0, "go.opentelemetry.io/otel v1.35.0"),),
                (),
                "imported by 1 package",
            ),
            KnotEdge(
                2,
                0,
                "require",
                1,
                1,
                (),
                (Evidence(f"{gomod}/otel/trace/@v/v1.35.0.mod", 8, 0, "go.opentelemetry.io/otel v1.35.0"),),
                (),
                "imported only by tests",
            ),
        ),
        cycles=((0, 1), (0, 2)),
        cuts=(
            Cut(
                ((1, 0), (2, 0)),
                2,
                2,
                "split-module",
                "Move what metric and trace need of otel to a module of its own.",
            ),
        ),
    )


def long_knot(n_nodes: int = 40) -> Knot:
    """One cycle through folders with long names, too long to be drawn in full."""
    names = [f"staging/src/k8s.io/component-{index:02}/pkg/apis/config/v1alpha1" for index in range(n_nodes)]
    nodes = _packages(*names, module="k8s.io/kubernetes")
    edges = tuple(
        _import(i, (i + 1) % n_nodes, f"{names[i]}/conversion.go", 23, f'"{nodes[(i + 1) % n_nodes].name}"', "Convert")
        for i in range(n_nodes)
    )
    return Knot(
        id=fingerprint(Level.PACKAGE, "import-ring", names),
        level=Level.PACKAGE,
        kind="import-ring",
        verdict=Verdict.BREAKS_BUILD,
        confidence=Confidence.CERTAIN,
        reason="The compiler refuses it: import cycle not allowed.",
        title=f"{n_nodes} packages import each other",
        nodes=nodes,
        edges=edges,
        cycles=(tuple(range(n_nodes)),),
        cuts=(Cut(((n_nodes - 1, 0),), 1, 1, "inject-function", "Hand Convert in as a function."),),
        where=Place(f"{names[0]}/conversion.go", 23, 2),
    )


def self_knot() -> Knot:
    nodes = _packages("store")
    return Knot(
        id=fingerprint(Level.PACKAGE, "self-import", ["store"]),
        level=Level.PACKAGE,
        kind="self-import",
        verdict=Verdict.BREAKS_BUILD,
        confidence=Confidence.CERTAIN,
        reason="The compiler refuses it: a package may not import itself.",
        title="store imports itself",
        nodes=nodes,
        edges=(_import(0, 0, "store/open.go", 3, '"example.com/shop/store"', "Open"),),
        cycles=((0,),),
        cuts=(Cut(((0, 0),), 1, 1, "remove-import", "Remove the import and the qualifier."),),
        where=Place("store/open.go", 3, 2),
    )


def layer_knot() -> Knot:
    nodes = _packages("domain", "web")
    return Knot(
        id=fingerprint(Level.FOLDER, "layer-rule", [node.key for node in nodes]),
        level=Level.FOLDER,
        kind="layer-rule",
        verdict=Verdict.COUPLES,
        confidence=Confidence.CERTAIN,
        reason='goknot.toml says in "the onion" that domain must not reach web.',
        title="domain reaches web",
        nodes=nodes,
        edges=(_import(0, 1, "domain/model.go", 4, '_ "example.com/shop/web"'),),
        where=Place("domain/model.go", 4, 2),
    )


def _state(knot: Knot, baseline: BaselineState, causes: tuple[tuple[int, int], ...] = ()) -> Knot:
    return replace(knot, baseline=baseline, causes=causes)


def _gone(title: str) -> Knot:
    nodes = (KnotNode("api", "package", "api"), KnotNode("core", "package", "core"))
    return Knot(
        id=fingerprint(Level.PACKAGE, "import-ring", ["api", "core"]),
        level=Level.PACKAGE,
        kind="import-ring",
        verdict=Verdict.BREAKS_BUILD,
        confidence=Confidence.CERTAIN,
        reason="The older state lists this knot; none of its edges is on a ring any more.",
        title=title,
        nodes=nodes,
        edges=(KnotEdge(0, 1, "gone"), KnotEdge(1, 0, "gone")),
        baseline=BaselineState.FIXED,
    )


def _report(*knots: Knot, **rest: object) -> Report:
    return Report(VERSION, knots=knots, **{"inputs": _INPUTS, "stats": _STATS, **rest})  # type: ignore[arg-type]


def clean() -> Report:
    return _report()


def import_ring() -> Report:
    return _report(import_ring_knot())


def tangle() -> Report:
    return _report(tangle_knot())


def ring_through_test() -> Report:
    return _report(test_ring_knot())


def long_ring() -> Report:
    return _report(long_knot())


def self_import() -> Report:
    return _report(self_knot())


def windows() -> Report:
    return _report(windows_knot())


def module_ring() -> Report:
    looked_at = ReportInput("module-graph", ".", {"module": "k8s.io/kubernetes", "view": "selected"})
    return Report(VERSION, (looked_at,), (module_knot(),), stats={"modules": 178, "requirements": 1204})


def several() -> Report:
    return _report(import_ring_knot(), windows_knot(), test_ring_knot(), layer_knot(), tangle_knot(), module_knot())


def problems() -> Report:
    found = (
        Problem("big/x.go", "larger than 16 MiB", "its imports are not known"),
        Problem("go.work", "names the folder ./gone, which is not there", "its packages are not scanned"),
        Problem("old/caf\udce9.go", "line 1: no package clause", "its imports are not known"),
    )
    return _report(problems=found, complete=False)


def baseline() -> Report:
    return _report(
        _state(import_ring_knot(), BaselineState.NEW, ((1, 0),)),
        _state(test_ring_knot(), BaselineState.KNOWN),
        _state(module_knot(), BaselineState.KNOWN),
        _gone("api and core import each other"),
        inputs=_COMPARED,
    )


def nothing_new() -> Report:
    return _report(_state(tangle_knot(), BaselineState.KNOWN), inputs=_COMPARED)


def hostile() -> Report:
    """Names made to break out of every format, and one that is 10 kB long."""
    evil = (
        '</script><script>alert(1)</script>"]; a -->|x| b["%%{init}%%',
        "two\nlines\r::error file=x::owned\x1b[31m\x9b31m\x00",
        "\u202etxt.og\u2066\u200b#quot;&lt;{}|`\\",
        "caf\udce9/\ud800" + "x" * 10_000,
    )
    nodes = tuple(KnotNode(name, "package", name, name) for name in evil)
    edges = tuple(
        KnotEdge(
            a,
            (a + 1) % 4,
            "import",
            1,
            1,
            (evil[a],),
            (Evidence(evil[a], 1, 1, evil[(a + 1) % 4]),),
            (evil[1],),
            evil[0],
        )
        for a in range(4)
    )
    cut = Cut(((0, 1),), 1, 1, evil[1], evil[2])
    knot = replace(
        import_ring_knot(),
        nodes=nodes,
        edges=edges,
        cycles=((0, 1, 2, 3),),
        cuts=(cut,),
        title=evil[1],
        reason=evil[0],
        where=Place(evil[1], 1, 1),
        platforms=(evil[2],),
    )
    return _report(knot, problems=(Problem(evil[1], evil[0], evil[2]),))


SAMPLES: dict[str, Callable[[], Report]] = {
    make.__name__: make
    for make in (
        clean,
        import_ring,
        tangle,
        ring_through_test,
        long_ring,
        self_import,
        windows,
        module_ring,
        several,
        problems,
        baseline,
        nothing_new,
        hostile,
    )
}
