"""Hosts and plugins of tests/go/plugin_lab, built as a case asks and kept by content; what hosts say of plugins."""

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

SOURCES = Path(__file__).resolve().parent.parent / "go" / "plugin_lab"
HOST_GO = "1.26.6"


@dataclass(frozen=True)
class Said:
    """What plugin.Open did with each file: (`opens`, `error` or `panic`, text); what a run said that died."""

    opens: tuple[tuple[str, str], ...]
    died: str = ""


def lab(package: str, *flags: str, go: str = HOST_GO, folder: str = "", **env: str) -> Path:
    """Builds one program of the lab: `host` and `nohost` as executables, the others as plugins.

    Args:
        package: Folder below tests/go/plugin_lab/app.
        flags: Of `go build`, beside `-trimpath` (leave that out with `-trimpath=false`).
        go: Version of the toolchain.
        folder: Another folder to build in, for builds that differ by place alone.
        env: Further environment.
    """
    command = toolchain(go)
    if shutil.which("gcc") is None:
        pytest.skip("plugins need gcc")
    settings = {"CGO_ENABLED": "1", "CGO_LDFLAGS_ALLOW": ".*"} | env
    key = hashlib.sha256(repr((package, flags, go, folder, sorted(settings.items()))).encode())
    for path in sorted(SOURCES.rglob("*")):
        if path.is_file():
            key.update(f"{path.relative_to(SOURCES)}\0".encode() + path.read_bytes())
    home = cache_dir() / "builds" / f"lab-{package}-{go}-{key.hexdigest()[:16]}"
    target = home / (package if package.endswith("host") else f"{package}.so")
    if not target.exists():
        with only_one(home):
            if not target.exists():
                _build(command, home, target.name, package, flags, settings, folder)
    return target


def _build(
    go: Path, home: Path, name: str, package: str, flags: tuple[str, ...], env: dict[str, str], folder: str
) -> None:
    source = cache_dir() / "lab" / (folder or "common")
    with only_one(source), made_whole(home) as fresh:  # one folder for all: without -trimpath the folder counts
        shutil.rmtree(source, ignore_errors=True)
        shutil.copytree(SOURCES, source)
        mode = [] if package.endswith("host") else ["-buildmode=plugin"]
        if package == "cneed":
            library = source / "app" / "clib"
            library.mkdir()
            (library / "lab.c").write_text("int goknot_lab(void) { return 7; }\n")
            run_tool(["gcc", "-shared", "-fPIC", "-o", "libgoknotlab.so", "lab.c"], library, dict(os.environ))
            shutil.copy(library / "libgoknotlab.so", fresh)
        command = [str(go), "build", "-trimpath", "-buildvcs=false", *mode, *flags, "-o", str(fresh / name)]
        run_tool([*command, f"./{package}"], source / "app", go_env(go) | env)


def run_tool(command: list[str], folder: Path, env: dict[str, str]) -> None:
    """Runs a compiler; its failure is the test's."""
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stdout}{done.stderr}", pytrace=False)


def opened(host: Path, *plugins: Path | str, **env: str) -> Said:
    """Runs the host on plugins and takes down what it says."""
    done = subprocess.run(
        [str(host), *map(str, plugins)],
        env={k: v for k, v in os.environ.items() if k != "LD_LIBRARY_PATH"} | env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    rows = [line.partition(" ") for line in done.stdout.splitlines()]
    return Said(tuple((kind, text) for kind, _, text in rows), "" if not done.returncode else done.stderr)
