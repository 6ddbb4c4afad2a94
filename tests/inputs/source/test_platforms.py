"""All platforms at once: which files count, and where an edge exists."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

from go_asked import go_command
from trees import LINUX, edges, scan, write

from goknot.inputs.source import SourceOptions, SourceScan
from goknot.inputs.source.options import CGO_PLATFORMS, PLATFORMS

ALL = replace(LINUX, all_platforms=True)
MODULE = "module m\n"


def _go(package: str, target: str = "", build: str = "") -> str:
    return (
        (f"//go:build {build}\n\n" if build else "")
        + f"package {package}\n"
        + (f'\nimport "m/{target}"\n' if target else "")
    )


def _where(found: SourceScan) -> dict[tuple[str, str], set[str]]:
    """What the classes that each edge exists in are called, each edge looked at alone."""
    keys = [package.key for package in found.packages]
    where = {}
    for u, v in [*found.production_graph().edges(), *found.test_edges()]:
        labels, mask_by_edge = found.configurations_of([(u, v)])
        mask = mask_by_edge[u, v]
        where[keys[u], keys[v]] = {label for bit, label in enumerate(labels) if mask >> bit & 1}
    return where


def test_platforms_are_those_of_go() -> None:
    command = [go_command(), "tool", "dist", "list", "-json"]
    listed = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    cgo_by_platform = {(entry["GOOS"], entry["GOARCH"]): entry["CgoSupported"] for entry in listed}
    assert not set(PLATFORMS) ^ cgo_by_platform.keys()
    differ = {platform for platform, cgo in cgo_by_platform.items() if cgo != (platform in CGO_PLATFORMS)}
    assert differ <= {("linux", "ppc64")}  # since Go 1.27


def test_the_union_of_all_files_that_some_build_takes(tmp_path: Path) -> None:
    files = {
        "go.mod": MODULE,
        "a/a.go": _go("a"),
        "a/a_windows.go": _go("a", "b"),
        "a/e2e.go": _go("a", "c", "e2e && linux"),
        "a/never.go": _go("a", "d", "linux && windows"),
        "a/ignored.go": _go("a", "d", "ignore"),
        "a/gen.go": _go("main", "d", "generate"),
        "a/new.go": _go("a", "d", "go1.999"),
        "a/old.go": _go("a", "d", "!go1.1"),
        "a/gcc.go": _go("a", "d", "gccgo"),
        "a/cgo.go": 'package a\n\nimport "C"\nimport "m/e"\n',
        "a/js_test.go": _go("a", "f", "js && wasm"),
        "tool/gen.go": _go("main", "a", "generate"),
        **{f"{name}/{name}.go": _go(name) for name in "bcdef"},
    }
    found = scan(write(tmp_path, files), ALL)
    assert _where(found) == {
        ("a", "b"): {"windows/*"},
        ("a", "c"): {"linux/* -tags e2e"},
        ("a", "e"): {"not js/wasm|openbsd/ppc64|plan9/*|wasip1/wasm (cgo)"},
        ("a", "f"): {"js/wasm"},
        ("tool", "a"): {"*/* -tags generate"},
    }
    assert set(found.packages[0].ignored_go_files) == {"gcc.go", "gen.go", "ignored.go", "never.go", "new.go", "old.go"}


def test_labels_say_what_it_takes(tmp_path: Path) -> None:
    files = {
        "go.mod": MODULE,
        "everywhere/x.go": _go("everywhere", "to"),
        "unixes/x.go": _go("unixes", "to", "!windows"),
        "arch/x_arm64.go": _go("arch", "to"),
        "one/x_linux_amd64.go": _go("one", "to"),
        "tags/x.go": _go("tags", "to", "a || b"),
        "both/x.go": _go("both", "to", "a && b && darwin"),
        "pure/x.go": _go("pure", "to", "!cgo"),
        "to/to.go": _go("to"),
    }
    root = write(tmp_path, files)
    for name, expected in {
        "everywhere": {"*/*"},
        "unixes": {"not windows/*"},
        "arch": {"*/arm64"},
        "one": {"linux/amd64"},
        "tags": {"*/* -tags a, */* -tags b"},
        "both": {"darwin/* -tags a,b"},
    }.items():
        for other in files:
            if other.endswith(".go") and not other.startswith((name, "to")):
                (root / other).unlink(missing_ok=True)
        write(root, {key: text for key, text in files.items() if key.startswith(name)})
        assert _where(scan(root, ALL)) == {(name, "to"): expected}


def test_a_ring_of_two_platforms_is_told_apart(tmp_path: Path) -> None:
    files = {
        "go.mod": MODULE,
        "a/a_windows.go": _go("a", "b"),
        "b/b_linux.go": _go("b", "a"),
        "a/a.go": _go("a"),
        "b/b.go": _go("b"),
    }
    found = scan(write(tmp_path, files), ALL)
    labels, mask_by_edge = found.configurations_of(found.production_graph().edges())
    named = [{label for bit, label in enumerate(labels) if mask >> bit & 1} for mask in mask_by_edge.values()]
    assert named == [{"windows/*"}, {"linux/*"}]
    assert len(labels) == 3


def test_masks_say_what_each_platform_alone_says(tmp_path: Path) -> None:
    builds = [
        "",
        "linux",
        "!cgo",
        "e2e && !windows",
        "unix || e2e",
        "go1.18 && amd64",
        "cgo && arm64",
        "!x && (y || js)",
    ]
    files = {"go.mod": MODULE, "to/to.go": _go("to")}
    files |= {f"p{n}/{n}.go": _go(f"p{n}", "to", build) for n, build in enumerate(builds)}
    files |= {f"p{n}/always.go": _go(f"p{n}") for n in range(len(builds))}
    root = write(tmp_path, files)
    found = scan(root, ALL)
    pairs = [*found.production_graph().edges()]
    _, mask_by_edge = found.configurations_of(pairs)
    seen_by_edge: dict[tuple[str, str], set[tuple[object, ...]]] = {}
    vectors = set()
    keys = [package.key for package in found.packages]
    n_configurations = 0
    for goos, goarch in PLATFORMS:
        for cgo in (False, True) if (goos, goarch) in CGO_PLATFORMS else (False,):
            for bits in range(8):
                tags = tuple(tag for n, tag in enumerate(("e2e", "x", "y")) if bits >> n & 1)
                there = edges(scan(root, SourceOptions(goos=goos, goarch=goarch, cgo=cgo, tags=tags)))
                n_configurations += 1
                vectors.add(tuple((keys[u], keys[v]) in there for u, v in pairs))
                for edge in there:
                    seen_by_edge.setdefault(edge, set()).add((goos, goarch, cgo, tags))
    # every class is a configuration that exists, and every configuration falls in a class
    n_classes = max(mask.bit_length() for mask in mask_by_edge.values())
    classes = {tuple(bool(mask_by_edge[pair] >> n & 1) for pair in pairs) for n in range(n_classes)}
    assert classes == vectors
    assert seen_by_edge.keys() == {(keys[u], keys[v]) for u, v in pairs}
    assert n_configurations > 300


def test_too_many_tags_are_a_problem(tmp_path: Path) -> None:
    files = {"go.mod": MODULE, "a/a.go": _go("a"), "b/b.go": _go("b")}
    files |= {f"a/t{n}.go": _go("a", "b", f"t{n}") for n in range(20)}
    found = scan(write(tmp_path, files), ALL)
    assert not found.problems
    _, mask_by_edge = found.configurations_of([(0, 1)])
    assert mask_by_edge[0, 1]
    assert len(found.problems) == 1
