"""Trees that are broken, hostile or huge: an error or a listed problem, never a wrong "complete"."""

from __future__ import annotations

import errno
import os
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from trees import LINUX, edges, scan, write

from goknot.errors import InputError
from goknot.inputs.source import DiskTree, SourceScan

GO_MOD = "module example.com/m\n"
AB = {"a/a.go": 'package a\n\nimport "example.com/m/b"\n', "b/b.go": 'package b\n\nimport "example.com/m/a"\n'}


def _problems(found: SourceScan) -> list[tuple[str, str]]:
    return [(problem.where, problem.what) for problem in found.problems]


@pytest.mark.parametrize(
    "files", [{}, {"go.mod": GO_MOD}, {"go.mod": GO_MOD, "a/x.txt": "x", "testdata/a.go": "package a\n"}]
)
def test_a_folder_without_go(files: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no Go code"):
        scan(write(tmp_path, files))


def test_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file.go").write_text("package a\n")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("nowhere", "file.go", "loop", "file.go/x"):
        with pytest.raises(InputError):
            DiskTree(tmp_path / name)


def test_only_files_that_the_platform_leaves_out_are_no_error(tmp_path: Path) -> None:
    found = scan(write(tmp_path, {"go.mod": GO_MOD, "a_windows.go": "package a\n"}))
    assert not found.packages
    assert found.complete


@pytest.mark.parametrize(
    ("go_mod", "what"),
    [
        (b"modul example.com/m\n", "unknown directive"),
        (b"", "no module"),
        (b"\xff\xfe\0", "module"),
        (b"module example.com/m\nreplace (\n", ""),
    ],
)
def test_a_broken_go_mod_is_a_problem(go_mod: bytes, what: str, tmp_path: Path) -> None:
    found = scan(write(tmp_path, {"go.mod": go_mod, **AB}))
    assert not found.complete
    assert any(where.startswith("go.mod") and what in said for where, said in _problems(found))
    assert {package.key for package in found.packages} == {"a", "b"}


def test_a_huge_go_mod_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, {"go.mod": GO_MOD, **AB})
    os.truncate(tmp_path / "go.mod", 1 << 30)
    assert not scan(tmp_path).complete


def test_a_go_work_that_names_missing_folders(tmp_path: Path) -> None:
    root = write(
        tmp_path, {"go.work": "use (\n\t./one\n\t./gone\n)\n", "one/go.mod": GO_MOD, "one/a.go": "package a\n"}
    )
    found = scan(root)
    assert _problems(found) == [("go.work", "use ./gone: no go.mod there")]
    assert not found.complete
    assert [package.key for package in found.packages] == ["one"]


def test_a_broken_go_work_is_a_problem(tmp_path: Path) -> None:
    root = write(tmp_path, {"go.work": "usse ./one\nuse ./one\n", "one/go.mod": GO_MOD, "one/a.go": "package a\n"})
    found = scan(root)
    assert [where for where, _ in _problems(found)] == ["go.work:1"]
    assert not found.complete
    assert len(found.packages) == 1


def test_a_named_go_work_that_is_not_there(tmp_path: Path) -> None:
    found = scan(write(tmp_path, {"go.mod": GO_MOD, **AB}), replace(LINUX, work=str(tmp_path / "no.work")))
    assert not found.complete
    assert len(edges(found)) == 2


def test_a_replacement_that_is_missing_matters_once_it_is_imported(tmp_path: Path) -> None:
    go_mod = "module example.com/m\nrequire example.com/l v1.0.0\nreplace example.com/l => ../nowhere\n"
    assert scan(write(tmp_path / "one", {"go.mod": go_mod, "a.go": "package a\n"})).complete
    found = scan(write(tmp_path / "two", {"go.mod": go_mod, "a.go": 'package a\n\nimport "example.com/l/x"\n'}))
    assert not found.complete
    assert found.problems[0].where == "example.com/l"


def test_what_may_not_be_read_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"go.mod": GO_MOD, **AB, "c/c.go": "package c\n"})
    really_open, really_list = os.open, os.scandir

    def refuses(path: str | Path) -> None:  # root may read everything, so the kernel's refusal is played
        if str(path).endswith(("/a/a.go", "/c")):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

    def refusing_open(path: str, flags: int, *rest: int, **named: int) -> int:
        refuses(path)
        return really_open(path, flags, *rest, **named)

    def refusing_list(path: str) -> object:
        refuses(path)
        return really_list(path)

    monkeypatch.setattr(os, "open", refusing_open)
    monkeypatch.setattr(os, "scandir", refusing_list)
    found = scan(tmp_path)
    assert {where for where, _ in _problems(found)} == {"a/a.go", "c"}
    assert not found.complete


def test_what_cannot_be_opened_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, {"go.mod": GO_MOD, **AB})
    (tmp_path / "a/broken.go").symlink_to("nowhere")
    (tmp_path / "a/loop.go").symlink_to("loop.go")
    os.mkfifo(tmp_path / "a/pipe.go")
    (tmp_path / "a/up").symlink_to("..")
    (tmp_path / "a/folder.go").mkdir()
    found = scan(tmp_path)
    assert [where for where, _ in _problems(found)] == ["a/broken.go", "a/loop.go", "a/pipe.go"]
    assert not found.complete
    assert found.packages[0].invalid_go_files == ("broken.go", "loop.go", "pipe.go")
    assert len(edges(found)) == 2


