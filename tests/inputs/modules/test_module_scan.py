"""The modules level from end to end: views, evidence, problems, and all the ways in."""

from __future__ import annotations

import io
import random
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from caches import Sandbox, needs_go, requires

from goknot.errors import InputError, ToolError, UsageError
from goknot.formats.modgraph import Module
from goknot.formats.semver import module_key
from goknot.inputs.modules import How, ImportKind, View, load, load_graph
from goknot.inputs.modules.cache import ModuleCache
from goknot.inputs.modules.goenv import read_goenv
from goknot.inputs.modules.views import make_view, selected_versions

RING = """ex.com/main ex.com/a@v1.0.0
ex.com/main go@1.22
ex.com/a@v1.0.0 ex.com/b@v1.1.0
ex.com/b@v1.0.0 ex.com/a@v0.9.0
ex.com/b@v1.1.0 ex.com/a@v1.0.0
ex.com/a@v0.9.0 ex.com/c@v1.0.0
ex.com/b@v1.1.0 go@1.21
ex.com/c@v1.0.0 ex.com/b@v1.0.0
ex.com/b@v1.1.0 ex.com/main@v0.1.0
ex.com/c@v1.0.0 ex.com/c@v0.5.0
"""


def ring(tmp_path):
    """main -> a -> b -> a and main; an old b requires more."""
    sandbox = Sandbox(tmp_path)
    sandbox.add(
        "ex.com/a",
        "v1.0.0",
        "go 1.22\n\nrequire ex.com/b v1.0.0 // indirect\n",
        {"a.go": 'package a\n\nimport "ex.com/b/deep"\n'},
    )
    sandbox.add(
        "ex.com/b",
        "v1.0.0",
        "go 1.22\n\nrequire (\n\tex.com/a v0.9.0\n\tex.com/main v0.1.0\n)\n",
        {"b_test.go": 'package b\n\nimport "ex.com/a"\n', "deep/d.go": "package deep\n"},
    )
    sandbox.add("ex.com/a", "v0.9.0", "go 1.22\n")
    sandbox.add("ex.com/main", "v0.1.0", "go 1.22\n")
    sandbox.write("main/go.mod", "module ex.com/main\n\ngo 1.22\n" + requires("ex.com/a v1.0.0", "ex.com/b v1.0.0"))
    sandbox.write("main/m.go", 'package main\n\nimport _ "ex.com/a"\n')
    return sandbox


def edges(scan, view):
    graph = scan.graph(view)
    return {(graph.names[source], graph.names[target]) for source, target in graph.edges()}


def described(scan, view=View.SELECTED):
    names = scan.graph(view).names
    found = scan.describe(scan.graph(view).edges(), view)
    return {(names[source], names[target]): facts for (source, target), facts in found.items()}


def test_views_of_a_saved_graph():
    scan = load_graph(io.BytesIO(RING.encode()), "graph.txt", environment={})
    assert scan.complete
    assert scan.mains == (Module("ex.com/main", ""),)
    assert edges(scan, View.EXACT) == {tuple(line.split()) for line in RING.splitlines() if " go@" not in line}
    assert edges(scan, View.SELECTED) == {
        ("ex.com/main", "ex.com/a"),
        ("ex.com/a", "ex.com/b"),
        ("ex.com/b", "ex.com/a"),
        ("ex.com/b", "ex.com/main"),
        ("ex.com/c", "ex.com/b"),
    }
    assert edges(scan, View.PATH) == edges(scan, View.SELECTED) | {("ex.com/a", "ex.com/c")}
    names = list(scan.graph(View.EXACT).names)
    assert [n for n in names if n.startswith("ex.com/b")] == ["ex.com/b@v1.0.0", "ex.com/b@v1.1.0"]


def test_a_view_does_not_depend_on_the_order_of_lines():
    lines = RING.splitlines()
    scans = []
    for seed in range(5):
        random.Random(seed).shuffle(lines)
        scans.append(load_graph(io.BytesIO("\n".join(lines).encode()), "graph.txt", environment={}))
    for view in View:
        graphs = [(scan.graph(view).names, list(scan.graph(view).edges())) for scan in scans]
        assert all(graph == graphs[0] for graph in graphs)
        assert all(scan.view(view).requirements == scans[0].view(view).requirements for scan in scans)


