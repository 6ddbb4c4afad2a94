"""`goknot scan` with types and leaks: one report, one exit code, one baseline; no level hides another."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from goknot.app import leaks, types
from goknot.app.scan import ScanRequest, scan
from goknot.errors import InputError
from goknot.inputs.source import SourceOptions

MOD = "module example.com/shop\n\ngo 1.26\n"
POOL = """package shop

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
AGAIN = POOL[POOL.index("func Open") :].replace("Open(", "Reopen(")
# nobody says how long the process lives: a cancel that is dropped under a parent that is given
DOUBTFUL = """package watch

import "context"

func Watch(parent context.Context) context.Context {
	ctx, _ := context.WithCancel(parent)
	return ctx
}
"""
HOOKS = {
    "order/order.go": "package order\n\ntype Hook interface{ Placed(*Order) error }\n\n"
    "type Order struct{ hook Hook }\n",
    "mail/mail.go": 'package mail\n\nimport "example.com/shop/order"\n\ntype Mailer struct{ last *order.Order }\n\n'
    "func (m *Mailer) Placed(o *order.Order) error { m.last = o; return nil }\n",
}


def run(root: Path, *arguments: str, command: str = "scan") -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "goknot", command, *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    return done


def report(root: Path, *arguments: str, code: int, command: str = "scan") -> dict:
    done = run(root, *arguments, "--format", "json", command=command)
    assert done.returncode == code, (done.stdout[-2000:], done.stderr)
    return json.loads(done.stdout)


def states(document: dict) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for knot in document["knots"]:
        found.setdefault(knot["baseline"], []).append(knot["kind"])
    return found


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return write(tmp_path / "shop", {"go.mod": MOD, "shop.go": POOL, "watch/watch.go": DOUBTFUL, **HOOKS})


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    return write(tmp_path / "shop", {"go.mod": MOD, "watch/watch.go": DOUBTFUL, **HOOKS})


def test_one_report_of_all_levels(tree: Path) -> None:
    document = report(tree, code=1)
    kinds = Counter(knot["kind"] for knot in document["knots"])
    assert kinds == {"finalizer-in-ring": 1, "ctx-cancel-never-called": 1, "type-ring": 2}
    assert document["knots"][0]["kind"] == "finalizer-in-ring"
    assert document["inputs"][0]["levels"] == ["imports", "modules", "types", "leaks"]
    alone = {
        knot["id"]: knot
        for command, code in (("leaks", 1), ("types", 0))
        for knot in report(tree, command=command, code=code)["knots"]
    }
    assert {knot["id"]: knot for knot in document["knots"]} == alone


def test_what_is_not_sure_fails_only_where_it_is_asked_for(clean: Path) -> None:
    report(clean, code=0)
    report(clean, "--fail-on", "kept-alive,couples", code=0)
    report(clean, "--fail-on", "kept-alive", "--doubtful", code=1)
    report(clean, "--fail-on", "ctx-cancel-never-called", code=1)
    report(clean, "--fail-on", "type-ring", code=1)
    report(clean, "--fail-on", "couples", "--doubtful", code=1)


def test_levels_are_chosen(tree: Path) -> None:
    kinds = lambda *given, code: {k["kind"] for k in report(tree, *given, code=code)["knots"]}  # noqa: E731
    leaks_alone = {"finalizer-in-ring", "ctx-cancel-never-called"}
    assert kinds("--only", "leaks", code=1) == leaks_alone
    assert kinds("--only", "leaks,types", "--skip", "types", code=1) == leaks_alone
    assert kinds("--skip", "leaks", code=0) == {"type-ring"}
    (tree / "goknot.toml").write_text('levels = ["imports", "types"]\n')
    assert kinds(code=0) == {"type-ring"}
    assert kinds("--only", "leaks", code=1) == leaks_alone
    assert "only imports, types" in run(tree).stdout
    for wrong in (("--only", "heap"), ("--only", ""), ("--only", "leaks", "--skip", "leaks")):
        done = run(tree, *wrong)
        assert done.returncode == 2
        assert "imports, modules, types, leaks" in done.stderr
    (tree / "goknot.toml").write_text('levels = ["heaps"]\n')
    assert run(tree).returncode == 2


def test_imports_looks_for_imports_alone(tree: Path) -> None:
    assert report(tree, command="imports", code=0)["knots"] == []


def test_one_baseline_for_all_commands(tree: Path) -> None:
    report(tree, "--baseline", "known.json", "--update-baseline", code=0)
    assert set(states(report(tree, "--baseline", "known.json", "--strict", code=0))) == {"known"}
    for command in ("leaks", "types", "imports", "modules"):
        assert set(states(report(tree, "--baseline", "known.json", command=command, code=0))) <= {"known"}
    # one level written anew leaves the others' entries as they are
    (tree / "shop.go").write_text(POOL + AGAIN)
    report(tree, "--baseline", "known.json", code=1)
    report(tree, "--baseline", "known.json", "--update-baseline", command="leaks", code=0)
    assert set(states(report(tree, "--baseline", "known.json", "--strict", code=0))) == {"known"}
    report(tree, "--only", "imports", "--baseline", "known.json", "--update-baseline", code=0)
    assert set(states(report(tree, "--baseline", "known.json", "--strict", code=0))) == {"known"}


