"""A C compiler for other processors: zig, from the `ziglang` wheel, unpacked into the cache."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from support.cache import cache_dir, made_whole, only_one

VERSION = "0.13.0"


def zig_cc(target: str) -> Path:
    """A command that compiles C for a target; skips the test where the wheel cannot be had."""
    root = cache_dir() / "toolchains" / f"zig-{VERSION}"
    if not root.exists():
        with only_one(root):
            if not root.exists():
                _unpack(root)
    command = root / f"cc-{target}"
    if not command.exists():
        with only_one(command):
            command.write_text(f'#!/bin/sh\nexec "{root}/ziglang/zig" cc -target {target} "$@"\n')
            command.chmod(0o755)
    return command


def _unpack(root: Path) -> None:
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent) as scratch:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", scratch, f"ziglang=={VERSION}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = list(Path(scratch).glob("ziglang-*.whl"))
        if done.returncode or not wheels:
            pytest.skip(f"no zig: pip download ziglang=={VERSION} failed: {done.stderr.strip()[-200:]}")
        with made_whole(root) as fresh, zipfile.ZipFile(wheels[0]) as wheel:
            wheel.extractall(fresh)
            (fresh / "ziglang" / "zig").chmod(0o755)
