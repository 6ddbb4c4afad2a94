"""What is used over edges; and that nothing depends on order, seed or place."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from trees import LINUX, edges, scan, write

from goknot.inputs.source import DiskTree, SourceOptions, SourceScan, scan_source
from goknot.model.knot import Evidence

FILES = {
    "go.mod": "module m\n",
    "a/a.go": 'package a\n\nimport (\n\t"m/b"\n\t_ "m/c"\n)\n\nvar x b.T = b.New(b.Limit)\n\nfunc f() { b.New(0) }\n',
    "a/z.go": 'package a\n\nimport other "m/b" // again\n\nvar y = other.Default\n',
    "a/dot.go": 'package a\n\nimport . "m/d"\n\nvar q = Here(Own)\nvar Own = 1\n',
    "a/shadow.go": 'package a\n\nimport "m/b"\n\nfunc g(b struct{ Field int }) int { return b.Field }\nvar _ b.T\n',
    "a/a_test.go": 'package a\n\nimport (\n\t"m/b"\n\t"m/t"\n)\n\nvar _ = t.Help(b.New(1))\n',
    "a/x_test.go": 'package a_test\n\nimport "m/x"\n\nvar _ = x.X\n',
    "b/b.go": "package b\n\ntype T int\n\nfunc New(n int) T { return 0 }\n\nconst Limit = 1\n",
    "b/more.go": "package b\n\nvar Default T\n\nfunc (T) Method() {}\n",
    "c/c.go": "package c\n",
    "d/d.go": "package d\n\nfunc Here(int) int { return 0 }\n\nfunc Unused() {}\n",
    "t/t.go": 'package t\n\nimport "m/a"\n\nfunc Help(any) int { return a.Own }\n',
    "x/x.go": 'package x\n\nimport "m/a"\n\nvar X = a.Own\n',
}


def _node(found: SourceScan, key: str) -> int:
    return [package.key for package in found.packages].index(key)


def test_what_is_used_over_each_edge(tmp_path: Path) -> None:
    found = scan(write(tmp_path, FILES))
    a, b, c, d = (_node(found, key) for key in "abcd")
    facts = found.describe([(a, b), (a, c), (a, d)])
    assert facts[a, b].symbols == ("Default", "Limit", "New", "T")
    assert facts[a, b].n_by_kind == {"const": 1, "func": 1, "type": 1, "var": 1}
    assert facts[a, b].n_imports == 3
    assert facts[a, b].evidence == (
        Evidence("a/a.go", 4, 2, '"m/b"'),
        Evidence("a/shadow.go", 3, 8, 'import "m/b"'),
        Evidence("a/z.go", 3, 8, 'import other "m/b" // again'),
    )
    assert not facts[a, b].blank
    assert facts[a, c].blank
    assert facts[a, c].symbols == ()
    assert facts[a, d].symbols == ("Here",)


def test_what_tests_use(tmp_path: Path) -> None:
    found = scan(write(tmp_path, FILES))
    a, t, x = (_node(found, key) for key in "atx")
    assert found.test_edges() == ((a, t),)
    assert found.xtest_edges() == ((a, x),)
    facts = found.describe([(a, t)], tests=True)[a, t]
    assert (facts.symbols, facts.evidence) == (("Help",), (Evidence("a/a_test.go", 5, 2, '"m/t"'),))


def test_a_folder_is_read_the_same_from_wherever_it_is_named(tmp_path: Path) -> None:
    root = write(tmp_path / "root", FILES)
    (tmp_path / "link").symlink_to("root")
    plain, linked = scan(root), scan(tmp_path / "link")
    assert plain.packages == linked.packages
    assert scan(root / "b").packages[0] == replace(plain.packages[_node(plain, "b")], folder=".")


def test_nothing_depends_on_the_hash_seed_or_the_order_of_files(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one", FILES), write(tmp_path / "two", dict(reversed(FILES.items())))
    program = (
        "import sys; sys.path.insert(0, sys.argv[2]); from trees import scan; from pathlib import Path\n"
        "from trees import LINUX; from dataclasses import replace\n"
        "for options in (LINUX, replace(LINUX, all_platforms=True)):\n"
        "    s = scan(Path(sys.argv[1]), options); g = s.production_graph()\n"
        "    print(s.packages, list(g.edges()), s.describe(g.edges()), s.test_edges(), s.problems)\n"
        "    print(s.configurations_of(g.edges()) if options.all_platforms else '')\n"
    )
    outputs = set()
    for root, seed in ((one, "1"), (two, "2"), (one, "3")):
        command = [sys.executable, "-c", program, str(root), str(Path(__file__).parent)]
        env = {**os.environ, "PYTHONHASHSEED": seed}
        outputs.add(subprocess.run(command, capture_output=True, check=True, env=env).stdout)
    assert len(outputs) == 1
    assert len(outputs.pop()) > 1000


def test_options_come_from_gos_own_variables(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    for name, value in {
        "GOOS": "ios",
        "GOARCH": "arm64",
        "GOFLAGS": "-mod=mod -tags=b,a",
        "GOWORK": "off",
        "GOARM64": "v9.0",
    }.items():
        monkeypatch.setenv(name, value)
    options = SourceOptions.from_environment()
    assert (options.goos, options.goarch, options.tags, options.mod, options.work) == (
        "ios",
        "arm64",
        ("a", "b"),
        "mod",
        "off",
    )
    assert not options.cgo
    assert SourceOptions.from_environment(tags=("x",), cgo=True, goos="linux").tags == ("x",)


def test_a_cache_of_heads_is_not_needed_on_disk(tmp_path: Path) -> None:
    root = write(tmp_path, FILES)
    cache: dict[str, object] = {}
    found = scan_source(DiskTree(root), LINUX, cache)  # type: ignore[arg-type]
    assert not cache
    assert edges(found) == edges(scan(root))