def test_a_file_that_vanishes_between_listing_and_reading_is_a_problem(tmp_path: Path) -> None:
    class Vanishing(DiskTree):
        def listing(self, folder: str):  # type: ignore[no-untyped-def]
            found = super().listing(folder)
            if folder.endswith("/a"):
                (tmp_path / "a/a.go").unlink()
            return found

    from goknot.inputs.source import scan_source

    write(tmp_path, {"go.mod": GO_MOD, **AB})
    found = scan_source(Vanishing(tmp_path), LINUX)
    assert [where for where, _ in _problems(found)] == ["a/a.go"]
    assert not found.complete


def test_broken_heads_keep_the_imports_that_were_read(tmp_path: Path) -> None:
    broken = {
        "a/a.go": 'package a\n\nimport "example.com/m/b"\nimport "fmt\n',
        "b/b.go": b'package b\n\nimport "example.com/m/c"\n\n// \xff\n',
        "c/c.go": '//go:build &&\n\npackage c\n\nimport "example.com/m/a"\n',
    }
    found = scan(write(tmp_path, {"go.mod": GO_MOD, **broken}))
    assert edges(found) == {("a", "b"), ("b", "c"), ("c", "a")}
    assert [where for where, _ in _problems(found)] == ["a/a.go", "b/b.go", "c/c.go"]
    assert not found.complete


def test_a_huge_file_costs_only_its_head(tmp_path: Path) -> None:
    write(tmp_path, {"go.mod": GO_MOD, **AB})
    os.truncate(tmp_path / "a/a.go", 1 << 30)
    (tmp_path / "b/zeros.go").touch()
    os.truncate(tmp_path / "b/zeros.go", 1 << 30)
    tracemalloc.start()
    found = scan(tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20
    assert ("b/zeros.go", "a zero byte before the end of the imports") in _problems(found)
    assert not found.complete
    assert ("b", "a") in edges(found)


def test_a_head_that_does_not_end_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, {"go.mod": GO_MOD, **AB, "a/long.go": "package a\n" + " " * (17 << 20)})
    found = scan(tmp_path)
    assert _problems(found) == [("a/long.go", "its imports do not end within 16 MiB")]
    assert not found.complete


def test_a_folder_of_many_files(tmp_path: Path) -> None:
    write(tmp_path, {"go.mod": GO_MOD, **AB})
    for number in range(3000):
        (tmp_path / f"a/f{number}.go").write_bytes(b'package a\n\nimport "example.com/m/b"\n')
    found = scan(tmp_path)
    assert found.n_files == 3002
    assert len(edges(found)) == 2
    assert found.describe([(0, 1)])[0, 1].n_imports == 3001


def test_a_deep_tree_and_a_long_path(tmp_path: Path) -> None:
    deep = "/".join(["d"] * 400)
    found = scan(write(tmp_path, {"go.mod": GO_MOD, **AB, f"{deep}/x.go": "package x\n"}))
    assert deep in {package.key for package in found.packages}


def test_two_packages_in_one_folder_are_a_problem_and_both_count(tmp_path: Path) -> None:
    found = scan(
        write(
            tmp_path,
            {
                "go.mod": GO_MOD,
                **AB,
                "a/main.go": 'package main\n\nimport "example.com/m/c"\n',
                "c/c.go": "package c\n",
            },
        )
    )
    assert _problems(found) == [("a", "several packages in one folder: a, main")]
    assert ("a", "c") in edges(found)


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    write(tmp_path, {"go.mod": GO_MOD, **AB})
    odd_file, odd_folder = os.fsdecode(b"a/\xff.go"), os.fsdecode(b"a/\xfe/x.go")
    write(tmp_path, {odd_file: 'package a\n\nimport "example.com/m/b"\nimport "\n', odd_folder: "package x\n"})
    found = scan(tmp_path)
    assert ("a/\ufffd.go" in {where for where, _ in _problems(found)}) and "a/\ufffd" in {
        p.folder for p in found.packages
    }
    for package in found.packages:
        str(package.go_list_fields()).encode()


def test_without_go_mod_below_a_src_folder(tmp_path: Path) -> None:
    root = write(tmp_path / "src" / "example.com" / "m", {**AB, "b/c.go": 'package b\n\nimport "example.com/other"\n'})
    write(tmp_path / "src" / "example.com" / "other", {"o.go": 'package other\n\nimport "example.com/m/a"\n'})
    found = scan(root)
    assert edges(found) == {("a", "b"), ("b", "a"), ("b", "example.com/other"), ("example.com/other", "a")}
    assert found.complete
    assert len(found.problems) == 1
    assert not found.modules


def test_without_go_mod_the_prefix_is_guessed_from_the_imports(tmp_path: Path) -> None:
    found = scan(write(tmp_path / "work", {**AB, "main.go": 'package main\n\nimport ("fmt"; "example.com/m/a")\n'}))
    assert edges(found) == {(".", "a"), ("a", "b"), ("b", "a")}
    assert [package.import_path for package in found.packages] == [
        "example.com/m",
        "example.com/m/a",
        "example.com/m/b",
    ]
    assert not found.complete
    assert "3 imports say that import paths begin with example.com/m" in found.problems[0].what


def test_without_go_mod_and_without_a_hint(tmp_path: Path) -> None:
    found = scan(write(tmp_path / "work", {"a/a.go": "package a\n", "main.go": "package main\n"}))
    assert [package.key for package in found.packages] == [".", "a"]
    assert not found.complete


def test_modules_below_and_files_beside_them(tmp_path: Path) -> None:
    found = scan(
        write(
            tmp_path / "work",
            {"one/go.mod": GO_MOD, **{f"one/{k}": v for k, v in AB.items()}, "tool/t.go": "package main\n"},
        )
    )
    assert [package.key for package in found.packages] == ["one/a", "one/b", "tool"]
    assert edges(found) == {("one/a", "one/b"), ("one/b", "one/a")}
    assert not found.complete
