"""A cache that is damaged, foreign or in use costs time alone: the report stays the same."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "goknot", "scan", "--format", "json"]


def begin(tree: Path, cache: Path) -> subprocess.Popen[str]:
    env = os.environ | {"XDG_CACHE_HOME": str(cache)}
    return subprocess.Popen(COMMAND, cwd=tree, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def found(run: subprocess.Popen[str]) -> tuple[int, list[dict], list[dict]]:
    text, said = run.communicate(timeout=120)
    assert "Traceback" not in said, said[-2000:]
    document = json.loads(text)
    return run.returncode, document["knots"], document["problems"]


def tables(path: Path) -> list[tuple[str, list[str]]]:
    with sqlite3.connect(path) as known:
        names = [row[0] for row in known.execute("select name from sqlite_master where type = 'table'")]
        return [(name, [row[1] for row in known.execute(f"pragma table_info({name})")]) for name in names]


def rows(path: Path, value: str) -> None:
    with sqlite3.connect(path) as known:
        for name, columns in tables(path):
            for column in columns[1:]:
                known.execute(f"update {name} set {column} = {value}")


def bits(path: Path) -> None:
    data, noise = bytearray(path.read_bytes()), random.Random(3)
    for _ in range(len(data) // 200):
        data[noise.randrange(100, len(data))] = noise.randrange(256)
    path.write_bytes(data)


def other_table(path: Path) -> None:
    names = [name for name, _ in tables(path)]
    path.unlink()
    with sqlite3.connect(path) as known:
        for name in names:
            known.execute(f"create table {name} (something)")


def instead(make: Callable[[Path], None]) -> Callable[[Path], None]:
    def put(path: Path) -> None:
        path.unlink()
        make(path)

    return put


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "junk": lambda path: path.write_bytes(b"junk" * 5_000),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "bits": bits,
    "table": other_table,
    "packed": lambda path: rows(path, "x'93c0c0c0'"),
    "text": lambda path: rows(path, "'text'"),
    "null": lambda path: rows(path, "null"),
    "folder": instead(Path.mkdir),
    "pipe": instead(os.mkfifo),
    "device": instead(lambda path: path.symlink_to("/dev/zero")),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_the_report_is_the_same(tangle: Path, tmp_path: Path, name: str) -> None:
    cache = tmp_path / "cache"
    good = found(begin(tangle, cache))
    kept = sorted((cache / "goknot").glob("*.sqlite"))
    assert len(kept) >= 2
    for path in kept:
        DAMAGE[name](path)
    assert found(begin(tangle, cache)) == good
    assert found(begin(tangle, cache)) == good


def test_a_file_where_the_folder_should_be(tangle: Path, tmp_path: Path) -> None:
    good = found(begin(tangle, tmp_path / "cache"))
    (tmp_path / "file").write_text("x")
    assert found(begin(tangle, tmp_path / "file")) == good
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "goknot").write_text("x")
    assert found(begin(tangle, tmp_path / "inner")) == good


def test_runs_at_once_and_one_that_holds_the_lock(tangle: Path, tmp_path: Path) -> None:
    good = found(begin(tangle, tmp_path / "alone"))
    runs = [begin(tangle, tmp_path / "cache") for _ in range(3)]
    assert [found(run) for run in runs] == [good] * 3
    held = [sqlite3.connect(path) for path in (tmp_path / "cache" / "goknot").glob("*.sqlite")]
    for known in held:
        known.execute("begin exclusive")
    assert found(begin(tangle, tmp_path / "cache")) == good
    for known in held:
        known.close()
