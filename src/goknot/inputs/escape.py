"""Runs the compiler for what it says of escapes, and looks up the source that it names; neither changes anything."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from goknot.errors import ToolError

_MAX_FILE_BYTES = 4 << 20
_VARIABLES = re.compile(r"(?:var |\t)((?:\w+, )*\w+)\b")


def build_command(patterns: Sequence[str]) -> list[str]:
    """What is run: nothing is installed or written but the build cache, which prints the same again next time.

    `-o` of the null device keeps a lone main package from leaving its program behind (cmd/go/internal/work/build.go).
    """
    return ["go", "build", "-gcflags=-m=2", "-o", os.devnull, *patterns]


@contextmanager
def build_log(folder: Path, patterns: Sequence[str], problems: list[str]) -> Iterator[BinaryIO]:
    """Runs `build_command` in a folder; gives what it prints, as it comes.

    Args:
        folder: Where Go runs.
        patterns: Packages, as the go command takes them.
        problems: Gets a sentence when the build fails after it said something.

    Raises:
        ToolError: There is no Go, or it cannot be started.
    """
    command = build_command(patterns)
    with tempfile.TemporaryFile() as log:  # a reader that stops early must not hang the compiler on a full pipe
        try:
            done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
        except FileNotFoundError as missing:
            hint = "Install Go, or have the log written where it is: goknot escape --log FILE"
            raise ToolError("go", "not found on PATH", hint) from missing
        except OSError as failed:
            raise ToolError("go", failed.strerror or str(failed)) from failed
        log.seek(0)
        if done.returncode != 0:
            problems.append(f"go build failed ({done.returncode}): packages that do not compile are missing")
        yield log


class Sources:
    """The source below one folder, read only; files elsewhere are never opened, whatever a log names.

    Args:
        root: Where Go ran.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._lines = lru_cache(maxsize=1024)(self._read)

    def launch(self, file: str, line: int, column: int) -> str:
        """`go` or `defer` where that starts a call at a place or just before it; empty if the source is not at hand."""
        lines = self._lines(file)
        if not 0 < line <= len(lines):
            return ""
        text = lines[line - 1].encode()  # columns count bytes
        at, before = text[column - 1 :], text[: column - 1].rstrip()
        for keyword in (b"go", b"defer"):
            if at.startswith(keyword + b" ") or re.search(rb"(?:^|\W)" + keyword + rb"$", before):
                return keyword.decode()
        return ""

    def variables(self, file: str) -> set[str]:
        """Package variables that a file declares, written as gofmt does."""
        names: set[str] = set()
        block = False
        for line in self._lines(file):
            if line.startswith("var ("):
                block = True
            elif block and line.startswith(")"):
                block = False
            elif line.startswith("var ") or (block and line.startswith("\t") and not line.startswith("\t\t")):
                found = _VARIABLES.match(line)
                names.update(found[1].split(", ") if found else ())
        return names - {"_"}

    def _read(self, file: str) -> tuple[str, ...]:
        path = (self._root / file).resolve() if not Path(file).is_absolute() else None
        if path is None or not path.is_relative_to(self._root) or path.suffix != ".go":
            return ()
        try:
            if not path.is_file() or path.stat().st_size > _MAX_FILE_BYTES:
                return ()
            return tuple(path.read_text("utf-8", "surrogateescape").split("\n"))
        except OSError:
            return ()
