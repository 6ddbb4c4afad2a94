"""Go programs that describe themselves in one JSON line and then hold still until they are told to go on."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True, slots=True)
class Running:
    """A program that has said what it is and waits on its standard input.

    Attributes:
        exe: What was started.
        process: Its process; `process.pid`.
        said: The JSON object it printed.
        folder: Its working directory (where a kernel core would land).
    """

    exe: Path
    process: subprocess.Popen[str]
    said: dict[str, Any]
    folder: Path

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid


@contextmanager
def running(
    exe: Path,
    arguments: Sequence[str] = (),
    *,
    folder: Path,
    env: dict[str, str] | None = None,
    emulator: Sequence[str] = (),
) -> Iterator[Running]:
    """Starts `exe` in `folder` (by `emulator`, if given), waits for its JSON line, and kills it at the end."""
    process = subprocess.Popen(
        [*emulator, str(exe), *arguments],
        cwd=folder,
        env={**os.environ, "GOTRACEBACK": "crash", **(env or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout and process.stderr
    try:
        _allow_core(process.pid)
        line = process.stdout.readline()
        if not line.startswith("{"):
            process.kill()
            pytest.fail(f"{exe.name} said {line!r}; {process.stderr.read()[-4000:]}", pytrace=False)
        yield Running(exe, process, json.loads(line), folder)
    finally:
        process.kill()
        process.stdin.close()
        process.stdout.close()
        process.stderr.close()
        process.wait()


def _allow_core(pid: int) -> None:
    hard = resource.prlimit(pid, resource.RLIMIT_CORE)[1]
    resource.prlimit(pid, resource.RLIMIT_CORE, (hard, hard))
