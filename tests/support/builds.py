"""Go programs under tests/go, built by a named toolchain and kept by content."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.cache import cache_dir, made_whole, only_one
from support.toolchains import go_env, minor, toolchain

GO_SOURCES = Path(__file__).resolve().parent.parent / "go"


def build(
    case: str,
    version: str,
    *,
    stripped: bool = False,
    pie: bool = False,
    cgo: bool = False,
    race: bool = False,
    experiment: str = "",
    mode: str = "",
    package: str = ".",
    target: str = "",
    tags: str = "",
) -> Path:
    """Builds tests/go/`case` with Go `version`; skips when that toolchain (or a C compiler for cgo) is missing.

    Args:
        stripped: Without symbol table and DWARF (`-ldflags=-s -w`).
        pie: Position independent.
        cgo: With cgo; needs gcc.
        race: With the race detector.
        experiment: GOEXPERIMENT, e.g. `greenteagc`.
        mode: Another `-buildmode`, e.g. `plugin`.
        package: Which package of the module.
        target: Another system to build for, e.g. `darwin/arm64`.
        tags: Build tags.

    Returns:
        The executable (or plugin), cached by everything that went into it.
    """
    go = toolchain(version)
    if cgo and shutil.which("gcc") is None:
        pytest.skip("cgo needs gcc")
    source = GO_SOURCES / case
    flags = ["-trimpath", "-buildvcs=false"]
    flags += ["-ldflags=-s -w"] if stripped else []
    flags += ["-buildmode=pie"] if pie else []
    flags += [f"-buildmode={mode}"] if mode else []
    flags += ["-race"] if race else []
    flags += [f"-tags={tags}"] if tags else []
    env = {"CGO_ENABLED": "1" if cgo or race else "0", "GOEXPERIMENT": experiment}
    if target:
        env |= dict(zip(("GOOS", "GOARCH"), target.split("/"), strict=True))
    key = hashlib.sha256(repr((version, package, flags, sorted(env.items()))).encode())
    for path in sorted(source.rglob("*")):
        if path.is_file():
            key.update(f"{path.relative_to(source)}\0".encode() + path.read_bytes())
    home = cache_dir() / "builds" / f"{case}-{version}-{key.hexdigest()[:16]}"
    exe = home / (f"{case}.so" if mode in ("plugin", "c-shared") else case)
    if not exe.exists():
        with only_one(home):
            if not exe.exists():
                _build(go, version, source, home, exe.name, [*flags, package], env)
    return exe


def _build(
    go: Path, version: str, source: Path, home: Path, name: str, arguments: list[str], extra_env: dict[str, str]
) -> None:
    with made_whole(home) as fresh:
        copy = fresh / "src"
        shutil.copytree(source, copy)
        go_mod = copy / "go.mod"
        # The go line decides GODEBUG defaults (asynctimerchan before 1.23): each toolchain is to behave as itself.
        go_mod.write_text(re.sub(r"(?m)^go .*$", f"go 1.{minor(version)}", go_mod.read_text()))
        command = [str(go), "build", "-o", str(fresh / name), *arguments]
        done = subprocess.run(
            command, cwd=copy, env=go_env(go) | extra_env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.fail(f"{' '.join(command)}\n{done.stdout}{done.stderr}", pytrace=False)
