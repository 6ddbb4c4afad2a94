"""Whole small trees against `go list -e -json`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from go_asked import go_command
from trees import LINUX, edges, scan, write

from goknot.errors import ToolError, UsageError
from goknot.inputs.source import SourceOptions
from goknot.inputs.source.verify import verify

GO_MOD = "module example.com/m\n\ngo 1.24\n"

SHAPES: dict[str, Mapping[str, str | bytes]] = {
    "files of every class": {
        "go.mod": GO_MOD,
        "root.go": 'package m\n\nimport _ "example.com/m/a"\n',
        "a/a.go": 'package a\n\nimport (\n\t"fmt"\n\tb "example.com/m/b"\n)\n',
        "a/a_windows.go": 'package a\n\nimport "example.com/m/w"\n',
        "a/a_test.go": 'package a\n\nimport "testing"\n',
        "a/x_test.go": 'package a_test\n\nimport ("testing"; "example.com/m/a"; "example.com/m/t")\n',
        "a/gen.go": '//go:build ignore\n\npackage main\n\nimport "example.com/m/b"\n',
        "a/doc.go": '// Package docs\npackage documentation\n\nimport "x"\n',
        "a/c.go": 'package a\n\nimport "C"\nimport "unsafe"\n',
        "a/old.go": '// +build windows\n\npackage a\n\nimport "example.com/m/w"\n',
        "a/both.go": "//go:build linux\n// +build windows\n\npackage a\n\nimport `os`\n",
        "b/b.go": "package b\n",
        "b/b_js.go": "package b\n",
        "w/w.go": "package w\n",
        "t/t_test.go": "package t\n",
        "t/only/x_test.go": 'package only_test\n\nimport "example.com/m/b"\n',
        "none/n_plan9.go": "package none\n",
        "cgo/c.go": 'package cgo\n\nimport "C"\n',
        "cgo/c_test.go": 'package cgo\n\nimport "C"\n',
    },
    "folders that do not count": {
        "go.mod": GO_MOD + "\nignore (\n\t./gone\n\tdeep\n\ta/b\n)\n",
        "a/a.go": 'package a\n\nimport ("example.com/m/gone"; "example.com/m/x/deep"; "example.com/m/nested/n")\n',
        "a/b/b.go": "package b\n",
        "a/bc/b.go": "package bc\n",
        "gone/g.go": 'package gone\n\nimport "example.com/m/a"\n',
        "gone/more/g.go": "package more\n",
        "x/gone/g.go": "package gone\n",
        "x/deep/d.go": "package deep\n",
        "x/deeper/d.go": "package deeper\n",
        "testdata/t.go": "package t\n",
        "a/testdata/t.go": "package t\n",
        "_u/u.go": "package u\n",
        ".d/d.go": "package d\n",
        "a/.hidden.go": "package other\n",
        "a/_hidden.go": "package other\n",
        "nested/go.mod": "module example.com/m/nested\n",
        "nested/n/n.go": 'package n\n\nimport "example.com/m/a"\n',
        "dir.go/d.go": "package dir\n",
        "v/vendor/own.go": "package vendor\n",
        "v/vendor/x/x.go": "package x\n",
    },
    "broken files": {
        "go.mod": GO_MOD,
        "a/a.go": 'package a\n\nimport "example.com/m/b"\n\nfunc broken( {\n',
        "a/bad.go": 'package a\n\nimport "example.com/m/b"\nimport "fmt\n',
        "a/empty.go": "",
        "a/utf.go": b'package a\n\nimport "os"\n\n// \xff\nvar x = 1\n',
        "a/nul.go": b"package a\n\0",
        "a/expr.go": "//go:build &&\n\npackage a\n",
        "a/two.go": "//go:build a\n//go:build b\n\npackage a\n",
        "b/b.go": "package b\n",
        "b/c.go": 'package c\n\nimport "example.com/m/a"\n',
        "c/only.go": "not go at all",
        "d/self.go": 'package d\n\nimport "example.com/m/d"\n',
        "long/l.go": "// " + "x" * 9000 + '\npackage long\n\nimport "example.com/m/b"\n',
        "long/m.go": 'package long\n\nimport (\n\t"example.com/m/b"\n' + "\t// c\n" * 3000 + '\t"os"\n)\n',
    },
    "windows line ends and marks": {
        "go.mod": GO_MOD.replace("\n", "\r\n"),
        "a/a.go": '\ufeffpackage a\r\n\r\nimport (\r\n\t"fmt"\r\n\tb "example.com/m/b"\r\n)\r\n',
        "b/b.go": "//go:build linux\r\n\r\npackage b\r\n\r\nimport `os`\r\n",
        "b/c.go": "//go:build windows\r\n\r\npackage b\r\n\r\nimport `io`\r\n",
        "x/ü.go": "package ü\n",
    },
    "replaced by folders": {
        "go.mod": GO_MOD
        + "\nrequire (\n\texample.com/lib v1.0.0\n\texample.com/old v1.0.0\n\texample.com/pin v1.2.0\n)\n"
        + "replace example.com/lib => ./lib\nreplace example.com/old => ../beside\n"
        + "replace example.com/pin v1.2.0 => ./pin\nreplace example.com/far v1.0.0 => ./far\n",
        "a/a.go": 'package a\n\nimport ("example.com/lib/x"; "example.com/old")\nimport "example.com/pin"\n',
        "a/far.go": 'package a\n\nimport "example.com/far"\n',
        "lib/go.mod": "module example.com/lib\n\ngo 1.24\n",
        "lib/x/x.go": 'package x\n\nimport "example.com/lib/y"\n',
        "lib/y/y.go": "package y\n",
        "lib/z/z.go": "package z\n",
        "pin/go.mod": "module example.com/pin\n",
        "pin/p.go": "package pin\n",
        "far/go.mod": "module example.com/far\n",
        "far/f.go": "package far\n",
        "../beside/go.mod": "module example.com/old\n",
        "../beside/o.go": 'package old\n\nimport "example.com/m/a"\n',
    },
    "vendored": {
        "go.mod": GO_MOD + "\nrequire example.com/lib v1.0.0\n\nreplace example.com/lib => ./lib\n",
        "a/a.go": 'package a\n\nimport "example.com/lib"\n',
        "lib/go.mod": "module example.com/lib\n",
        "lib/l.go": 'package lib\n\nimport "example.com/m/a"\n',
        "vendor/modules.txt": "# example.com/lib v1.0.0 => ./lib\n## explicit\nexample.com/lib\n"
        "# example.com/lib => ./lib\n",
        "vendor/example.com/lib/l.go": "package lib\n",
    },
    "workspace": {
        "go.work": "go 1.24\n\nuse (\n\t./one\n\t./two\n\t./one/inner\n\t../outside\n)\n",
        "one/go.mod": "module example.com/one\n\ngo 1.24\n",
        "one/o.go": 'package one\n\nimport ("example.com/two/t"; "example.com/outside")\n',
        "one/inner/go.mod": "module example.com/one/inner\n\ngo 1.24\n",
        "one/inner/i.go": 'package inner\n\nimport "example.com/one"\n',
        "two/go.mod": "module example.com/two\n\ngo 1.24\n",
        "two/t/t.go": 'package t\n\nimport "example.com/one/inner"\n',
        "unused/go.mod": "module example.com/unused\n",
        "unused/u.go": "package unused\n",
        "../outside/go.mod": "module example.com/outside\n\ngo 1.24\n",
        "../outside/o.go": 'package outside\n\nimport "example.com/two/t"\n',
    },
}  # fmt: skip
PLATFORMS = [
    LINUX,
    SourceOptions(goos="windows", goarch="amd64"),
    SourceOptions(goos="plan9", goarch="386", tags=("ignore",)),
]


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {"GOPROXY": "off", "GOTOOLCHAIN": "local", "GOMODCACHE": str(tmp_path / "cache")}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_small_tree_is_read_as_go_list_reads_it(shape: str, tmp_path: Path) -> None:
    root = write(tmp_path / "root", SHAPES[shape])
    _link(root)
    for options in PLATFORMS:
        found = scan(root, options)
        assert found.packages
        assert verify(found, go_command()) == (), (shape, options)


def _link(root: Path) -> None:
    """Links: to a file, to a folder, to nothing, to itself."""
    folder = root / "links"
    folder.mkdir()
    (folder / "real.txt").write_text('package links\n\nimport "strings"\n')
    for name, target in {
        "to_file.go": "real.txt",
        "to_folder.go": "..",
        "broken.go": "nowhere",
        "loop.go": "loop.go",
        "folder": "../a",
    }.items():
        (folder / name).symlink_to(target)


@pytest.mark.parametrize("below", ["a", "a/b", "nested", "testdata", "x", "v/vendor", "gone"])
def test_a_folder_inside_a_module(below: str, tmp_path: Path) -> None:
    root = write(tmp_path / "root", SHAPES["folders that do not count"])
    found = scan(root / below)
    if below not in {"gone", "a/b"}:  # go lists nothing in a folder that is to be ignored; here it was asked for
        assert verify(found, go_command()) == ()
    keys = [p.key for p in found.packages if p.asked_for]
    assert keys
    assert all(key.startswith(below.replace("nested", "n")) for key in keys)


def test_what_lies_outside_the_folder_is_loaded_when_reached(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "go.mod": GO_MOD,
            "a/a.go": 'package a\n\nimport "example.com/m/b"\n',
            "b/b.go": 'package b\n\nimport "example.com/m/c"\n',
            "b/b_test.go": 'package b\n\nimport "example.com/m/unseen"\n',
            "c/c.go": 'package c\n\nimport "example.com/m/a"\n',
            "unseen/u.go": "package unseen\n",
            "alone/a.go": "package alone\n",
        },
    )
    found = scan(root / "a")
    assert edges(found) == {("a", "b"), ("b", "c"), ("c", "a")}
    assert [(p.key, p.folder, p.asked_for) for p in found.packages] == [
        ("a", ".", True),
        ("b", "../b", False),
        ("c", "../c", False),
    ]
    assert verify(found, go_command()) == ()


def test_keys_are_free_of_where_the_root_lies(tmp_path: Path) -> None:
    for name in ("here", "there"):
        write(tmp_path / name / "root", SHAPES["workspace"])
    one, two = scan(tmp_path / "here" / "root"), scan(tmp_path / "there" / "root")
    assert [p.key for p in one.packages] == ["example.com/outside", "one", "one/inner", "two/t"]
    assert one.packages == two.packages


def test_one_module_of_a_workspace_sees_the_others(tmp_path: Path) -> None:
    root = write(tmp_path / "root", SHAPES["workspace"])
    found = scan(root / "two")
    assert {p.key for p in found.packages if p.asked_for} == {"two/t"}
    assert ("one/inner", "one") in edges(found)
    assert verify(found, go_command()) == ()
    alone = scan(root / "two", replace(LINUX, work="off"))
    assert [p.key for p in alone.packages] == ["t"]
    assert not alone.production_graph().n_edges


def test_a_module_that_the_workspace_does_not_use_is_scanned_alone(tmp_path: Path) -> None:
    root = write(tmp_path / "root", SHAPES["workspace"])
    found = scan(root / "unused")
    assert [p.key for p in found.packages] == ["."]
    assert [p.what for p in found.problems] == ["does not use ."]
    assert found.complete


def test_vendoring_may_be_turned_off(tmp_path: Path) -> None:
    root = write(tmp_path / "root", SHAPES["vendored"])
    assert not scan(root).production_graph().n_edges
    found = scan(root, replace(LINUX, mod="mod"))
    assert edges(found) == {("a", "lib"), ("lib", "a")}


def test_several_modules_side_by_side(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "one/go.mod": "module example.com/same\n",
            "one/a/a.go": 'package a\n\nimport "example.com/same/b"\n',
            "one/b/b.go": "package b\n",
            "two/go.mod": "module example.com/same\nreplace example.com/x => ../one\nrequire example.com/x v1.0.0\n",
            "two/a/a.go": 'package a\n\nimport ("example.com/same/b"; "example.com/x/b")\n',
            "two/b/b.go": "package b\n",
        },
    )
    found = scan(root)
    assert edges(found) == {("one/a", "one/b"), ("two/a", "two/b"), ("two/a", "one/b")}
    assert [m.folder for m in found.modules] == ["one", "two"]
    assert verify(found, go_command()) == ()


def test_the_standard_library_in_small(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "go.mod": "module std\n",
            "fmt/f.go": 'package fmt\n\nimport ("errors"; "golang.org/x/text")\n',
            "errors/e.go": "package errors\n",
            "errors/e_test.go": 'package errors_test\n\nimport "golang.org/x/net"\n',
            "builtin/b.go": "package builtin\n",
            "vendor/golang.org/x/text/t.go": 'package text\n\nimport ("fmt"; "golang.org/x/net")\n',
            "vendor/golang.org/x/net/n.go": "package net\n",
            "cmd/go.mod": "module cmd\n",
            "cmd/go/g.go": 'package main\n\nimport ("cmd/internal/x"; "golang.org/x/mod"; "fmt")\n',
            "cmd/internal/x/x.go": "package x\n",
            "cmd/vendor/golang.org/x/mod/m.go": "package mod\n",
        },
    )
    found = scan(root)
    text, net = "vendor/golang.org/x/text", "vendor/golang.org/x/net"
    assert edges(found) == {("fmt", "errors"), ("fmt", text), (text, "fmt"), (text, net)}
    assert {p.import_path: p.xtest_imports for p in found.packages}["errors"] == (net,)
    assert found.xtest_edges()
    found = scan(root / "cmd")
    assert {p.import_path for p in found.packages} == {"cmd/go", "cmd/internal/x", "cmd/vendor/golang.org/x/mod"}
    assert len(edges(found)) == 2


def test_experiments_are_those_of_the_tree_that_is_scanned(tmp_path: Path) -> None:
    flags = "\n\tbaseline := goexperiment.Flags{\n\t\tNewThing: true,\n\t\tOld: false,\n\t}\n"
    exp = f"package buildcfg\n\nvar x = func() {{{flags}}}\n"
    root = write(
        tmp_path,
        {
            "go.mod": "module std\n",
            "internal/buildcfg/exp.go": exp,
            "a/new.go": "//go:build goexperiment.newthing && !goexperiment.old\n\npackage a\n",
            "a/gone.go": "//go:build goexperiment.greenteagc\n\npackage a\n",
        },
    )
    assert scan(root).packages[0].go_files == ("new.go",)


def test_verify_says_what_differs(tmp_path: Path) -> None:
    root = write(tmp_path, {"go.mod": GO_MOD, "a/a.go": 'package a\n\nimport "os"\n'})
    found = scan(root)
    write(root, {"a/a.go": 'package a\n\nimport "io"\n', "b/b.go": "package b\n"})
    assert [str(difference) for difference in verify(found, go_command())] == [
        "example.com/m/a Imports: only go list has io; go list does not have os",
        f"example.com/m/b Package: only go list has {root.resolve()}{os.sep}b",
    ]


@pytest.mark.parametrize(
    ("prepare", "error"),
    [
        (lambda root: scan(root, replace(LINUX, all_platforms=True)), UsageError),
        (scan, ToolError),
    ],
)
def test_verify_says_why_it_cannot(prepare: Callable[[Path], object], error: type[Exception], tmp_path: Path) -> None:
    found = prepare(write(tmp_path, {"go.mod": GO_MOD, "a.go": "package a\n"}))
    with pytest.raises(error):
        verify(found, "no-such-go")  # type: ignore[arg-type]