@pytest.mark.parametrize("seed", range(20))
def test_views_against_a_naive_reading(seed):
    rng = random.Random(seed)
    modules = [Module(f"m{i}", f"v1.{j}.0") for i in range(6) for j in range(3)]
    modules += [Module("main", ""), Module("go", "1.21"), Module("toolchain", "go1.21")]
    pairs = list(dict.fromkeys(tuple(rng.sample(modules, 2)) for _ in range(40)))
    selected = selected_versions(pairs)
    present = {module for pair in pairs for module in pair}
    for path in {module.path for module in present}:
        versions = [module.version for module in present if module.path == path]
        assert all(module_key(path, v) <= module_key(path, selected[path]) for v in versions)
        assert selected[path] in versions
    real = [(a, b) for a, b in pairs if {a.path, b.path}.isdisjoint({"go", "toolchain"})]
    naive = {
        View.EXACT: {(str(a), str(b)) for a, b in real},
        View.SELECTED: {(a.path, b.path) for a, b in real if a.path != b.path and a.version == selected[a.path]},
        View.PATH: {(a.path, b.path) for a, b in real if a.path != b.path},
    }
    for view, expected in naive.items():
        built = make_view(pairs, selected, view)
        names = built.graph.names
        assert {(names[s], names[t]) for s, t in built.graph.edges()} == expected
        assert sum(map(len, built.requirements.values())) == len(
            {
                pair
                for pair in real
                if (view is View.EXACT or pair[0].path != pair[1].path)
                and (view is not View.SELECTED or pair[0].version == selected[pair[0].path])
            }
        )
        assert len(set(names)) == len(names) == len(built.modules)


def test_from_files_with_evidence_and_proof(tmp_path):
    sandbox = ring(tmp_path)
    scan = load(sandbox.main, environment=sandbox.env)
    assert (scan.problems, scan.complete) == ((), True)
    facts = described(scan)
    assert set(facts) == {
        ("ex.com/main", "ex.com/a"),
        ("ex.com/main", "ex.com/b"),
        ("ex.com/a", "ex.com/b"),
        ("ex.com/b", "ex.com/a"),
        ("ex.com/b", "ex.com/main"),
    }
    shown = {pair: [(e.file, e.line, e.column, e.text) for e in fact.evidence] for pair, fact in facts.items()}
    assert shown["ex.com/main", "ex.com/a"] == [("go.mod", 4, 1, "require ex.com/a v1.0.0")]
    assert shown["ex.com/a", "ex.com/b"] == [("ex.com/a@v1.0.0/go.mod", 4, 1, "require ex.com/b v1.0.0 // indirect")]
    assert shown["ex.com/b", "ex.com/a"] == [("ex.com/b@v1.0.0/go.mod", 5, 2, "ex.com/a v0.9.0")]
    assert facts["ex.com/a", "ex.com/b"].indirect
    assert not facts["ex.com/b", "ex.com/a"].indirect
    kinds = {pair: fact.proof.kind for pair, fact in facts.items()}
    assert kinds == {
        ("ex.com/main", "ex.com/a"): "production",
        ("ex.com/main", "ex.com/b"): "not-imported",
        ("ex.com/a", "ex.com/b"): "production",
        ("ex.com/b", "ex.com/a"): "test-only",
        ("ex.com/b", "ex.com/main"): "not-imported",
    }
    proof = facts["ex.com/main", "ex.com/a"].proof
    assert [(e.file, e.line) for e in proof.evidence] == [("m.go", 3)]


@needs_go
def test_from_go(tmp_path):
    sandbox = ring(tmp_path)
    asked = load(sandbox.main, how=How.GO, environment=sandbox.env)
    read = load(sandbox.main, environment=sandbox.env)
    assert set(asked.requirements) == set(read.requirements)
    assert described(asked) == described(read)


def test_from_a_saved_graph_beside_its_module(tmp_path):
    sandbox = ring(tmp_path)
    read = load(sandbox.main, environment=sandbox.env)
    text = "".join(f"{source} {target}\n" for source, target in read.requirements)
    saved = load_graph(io.BytesIO(text.encode()), "-", folder=sandbox.main, environment=sandbox.env)
    assert described(saved) == described(read)


