"""What Go's environment says about modules, read without Go.

Sources: cmd/internal/cfg/cfg.go (EnvFile), cmd/go/internal/cfg/cfg.go (GOPATH, GOMODCACHE),
cmd/go/internal/base/goflags.go, cmd/go/internal/modload/init.go (FindGoWork).
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from goknot.errors import UsageError

_MAX_ENV_FILE = 1 << 20


@dataclass(frozen=True, slots=True)
class GoEnv:
    """Where Go finds what it needs.

    Attributes:
        modcache: The module cache; it need not exist.
        gowork: GOWORK: empty or `auto`, `off`, or the path of a go.work.
        modfile: The file that -modfile in GOFLAGS names instead of go.mod; empty if none.
    """

    modcache: Path
    gowork: str = ""
    modfile: str = ""


def read_goenv(environment: Mapping[str, str]) -> GoEnv:
    """The settings that an environment and the file of `go env -w` make.

    Raises:
        UsageError: GOFLAGS cannot be read, or GOWORK is no absolute path.
    """
    stored = _stored(environment)

    def value(name: str) -> str:
        return environment.get(name) or stored.get(name, "")

    gopath = value("GOPATH").split(os.pathsep)[0] or str(Path(_home(environment)) / "go")
    gowork = value("GOWORK")
    if gowork not in {"", "auto", "off"} and not Path(gowork).is_absolute():
        raise UsageError(f"GOWORK={gowork}: not an absolute path")
    modcache = value("GOMODCACHE") or str(Path(gopath) / "pkg" / "mod")
    return GoEnv(Path(modcache), gowork, _modfile(value("GOFLAGS")))


def _stored(environment: Mapping[str, str]) -> dict[str, str]:
    """What `go env -w` wrote."""
    name = environment.get("GOENV", "")
    if name == "off":
        return {}
    path = Path(name) if name else _config_folder(environment) / "go" / "env"
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_ENV_FILE).decode("utf-8", "replace")
    except OSError:
        return {}  # most people have none
    pairs = (line.strip().partition("=") for line in text.splitlines() if not line.lstrip().startswith("#"))
    return {key: value for key, equals, value in pairs if equals}


def _config_folder(environment: Mapping[str, str]) -> Path:
    # os.UserConfigDir
    home = Path(_home(environment))
    if sys.platform == "win32":
        return Path(environment.get("AppData") or environment.get("APPDATA") or home)
    if sys.platform == "darwin":
        return home / "Library" / "Application Support"
    return Path(environment.get("XDG_CONFIG_HOME") or home / ".config")


def _home(environment: Mapping[str, str]) -> str:
    name = "USERPROFILE" if sys.platform == "win32" else "HOME"
    return environment.get(name) or str(Path("~").expanduser())


def _modfile(goflags: str) -> str:
    try:
        flags = shlex.split(goflags, posix=True) if "'" in goflags or '"' in goflags else goflags.split()
    except ValueError as error:
        raise UsageError(f"GOFLAGS={goflags}: {error}") from error
    for flag in flags:
        name, _, value = flag.lstrip("-").partition("=")
        if flag.startswith("-") and name == "modfile":
            return value
    return ""
