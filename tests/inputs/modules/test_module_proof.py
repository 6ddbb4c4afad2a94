"""What the source of a module proves about its requirements."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from caches import GO, needs_go

from goknot.formats.constraint import Constraint, both, parse_go_build
from goknot.inputs.modules.proof import MAX_EVIDENCE, ImportKind, Owners, prove
from goknot.inputs.modules.source import Built, Source, built

B = "ex.com/b"
IMPORT_B = 'package x\n\nimport "ex.com/b/sub"\n'


def proof_of(folder, files, *, paths=("ex.com/a", B), packages=None, ignores=()):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    owners = Owners(paths, lambda path, below: None)
    return prove(Source(folder, "a@v1/", packages, ignores), "ex.com/a", [B], owners)[B]


@pytest.mark.parametrize(
    ("files", "kind", "optional"),
    [
        ({"x.go": IMPORT_B}, "production", False),
        ({"x/y/z.go": IMPORT_B}, "production", False),
        ({"x.go": 'package x\nimport "ex.com/b"\n'}, "production", False),
        ({"x.go": "package x\nimport `ex.com/b`\n"}, "production", False),
        ({"x.go": 'package x\nimport "ex.com\\x2fb"\n'}, "production", False),
        ({"x.go": 'package x\nimport "ex.com/bb"\n'}, "not-imported", False),
        ({"x.go": 'package x\nimport "fmt"\n// import "ex.com/b"\n'}, "not-imported", False),
        ({"x_test.go": IMPORT_B}, "test-only", False),
        ({"x_test.go": 'package x_test\nimport "ex.com/b"\n'}, "test-only", False),
        ({"x_test.go": IMPORT_B, "y.go": IMPORT_B}, "production", False),
        ({"x_windows.go": IMPORT_B}, "production", False),
        ({"x.go": "//go:build windows || plan9\n\n" + IMPORT_B}, "production", False),
        ({"x.go": "//go:build tools\n\n" + IMPORT_B}, "production", True),
        ({"x.go": "//go:build !tools\n\n" + IMPORT_B}, "production", False),
        ({"x.go": "//go:build go1.18\n\n" + IMPORT_B}, "production", False),
        ({"x.go": "//go:build tools\n\n" + IMPORT_B, "y_plan9.go": IMPORT_B}, "production", False),
        ({"x.go": "//go:build ignore\n\n" + IMPORT_B}, "not-imported", False),
        ({"x.go": "//go:build ignore && linux\n\n" + IMPORT_B}, "not-imported", False),
        ({"x_test.go": "//go:build integration\n\n" + IMPORT_B}, "test-only", False),
        ({"testdata/x.go": IMPORT_B}, "not-imported", False),
        ({"vendor/ex.com/c/x.go": IMPORT_B}, "not-imported", False),
        ({"_x/x.go": IMPORT_B}, "not-imported", False),
        ({".x/x.go": IMPORT_B}, "not-imported", False),
        ({"_x.go": IMPORT_B, ".x.go": IMPORT_B, "x.txt": IMPORT_B}, "not-imported", False),
        ({"nested/go.mod": "module ex.com/a/nested\n", "nested/deep/x.go": IMPORT_B}, "not-imported", False),
        ({"go.mod": "module ex.com/a\n", "x.go": IMPORT_B}, "production", False),
        ({"x.go": ""}, "not-imported", False),
        ({"x.go": "not go at all"}, "not-imported", False),
        ({"x.go": b"\xff\xfe\0\0"}, "not-imported", False),
        ({}, "not-imported", False),
    ],
)
def test_kinds(files, kind, optional, tmp_path):
    proof = proof_of(tmp_path, files)
    assert (proof.kind, proof.optional) == (kind, optional)
    assert proof.couples == (kind == "production" and not optional)


def test_an_import_that_breaks_off_leaves_it_open(tmp_path):
    proof = proof_of(tmp_path, {"x.go": 'package x\nimport ( "ex.com/b\n'})
    assert (proof.kind, proof.note) == (ImportKind.UNKNOWN, "a@v1/x.go cannot be read")


def test_what_is_proven_elsewhere_needs_no_broken_file(tmp_path):
    files = {"x.go": 'package x\nimport ( "ex.com/b\n', "y.go": IMPORT_B}
    assert proof_of(tmp_path, files).kind is ImportKind.PRODUCTION


def test_a_link_that_leads_nowhere_leaves_it_open(tmp_path):
    (tmp_path / "loop.go").symlink_to("loop.go")
    proof = proof_of(tmp_path, {"y_test.go": IMPORT_B})
    assert proof.kind is ImportKind.UNKNOWN
    assert "loop.go cannot be read" in proof.note


def test_a_loop_of_folders_ends(tmp_path):
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert proof_of(tmp_path, {"y.go": IMPORT_B}).n_imports == 1


def test_a_long_head_is_read_to_its_end(tmp_path):
    text = "/*" + "x" * 100_000 + '*/ package x\nimport "ex.com/b"\n'
    assert proof_of(tmp_path, {"x.go": text}).kind is ImportKind.PRODUCTION


def test_evidence_tells_where(tmp_path):
    text = '// hello\n\npackage x\n\nimport (\n\t"fmt"\n\n\tother "ex.com/b/sub" // why\n\t_ "ex.com/b"\n)\n'
    proof = proof_of(tmp_path, {"sub/x.go": text})
    assert [(e.file, e.line, e.column, e.text) for e in proof.evidence] == [
        ("a@v1/sub/x.go", 8, 2, 'other "ex.com/b/sub" // why'),
        ("a@v1/sub/x.go", 9, 2, '_ "ex.com/b"'),
    ]
    assert (proof.n_imports, proof.packages) == (2, ("ex.com/b", "ex.com/b/sub"))


def test_evidence_is_capped_and_counted_whole(tmp_path):
    proof = proof_of(tmp_path, {f"p{i}/x.go": IMPORT_B for i in range(20)})
    assert (proof.n_imports, len(proof.evidence)) == (20, MAX_EVIDENCE)
    assert list(proof.evidence) == sorted(proof.evidence, key=lambda e: e.file)


def test_notes(tmp_path):
    assert proof_of(tmp_path / "1", {"x_linux.go": IMPORT_B}).note == "only in some builds (linux)"
    tagged = {"x.go": "//go:build tools && go1.21\n\n" + IMPORT_B}
    assert proof_of(tmp_path / "2", tagged).note == "only with a build tag (tools)"
    ignored = {"gen.go": "//go:build ignore\n\n" + IMPORT_B}
    assert proof_of(tmp_path / "3", ignored).note == "only a@v1/gen.go, which no build includes, imports it"


def test_ignore_directives(tmp_path):
    files = {"web/x.go": IMPORT_B, "sub/web/x.go": IMPORT_B}
    assert proof_of(tmp_path, files, ignores=("web",)).kind is ImportKind.NOT_IMPORTED
    assert proof_of(tmp_path, files, ignores=("./web",)).n_imports == 1


def test_vendored_packages_prove_only_what_they_show(tmp_path):
    files = {"ex.com/a/x.go": 'package x\nimport "fmt"\n', "ex.com/a/other/x.go": IMPORT_B}
    proof = proof_of(tmp_path, files, packages=("ex.com/a",))
    assert proof.kind is ImportKind.UNKNOWN
    assert "vendor" in proof.note
    assert proof_of(tmp_path, files, packages=("ex.com/a", "ex.com/a/other")).kind is ImportKind.PRODUCTION


def test_a_module_inside_another_owns_its_packages(tmp_path):
    owners = Owners(["ex.com/a", "ex.com/a/b", "ex.com"], lambda path, below: None)
    assert owners.of("ex.com/a/b/c") == "ex.com/a/b"
    assert owners.of("ex.com/a/bc") == "ex.com/a"
    assert owners.of("ex.com/z") == "ex.com"
    assert owners.of("fmt") == ""


def test_a_package_that_moved_belongs_to_where_it_lies():
    folders = {("ex.com/a/b", "new"), ("ex.com/a", "b/old")}
    owners = Owners(["ex.com/a", "ex.com/a/b"], lambda path, below: (path, below) in folders)
    assert owners.of("ex.com/a/b/new") == "ex.com/a/b"
    assert owners.of("ex.com/a/b/old") == "ex.com/a"
    assert owners.of("ex.com/a/b/nowhere") == "ex.com/a/b"


@pytest.mark.parametrize(
    ("name", "line", "when"),
    [
        ("x.go", "", Built.ALWAYS),
        ("x_linux_amd64.go", "", Built.SOMEWHERE),
        ("x.go", "linux || !linux", Built.SOMEWHERE),  # tags are not weighed against one another, as in Go
        ("x.go", "race", Built.BY_TAG),
        ("x.go", "!race", Built.ALWAYS),
        ("x.go", "cgo", Built.SOMEWHERE),
        ("x.go", "gc && !purego", Built.ALWAYS),
        ("x.go", "gccgo", Built.BY_TAG),
        ("x.go", "!go1.20", Built.BY_TAG),
        ("x.go", "tools || windows", Built.SOMEWHERE),
        ("x_windows.go", "tools", Built.BY_TAG),
        ("x.go", "ignore", Built.NEVER),
        ("x.go", "!ignore", Built.ALWAYS),
        ("x.go", "ignore || tools", Built.BY_TAG),
        ("x.go", "!(ignore || tools)", Built.ALWAYS),
        ("x.go", "!(a && !ignore)", Built.ALWAYS),
    ],
)
def test_when_a_file_is_built(name, line, when):
    assert built(name, parse_go_build(line) if line else Constraint()) is when


@needs_go
def test_what_is_always_built_is_what_go_builds(tmp_path):
    """On whatever system this runs: what is always built, Go lists; what no tag builds, it does not."""
    lines = [
        "",
        "linux",
        "!linux",
        "darwin || windows || linux",
        "tools",
        "!tools",
        "ignore",
        "go1.18",
        "!go1.18",
        "cgo",
    ]
    folder = tmp_path / "src" / "p"
    folder.mkdir(parents=True)
    wanted = {}
    for i, line in enumerate(lines):
        for j, suffix in enumerate(["", "_linux", "_windows_amd64", "_plan9"]):
            name = f"f{i}x{j}{suffix}.go"
            (folder / name).write_text((f"//go:build {line}\n\n" if line else "") + "package p\n")
            wanted[name] = built(name, both(Constraint(), parse_go_build(line) if line else Constraint()))
    env = {"GOPATH": str(tmp_path), "GO111MODULE": "off", "HOME": str(tmp_path), "PATH": str(Path(GO).parent)}
    done = subprocess.run([GO, "list", "-e", "-json"], cwd=folder, env=env, capture_output=True, check=True, text=True)
    files = set(json.loads(done.stdout)["GoFiles"])
    assert {name for name, when in wanted.items() if when is Built.ALWAYS} <= files
    assert not files & {name for name, when in wanted.items() if when in {Built.BY_TAG, Built.NEVER}}
    assert len(files) > 5
