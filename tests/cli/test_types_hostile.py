"""`goknot types` on trees made to break it: bounded, and what was not followed is said."""

from __future__ import annotations

import json
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
    ],
    ids=["pointers", "slices", "maps", "structs", "functions"],
)
def test_ten_thousand_levels(tmp_path: Path, form: str) -> None:
    found = types(tmp_path, f"type T {form}\n\ntype Node struct{{ next *Node }}\n", 3)
    assert "nested more than 200 levels deep" in said(found)
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
