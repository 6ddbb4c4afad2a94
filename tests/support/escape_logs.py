"""Logs of -gcflags=-m=2 for modules below tests/go, written by a Go of a given version, and kept by content."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

from support.builds import GO_SOURCES
from support.cache import cache_dir, made_whole, only_one
from support.toolchains import go_env, minor, toolchain


def escape_log(case: str, version: str) -> Path:
    """The log of `go build -gcflags=-m=2 ./...` for tests/go/`case`."""
    source = GO_SOURCES / case
    key = hashlib.sha256(version.encode())
    for path in sorted(source.rglob("*")):
        if path.is_file():
            key.update(f"{path.relative_to(source)}\0".encode() + path.read_bytes())
    home = cache_dir() / "builds" / f"escape-{case}-{version}-{key.hexdigest()[:16]}"
    if not (home / "log").exists():
        with only_one(home):
            if not (home / "log").exists():
                _write(toolchain(version), version, source, home)
    return home / "log"


def _write(go: Path, version: str, source: Path, home: Path) -> None:
    with made_whole(home) as fresh:
        shutil.copytree(source, fresh / "src")
        go_mod = fresh / "src" / "go.mod"
        go_mod.write_text(re.sub(r"(?m)^go .*$", f"go 1.{minor(version)}", go_mod.read_text()))
        command = [str(go), "build", "-gcflags=-m=2", "-o", "/dev/null", "./..."]
        done = subprocess.run(command, cwd=fresh / "src", env=go_env(go), capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        (fresh / "log").write_bytes(done.stderr)