def test_a_second_place_of_the_same_pointers_is_new_and_a_renamed_one_known(tree: Path) -> None:
    report(tree, "--baseline", "known.json", "--update-baseline", code=0)
    (tree / "shop.go").write_text(POOL + AGAIN)
    found = report(tree, "--baseline", "known.json", code=1)
    assert states(found)["new"] == ["finalizer-in-ring"]
    (tree / "shop.go").write_text("// moved\n\n" + POOL.replace("Open(", "Dial("))
    assert set(states(report(tree, "--baseline", "known.json", "--strict", code=0))) == {"known"}
    (tree / "shop.go").write_text("package shop\n")
    found = report(tree, "--baseline", "known.json", code=0)
    assert sorted(states(found)["fixed"]) == ["finalizer-in-ring", "type-ring"]
    report(tree, "--baseline", "known.json", "--strict", code=1)


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


@pytest.mark.parametrize("below", ["", "deep/in"])
def test_only_what_a_revision_did_not_have_fails(tree: Path, below: str) -> None:
    root = tree
    if below:
        root = tree.parent / "whole" / below
        root.parent.mkdir(parents=True)
        tree.rename(root)
    top = root.parent.parent if below else root
    git(top, "init")
    git(top, "add", ".")
    git(top, "commit", "-m", "one")
    assert set(states(report(root, "--new-from-rev", "HEAD", code=0))) == {"known"}
    (root / "shop.go").write_text("// moved\n" + POOL)
    (root / "again.go").write_text('package shop\n\nimport "runtime"\n\n' + AGAIN)
    found = states(report(root, "--new-from-rev", "HEAD", code=1))
    assert found["new"] == ["finalizer-in-ring"]
    assert sorted(found["known"]) == ["ctx-cancel-never-called", "finalizer-in-ring", "type-ring", "type-ring"]
    (root / "again.go").unlink()
    (root / "shop.go").unlink()
    assert "finalizer-in-ring" in states(report(root, "--new-from-rev", "HEAD", code=0))["fixed"]


def test_a_comment_with_a_reason_leaves_a_leak_out(tree: Path) -> None:
    line = "\truntime.SetFinalizer"
    (tree / "shop.go").write_text(POOL.replace(line, f"\t//goknot:ignore finalizer-in-ring lives for ever\n{line}"))
    found = report(tree, code=0)
    assert found["stats"]["ignored"] == 1
    assert "finalizer-in-ring" not in {knot["kind"] for knot in found["knots"]}


def test_text_lists_what_must_be_undone_and_counts_the_rest(tree: Path) -> None:
    text = run(tree).stdout
    assert text.startswith("✖ never-freed  shop.Conn has a finalizer")
    assert "2 noted  2 type-ring" in text
    assert "1 never-freed, 1 kept-alive, 2 noted" in text
    assert len(text.splitlines()) < 40
    whole = run(tree, "--all").stdout
    assert whole.count("type-ring") >= 2
    assert "mail.Mailer" in whole


def test_clean_code_gets_one_line(tmp_path: Path) -> None:
    root = write(tmp_path, {"go.mod": MOD, "a.go": "package shop\n\ntype Node struct{ next *Node }\n"})
    assert "✔ no knots, 1 noted" in run(root).stdout


def test_checkers_say_aloud_only_what_must_be_undone(tree: Path) -> None:
    lines = run(tree, "--format", "github").stdout.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error", "::notice", "::notice"]
    assert "2 type-ring" in lines[-1]
    sarif = json.loads(run(tree, "--format", "sarif").stdout)
    said = {(r["ruleId"], r["kind"], r["level"]) for r in sarif["runs"][0]["results"]}
    assert said == {
        ("finalizer-in-ring", "fail", "error"),
        ("ctx-cancel-never-called", "fail", "note"),
        ("type-ring", "informational", "none"),
    }


@pytest.mark.parametrize("format_", ["text", "json", "sarif", "github", "dot", "mermaid", "html"])
def test_the_same_bytes_whether_answers_are_kept_or_not(tree: Path, format_: str) -> None:
    first, again, anew = (run(tree, "--format", format_, *more).stdout for more in ([], [], ["--no-cache"]))
    assert first == again == anew != ""


@pytest.mark.parametrize(("room", "name", "left"), [(leaks, "leaks_of", "type-ring"), (types, "types_of", "finalizer")])
def test_a_level_that_fails_hides_no_other(
    tree: Path, monkeypatch: pytest.MonkeyPatch, room: object, name: str, left: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise InputError("x.go", "cannot be read")

    monkeypatch.setattr(room, name, fail)
    found = scan(ScanRequest(tree, SourceOptions.from_environment())).report
    assert any(knot.kind.startswith(left) for knot in found.knots)
    assert not found.complete
    assert any("cannot be read" in problem.what for problem in found.problems)
