"""`goknot report` with an escape report: where the objects of a knot are made, and why they live on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SHOP = """package shop

import (
	"runtime"

	"example.com/shop/store"
)

type Pool struct{ conns []*Conn }

type Conn struct {
	pool *Pool
	fd   int
}

var current *Conn

func Open(fd int) *Conn {
	pool := &Pool{}
	conn := &Conn{pool: pool, fd: fd}
	pool.conns = append(pool.conns, conn)
	runtime.SetFinalizer(conn, func(c *Conn) { c.fd = -1 })
	return conn
}

func Keep(fd int) {
	current = &Conn{fd: fd}
}

func Fill() {
	store.Last = &store.Node{Name: "last"}
}

func Wait(ask func() error, stop chan struct{}) error {
	done := make(chan error)
	go func() { done <- ask() }()
	select {
	case err := <-done:
		return err
	case <-stop:
		return nil
	}
}
"""
STORE = """package store

type Node struct {
	Name string
	next *Node
}

var Last *Node
"""


def line_of(text: str) -> int:
    return SHOP[: SHOP.index(text)].count("\n") + 1


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "goknot", *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    return done


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("go") is None:
        pytest.skip("needs Go")
    root = tmp_path_factory.mktemp("shop")
    (root / "store").mkdir()
    (root / "go.mod").write_text("module example.com/shop\n\ngo 1.21\n")
    (root / "shop.go").write_text(SHOP)
    (root / "store" / "store.go").write_text(STORE)
    for command in ("leaks", "types", "escape"):
        assert run(root, command, ".", "--format", "json", "-o", f"{command}.json").returncode in {0, 1}
    return root


def joined(root: Path, *files: str) -> dict:
    return json.loads(run(root, "report", *files, "--format", "json").stdout)


def steps(document: dict, kind: str, member: str) -> list[dict]:
    (knot,) = [
        knot
        for knot in document["knots"]
        if knot["kind"] == kind and any(node["name"].endswith(member) for node in knot["nodes"])
    ]
    return [step for step in knot.get("chain", ()) if step["level"] == "escape"]


def test_objects_of_a_leak_by_line_and_type(shop: Path) -> None:
    found = steps(joined(shop, "leaks.json", "escape.json"), "finalizer-in-ring", "Conn")
    made = {step["line"]: step for step in found}
    assert {step["file"] for step in found} == {"shop.go"}
    pool, conn, kept = (line_of(text) for text in ("pool := &Pool", "conn := &Conn", "current = &Conn"))
    assert made.keys() == {pool, conn, line_of("pool.conns = append"), kept}
    assert made[conn]["name"].startswith("&Conn{...} in Open")
    assert made[conn]["note"] == f"stored in pool.conns: append(pool.conns, conn) (line {line_of('pool.conns =')})"
    assert made[kept]["note"] == f"package variable current holds it: current = &Conn{{...}} (line {kept})"
    # those of the knot's own statements stand first
    assert [step["line"] for step in found].index(kept) == len(found) - 1


def test_goroutine_by_line(shop: Path) -> None:
    found = steps(joined(shop, "leaks.json", "escape.json"), "goroutine-blocked", "Wait")
    said = [(step["line"], step["name"], step["note"]) for step in found]
    assert said == [(line_of("go func()"), "func literal in Wait", "a goroutine of Wait takes it along")]


def test_rings_of_types_by_what_makes_them(shop: Path) -> None:
    document = joined(shop, "types.json", "escape.json")
    (node,) = steps(document, "type-ring", "store.Node")
    assert (node["name"].split(" in ")[0], node["line"]) == ("&store.Node{...}", line_of("store.Last ="))
    assert node["note"].startswith("stored in store.Last: store.Last = ")
    assert {step["line"] for step in steps(document, "type-ring", "shop.Conn")} >= {line_of("current = &Conn")}


def test_ids_verdicts_and_order_are_as_before(shop: Path) -> None:
    alone = joined(shop, "leaks.json", "types.json")
    both = joined(shop, "leaks.json", "types.json", "escape.json")
    assert joined(shop, "escape.json", "types.json", "leaks.json") == both
    for knot in both["knots"]:
        knot["chain"] = [step for step in knot.get("chain", ()) if step["level"] != "escape"]
    for knot in alone["knots"]:
        knot.setdefault("chain", [])
    assert both["knots"] == alone["knots"]
    assert [one["kind"] for one in both["inputs"]].count("escape-log") == 1


def test_a_joined_report_keeps_what_was_said(shop: Path) -> None:
    (shop / "joined.json").write_text(json.dumps(joined(shop, "leaks.json", "escape.json")))
    again = joined(shop, "joined.json")
    assert steps(again, "finalizer-in-ring", "Conn") == steps(
        joined(shop, "leaks.json", "escape.json"), "finalizer-in-ring", "Conn"
    )
    text = run(shop, "report", "leaks.json", "escape.json", "--all").stdout
    assert "escape" in text
    assert "&Conn{...} in Keep" in text


def test_what_cannot_be_joined_is_refused_with_its_place(shop: Path) -> None:
    assert run(shop, "report", "escape.json").returncode == 2
    document = json.loads((shop / "escape.json").read_text())
    document["candidates"][0]["holding"] = "a spell"
    (shop / "odd.json").write_text(json.dumps(document))
    done = run(shop, "report", "leaks.json", "odd.json")
    assert done.returncode == 2
    assert "candidates[0].holding" in done.stderr
