"""A tree of the size of a real module with three files broken on purpose says the same of everything else."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

N_PACKAGES = 60
N_FILES = 4
FUNCTIONS = """
func Work%d(rows []int, sink func(int)) (total int) {
	for i, row := range rows {
		switch {
		case row > i:
			sink(row - i)
		default:
			total += row
		}
	}
	defer func() { sink(total) }()
	return total
}
"""


def ring(number: int) -> str:
    return f"""
type Pool{number} struct {{
	held []*Conn{number}
	other *Conn{number + 1}
}}

type Conn{number} struct {{
	pool *Pool{number}
	fd   int
}}

func Open{number}(fd int) *Conn{number} {{
	pool := &Pool{number}{{}}
	conn := &Conn{number}{{pool: pool, fd: fd}}
	pool.held = append(pool.held, conn)
	runtime.SetFinalizer(conn, func(c *Conn{number}) {{ c.fd = -1 }})
	return conn
}}

func Wait{number}(ask func() error, stop chan struct{{}}) error {{
	done := make(chan error)
	go func() {{ done <- ask() }}()
	select {{
	case err := <-done:
		return err
	case <-stop:
		return nil
	}}
}}

type Conn{number + 1} struct{{ back *Pool{number} }}
"""


def text_of(package: int, file: int) -> str:
    below = f'\t"example.com/big/p{package // 2}"\n' if package else ""
    use = f"\nvar _ = p{package // 2}.Work0\n" if package else ""
    body = "".join(FUNCTIONS % (file * 30 + n) for n in range(30))
    return f'package p{package}\n\nimport (\n\t"runtime"\n{below})\n{use}{ring(2 * file)}{body}'


def build(root: Path) -> Path:
    """240 files, 2 MB; in each file a finalizer ring, a goroutine that may wait for ever, a ring of types."""
    (root / "go.mod").parent.mkdir(parents=True)
    (root / "go.mod").write_text("module example.com/big\n\ngo 1.26\n")
    for package in range(N_PACKAGES):
        folder = root / f"p{package}"
        folder.mkdir()
        for file in range(N_FILES):
            (folder / f"f{file}.go").write_text(text_of(package, file))
        (folder / "sub").mkdir()
        above = '\n\nimport _ "example.com/big/p1"' if package == 0 else ""
        (folder / "sub" / "sub.go").write_text(f"package sub{above}\n")
    return root


def cut_off(text: str) -> str:
    """Ends in the middle of a function."""
    return text[: text.index("select {") + 20]


def unclosed(text: str) -> str:
    """A brace of a function is missing."""
    return text.replace("\t\tdefault:\n\t\t\ttotal += row\n\t\t}\n", "\t\tdefault:\n\t\t\ttotal += row\n", 1)


def garbage(text: str) -> str:
    """The head of a Go file, and then anything."""
    noise = random.Random(7)
    return text[:60] + "".join(noise.choice("{}()[]\"`'/*\n\t;:=<-abc\x00\x7fé") for _ in range(20_000))


BROKEN: dict[str, Callable[[str], str]] = {"p7/f1.go": cut_off, "p23/f0.go": unclosed, "p41/f3.go": garbage}


def document_of(root: Path, command: str) -> dict:
    whole = [sys.executable, "-m", "goknot", command, ".", "--format", "json"]
    done = subprocess.run(whole, cwd=root, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    return json.loads(done.stdout)


def about(knot: dict) -> set[str]:
    """The files a knot speaks of."""
    places = [*knot["nodes"], *(seen for edge in knot["edges"] for seen in edge["evidence"])]
    return {place["file"] for place in places if place.get("file")} | {knot.get("where", {}).get("file", "")}


@pytest.mark.parametrize("command", ["leaks", "types", "scan"])
def test_everything_else_is_said_as_before(tmp_path: Path, command: str) -> None:
    root = build(tmp_path / "big")
    whole = document_of(root, command)
    assert whole["problems"] == []
    assert len(whole["knots"]) >= {"leaks": 2, "types": 1, "scan": 3}[command] * N_PACKAGES * N_FILES
    for name, spoil in BROKEN.items():
        text = (root / name).read_text()
        assert spoil(text) != text
        (root / name).write_text(spoil(text))
    broken = document_of(root, command)
    listed = {problem["where"].partition(":")[0] for problem in broken["problems"]}
    # leaks parses the functions that it looks at: it says what of those it could not read, and nothing else was missed
    assert listed == ({"p7/f1.go"} if command == "leaks" else set(BROKEN))
    elsewhere = [knot for knot in whole["knots"] if not about(knot) & set(BROKEN)]
    assert len(elsewhere) >= len(whole["knots"]) - 4 * len(BROKEN) - 1
    by_id = {knot["id"]: knot for knot in broken["knots"]}
    assert [by_id.get(knot["id"]) for knot in elsewhere] == elsewhere
    others = {knot["id"] for knot in whole["knots"]}
    assert all(about(knot) & set(BROKEN) for knot in broken["knots"] if knot["id"] not in others)
