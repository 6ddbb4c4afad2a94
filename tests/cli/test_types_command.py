# ruff: noqa: E501
"""`goknot types`, as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

TREE = {
    "go.mod": "module example.com/shop\n\ngo 1.22\n",
    "order/order.go": "package order\n\ntype Hook interface{ Placed(*Order) error }\n\n"
    "type Order struct {\n\tid   int64\n\tuser *User\n\thook Hook\n}\n\ntype User struct {\n\tname   string\n\torders []*Order\n}\n\n"
    "type Leaf struct{ id int64 }\n",
    "mail/mail.go": 'package mail\n\nimport "example.com/shop/order"\n\ntype Mailer struct{ last *order.Order }\n\n'
    "func (m *Mailer) Placed(o *order.Order) error { m.last = o; return nil }\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(root: Path, *arguments: str, code: int = 0) -> str:
    command = [sys.executable, "-m", "goknot", "types", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    return done.stdout


def test_rings_by_field_and_offset(tree: Path) -> None:
    knots = json.loads(run(tree, "--format", "json", "--goarch", "amd64"))["knots"]
    across, within = knots
    assert (across["verdict"], across["confidence"]) == ("couples", "possible")
    assert [node["name"].rpartition("/")[2] for node in across["nodes"]] == ["mail.Mailer", "order.Hook", "order.Order"]
    assert (within["verdict"], within["confidence"]) == ("collected", "note")
    ways = {(edge["from"], edge["to"]): (edge["field"], edge["offset"], edge["kind"]) for edge in within["edges"]}
    assert ways == {(0, 1): ("user", 8, "pointer"), (1, 0): ("orders[]", 16, "slice")}
    (seen,) = within["edges"][0]["evidence"]
    assert (seen["file"], seen["line"]) == ("order/order.go", 7)


def test_text_draws_fields(tree: Path) -> None:
    text = run(tree, "--all")
    assert "user @8" in text
    assert "orders[] @16" in text


def test_ids_survive_a_move_and_other_edits(tree: Path) -> None:
    before = [knot["id"] for knot in json.loads(run(tree, "--format", "json"))["knots"]]
    source = tree / "order" / "order.go"
    source.rename(tree / "order" / "renamed.go")
    (tree / "order" / "more.go").write_text("package order\n\n\n\ntype Extra struct{ n int }\n")
    (tree / "go.mod").write_text("module example.org/other\n")
    (tree / "mail" / "mail.go").write_text(TREE["mail/mail.go"].replace("example.com/shop", "example.org/other"))
    assert [knot["id"] for knot in json.loads(run(tree, "--format", "json"))["knots"]] == before


def test_fails_only_where_asked(tree: Path) -> None:
    run(tree, "--fail-on", "couples", code=1)
    run(tree, "--baseline", "known.json", "--update-baseline")
    run(tree, "--baseline", "known.json", "--fail-on", "type-ring")
    run(tree, "nowhere", code=2)


@pytest.mark.parametrize("format_", ["sarif", "github", "dot", "mermaid"])
def test_other_formats(tree: Path, format_: str) -> None:
    assert "order" in run(tree, "--format", format_)
