"""The host and the plugins of tests/go/plugin_rings side by side in one folder, and what the host says of them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.cache import cache_dir, made_whole, only_one
from support.toolchains import go_env, toolchain

SOURCES = Path(__file__).resolve().parent.parent / "go" / "plugin_rings"
LINKED = {"dt_a": "dt_b", "dt_b": "dt_a"}  # plugin -> the one it is linked to
NOT_PLUGINS = ("host", "opener")


@dataclass(frozen=True)
class Ran:
    """What a host did: its lines, what it wrote to stderr, and its exit code; None if it hung and was killed."""

    lines: tuple[str, ...]
    errors: str
    code: int | None


def ring_lab(version: str) -> Path:
    """A folder with `host` and each plugin as `NAME.so`, built by a Go version; skips without gcc or the toolchain."""
    go = toolchain(version)
    if shutil.which("gcc") is None:
        pytest.skip("plugins need gcc")
    key = hashlib.sha256(repr((version, LINKED)).encode())
    for path in sorted(SOURCES.rglob("*.*")):
        key.update(f"{path.relative_to(SOURCES)}\0".encode() + path.read_bytes())
    home = cache_dir() / "builds" / f"rings-{version}-{key.hexdigest()[:16]}"
    if not home.exists():
        with only_one(home):
            if not home.exists():
                with made_whole(home) as fresh:
                    for folder in sorted(SOURCES.iterdir()):
                        if folder.is_dir() and folder.name != "opener":
                            _build(go, fresh, folder.name)
    return home


def _build(go: Path, home: Path, name: str) -> None:
    flags = ["-trimpath", "-buildvcs=false"]
    target = home / name
    if name not in NOT_PLUGINS:
        flags.append("-buildmode=plugin")
        target = home / f"{name}.so"
    if other := LINKED.get(name):
        stub = home / "stub"
        stub.mkdir(exist_ok=True)
        _run(["gcc", "-shared", "-o", str(stub / f"{other}.so"), f"-Wl,-soname,{other}.so", "-x", "c", "/dev/null"])
        extra = f"-Wl,--no-as-needed,-L{stub},-l:{other}.so,-rpath,$ORIGIN"
        flags.append(f"-ldflags=-extldflags={extra}")
    env = go_env(go) | {"CGO_ENABLED": "1"}
    _run([str(go), "build", *flags, "-o", str(target), f"./{name}"], env)


def _run(command: list[str], env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=SOURCES, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stdout}{done.stderr}", pytrace=False)


def run_host(lab: Path, *plugins: str, seconds: float = 6, **env: str) -> Ran:
    """Runs the host on plugins, in their folder; one that is not done in time is killed."""
    command = [str(lab / "host"), *plugins]
    given = {k: v for k, v in os.environ.items() if k != "LD_LIBRARY_PATH"} | env
    process = subprocess.Popen(command, cwd=lab, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out, errors = process.communicate(timeout=seconds)
        code: int | None = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        out, errors = process.communicate()
        code = None
    return Ran(tuple(out.splitlines()), errors, code)
