"""Small trees for tests: written to disk, or held in memory."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from goknot.inputs.source import DiskTree, Listing, SourceOptions, SourceScan, scan_source

LINUX = SourceOptions(goos="linux", goarch="amd64", cgo=True)


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Writes files below a folder, made if need be."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def scan(root: Path, options: SourceOptions = LINUX) -> SourceScan:
    return scan_source(DiskTree(root), options)


def edges(found: SourceScan) -> set[tuple[str, str]]:
    """The production edges by key."""
    keys = [package.key for package in found.packages]
    return {(keys[u], keys[v]) for u, v in found.production_graph().edges()}


def commit(root: Path, message: str = "state") -> str:
    """Commits all of a folder, in a repository made if need be; the commit."""
    if not (root / ".git").exists():
        git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", message)
    return git(root, "rev-parse", "HEAD").strip()


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True).stdout


class MemoryTree:
    """One module of one folder, held in memory."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = {"go.mod": b"module m\n", **files}
        self.label = "memory"
        self.start = "/m"

    def listing(self, folder: str) -> Listing:
        if folder != "/m":
            raise FileNotFoundError(2, "no such folder")
        return Listing([], sorted(n for n in self.files if n.endswith(".go") or n == "go.mod"), [])

    def is_file(self, path: str) -> bool:
        return path.startswith("/m/") and path.removeprefix("/m/") in self.files

    def heads(self, folder: str, names: Sequence[str], n_bytes: int) -> Iterator[bytes | OSError]:
        yield from (self.files[name][:n_bytes] for name in names)

    def read(self, path: str, n_bytes: int) -> bytes:
        if not self.is_file(path):
            raise FileNotFoundError(2, "no such file")
        return self.files[path.removeprefix("/m/")][:n_bytes]

    def stamps(self, folder: str, names: Sequence[str]) -> Sequence[str]:
        return ()

    def locate(self, path: str) -> str | None:
        return None
