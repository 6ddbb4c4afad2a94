"""`goknot leaks`, as a user runs it; and trees made to break it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

RING = """package shop

import "runtime"

type Pool struct{ conns []*Conn }

type Conn struct {
	pool *Pool
	fd   int
}

func Open(fd int) *Conn {
	pool := &Pool{}
	conn := &Conn{pool: pool, fd: fd}
	pool.conns = append(pool.conns, conn)
	runtime.SetFinalizer(conn, func(c *Conn) { c.fd = -1 })
	return conn
}
"""
MOD = "module example.com/shop\n\ngo 1.26\n"


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "goknot", "leaks", *arguments], cwd=root, capture_output=True, text=True, check=False
    )


def document(root: Path, *arguments: str, code: int | None = None) -> dict:
    done = run(root, "--format", "json", *arguments)
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    if code is not None:
        assert done.returncode == code, (done.stdout, done.stderr)
    return json.loads(done.stdout)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "go.mod").write_text(MOD)
    (tmp_path / "shop.go").write_text(RING)
    return tmp_path


def test_ring_fails_the_run_and_shows_its_edges(tree: Path) -> None:
    found = document(tree, code=1)
    (knot,) = found["knots"]
    assert (knot["kind"], knot["verdict"], knot["confidence"]) == ("finalizer-in-ring", "never-freed", "certain")
    assert knot["where"] == {"file": "shop.go", "line": 16, "column": 2}
    names = [node["name"] for node in knot["nodes"]]
    edges = {(names[e["from"]], names[e["to"]]): e for e in knot["edges"]}
    assert edges["shop.Conn", "shop.Pool"]["field"] == "Conn.pool"
    assert edges["shop.Pool", "shop.Conn"]["field"] == "Pool.conns[]"
    assert edges["shop.Pool", "shop.Conn"]["evidence"][0]["text"] == "pool.conns = append(pool.conns, conn)"
    assert knot["cuts"][0]["move"] == "finalizer-outside-ring"


@pytest.mark.parametrize("format_", ["text", "sarif", "github", "dot", "mermaid"])
def test_every_format(tree: Path, format_: str) -> None:
    done = run(tree, "--format", format_)
    assert done.returncode == 1
    assert "shop.Conn" in done.stdout
    assert run(tree, "--format", format_).stdout == done.stdout


def test_ignored_with_a_reason_only(tree: Path) -> None:
    file = tree / "shop.go"
    line = "\truntime.SetFinalizer(conn"
    file.write_text(RING.replace(line, f"\t//goknot:ignore finalizer-in-ring lives as long as the program\n{line}"))
    found = document(tree, code=0)
    assert found["knots"] == []
    assert found["stats"]["ignored"] == 1
    file.write_text(RING.replace(line, f"\t//goknot:ignore finalizer-in-ring\n{line}"))
    found = document(tree, code=1)
    assert len(found["knots"]) == 1
    assert [(p["where"], p["what"]) for p in found["problems"]] == [("shop.go:16", "a goknot:ignore without a reason")]
    file.write_text(RING.replace(line, f"\t//goknot:ignore weak-map-ring another kind\n{line}"))
    assert len(document(tree, code=1)["knots"]) == 1


def test_baseline(tree: Path) -> None:
    assert run(tree, "--baseline", "known.json", "--update-baseline").returncode == 0
    (tree / "shop.go").write_text(RING.replace("import", "// moved\n\nimport"))
    found = document(tree, "--baseline", "known.json", code=0)
    assert [knot["baseline"] for knot in found["knots"]] == ["known"]
    (tree / "shop.go").write_text("package shop\n")
    assert document(tree, "--baseline", "known.json", code=0)["knots"][0]["baseline"] == "fixed"


def test_only_what_is_sure_fails(tree: Path) -> None:
    (tree / "shop.go").write_text(
        "package shop\n\ntype V struct{}\n\nvar all []*V\n\nfunc New() *V {\n\tv := &V{}\n\tall = append(all, v)\n"
        "\tgo func() { select {} }()\n\t_ = make(chan int)\n\treturn v\n}\n"
    )
    found = document(tree, code=0)
    assert {knot["confidence"] for knot in found["knots"]} == {"possible"}
    assert run(tree, "--doubtful").returncode == 1
    assert run(tree, "--doubtful", "--fail-on", "none").returncode == 0


def test_broken_files_hide_nothing_elsewhere(tree: Path) -> None:
    whole = document(tree)["knots"]
    (tree / "broken.go").write_text("package shop\n\nfunc f( { if x {{{ runtime.SetFinalizer(\n")
    (tree / "empty.go").write_text("")
    (tree / "other").mkdir()
    (tree / "other" / "b.go").write_text('package other\n\nimport "runtime"\n\nfunc g() { runtime.SetFinalizer(a, ]\n')
    broken = document(tree)
    assert broken["knots"] == whole
    assert any(problem["where"] == "broken.go" for problem in broken["problems"])


def nested(depth: int) -> str:
    return "{" * depth + "}" * depth


HOSTILE = {
    "blocks": "func f() {\n\truntime.SetFinalizer(a, b)\n" + nested(10_000) + "\n}\n",
    "parentheses": "func f() {\n\truntime.SetFinalizer(" + "(" * 10_000 + "a" + ")" * 10_000 + ", b)\n}\n",
    "sums": "var s = " + " + ".join(['"a"'] * 20_000) + "\nfunc f() { x := 1" + " + 1" * 20_000
    + "; runtime.SetFinalizer(x, nil) }\n",
    "chain": "func f() { runtime.SetFinalizer(a" + ".b()" * 10_000 + ", nil) }\n",
    "elses": "func f() {\n\tif a { runtime.SetFinalizer(a, b) }" + " else if a { g() }" * 5_000 + "\n}\n",
    "closures": "func f() { runtime.SetFinalizer(a, b); " + "func() { " * 3_000 + "}()" * 3_000 + " }\n",
    "stars": "func f(p " + "*" * 10_000 + "int) { runtime.SetFinalizer(p, nil) }\n",
    "types": "type A B\ntype B A\ntype C struct{ *C; D }\ntype D struct{ *C }\nfunc (c *C) m() {}\n"
    "func f(a A, c *C) { a.x.y = c; c.z(); c.m(); runtime.SetFinalizer(a, c.m) }\n",
    "calls": "".join(f"func f{i}(x *T) {{ f{i + 1}(x); f{i + 1}(x); f{i + 1}(x) }}\n" for i in range(300))
    + "type T struct{ t *T }\nfunc f300(x *T) { runtime.SetFinalizer(x, nil) }\n"
    + "func g() { t := &T{}; f0(t); runtime.SetFinalizer(t, nil) }\n",
    "branches": "func f(a *T) {\n\truntime.SetFinalizer(a, nil)\n"
    + "\tif x { a = &T{a} } else { a = &T{nil} }\n" * 5_000
    + "}\n",
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_code_ends_in_time(tmp_path: Path, case: str) -> None:
    (tmp_path / "go.mod").write_text(MOD)
    (tmp_path / "a.go").write_text(f'package shop\n\nimport "runtime"\n\n{HOSTILE[case]}')
    (tmp_path / "ring").mkdir()
    (tmp_path / "ring" / "ring.go").write_text(RING)
    found = document(tmp_path)
    assert [knot["where"]["file"] for knot in found["knots"] if knot["confidence"] == "certain"] == ["ring/ring.go"]


def test_generated_file_of_ten_megabytes(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text(MOD)
    many = "".join(f"func f{i}() {{ t := &T{{}}; t.a = t; g(t) }}\n" for i in range(250_000))
    (tmp_path / "big.go").write_text(f'package shop\n\nimport "runtime"\n\ntype T struct{{ a *T }}\n\n{many}')
    (tmp_path / "body.go").write_text(
        'package shop\n\nimport "runtime"\n\nfunc long() {\n\truntime.SetFinalizer(x, nil)\n'
        + "\tx = y\n" * 100_000
        + "}\n"
    )
    (tmp_path / "ring.go").write_text(RING)
    found = document(tmp_path)
    assert [knot["where"]["file"] for knot in found["knots"]] == ["ring.go"]
    assert any("longer than 256 KiB" in problem["what"] for problem in found["problems"])


def test_mutilated_code_never_breaks_it(tmp_path: Path) -> None:
    chance = random.Random(7)
    (tmp_path / "go.mod").write_text(MOD)
    for number in range(60):
        data = bytearray(RING.replace("package shop", "package p", 1).encode())
        for _ in range(chance.randrange(1, 8)):
            at = chance.randrange(10, len(data))
            if chance.random() < 0.5:
                del data[at : at + chance.randrange(1, 30)]
            else:
                data[at:at] = chance.choice(
                    [b"{", b"}", b"(", b"func(", b"\xff\xfe", b"...", b":= range ", b"go ", b'"']
                )
        folder = tmp_path / f"p{number}"
        folder.mkdir()
        (folder / "a.go").write_bytes(bytes(data))
    found = document(tmp_path)
    assert found["stats"]["functions"] > 10


def test_a_field_that_is_cleared_is_no_ring_wherever_it_is_called(tree: Path) -> None:
    cut = RING.replace("\treturn conn", "\tconn.pool = nil\n\treturn conn")
    caller = "\nfunc Use(yes bool) {\n\tif yes {\n\t\tOpen(1)\n\t}\n\tfor range 3 {\n\t\tOpen(2)\n\t}\n}\n"
    (tree / "shop.go").write_text(cut + caller)
    assert document(tree, code=0)["knots"] == []
    (tree / "shop.go").write_text(
        RING.replace("\treturn conn", "\tif fd > 2 {\n\t\tconn.pool = nil\n\t}\n\treturn conn")
    )
    assert len(document(tree, code=1)["knots"]) == 1


def test_goroutines_with_too_many_orders_are_said_once(tree: Path) -> None:
    pairs = range(7)
    made = "\n".join(f"\tc{n} := make(chan int)" for n in pairs)
    sends = "\n".join(f"\tgo func() {{ c{n} <- 1; c{n} <- 2; c{n} <- 3 }}()" for n in pairs)
    gets = "\n".join(f"\tgo func() {{ <-c{n}; <-c{n}; <-c{n} }}()" for n in pairs[:2])
    cases = "\n".join(f"\t\tcase <-c{n}:" for n in pairs)
    body = f"{made}\n{sends}\n{gets}\n\tfor {{\n\t\tselect {{\n{cases}\n\t\t}}\n\t}}\n"
    text = f"package shop\n\nfunc First() {{\n{body}}}\n\nfunc Second() {{\n{body}}}\n"
    (tree / "many.go").write_text(text)
    found = document(tree, code=1)
    assert [knot["kind"] for knot in found["knots"]] == ["finalizer-in-ring"]
    (problem,) = found["problems"]
    assert problem["where"].startswith("many.go:3")
    assert "First and 1 other function:" in problem["what"]
    assert found["complete"]


def test_a_switch_without_a_subject_is_a_chain_of_ifs(tree: Path) -> None:
    text = """package shop

func Ask(work func() (int, error), open func() error) error {
	results := make(chan int)
	go func() {
		n, err := work()
		switch {
		case err != nil:
			results <- -1
		case n > 0:
			results <- n
		}
		close(results)
	}()
	if err := open(); err != nil {
		return err
	}
	<-results
	return nil
}
"""
    (tree / "ask.go").write_text(text)
    kinds = {knot["where"]["file"]: (knot["kind"], knot["confidence"]) for knot in document(tree, code=1)["knots"]}
    assert kinds["ask.go"] == ("goroutine-blocked", "likely")