def test_from_a_saved_graph_alone(tmp_path):
    scan = load_graph(
        io.BytesIO(RING.encode()), "graph.txt", folder=tmp_path, environment={"GOMODCACHE": str(tmp_path)}
    )
    facts = described(scan)
    evidence = facts["ex.com/main", "ex.com/a"].evidence[0]
    assert (evidence.file, evidence.line, evidence.text) == ("graph.txt", 1, "ex.com/main ex.com/a@v1.0.0")
    assert facts["ex.com/main", "ex.com/a"].proof.note == "the source of the main module is not at hand"
    assert facts["ex.com/a", "ex.com/b"].proof.kind is ImportKind.UNKNOWN
    assert "ex.com/a@v1.0.0 is not in the module cache" in facts["ex.com/a", "ex.com/b"].proof.note


def test_the_path_view_proves_the_version_that_requires(tmp_path):
    sandbox = Sandbox(tmp_path)
    text = "ex.com/main ex.com/a@v1.1.0\nex.com/main ex.com/a@v1.0.0\nex.com/a@v1.0.0 ex.com/b@v1.0.0\n"
    sandbox.add("ex.com/a", "v1.0.0", "", {"a.go": 'package a\nimport "ex.com/b"\n'})
    sandbox.add("ex.com/a", "v1.1.0", "", {"a.go": "package a\n"})
    scan = load_graph(io.BytesIO(text.encode()), "graph.txt", environment=sandbox.env)
    assert ("ex.com/a", "ex.com/b") not in edges(scan, View.SELECTED)
    proof = described(scan, View.PATH)["ex.com/a", "ex.com/b"].proof
    assert [e.file for e in proof.evidence] == ["ex.com/a@v1.0.0/a.go"]


def test_bad_lines_of_a_graph_make_it_incomplete():
    scan = load_graph(io.BytesIO((RING + "what is this\n").encode()), "graph.txt", environment={})
    assert not scan.complete
    assert [problem.where for problem in scan.problems] == ["graph.txt:11"]


def test_replacements(tmp_path):
    sandbox = Sandbox(tmp_path)
    sandbox.add("ex.com/fork", "v1.2.3", "require ex.com/b v1.0.0\n", {"a.go": 'package a\nimport "ex.com/b"\n'})
    sandbox.write("b/go.mod", "module ex.com/b\nrequire ex.com/a v1.0.0\n")
    sandbox.write("b/b.go", 'package b\nimport "ex.com/a/x"\n')
    text = "module ex.com/main\ngo 1.22\nrequire ex.com/a v1.0.0\nreplace ex.com/a => ex.com/fork v1.2.3\n"
    sandbox.write("main/go.mod", text + "replace ex.com/b => ../b\n")
    scan = load(sandbox.main, environment=sandbox.env)
    facts = described(scan)
    there, back = facts["ex.com/a", "ex.com/b"], facts["ex.com/b", "ex.com/a"]
    assert [e.file for e in there.evidence + there.proof.evidence] == [
        "ex.com/fork@v1.2.3/go.mod",
        "ex.com/fork@v1.2.3/a.go",
    ]
    assert [e.file for e in back.evidence + back.proof.evidence] == ["../b/go.mod", "../b/b.go"]
    assert there.proof.couples
    assert back.proof.couples


def test_a_package_of_a_nested_module_belongs_to_that(tmp_path):
    sandbox = Sandbox(tmp_path)
    files = {"a.go": 'package a\nimport "ex.com/b/sub/p"\nimport "ex.com/b/q"\n'}
    sandbox.add("ex.com/a", "v1.0.0", requires("ex.com/b v1.0.0", "ex.com/b/sub v1.0.0"), files)
    sandbox.add("ex.com/b", "v1.0.0", "", {"q/q.go": "package q\n"})
    sandbox.add("ex.com/b/sub", "v1.0.0", "", {"p/p.go": "package p\n"})
    sandbox.write("main/go.mod", "module ex.com/main\ngo 1.16\n" + requires("ex.com/a v1.0.0"))
    facts = described(load(sandbox.main, environment=sandbox.env))
    assert facts["ex.com/a", "ex.com/b"].proof.packages == ("ex.com/b/q",)
    assert facts["ex.com/a", "ex.com/b/sub"].proof.packages == ("ex.com/b/sub/p",)


