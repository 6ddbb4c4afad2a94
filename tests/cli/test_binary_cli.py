"""`goknot binary` from the outside: both formats, questions, exit codes, bad input."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from support.builds import build

SCHEMA = json.loads(files("goknot.reports").joinpath("binary.schema.json").read_text("utf-8"))


def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "goknot", "binary", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert "Traceback" not in done.stderr
    return done


def asked(*arguments: object) -> tuple[int, dict[str, object]]:
    done = run(*arguments, "--format", "json")
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    return done.returncode, report


@pytest.fixture(scope="module")
def library() -> Path:
    return build("binary_cexports", "1.26.6", mode="c-shared", cgo=True)


def header(library: Path) -> Path:
    return library.with_suffix(".h")


def test_the_schema_is_a_schema_and_strict() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    _, report = asked(build("binary_probe", "1.27.3"))
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(report | {"surprise": 1})
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(report | {"file": {**report["file"], "x": 1}})


def test_the_summary_fits_one_screen() -> None:
    done = run(build("binary_probe", "1.27.3"))
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert len(lines) < 24
    assert lines[0].startswith("executable ")
    assert "go         go1.27.3, module example.com/probe" in done.stdout
    assert run(build("binary_probe", "1.27.3")).stdout == done.stdout


def test_every_question_has_its_answer(library: Path) -> None:
    code, report = asked(
        library, "--func", "main.Describe", "--symbol", "Add", "--symbol", "malloc", "--calls", "Greet"
    )
    assert code == 0
    assert [one["name"] for one in report["functions"]] == ["main.Describe"]
    assert report["functions"][0]["where"].endswith("main.go:40")
    by_name = {one["name"]: one for one in report["symbols"]}
    assert by_name["Add"] | {"addr": 0} == {
        "name": "Add", "kind": "function", "place": "defined", "exported": True, "bound": "link",
        "by": ["the linker"], "reachable": True, "version": "", "library": "", "addr": 0, "uses": [],
        "why": "other files and dlsym find it; this file's own uses are bound to it already",
    }  # fmt: skip
    assert (by_name["malloc"]["bound"], by_name["malloc"]["library"]) == ("first call", "libc.so.6")
    assert by_name["malloc"]["uses"][0]["relocation"] == "R_X86_64_JUMP_SLOT"
    assert by_name["malloc"]["reachable"] is None
    assert "crosscall2" in [one["target"] for one in report["calls"][0]["calls"]]
    entry = report["functions"][0]["entry_addr"]
    code, report = asked(library, "--pc", hex(entry), "--pc", str(entry + 1))
    assert [(one["function"], one["off"]) for one in report["pcs"]] == [("main.Describe", 0), ("main.Describe", 1)]


def test_places_in_c_code_are_named_by_the_symbol_table(library: Path) -> None:
    _, report = asked(library, "--func", "x_cgo_init")
    first, end = (report["functions"][0][name] for name in ("entry_addr", "end_addr"))
    _, report = asked(library, "--pc", hex(first + 3), "--pc", hex(end - 1))
    assert [(one["function"], one["off"]) for one in report["pcs"]] == [
        ("x_cgo_init", 3),
        ("x_cgo_init", end - 1 - first),
    ]


def test_what_is_not_there_is_said_with_its_reason(library: Path) -> None:
    done = run(library, "--func", "nothing", "--pc", "0", "--pc", "0x7fffffffffffffff", "--symbol", "nobody")
    assert done.returncode == 1
    for reason in ("nothing: no function", "0x0: no function: it is data", "nothing there", "nobody: no symbol"):
        assert reason in done.stdout
    assert run(library, "--pc", "main.Describe").returncode == 2
    assert run(library, "--pc", "-1").returncode == 2
    assert run(library, "--pc", str(1 << 64)).returncode == 2


def test_a_header_of_the_same_build_agrees(library: Path) -> None:
    code, report = asked(library, "--cgo-header", header(library))
    cgo = report["cgo"]
    assert code == 0
    assert [one["name"] for one in cgo["exports"]] == [
        "Add", "Describe", "Greet", "Norm", "Split", "Total", "goknot_reset",
    ]  # fmt: skip
    assert all(one["signature"] == one["header_signature"] and one["exported"] for one in cgo["exports"])
    layouts = {one["name"]: one for one in cgo["layouts"]}
    assert sorted(layouts) == ["GoInterface", "GoSlice", "GoString", "struct Split_return"]
    assert [(f["field"], f["off"]) for f in layouts["struct Split_return"]["here"]] == [
        ("r0", 0),
        ("r1", 16),
        ("r2", 32),
    ]
    assert all(one["here"] == one["header"] and one["agrees"] for one in cgo["layouts"])
    assert "7 of 7 exports and 4 of 4 structs agree" in run(library, "--cgo-header", header(library)).stdout


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("GoInt Add(GoInt a, GoInt b)", "GoInt Add(GoInt32 a, GoInt b)", "Add: parameter 1 is GoInt32 in the header"),
        ("extern GoInt Add", "extern GoUint Add", "Add: the result is GoUint in the header, GoInt here"),
        ("Add(GoInt a, GoInt b)", "Add(GoInt a)", "Add: 1 parameters in the header, 2 here"),
        ("GoFloat64 Total(", "GoFloat64 Sum(", "Total: the header does not declare it"),
        ("GoFloat64 Total(", "GoFloat64 Sum(", "Sum: the header declares it, the binary has no such export"),
        ("GoInt len; GoInt cap;", "GoInt cap;", "GoSlice: {data ptr at 0, cap i64 at 8}, 16 bytes in the header"),
        ("GoUint8 r2;", "GoUint8 r2; GoInt r3;", "struct Split_return: {"),
        ("{ int32_t x; double y; } point", "{ double x; double y; } point", "Norm: parameter 1 is point in the header"),
    ],
)
def test_a_header_of_another_build_differs(library: Path, tmp_path: Path, old: str, new: str, said: str) -> None:
    text = header(library).read_text()
    assert old in text
    other = tmp_path / "other.h"
    other.write_text(text.replace(old, new))
    done = run(library, "--cgo-header", other)
    assert done.returncode == 1
    assert said in " ".join(done.stdout.split())


def test_a_header_without_debugging_information() -> None:
    stripped = build("binary_cexports", "1.26.6", mode="c-shared", cgo=True, stripped=True)
    code, report = asked(stripped, "--cgo-header", header(stripped))
    assert code == 0
    assert all(not one["signature"] and one["header_signature"] for one in report["cgo"]["exports"])
    assert "7 signatures not said by the binary" in " ".join(
        run(stripped, "--cgo-header", header(stripped)).stdout.split()
    )


def test_other_files_are_no_headers(library: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.h"
    plain.write_text("extern int Add(int a, int b);\n")
    for path in (plain, tmp_path, tmp_path / "none.h", library):
        done = run(library, "--cgo-header", path)
        assert (done.returncode, done.stdout) == (2, "")
        assert str(path) in done.stderr


def bad_files(folder: Path) -> dict[str, bytes]:
    c_program = folder / "c_program"
    (folder / "main.c").write_text("int main(void) { return 0; }\n")
    subprocess.run(["gcc", "-o", c_program, folder / "main.c"], check=True)
    go = build("binary_probe", "1.27.3").read_bytes()
    return {
        "empty": b"",
        "script": b"#!/bin/sh\necho\n",
        "text": b"package main\n",
        "archive": b"!<arch>\n" + bytes(100),
        "c_program": c_program.read_bytes(),
        "elf_magic": b"\x7fELF",
        "elf32": b"\x7fELF\x01\x01" + bytes(60),
        "big_endian": b"\x7fELF\x02\x02" + bytes(60),
        "s390": go[:18] + b"\x16\0" + go[20:],
        "headers_only": go[:4096],
        "core": go[:16] + b"\4" + go[17:],
        "macho_magic": b"\xcf\xfa\xed\xfe",
        "class_file": b"\xca\xfe\xba\xbe\0\0\0\x41" + bytes(200),
        "dos": b"MZ" + bytes(200),
        "wasm": b"\0asm\1\0\0\0",
    }


def test_bad_files_get_one_line(tmp_path: Path) -> None:
    for name, content in bad_files(tmp_path).items():
        path = tmp_path / name
        path.write_bytes(content)
        done = run(path)
        assert (done.returncode, done.stdout) == (2, ""), name
        assert done.stderr.startswith(f"goknot: {path}: "), done.stderr
        assert len(done.stderr.splitlines()) <= 2
    for path in (tmp_path, tmp_path / "missing"):
        assert run(path).returncode == 2


def test_packed_files_are_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "packed"
    content = bytearray(bad_files(tmp_path)["c_program"])
    content[0x400:0x404] = b"UPX!"
    path.write_bytes(content)
    assert "unpack it with upx -d" in run(path).stderr


def test_huge_sparse_files_are_told_at_once(tmp_path: Path) -> None:
    go = build("binary_probe", "1.27.3", pie=True).read_bytes()
    wide = bytearray(go)
    first = int.from_bytes(go[32:40], "little")
    for at in range(first, first + 56 * int.from_bytes(go[56:58], "little"), 56):
        if go[at : at + 4] == b"\1\0\0\0":  # a PT_LOAD that says it has 4 GB
            wide[at + 32 : at + 48] = (1 << 32).to_bytes(8, "little") * 2
    for name, content, codes in (("zeros", b"", {2}), ("tail", go, {0}), ("wide", bytes(wide), {0, 2, 3})):
        path = tmp_path / name
        with path.open("wb") as file:
            file.write(content)
            file.truncate(4 << 30)
        limit = lambda: resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))  # noqa: E731
        done = run(path, timeout=60, preexec_fn=limit)
        assert done.returncode in codes, (name, done)


def test_help_names_every_question() -> None:
    printed = run("--help").stdout
    for option in ("--func", "--functions", "--pc", "--symbol", "--calls", "--cgo-header", "--format", "--output"):
        assert option in printed
