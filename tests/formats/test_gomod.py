"""go.mod and go.work, against `go mod edit -json` and `go work edit -json`."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from goknot.formats.gomod import parse_gomod, parse_gowork

GO = shutil.which("go")
needs_go = pytest.mark.skipif(GO is None, reason="no Go on PATH to ask")

FILES = {
    "plain": "module example.com/a\n\ngo 1.22\n",
    "quoted": 'module "example.com/a"\ngo 1.22\nrequire "example.com/b" "v1.2.3"\n',
    "blocks": """// a comment
module example.com/a // trailing

go 1.24.1
toolchain go1.25.0

require (
	example.com/b v1.0.0
	example.com/c v0.0.0-20200101000000-abcdefabcdef // indirect
	example.com/d v2.0.0+incompatible // indirect; because
	example.com/e v1.1.1 // not indirect
	// example.com/no v1.0.0
)
require example.com/f v1.0.0 //indirect

replace example.com/b => ../b
replace (
	example.com/c v0.0.0-20200101000000-abcdefabcdef => example.com/cc v1.0.0
	example.com/d => "../a folder/d"
)
exclude example.com/b v0.9.0
exclude (
	example.com/b v0.8.0
)
retract v1.0.0 // oops
retract [v1.1.0, v1.2.0]
tool example.com/b/cmd/x
ignore ./node_modules
ignore (
	static
	./third_party/js
)
godebug default=go1.21
""",
    "crlf": "module example.com/a\r\n\r\ngo 1.22\r\nrequire (\r\n\texample.com/b v1.0.0 // indirect\r\n)\r\n",
    "deprecated": "// Deprecated: use example.com/b\n// instead.\nmodule example.com/a\n\ngo 1.22\n",
    "deprecated behind": "module example.com/a // Deprecated: gone\n\ngo 1.22\n",
    "not deprecated": "// Deprecated: use example.com/b\n\nmodule example.com/a\n\ngo 1.22\n",
    "tight comment": "module example.com/a//comment\ngo 1.22//x\nrequire example.com/b v1.0.0//indirect\n",
    "empty block": "module example.com/a\n\ngo 1.22\n\nrequire ()\n",
}


@needs_go
@pytest.mark.parametrize("name", FILES)
def test_gomod_as_go_reads_it(name, tmp_path):
    (tmp_path / "go.mod").write_bytes(FILES[name].encode())
    said = go_says(["mod", "edit", "-json"], tmp_path)
    mine = parse_gomod(FILES[name].encode(), "go.mod")
    assert mine.problems == ()
    assert mine.module == said["Module"]["Path"]
    assert mine.deprecated == said["Module"].get("Deprecated", "").replace("\n", " ")
    assert mine.go == said.get("Go", "")
    assert mine.toolchain == said.get("Toolchain", "")
    assert [(r.path, r.version, r.indirect) for r in mine.requires] == [
        (r["Path"], r["Version"], r.get("Indirect", False)) for r in said.get("Require") or ()
    ]
    assert replaces(mine) == replaces_said(said)
    assert [list(e) for e in mine.excludes] == [[e["Path"], e["Version"]] for e in said.get("Exclude") or ()]
    assert len(mine.retracts) == len(said.get("Retract") or ())
    assert list(mine.ignores) == [i["Path"] for i in said.get("Ignore") or ()]
    assert list(mine.tools) == [t["Path"] for t in said.get("Tool") or ()]


@needs_go
def test_gowork_as_go_reads_it(tmp_path):
    text = 'go 1.24\ntoolchain go1.25.0\nuse .\nuse (\n\t./a // why\n\t"./b c"\n)\nreplace example.com/x => ./x\n'
    (tmp_path / "go.work").write_text(text)
    said = go_says(["work", "edit", "-json"], tmp_path)
    mine = parse_gowork(text.encode(), "go.work")
    assert mine.problems == ()
    assert (mine.go, mine.toolchain) == (said["Go"], "go1.25.0")  # go work edit -json leaves the toolchain out
    assert list(mine.uses) == [u["DiskPath"] for u in said["Use"]]
    assert replaces(mine) == replaces_said(said)


def go_says(arguments, folder):
    done = subprocess.run([GO, *arguments], cwd=folder, capture_output=True, check=True, text=True)
    return json.loads(done.stdout)


def replaces(mine):
    return [(r.old_path, r.old_version, r.new_path, r.new_version) for r in mine.replaces]


def replaces_said(said):
    return [
        (r["Old"]["Path"], r["Old"].get("Version", ""), r["New"]["Path"], r["New"].get("Version", ""))
        for r in said.get("Replace") or ()
    ]


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("module a\nrequire b\n", 2, "require: 1 arguments"),
        ("module a\nfrobnicate b\n", 2, "unknown directive: frobnicate"),
        ('module a\nrequire "b v1\n', 2, "unexpected"),
        ("module a\nrequire (\n b v1\n", 4, "not closed"),
        ("module a\nreplace b v1 c v2\n", 2, "replace: no =>"),
        ("go 1.22\n", 1, "no module directive"),
        ("\ufeffmodule a\n", 1, "byte order mark"),
    ],
)
def test_what_cannot_be_read_is_a_problem_and_the_rest_is_kept(text, line, part):
    mine = parse_gomod(text.encode(), "go.mod")
    assert [(n, part in what) for n, what in mine.problems] == [(line, True)]
    assert mine.module in {"a", ""}


def test_invalid_utf8_is_a_problem():
    assert parse_gomod(b"module a\n\xff\xfe x\n", "go.mod").problems


def test_lines_are_told():
    mine = parse_gomod(b"module a\n\nrequire (\n\tb v1.0.0\n)\n", "go.mod")
    assert mine.requires[0].line == 4