def test_what_is_missing_in_the_cache_is_named(tmp_path):
    sandbox = Sandbox(tmp_path)
    sandbox.add("ex.com/a", "v1.0.0", requires("ex.com/gone v1.0.0"))
    sandbox.write("main/go.mod", "module ex.com/main\ngo 1.16\n" + requires("ex.com/a v1.0.0"))
    scan = load(sandbox.main, environment=sandbox.env)
    assert not scan.complete
    assert [(p.where, p.what) for p in scan.problems] == [
        ("ex.com/gone@v1.0.0", "its go.mod is not there: ex.com/gone@v1.0.0/go.mod")
    ]
    assert ("ex.com/a", "ex.com/gone") in edges(scan, View.SELECTED)


def test_many_missing_are_counted(tmp_path):
    sandbox = Sandbox(tmp_path)
    many = requires(*(f"ex.com/m{i} v1.0.0" for i in range(100)))
    sandbox.write("main/go.mod", "module ex.com/main\ngo 1.22\n" + many)
    scan = load(sandbox.main, environment=sandbox.env)
    assert len(scan.problems) == 22
    assert {p.what for p in scan.problems} >= {"80 more go.mod files are not there", "there is none"}


def test_a_broken_go_mod_of_a_dependency(tmp_path):
    sandbox = Sandbox(tmp_path)
    sandbox.add("ex.com/a", "v1.0.0", 'require "ex.com/x v1.0.0\n' + requires("ex.com/b v1.0.0"))
    sandbox.add("ex.com/b", "v1.0.0")
    sandbox.write("main/go.mod", "module ex.com/main\ngo 1.16\n" + requires("ex.com/a v1.0.0"))
    scan = load(sandbox.main, environment=sandbox.env)
    assert [p.where for p in scan.problems] == ["ex.com/a@v1.0.0/go.mod:2"]
    assert ("ex.com/a", "ex.com/b") in edges(scan, View.SELECTED)


def test_hostile_module_paths_stay_in_the_cache(tmp_path):
    sandbox = Sandbox(tmp_path)
    sandbox.write("outside/@v/v1.0.0.mod", "module ex.com/a\n" + requires("ex.com/stolen v1.0.0"))
    many = requires("../../../outside v1.0.0", "/etc/x v1.0.0", "ex.com/a/../../b v1.0.0")
    sandbox.write("main/go.mod", "module ex.com/main\ngo 1.16\n" + many)
    scan = load(sandbox.main, environment=sandbox.env)
    assert not any(target.path == "ex.com/stolen" for _, target in scan.requirements)
    assert len(scan.problems) == 3


def test_a_tool_directive_is_a_reason_to_require(tmp_path):
    sandbox = ring(tmp_path)
    text = "module ex.com/main\ngo 1.24\ntool ex.com/b/cmd/x\n" + requires("ex.com/b v1.0.0")
    sandbox.write("main/go.mod", text)
    proof = described(load(sandbox.main, environment=sandbox.env))["ex.com/main", "ex.com/b"].proof
    assert (proof.kind, proof.note) == (ImportKind.NOT_IMPORTED, "a tool directive names one of its packages")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["main/go.mod", "go.work", "b.mod", "modules.txt", "b.go"]), st.data())
def test_whatever_bytes_end_well(tmp_path, where, data):
    """Any file with a piece of it replaced by anything: an error of ours or a result, never another exception."""
    sandbox = ring(Path(tempfile.mkdtemp(dir=tmp_path)))
    sandbox.write("go.work", "go 1.22\nuse ./main\n")
    sandbox.write("main/vendor/modules.txt", "# ex.com/gone v1.0.0\n## explicit\nex.com/gone\n")
    path = sandbox.folder / {
        "b.mod": "modcache/cache/download/ex.com/b/@v/v1.0.0.mod",
        "modules.txt": "main/vendor/modules.txt",
        "b.go": "modcache/ex.com/b@v1.0.0/b_test.go",
    }.get(where, where)
    text = path.read_bytes()
    begin, end = sorted(data.draw(st.integers(0, len(text))) for _ in range(2))
    piece = data.draw(
        st.one_of(st.binary(max_size=20), st.text(alphabet='()"`/ \n\tv1.=>', max_size=20).map(str.encode))
    )
    path.write_bytes(text[:begin] + piece + text[end:])
    try:
        scan = load(sandbox.main, environment={**sandbox.env, "GOWORK": data.draw(st.sampled_from(["", "off"]))})
    except InputError as error:
        assert error.what
        return
    for view in View:
        assert set(scan.describe(scan.graph(view).edges(), view)) == set(scan.graph(view).edges())


