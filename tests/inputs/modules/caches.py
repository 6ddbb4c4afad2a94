"""Small module caches written by hand, and Go to ask about them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

GO = shutil.which("go")
needs_go = pytest.mark.skipif(GO is None, reason="no Go on PATH to ask")


class Sandbox:
    """A module cache and a main module (or a workspace) below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modcache = folder / "modcache"
        self.main = folder / "main"
        self.main.mkdir(parents=True)
        self.env = {
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "GOMODCACHE": str(self.modcache),
            "GOPROXY": "off",
            "GOSUMDB": "off",
            "GONOSUMDB": "*",
            "GOFLAGS": "-mod=mod",
            "GOTOOLCHAIN": "local",
            "GOCACHE": str(folder / "gocache"),
            "GOENV": "off",
        }

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def add(self, path: str, version: str, gomod: str = "", files: dict[str, str] | None = None) -> None:
        """A module in the cache; its go.mod gets a module line, its source is there if `files` is."""
        text = f"module {path}\n{gomod}"
        escaped = escape(path)
        self.write(f"modcache/cache/download/{escaped}/@v/{escape(version)}.mod", text)
        self.write(f"modcache/cache/download/{escaped}/@v/{escape(version)}.info", f'{{"Version":"{version}"}}')
        if files is not None:
            for name, content in {"go.mod": text, **files}.items():
                self.write(f"modcache/{escaped}@{escape(version)}/{name}", content)

    def go(self, *arguments: str, cwd: Path | None = None) -> str | None:
        """What Go says; None if it refuses."""
        assert GO is not None
        done = subprocess.run(
            [GO, *arguments], cwd=cwd or self.main, env=self.env, capture_output=True, check=False, text=True
        )
        self.error = done.stderr
        return done.stdout if done.returncode == 0 else None


def escape(text: str) -> str:
    return "".join(f"!{c.lower()}" if c.isupper() else c for c in text)


def requires(*pairs: str) -> str:
    return "".join(f"require {pair}\n" for pair in pairs)
