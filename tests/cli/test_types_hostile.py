"""`goknot types` on trees made to break it: bounded, and what was not followed is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAD = "package shop\n\n"
DEEP = 10_000


def types(root: Path, text: str, code: int) -> dict:
    (root / "go.mod").write_text("module example.com/shop\n\ngo 1.24\n")
    (root / "shop.go").write_text(HEAD + text)
    command = [sys.executable, "-m", "goknot", "types", "--no-cache", "--format", "json"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=240)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr[-2000:]
    return json.loads(done.stdout)


def said(document: dict) -> str:
    return "; ".join(problem["what"] for problem in document["problems"])


@pytest.mark.parametrize(
    "form",
    [
        "*" * DEEP + "T",
        "[]" * DEEP + "T",
        "map[string]" * DEEP + "*T",
        "struct{ x " * DEEP + "*T" + "}" * DEEP,
        "func(" * DEEP + "*T" + ")" * DEEP,
        "(" * DEEP + "*T" + ")" * DEEP,
        "interface{ m() " * DEEP + "*T" + "}" * DEEP,
        "interface{ interface{ " * DEEP + "m()" + "}}" * DEEP,
        "struct{ x " + "G[" * DEEP + "T" + "]" * DEEP + "}\n\ntype G[A any] struct{ a A }",
    ],
    ids=["pointers", "slices", "maps", "structs", "functions", "brackets", "methods", "embedded", "generics"],
)
def test_ten_thousand_levels(tmp_path: Path, form: str) -> None:
    found = types(tmp_path, f"type T {form}\n\ntype Node struct{{ next *Node }}\n", 3)
    assert "nested more than 100 levels deep" in said(found)
    assert "shop.go:3" in {problem["where"] for problem in found["problems"]}
    assert [[node["name"] for node in knot["nodes"]] for knot in found["knots"]] == [["example.com/shop.Node"]]


def test_between_what_is_parsed_and_what_is_followed(tmp_path: Path) -> None:
    found = types(tmp_path, f"type T {'[]' * 100}T\n", 3)
    assert "nested more deeply than is followed" in said(found)


def test_embedding_without_end(tmp_path: Path) -> None:
    chain = "".join(f"type A{i} struct{{ A{i + 1} }}\n" for i in range(100)) + "type A100 struct{ p *A0 }\n"
    assert "embedded in each other" in said(types(tmp_path, chain, 3))
    interfaces = "".join(f"type I{i} interface{{ I{i + 1} }}\n" for i in range(100)) + "type I100 interface{ M() }\n"
    assert "embedded in each other" in said(types(tmp_path, interfaces, 3))


def test_three_ways_to_embed_at_each_of_fourteen_levels(tmp_path: Path) -> None:
    """3^14 ways down, of which two at most are looked at for each type."""
    levels = "".join(
        f"type A{i} struct{{ *B{i}; *C{i}; *D{i} }}\n"
        + "".join(f"type {name}{i} struct{{ *A{i + 1} }}\n" for name in "BCD")
        for i in range(14)
    )
    text = f"{levels}type A14 struct{{ top *A0 }}\n\nfunc (*A14) M() {{}}\n\ntype I interface{{ M() }}\n"
    (ring,) = types(tmp_path, text, 0)["knots"]
    assert len(ring["nodes"]) == 14 * 4 + 1  # nobody but A14 has M: elsewhere it is ambiguous


def test_a_generated_file_of_six_thousand_types(tmp_path: Path) -> None:
    text = "".join(f"type T{i} struct {{\n\tnext *T{i}\n\tn    int64\n}}\n\n" for i in range(6_000))
    assert len(types(tmp_path, text, 0)["knots"]) == 6_000


def test_a_ring_of_three_thousand_types(tmp_path: Path) -> None:
    n = 3_000
    text = "".join(f"type T{i} struct{{ next *T{(i + 1) % n} }}\n" for i in range(n))
    (ring,) = types(tmp_path, text, 0)["knots"]
    assert len(ring["nodes"]) == n
    assert len(ring["cycles"]) >= 1


def rings(document: dict) -> list[list[str]]:
    return [[node["name"].removeprefix("example.com/shop.") for node in knot["nodes"]] for knot in document["knots"]]


NODE = "type Node struct{ next *Node }\n"


@pytest.mark.parametrize("of", ["=", ""], ids=["aliases", "definitions"])
def test_a_chain_of_ten_thousand_names(tmp_path: Path, of: str) -> None:
    chain = "".join(f"type A{i} {of} A{i + 1}\n" for i in range(DEEP))
    last = f"type A{DEEP} struct{{ x *A{DEEP}; y A0 }}\n" if of else f"type A{DEEP} struct{{ x *A{DEEP} }}\n"
    assert [f"A{DEEP}"] in rings(types(tmp_path, chain + last, 0))


@pytest.mark.parametrize("of", ["=", ""], ids=["aliases", "definitions"])
def test_a_circle_of_ten_thousand_names(tmp_path: Path, of: str) -> None:
    circle = "".join(f"type A{i} {of} A{(i + 1) % DEEP}\n" for i in range(DEEP))
    found = types(tmp_path, f"{circle}type C struct{{ a A0; c *C }}\n", 0)
    assert rings(found) == [["C"]]
    assert "not to be found" in said(found)


def test_aliases_that_grow_at_each_step(tmp_path: Path) -> None:
    deep = "".join(f"type A{i} = *A{i + 1}\n" for i in range(DEEP)) + f"type A{DEEP} struct{{ x A0 }}\n"
    upward = "type B0 = int\n" + "".join(f"type B{i + 1} = []B{i}\n" for i in range(DEEP))
    wide = "".join(f"type C{i} = map[C{i + 1}]C{i + 1}\n" for i in range(35)) + "type C35 = int\n"
    found = types(tmp_path, f"{deep}{upward}{wide}type D struct{{ b B{DEEP}; c C0 }}\n{NODE}", 3)
    assert rings(found) == [["Node"]]
    assert "nested more deeply than is followed" in said(found)
    assert "more parts than are followed" in said(found)
    assert all(problem["where"].startswith("shop.go:") for problem in found["problems"])


def test_instances_without_end(tmp_path: Path) -> None:
    """Go refuses most of these; 2^30 arguments would be made of them."""
    text = """