def vendored(tmp_path):
    sandbox = Sandbox(tmp_path)
    main = "module ex.com/main\ngo 1.22\n" + requires("ex.com/a v1.0.0", "ex.com/b v1.0.0")
    sandbox.write("main/go.mod", main)
    modules = (
        "# ex.com/a v1.0.0\n## explicit; go 1.22\nex.com/a\nex.com/a/sub\n# ex.com/b v1.0.0\n## explicit\nex.com/b\n"
    )
    sandbox.write("main/vendor/modules.txt", modules)
    sandbox.write("main/vendor/ex.com/a/a.go", 'package a\nimport "ex.com/b"\n')
    sandbox.write("main/vendor/ex.com/a/sub/a.go", "package sub\n")
    sandbox.write("main/vendor/ex.com/b/b.go", 'package b\nimport "ex.com/a/sub"\n')
    return sandbox


def test_with_a_vendor_folder_only(tmp_path):
    scan = load(vendored(tmp_path).main, environment={"GOMODCACHE": str(tmp_path / "none"), "GOENV": "off"})
    assert not scan.complete
    assert {"vendor/modules.txt"} <= {p.where for p in scan.problems}
    facts = described(scan)
    assert set(facts) >= {("ex.com/a", "ex.com/b"), ("ex.com/b", "ex.com/a")}
    assert [e.file for e in facts["ex.com/a", "ex.com/b"].proof.evidence] == ["vendor/ex.com/a/a.go"]
    assert facts["ex.com/b", "ex.com/a"].proof.couples


def test_the_cache_goes_before_vendor(tmp_path):
    sandbox = vendored(tmp_path)
    sandbox.add("ex.com/a", "v1.0.0", "go 1.22\n", {"a.go": "package a\n"})
    sandbox.add("ex.com/b", "v1.0.0", "go 1.22\n")
    scan = load(sandbox.main, environment=sandbox.env)
    assert scan.complete
    assert ("ex.com/a", "ex.com/b") not in edges(scan, View.SELECTED)


@pytest.mark.parametrize(
    ("gomod", "part"),
    [(None, "no go.mod here or above"), ("go 1.22\n", "no module directive")],
)
def test_no_main_module_is_an_error(gomod, part, tmp_path):
    if gomod is not None:
        (tmp_path / "go.mod").write_text(gomod)
    with pytest.raises(InputError, match=part):
        load(tmp_path, environment={"GOENV": "off"})


def test_errors_of_a_workspace(tmp_path):
    sandbox = Sandbox(tmp_path)
    sandbox.write("main/go.mod", "module ex.com/main\ngo 1.22\n")
    sandbox.write("go.work", "go 1.22\nuse ./main\nuse ./gone\nuse ./again\n")
    sandbox.write("again/go.mod", "module ex.com/main\ngo 1.22\n")
    scan = load(sandbox.main, environment=sandbox.env)
    assert [p.what for p in scan.problems] == [
        "use ./again: ex.com/main is used twice",
        "use ./gone: its go.mod: No such file or directory",
    ]
    sandbox.write("go.work", "go 1.22\nuse ./gone\n")
    with pytest.raises(InputError, match="uses no module that can be read"):
        load(sandbox.main, environment=sandbox.env)
    assert load(sandbox.main, environment={**sandbox.env, "GOWORK": "off"}).complete


