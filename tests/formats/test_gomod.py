"""go.mod and go.work, against `go mod edit -json` and `go work edit -json`."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goknot.errors import InputError
from goknot.formats.gomod import MAX_BYTES, is_folder, parse_gomod, parse_gowork

GO = shutil.which("go")
needs_go = pytest.mark.skipif(GO is None, reason="no Go on PATH to ask")

FILES = {
    "plain": "module example.com/a\n\ngo 1.22\n",
    "quoted": 'module "example.com/a"\ngo 1.22\nrequire "example.com/b" "v1.2.3"\n',
    "escapes": 'module "example\\x2ecom/\\u0061\\142"\nreplace example.com/b => "./\\u00e9 \\U0001F600\\t"\n',
    "broken escape": 'module "example.com/\\q"\n',
    "octal too large": 'module "example.com/\\777"\n',
    "surrogate": 'module "example.com/\\ud800"\n',
    "raw string": "module `example.com/a`\n",
    "single quotes": "module 'example.com/a'\n",
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
    "bare cr": "module example.com/a\rgo 1.22\n",
    "bom": "\ufeffmodule example.com/a\n",
    "deprecated": "// Deprecated: use example.com/b\n// instead.\nmodule example.com/a\n\ngo 1.22\n",
    "deprecated behind": "module example.com/a // Deprecated: gone\n\ngo 1.22\n",
    "not deprecated": "// Deprecated: use example.com/b\n\nmodule example.com/a\n\ngo 1.22\n",
    "deprecated second paragraph": "// Hello\n//\n// Deprecated: gone\n// away\n//\n// more\nmodule example.com/a\n",
    "deprecated inside a paragraph": "// Hello\n// Deprecated: gone\nmodule example.com/a\n",
    "deprecated block": "// Deprecated: all of it\nmodule (\n\texample.com/a\n)\n",
    "deprecated block, own comment": "// Deprecated: all of it\nmodule (\n\t// own\n\texample.com/a\n)\n",
    "retract reasons": "module example.com/a\n// all\nretract (\n\tv1.0.0\n\n\tv1.1.0\n"
    "\t// why\n\n\tv1.2.0 // so\n\tv1.3.0\n)\n",
    "tight comment": "module example.com/a//comment\ngo 1.22//x\nrequire example.com/b v1.0.0//indirect\n",
    "empty block": "module example.com/a\n\ngo 1.22\n\nrequire ()\n\nrequire ( )\n",
    "block in the middle of a line": "module example.com/a\nrequire ( ) x\n",
    "block of two words": "module example.com/a\nrequire more (\n)\n",
    "lonely bracket": "module example.com/a\n(\n",
    "go in a block": "module example.com/a\ngo (\n\t1.22\n)\n",
    "text after a block": "module example.com/a\nrequire (\n\texample.com/b v1.0.0\n) x\n",
    "block not closed": "module example.com/a\nrequire (\n\texample.com/b v1.0.0\n",
    "c comment": "module example.com/a /* x */\n",
    "c comment in a word": "module example.com/a/*x*/\n",
    "url like path": "module example.com/a\nrequire (\n\texample.com//b v1.0.0\n)\n",
    "two modules": "module example.com/a\nmodule example.com/b\n",
    "two go lines": "module example.com/a\ngo 1.20\ngo 1.21\n",
    "short versions": "module example.com/a\nrequire example.com/b v1\nrequire example.com/c v1.2\n",
    "metadata": "module example.com/a\nrequire example.com/b v1.2.3+meta\n",
    "a branch": "module example.com/a\nrequire example.com/b master\n",
    "v2 without suffix": "module example.com/a\nrequire example.com/b v2.0.0\n",
    "v2 suffix": "module example.com/a\nrequire example.com/b/v2 v2.0.0\n",
    "v2 suffix, v1 version": "module example.com/a\nrequire example.com/b/v2 v1.0.0\n",
    "v1 suffix": "module example.com/a\nrequire example.com/b/v1 v1.0.0\n",
    "gopkg.in": "module example.com/a\nrequire gopkg.in/check.v1 v0.0.0-20161208181325-20d25e280405\n"
    "require gopkg.in/yaml.v3 v3.0.1\nrequire gopkg.in/x.v2-unstable v2.0.0\n",
    "gopkg.in wrong": "module example.com/a\nrequire gopkg.in/yaml v3.0.1\n",
    "replace with at sign": "module example.com/a\nreplace example.com/b => example.com/c@v1.0.0\n",
    "replace folder with version": "module example.com/a\nreplace example.com/b => ./c v1.0.0\n",
    "replace nothing": "module example.com/a\nreplace example.com/b =>\n",
    "replace too much": "module example.com/a\nreplace example.com/b => example.com/c v1.0.0 v1.0.1\n",
    "replace rooted": "module example.com/a\nreplace example.com/b => /c\n",
    "replace version": "module example.com/a\nreplace example.com/b v1.0.0 => example.com/c v1.0.0\n",
    "retract open": "module example.com/a\nretract [v1.0.0, v1.1.0\n",
    "retract tail": "module example.com/a\nretract v1.0.0 v1.1.0\n",
    "retract nothing": "module example.com/a\nretract\n",
    "toolchain default": "module example.com/a\ntoolchain default\n",
    "toolchain wrong": "module example.com/a\ntoolchain 1.21\n",
    "go wrong": "module example.com/a\ngo 1\n",
    "go rc": "module example.com/a\ngo 1.21rc2\n",
    "go quoted": 'module example.com/a\ngo "1.21"\n',
    "godebug wrong": "module example.com/a\ngodebug x\n",
    "unknown": "module example.com/a\nfrobnicate b\n",
    "control character": "module example.com/a\x01\n",
    "no-break space": "module\u00a0example.com/a\n",
    "no last newline": "module example.com/a\ngo 1.22",
    "string over lines": 'module example.com/a\nrequire "example.com/b\n" v1.0.0\n',
}


@needs_go
@pytest.mark.parametrize("name", FILES)
def test_gomod_as_go_reads_it(name, tmp_path):
    check_gomod(FILES[name].encode(), tmp_path)


def check_gomod(text, folder):
    (folder / "go.mod").write_bytes(text)
    said = go_says(["mod", "edit", "-json"], folder)
    mine = parse_gomod(text, "go.mod")
    if said is None:
        assert mine.problems, text
        return
    assert [what for _, what in mine.problems if what != "no module directive"] == [], text
    assert mine.module == said["Module"]["Path"]
    assert mine.deprecated == said["Module"].get("Deprecated", "")
    assert mine.go == said.get("Go", "")
    assert mine.toolchain == said.get("Toolchain", "")
    assert [(r.path, r.version, r.indirect) for r in mine.requires] == [
        (r["Path"], r["Version"], r.get("Indirect", False)) for r in said.get("Require") or ()
    ]
    assert replaces(mine) == replaces_said(said)
    assert [list(e) for e in dict.fromkeys(mine.excludes)] == [
        [e["Path"], e["Version"]] for e in said.get("Exclude") or ()
    ]
    assert [(r.low, r.high, r.rationale) for r in mine.retracts] == [
        (r["Low"], r["High"], r.get("Rationale", "")) for r in said.get("Retract") or ()
    ]
    assert list(dict.fromkeys(mine.ignores)) == [i["Path"] for i in said.get("Ignore") or ()]
    assert list(dict.fromkeys(mine.tools)) == [t["Path"] for t in said.get("Tool") or ()]


PATHS = [
    "example.com/b",
    "example.com/b/v2",
    '"example.com/c"',
    "gopkg.in/d.v3",
    "Example.com/E~x",
    "b//c",
    "./x",
    "`y`",
]
VERSIONS = ["v1.0.0", "v2.1.0", "v3.0.0-pre.1", "v1.2", "v2.0.0+incompatible", '"v1.0.1"', "v01.0.0", "none"]
words = st.sampled_from([*PATHS, *VERSIONS, "=>", "(", ")", "[", "]", ",", "go1.21.0", "1.22", "a=b", "é", '"', "/*"])
pairs = st.tuples(st.sampled_from(PATHS), st.sampled_from(VERSIONS)).map(" ".join)
comments = st.sampled_from(
    ["", "", "", " // indirect", "//indirect", " // indirect; x", " // why", " // Deprecated: x"]
)
bodies = {
    "require": pairs,
    "exclude": pairs,
    "replace": st.tuples(st.one_of(pairs, st.sampled_from(PATHS)), st.one_of(pairs, st.sampled_from(PATHS))).map(
        " => ".join
    ),
    "retract": st.one_of(
        st.sampled_from(VERSIONS),
        st.tuples(st.sampled_from(VERSIONS), st.sampled_from(VERSIONS)).map(lambda p: f"[{p[0]} ,{p[1]}]"),
    ),
    "tool": st.sampled_from(PATHS),
    "ignore": st.sampled_from(PATHS),
    "module": st.sampled_from(PATHS),
    "go": st.sampled_from(["1.17", "1.21.0", "1.22rc1", "v1.2"]),
    "godebug": st.sampled_from(["a=b", "a"]),
    "use": st.sampled_from(["./a", '"b c"', "."]),
}


@st.composite
def statements(draw):
    verb = draw(st.sampled_from([*bodies, *(["require"] * 8)]))
    body = st.one_of(*([bodies[verb]] * 9), st.lists(words, max_size=4).map(" ".join))
    eol = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    above = draw(st.sampled_from(["", "", "// note" + eol, "// Deprecated: gone" + eol, eol]))
    if draw(st.booleans()):
        return f"{above}{verb} {draw(body)}{draw(comments)}{eol}"
    inner = draw(st.lists(st.one_of(st.just(""), st.just("// c"), st.tuples(body, comments).map("".join)), max_size=4))
    return f"{above}{verb} ({draw(comments)}{eol}" + "".join(f"\t{line}{eol}" for line in inner) + f"){eol}"


@needs_go
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(statements(), max_size=4))
def test_generated_files_as_go_reads_them(tmp_path, parts):
    check_gomod(("module example.com/a\n" + "".join(parts)).encode(), tmp_path)


@needs_go
@pytest.mark.parametrize(
    "text",
    [
        'go 1.24\ntoolchain go1.25.0\nuse .\nuse (\n\t./a // why\n\t"./b c"\n)\nreplace example.com/x => ./x\n',
        "use ./a\nreplace (\n\texample.com/x v1.0.0 => example.com/y v1.0.0\n)\ngodebug a=b\n",
        "go 1.24\nrequire example.com/x v1.0.0\n",
        "go 1.24\nuse ./a ./b\n",
        "go (\n\t1.24\n)\n",
        "",
    ],
)
def test_gowork_as_go_reads_it(tmp_path, text):
    (tmp_path / "go.work").write_text(text)
    said = go_says(["work", "edit", "-json"], tmp_path)
    mine = parse_gowork(text.encode(), "go.work")
    if said is None:
        assert mine.problems
        return
    assert mine.problems == ()
    assert mine.go == said.get("Go", "")  # go work edit -json leaves the toolchain out
    assert list(mine.uses) == [u["DiskPath"] for u in said.get("Use") or ()]
    assert replaces(mine) == replaces_said(said)


def test_gowork_toolchain():
    assert parse_gowork(b"toolchain go1.25.0\n", "go.work").toolchain == "go1.25.0"


def go_says(arguments, folder):
    done = subprocess.run([GO, *arguments], cwd=folder, capture_output=True, check=False, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else None


def replaces(mine):
    """Without those that a later line overrides: `go mod edit` drops doubles of all but requirements."""
    last = {(r.old_path, r.old_version): r for r in mine.replaces}
    kept = [r for r in mine.replaces if last[(r.old_path, r.old_version)] is r]
    return [(r.old_path, r.old_version, r.new_path, r.new_version) for r in kept]


def replaces_said(said):
    return [
        (r["Old"]["Path"], r["Old"].get("Version", ""), r["New"]["Path"], r["New"].get("Version", ""))
        for r in said.get("Replace") or ()
    ]


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("module a\nrequire b\ngo 1.22\n", 2, "require: 1 argument, wanted"),
        ("module a\nfrobnicate b\ngo 1.22\n", 2, "unknown directive: frobnicate"),
        ('module a\nrequire "b v1\ngo 1.22\n', 2, "a string is not closed"),
        ("module a\ngo 1.22\nrequire (\n b v1.0.0\n", 5, "the require block is not closed"),
        ("module a\nreplace b v1 c v2\ngo 1.22\n", 2, "replace: wanted OLD"),
        ("\ufeffmodule a\ngo 1.22\n", 1, "byte order mark"),
        ("module a\ngo 1.22\nrequire b master\n", 3, "require: b: version 'master'"),
    ],
)
def test_what_cannot_be_read_is_a_problem_and_the_rest_is_kept(text, line, part):
    mine = parse_gomod(text.encode(), "go.mod")
    assert [(n, part in what) for n, what in mine.problems] == [(line, True)]
    assert (mine.module, mine.go) == ("a", "1.22")


def test_a_file_without_a_module_line_is_a_problem():
    assert parse_gomod(b"go 1.22\n", "go.mod").problems == ((1, "no module directive"),)


def test_a_dependency_may_hold_what_a_later_go_brings():
    text = b"module a\nfuture x\nfuture (\n\ty\n)\nreplace b => ../b\ngo v1.22x\n"
    text += b"retract [v1.0.0,\nretract v1.0.0 because\n"
    assert parse_gomod(text, "go.mod").problems != ()
    mine = parse_gomod(text, "go.mod", lax=True)
    assert (mine.problems, mine.go, mine.replaces) == ((), "1.22", ())
    assert [r.low for r in mine.retracts] == ["v1.0.0"]


def test_invalid_utf8_is_a_problem_outside_of_comments():
    assert parse_gomod(b"module a\n\xff\xfe x\n", "go.mod").problems == ((2, "invalid UTF-8"),)
    assert parse_gomod(b"module a // \xff\n", "go.mod").problems == ()


def test_too_large_is_an_error():
    with pytest.raises(InputError, match=r"go\.mod"):
        parse_gomod(b"/" * (MAX_BYTES + 1), "go.mod")


def test_lines_are_told():
    mine = parse_gomod(b"module a\n\nrequire (\n\tb v1.0.0\n)\n\nreplace b => ./b\nretract v1.0.0\n", "go.mod")
    assert (mine.requires[0].line, mine.replaces[0].line, mine.retracts[0].line) == (4, 7, 8)


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        *((path, True) for path in (".", "..", "./a", ".\\a", "/a", "\\a", "C:\\a", "c:")),
        *((path, False) for path in ("a", ".a", "...", "", "a/../b", "..a/b")),
    ],
)
def test_folders_of_every_system_are_told_from_modules(path, folder):
    assert is_folder(path) is folder
