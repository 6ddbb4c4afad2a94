"""What the cases share: a server built from the module proxy and put under load, its core, goknot's reports on it.

Needs `go` and `gcore` on PATH, and Go's module proxy. Cores are large, and deleted at once.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DATA = HERE.parent / ".data" / "cases"
ENVIRONMENT = {**os.environ, "GOWORK": "off", "GOFLAGS": "-buildvcs=false", "CGO_ENABLED": "0"}


@dataclass(frozen=True)
class Build:
    """A server with one version of a module.

    Args:
        case: Folder of the server's source.
        modfile: The go.mod in it.
        module: The module that leaks.
    """

    case: str
    modfile: str
    module: str

    @property
    def binary(self) -> Path:
        """Where it is built to."""
        return DATA / self.case / self.modfile.partition(".")[0]

    def make(self) -> None:
        """Builds it."""
        self.binary.parent.mkdir(parents=True, exist_ok=True)
        self._go("build", f"-modfile={self.modfile}", "-o", str(self.binary), ".")

    def source(self) -> tuple[Path, str]:
        """(folder of the module in the module cache, its version)."""
        said = self._go("list", "-m", f"-modfile={self.modfile}", "-f", "{{.Dir}}\n{{.Version}}", self.module)
        folder, version = said.split("\n")[:2]
        return Path(folder), version

    def _go(self, *words: str) -> str:
        command = ["go", *words]
        return subprocess.run(
            command, cwd=HERE / self.case, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=True
        ).stdout


@contextmanager
def running(binary: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """(the server, its port); it is sent `{port}` among its arguments, and ends with the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(binary), *(word.format(port=port) for word in arguments)]
    with binary.with_suffix(".log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            _wait_for(server, port)
            yield server, port
        finally:
            server.kill()


def _wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit(f"the server does not listen on port {port}")


def load(client: Callable[[int], None], n_requests: int, n_clients: int) -> None:
    """Runs clients side by side, each with its share of the requests."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            client(n_requests // n_clients)
        except Exception as failed:  # noqa: BLE001 (of any kind: it is raised again below)
            failures.append(failed)

    threads = [threading.Thread(target=work) for _ in range(n_clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def heap(server: subprocess.Popen[bytes], folder: Path, binary: Path) -> dict[str, Any]:
    """`goknot heap` of a core of the server."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        subprocess.run(["gcore", "-o", f"{scratch}/core", str(server.pid)], capture_output=True, check=True)
        return report("heap", f"{scratch}/core.{server.pid}", "--exe", str(binary), to=folder / "heap.json")


def report(command: str, *arguments: str, to: Path) -> dict[str, Any]:
    """What a command of goknot says as JSON; 1: knots were found, 3: something could not be read."""
    words = [sys.executable, "-m", "goknot", command, *arguments, "--format", "json", "--output", str(to)]
    began = time.monotonic()
    done = subprocess.run(words, check=False, stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1, 3):
        sys.exit(done.stderr)
    print(f"    goknot {command}: {time.monotonic() - began:.1f} s", flush=True)
    found: dict[str, Any] = json.loads(to.read_text())
    return found


def show(files: Sequence[Path], source: Path, knot: str) -> None:
    """Prints the joined report's word on a knot."""
    words = [sys.executable, "-m", "goknot", "report", *map(str, files), "--source", str(source), "--knot", knot]
    subprocess.run(words, check=False)


def never_freed(found: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The knots of a kind that are never freed."""
    return [knot for knot in found["knots"] if knot["verdict"] == "never-freed" and knot["kind"] == kind]


def expect(what: str, *, holds: bool) -> None:
    """Says what was found, or ends the run."""
    print(f"    {'yes' if holds else 'NO '}  {what}", flush=True)
    if not holds:
        sys.exit(1)
