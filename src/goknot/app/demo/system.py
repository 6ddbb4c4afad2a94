"""The demo service: copied, built with its plugins, run."""

from __future__ import annotations

import json
import selectors
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from goknot.app.demo.tools import go
from goknot.errors import ToolError

OPENED = ("discount", "loyalty", "audit")  # in the host's order; the last one is refused
SWITCHED_OFF = ("currency", "tax")
_OUTDATED = "audit"  # built as if store/version.go were that of an earlier commit
_BUILD_SECONDS = 900
_READY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Built:
    """The service's binary and plugins.

    Attributes:
        exe: The host.
        plugins: Its plugins, those it opens first, in its order; empty if there was no C compiler.
    """

    exe: Path
    plugins: tuple[Path, ...] = ()

    @property
    def opened(self) -> tuple[Path, ...]:
        """What the host opens, in its order."""
        return self.plugins[: len(OPENED)]


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the service: nothing is written where goknot is installed."""
    shipped = files("goknot") / "demo_system"
    with tempfile.TemporaryDirectory(prefix="goknot-demo-") as scratch, as_file(shipped) as source:
        folder = Path(scratch).resolve() / "orders"
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"))
        yield folder


def build(folder: Path, command: Path, c_compiler: str) -> Built:
    """The host in `folder`/bin and, where there is a C compiler, its plugins in `folder`/bin/plugins."""
    target = folder / "bin"
    if not c_compiler:
        go(command, ["build", "-o", str(target / "service"), "."], folder, _BUILD_SECONDS, {"CGO_ENABLED": "0"})
        return Built(target / "service")
    env = {"CGO_ENABLED": "1", "CC": c_compiler}
    go(command, ["build", "-o", str(target / "service"), "."], folder, _BUILD_SECONDS, env)
    overlay = _earlier_commit(folder)

    def plugin(name: str) -> Path:
        made = target / "plugins" / f"{name}.so"
        earlier = [f"-overlay={overlay}"] if name == _OUTDATED else []
        arguments = ["build", "-buildmode=plugin", *earlier, "-o", str(made), f"./plugins/{name}"]
        go(command, arguments, folder, _BUILD_SECONDS, env)
        return made

    first, *others = (*OPENED, *SWITCHED_OFF)
    begun = plugin(first)  # alone: it compiles the standard library for all of them
    with ThreadPoolExecutor(2) as two:
        return Built(target / "service", (begun, *two.map(plugin, others)))


def _earlier_commit(folder: Path) -> Path:
    """What makes Go see the folder as it was before the format changed."""
    version = folder / "store" / "version.go"
    earlier = folder.parent / "version.go"
    earlier.write_text(version.read_text(encoding="utf-8").replace("Version = 2", "Version = 1"), encoding="utf-8")
    overlay = folder.parent / "overlay.json"
    overlay.write_text(json.dumps({"Replace": {str(version): str(earlier)}}), encoding="utf-8")
    return overlay


@contextmanager
def running(exe: Path) -> Iterator[int]:
    """The service, once it has said that it is ready; ended however this ends."""
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    try:
        process = subprocess.Popen([exe], cwd=exe.parent, stdin=pipe, stdout=pipe, stderr=nowhere)
    except OSError as error:
        raise ToolError("the demo service", f"cannot be run: {error.strerror or error}") from error
    try:
        assert process.stdout is not None
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            if not ready.select(_READY_SECONDS) or not process.stdout.readline():
                raise ToolError("the demo service", "did not get ready")
        yield process.pid
    finally:
        process.kill()
        process.communicate()