def test_no_such_folder(tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        load(tmp_path / "gone", environment={"GOENV": "off"})


def test_go_that_is_missing_or_refuses(tmp_path):
    sandbox = Sandbox(tmp_path)
    sandbox.write("main/go.mod", "module ex.com/main\ngo 1.22\n" + requires("ex.com/a v1.0.0"))
    with pytest.raises(ToolError, match="go: not found") as error:
        load(sandbox.main, how=How.GO, environment={"PATH": str(tmp_path), "GOENV": "off"})
    assert error.value.hint


@needs_go
def test_go_that_refuses(tmp_path):
    sandbox = Sandbox(tmp_path)
    sandbox.write("main/go.mod", "module ex.com/main\ngo 1.22\n" + requires("ex.com/a v1.0.0"))
    with pytest.raises(ToolError, match=r"ex.com/a@v1\.0\.0"):
        load(sandbox.main, how=How.GO, environment=sandbox.env)


def test_another_go_mod_by_goflags(tmp_path):
    sandbox = Sandbox(tmp_path)
    sandbox.add("ex.com/a", "v1.0.0")
    sandbox.write("main/go.mod", "module ex.com/main\ngo 1.22\n")
    sandbox.write("main/other.mod", "module ex.com/main\ngo 1.22\n" + requires("ex.com/a v1.0.0"))
    scan = load(sandbox.main, environment={**sandbox.env, "GOFLAGS": "-mod=mod -modfile=other.mod"})
    assert [e.file for e in described(scan)["ex.com/main", "ex.com/a"].evidence] == ["other.mod"]


def test_the_environment_of_go(tmp_path):
    stored = tmp_path / "env"
    stored.write_text("# no\nGOMODCACHE=/stored/mod\nGOWORK=off\nnothing\n")
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    assert read_goenv({**home, "GOENV": str(stored)}).modcache == Path("/stored/mod")
    assert read_goenv({**home, "GOENV": str(stored)}).gowork == "off"
    assert read_goenv({**home, "GOENV": str(stored), "GOMODCACHE": "/set/mod"}).modcache == Path("/set/mod")
    assert read_goenv({**home, "GOENV": "off"}).modcache == tmp_path / "go" / "pkg" / "mod"
    assert read_goenv({**home, "GOENV": "off", "GOPATH": f"/x{__import__('os').pathsep}/y"}).modcache == Path(
        "/x/pkg/mod"
    )
    quoted = {**home, "GOENV": "off", "GOFLAGS": "'-ldflags=-s -w' --modfile=x.mod"}
    assert read_goenv(quoted).modfile == "x.mod"
    with pytest.raises(UsageError, match="GOFLAGS"):
        read_goenv({**home, "GOENV": "off", "GOFLAGS": "'-ldflags=-s"})
    with pytest.raises(UsageError, match="not an absolute path"):
        read_goenv({**home, "GOENV": "off", "GOWORK": "go.work"})


@pytest.mark.parametrize(
    ("path", "version", "name"),
    [
        ("github.com/BurntSushi/toml", "v1.0.0", "github.com/!burnt!sushi/toml/@v/v1.0.0.mod"),
        ("ex.com/a", "v2.0.0+incompatible", "ex.com/a/@v/v2.0.0+incompatible.mod"),
        ("ex.com/a", "v1.0.0-RC1", "ex.com/a/@v/v1.0.0-!r!c1.mod"),
        ("gopkg.in/x.v2-unstable", "v2.0.0", "gopkg.in/x.v2-unstable/@v/v2.0.0.mod"),
        ("ex.com/~user/_x", "v1.0.0", "ex.com/~user/_x/@v/v1.0.0.mod"),
        *(
            (bad, "v1.0.0", None)
            for bad in ["", "/", "/a", "a/", "a//b", "..", "../a", "a/../b", "a/.", ".a", "a b", "a\n"]
        ),
        *((bad, "v1.0.0", None) for bad in ["-a", "a!b", "a/b.", "ä.com/x", "a\\b"]),
        *(("ex.com/a", bad, None) for bad in ["", "v1", "v1.0", "master", "../v1.0.0", "v1.0.0/x", "v1.0.0+meta"]),
    ],
)
def test_names_in_the_cache(path, version, name):
    found = ModuleCache(Path("cache")).mod_file(Module(path, version))
    assert found == (Path("cache/cache/download") / name if name else None)


def test_a_module_that_is_not_wholly_unpacked_has_no_source(tmp_path):
    cache = ModuleCache(tmp_path)
    (tmp_path / "ex.com" / "a@v1.0.0").mkdir(parents=True)
    assert cache.source(Module("ex.com/a", "v1.0.0")) is not None
    partial = tmp_path / "cache" / "download" / "ex.com" / "a" / "@v" / "v1.0.0.partial"
    partial.parent.mkdir(parents=True)
    partial.touch()
    assert cache.source(Module("ex.com/a", "v1.0.0")) is None
