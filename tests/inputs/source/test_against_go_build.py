"""Files and imports of single folders, against go/build: heads well formed, odd and broken."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from go_asked import ask
from trees import MemoryTree

from goknot.errors import InputError
from goknot.inputs.source import SourceOptions, scan_source
from goknot.inputs.source.verify import FIELDS

# fmt: off
PIECES = [
    b"package p\n", b"package p", b"package q_test\n", b"package p_test\n", b"package main\n",
    b"package documentation\n",
    b"package _\n", b"package func\n", b"package \xc3\xa4\n", b"package p;", b"package\np\n", b"package /* x */ p\n",
    b"packagep\n", b'import "a"\n', b'import "a/b"; import "c"\n', b'import (\n\t"a"\n\t"b" // c "d"\n)\n',
    b'import ("a"; "b")\n', b'import ("a" "b")\n', b"import ()\n", b'import (\n\tx "a"\n\t. "b"\n\t_ "c"\n)\n',
    b"import `a`\n", b'import "C"\n', b'import . "a"\n', b'import\n"a"\n', b'import x\n"a"\n',
    b'import x /* \n */ "a"\n',
    b'import/**/"a"\n', b'import "a" "b"\n', b'import "a\\x62"\n', b'import "a\\u0062"\n', b'import "a\\q"\n',
    b'import ""\n', b'import "a b"\n', b'import "a', b"import", b"import (\n", b'import ("a"', b'import "a",\n',
    b'import \xc3\xa4 "a"\n', b'import "\xc3\xa4"\n', b'import "\xff"\n', b"import 'a'\n", b"import 1\n",
    b'import type "a"\n', b'import "./a"\n', b'import "unsafe"\n', b'import "a@b"\n', b'import "a";;import "b"\n',
    b"import `a\r`\n", b"// c\n", b"/* c */", b"/* c\n*/\n", b"/* open", b"// \xff\n", b"// \xc3\xa4\n", b"\n", b" ",
    b"\t", b"\r\n", b";", b"\f", b"\0", b"\v", b"\xef\xbb\xbf", b"#", b"/", b")", b"}", b"`", b"i", b"iota", b"x",
    b"func main() {\n", b"var x = 1\n", b"type T struct{}\n", b"@", b"//go:build linux\n", b"//go:build !linux\n",
    b"//go:build windows || e2e\n", b"//go:build\n", b"//go:build &&\n", b" //go:build ignore\n", b"// +build linux\n",
    b"// +build windows\n", b"//+build e2e,linux darwin\n", b"// +build\n", b"// +build !\n", b"//go:buildx\n",
    b"// +buildx\n", b"//go:build linux // c\n", b"\n\n", b"//go:build cgo\n", b"// +build !cgo\n",
    b"//go:build go1.20\n", b"//go:build gc && unix\n",
]
NAMES = [
    "a.go", "b.go", "a_test.go", "b_test.go", "a_linux.go", "a_windows.go", "a_windows_test.go", "linux.go",
    "x_linux_arm64.go", "x_amd64.go", "_a.go", ".a.go", "a_unix.go", "a.b.go", "a_linux.x.go", "_linux.go",
    "x_android.go", "x_foo_windows_amd64.go", "x_linux_test.go", "test.go", "_test.go",
]
USUAL = [
    b"package p\n", b"package p\n\n", b"// Copyright\n\npackage p\n\n", b"//go:build linux\n\npackage p\n",
    b"package p_test\n",
]
# fmt: on


def _content(rng: random.Random) -> bytes:
    if rng.random() < 0.5:
        pieces = [rng.choice(USUAL), *rng.choices(PIECES, k=rng.randrange(4)), b"func f() {}\n"]
    else:
        pieces = rng.choices(PIECES, k=rng.randrange(7))
    data = b"".join(pieces)
    if rng.random() < 0.1 and data:
        place = rng.randrange(len(data))
        data = data[:place] + rng.choice((b"", b'"', b"\n", b"\xff", b"*/")) + data[place + 1 :]
    if rng.random() < 0.03:
        data = data.replace(b"\n", b"\n" + b"// long\n" * 1500, 1)
    return data


def _folder(rng: random.Random) -> dict[str, Any]:
    goos, goarch = rng.choice([("linux", "amd64"), ("windows", "amd64"), ("android", "arm64"), ("plan9", "386")])
    names = rng.sample(NAMES, rng.choice((1, 1, 1, 2, 3)))
    return {
        "Files": {name: _content(rng) for name in names},
        "GOOS": goos,
        "GOARCH": goarch,
        "Cgo": rng.random() < 0.5,
        "Tags": ["e2e"] if rng.random() < 0.3 else [],
    }


def test_random_folders_are_read_as_go_build_reads_them(tmp_path: Path) -> None:
    rng = random.Random(7)
    folders = [_folder(rng) for _ in range(5000)]
    answers = ask(tmp_path, folders)["folders"]
    n_refused = n_imports = 0
    for folder, answer in zip(folders, answers, strict=True):
        theirs = {field: sorted(set(answer[field] or [])) for field in FIELDS}
        assert _ours(folder) == theirs, folder
        n_refused += bool(theirs["InvalidGoFiles"])
        n_imports += bool(theirs["Imports"])
    assert n_refused > 400
    assert n_imports > 250


def _ours(folder: dict[str, Any]) -> dict[str, list[str]]:
    options = SourceOptions(goos=folder["GOOS"], goarch=folder["GOARCH"], cgo=folder["Cgo"], tags=tuple(folder["Tags"]))
    none: dict[str, list[str]] = {field: [] for field in FIELDS}
    try:
        scan = scan_source(MemoryTree(folder["Files"]), options)
    except InputError:
        return none
    if not scan.packages:  # nothing of it is built: then go list leaves it out as well
        return {**none, "IgnoredGoFiles": sorted(n for n in folder["Files"] if n[0] not in "._" and n.endswith(".go"))}
    fields = scan.packages[0].go_list_fields()
    return {field: sorted(fields.get(field, [])) for field in FIELDS}
