"""Revisions read from git objects, against the same files on disk."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest
from test_against_go_list import SHAPES
from trees import LINUX, commit, edges, git, scan, write

from goknot.errors import InputError, UsageError
from goknot.inputs.source import GitTree, HeaderCache, SourceScan, scan_source

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="no git command")


def _facts(found: SourceScan) -> object:
    pairs = [*found.production_graph().edges()]
    return found.packages, edges(found), found.test_edges(), found.xtest_edges(), found.problems, found.describe(pairs)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_revision_says_the_same_as_the_disk(shape: str, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    root = write(repository / "sub" / "root", SHAPES[shape])
    (root / "link.go").symlink_to("./x/../link.txt")
    write(root, {"link.txt": "package m\n", "x/y.txt": ""})
    (root / "real.go").symlink_to(next(iter(sorted(root.rglob("*.go")))).relative_to(root))
    (root / "lost.go").symlink_to("nowhere")
    commit(repository)
    on_disk = _facts(scan(root))
    shutil.rmtree(root)
    cache: HeaderCache = {}
    for _ in range(2):  # the second time from the cache
        tree = GitTree(root, "HEAD")
        found = scan_source(tree, LINUX, cache)
        in_git = _facts(found)
        assert in_git[:4] == on_disk[:4]  # type: ignore[index]
        assert in_git[5] == on_disk[5]  # type: ignore[index]
        assert [p.where for p in found.problems] == [p.where for p in on_disk[4]]  # type: ignore[index]
        tree.close()


def test_each_revision_is_read_as_it_was(tmp_path: Path) -> None:
    rng = random.Random(5)
    names = "abcdef"
    write(tmp_path, {"go.mod": "module m\n"})
    expected = {}
    for number in range(6):
        wanted = {(rng.choice(names), rng.choice(names)) for _ in range(8)}
        for name in names:
            lines = "".join(f'import "m/{to}"\n' for source, to in sorted(wanted) if source == name)
            write(tmp_path, {f"{name}/{name}.go": f"package {name}\n\n{lines}"})
        expected[commit(tmp_path, str(number))] = wanted
    cache: HeaderCache = {}
    for revision, wanted in expected.items():
        assert edges(scan_source(GitTree(tmp_path, revision), LINUX, cache)) == wanted


def test_many_files_and_a_large_one(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"a/f{n}.go": f"package a\n// {n}\n" for n in range(500)}
    files["b/large.go"] = 'package b\n\nimport "m/a"\n\n// ' + "x" * (3 << 20)
    files["b/long.go"] = "package b\n" + "// long\n" * 30_000 + 'import "m/c"\n'
    write(tmp_path, {"go.mod": "module m\n", "c/c.go": "package c\n", **files})
    commit(tmp_path)
    found = scan_source(GitTree(tmp_path, "HEAD"), LINUX)
    assert edges(found) == {("b", "a"), ("b", "c")}
    assert found.n_files == 503


def test_what_is_not_there(tmp_path: Path) -> None:
    write(tmp_path / "r", {"go.mod": "module m\n", "a.go": "package a\n"})
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match="not inside a git repository"):
        GitTree(tmp_path / "out", "HEAD")
    commit(tmp_path / "r")
    for revision in ("nonsense", "-x", "--output=x", "HEAD:a.go"):
        with pytest.raises(UsageError):
            GitTree(tmp_path / "r", revision)
    with pytest.raises(InputError, match="not in this revision"):
        GitTree(tmp_path / "r" / "new", "HEAD")


def test_a_submodule_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "other", {"x.go": "package x\n"})
    commit(tmp_path / "other")
    write(tmp_path / "r", {"go.mod": "module m\n", "a/a.go": 'package a\n\nimport "m/sub"\n'})
    commit(tmp_path / "r")
    git(
        tmp_path / "r",
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        os.fspath(tmp_path / "other"),
        "sub",
    )
    commit(tmp_path / "r")
    found = scan_source(GitTree(tmp_path / "r", "HEAD"), LINUX)
    assert [problem.where for problem in found.problems] == ["sub"]
    assert not found.complete