type T[A any] struct { x *T[T[A]]; *T[[]A]; *E[A] }
type E[A any] struct { *T[map[string]A]; *E[*A] }
func (*T[A]) M(A) {}
type V[A any] T[[]A]
type W[A any] = W[[]A]
type P[A, B any] struct { a *A; b *B }
type I interface { M(U) }
type U struct { T[U]; v V[U]; w W[U]; p Q0[U]; u *U }
"""
    pairs = "".join(f"type Q{i}[A any] struct {{ p Q{i + 1}[P[A, A]] }}\n" for i in range(30))
    found = types(tmp_path, f"{text}{pairs}type Q30[A any] struct {{ a A }}\n", 3)
    assert ["U"] in rings(found)
    assert "type arguments larger than is followed" in said(found)


def test_constants_without_end(tmp_path: Path) -> None:
    doubled = "".join(f"const C{i} = C{i + 1} + C{i + 1}\n" for i in range(55)) + "const C55 = 1\n"
    chain = "".join(f"const D{i} = D{i + 1}\n" for i in range(DEEP)) + f"const D{DEEP} = 2\n"
    brackets = "".join(f"const F{i} = {'(' * 50}F{i + 1}{')' * 50}\n" for i in range(50)) + "const F50 = 2\n"
    odd = "const A = B + B\nconst B = A + A\nconst S = 1 << 1000000\n"
    lengths = ["A", "S", "C0", "D0", "F0", "1/0", "-1", "1<<62", "1<<63", "9" * 40, "0x", "0b2", "\u00b2", "1 << -1"]
    arrays = "".join(f"type T{i} [{length}]*T{i}\n" for i, length in enumerate(lengths))
    found = types(tmp_path, f"{doubled}{chain}{brackets}{odd}{NODE}{arrays}", 3)
    assert ["Node"] in rings(found)
    assert {problem["what"] for problem in found["problems"]} == {"does not parse here"}


def test_five_thousand_types_embedded_in_each_other(tmp_path: Path) -> None:
    n = 5_000
    text = "".join(
        f"type A{i} struct {{ {'; '.join(f'*A{(i * 7 + k * k + 1) % n}' for k in range(5))} }}\n"
        f"func (*A{i}) M{i % 10}() {{}}\n"
        for i in range(n)
    )
    found = types(tmp_path, f"{text}type I interface{{ M1(); M2() }}\n", 3)
    assert "embedded in each other" in said(found)
    assert found["problems"][0]["where"].startswith("shop.go:")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"\xff\xfe\x00" * 1_000, "no Go source: 3,000 bytes that Go refuses"),
        (b"{" * (5 << 20), "more than 4,000,000 words and signs"),
    ],
)
def test_what_is_not_worth_parsing(tmp_path: Path, text: bytes, what: str) -> None:
    (tmp_path / "other.go").write_bytes(b"package shop\n\n" + text)
    found = types(tmp_path, NODE, 3)
    assert what in said(found)
    assert rings(found) == [["Node"]]


def test_tables_of_numbers_and_comments_cost_little(tmp_path: Path) -> None:
    table = "var data = []byte{\n" + ("\t" + "0x2f, " * 16 + "\n") * 60_000 + "}\n"
    found = types(tmp_path, table + "// x\n" * 900_000 + NODE, 0)
    assert rings(found) == [["Node"]]
    assert found["knots"][0]["nodes"][0]["line"] == 3 + 60_002 + 900_000


def test_two_thousand_imports_and_two_thousand_names(tmp_path: Path) -> None:
    imports = "".join(f'import "x{i}/y"\n' for i in range(2_000))
    text = "".join(f"type T{i} struct {{ a q{i}.X; t *T{i} }}\n" for i in range(2_000))
    assert len(types(tmp_path, imports + text, 0)["knots"]) == 2_000


@pytest.mark.parametrize("command", ["types", "scan"])
def test_pipes_and_devices_are_not_waited_for(tmp_path: Path, command: str) -> None:
    (tmp_path / "shop.go").write_text(f'{HEAD}import "example.com/v"\n\ntype T struct {{ v v.V }}\n{NODE}')
    os.mkfifo(tmp_path / "pipe.go")
    os.mkfifo(tmp_path / "go.mod")
    (tmp_path / "zero.go").symlink_to("/dev/zero")
    whole = [sys.executable, "-m", "goknot", command, "--no-cache", "--format", "json"]
    done = subprocess.run(whole, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "Traceback" in done.stderr) == (3, False), done.stderr[-2000:]
    assert {"go.mod", "pipe.go", "zero.go"} <= {one["where"] for one in json.loads(done.stdout)["problems"]}


def test_a_pipe_in_a_vendored_package(tmp_path: Path) -> None:
    folder = tmp_path / "vendor" / "example.com" / "v"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "v.go")
    (folder / "w.go").write_text("package v\n\ntype V struct{ x *V }\n")
    (folder.parent.parent / "modules.txt").write_text("# example.com/v v1.0.0\nexample.com/v\n")
    text = f'import "example.com/v"\n\ntype T struct {{ v v.V }}\n{NODE}'
    assert rings(types(tmp_path, text, 0)) == [["Node"]]


@pytest.mark.parametrize("command", ["types", "scan", "modules"])
def test_a_replacement_whose_go_mod_is_a_pipe(tmp_path: Path, command: str) -> None:
    text = "module example.com/shop\n\nrequire example.com/v v1.0.0\n\nreplace example.com/v => ./v\n"
    (tmp_path / "go.mod").write_text(text)
    (tmp_path / "shop.go").write_text(f'{HEAD}import "example.com/v"\n\ntype T struct {{ v v.V }}\n{NODE}')
    (tmp_path / "v").mkdir()
    os.mkfifo(tmp_path / "v" / "go.mod")
    (tmp_path / "v" / "v.go").write_text("package v\n\ntype V struct{ x *V }\n")
    whole = [sys.executable, "-m", "goknot", command, "--format", "json"]
    done = subprocess.run(whole, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    assert done.returncode == 3
    assert json.loads(done.stdout)["problems"]
