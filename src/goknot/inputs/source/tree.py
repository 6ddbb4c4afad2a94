"""Where files come from: a folder on disk. A git revision is the other tree, see `git_tree`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from goknot.errors import InputError
from goknot.formats.plainfile import READ_FLAGS


class Listing(NamedTuple):
    """What of a folder matters, sorted: folders, .go and module files, and (name, reason) of what is neither."""

    folders: list[str]
    files: list[str]
    odd: list[tuple[str, str]]


class Tree(Protocol):
    """A tree of files. Paths are absolute within the tree, written with `/`; its top is the empty path.

    Attributes:
        label: What the user called it.
        start: The folder that was asked for.
    """

    label: str
    start: str

    def listing(self, folder: str) -> Listing:
        """What the folder holds; links to folders are left out, as Go does.

        Raises:
            OSError: There is no such folder, or it cannot be listed.
        """
        ...

    def is_file(self, path: str) -> bool:
        """Whether a file (or a link to one) is there."""
        ...

    def heads(self, folder: str, names: Sequence[str], n_bytes: int) -> Iterator[bytes | OSError]:
        """The first bytes of each file, in order; an error in place of what cannot be read."""
        ...

    def read(self, path: str, n_bytes: int) -> bytes:
        """The first bytes of a file.

        Raises:
            OSError: It cannot be read.
        """
        ...

    def stamps(self, folder: str, names: Sequence[str]) -> Sequence[str]:
        """What identifies each file's content, wherever it lies; empty strings if nothing cheap does."""
        ...

    def locate(self, path: str) -> str | None:
        """The path in this tree of an absolute path of the machine; None if it lies outside."""
        ...

    def on_disk(self, path: str) -> Path:
        """Where on the machine a path of this tree lies, or would lie."""
        ...


MODULE_FILES = ("go.mod", "go.work")


class DiskTree:
    """The disk, with one folder of it asked for.

    Raises:
        InputError: There is no such folder.
    """

    def __init__(self, path: Path) -> None:
        self.label = str(path)
        try:
            if not path.is_dir():
                what = "not a folder" if path.exists() else "no such folder"
                raise InputError(str(path), what, "Name the folder of a module, a workspace or a package.")
            self.start = path.resolve().as_posix().rstrip("/")
        except (OSError, RuntimeError) as error:  # a loop of links is a RuntimeError
            raise InputError(str(path), f"cannot be read: {error}") from error

    def listing(self, folder: str) -> Listing:
        """What the folder holds."""
        folders: list[str] = []
        files: list[str] = []
        odd: list[tuple[str, str]] = []
        with os.scandir(folder or "/") as entries:
            for entry in entries:
                name = entry.name
                if name.endswith(".go") or name in MODULE_FILES:
                    if entry.is_file(follow_symlinks=False):
                        files.append(name)
                    elif entry.is_dir(follow_symlinks=False):
                        folders.append(name)
                    else:
                        _sort_out(entry, files, odd)
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(name)
        folders.sort()
        files.sort()
        odd.sort()
        return Listing(folders, files, odd)

    def is_file(self, path: str) -> bool:
        """Whether a file is there."""
        return os.path.isfile(path)  # noqa: PTH113 (called often)

    def heads(self, folder: str, names: Sequence[str], n_bytes: int) -> Iterator[bytes | OSError]:
        """The first bytes of each file."""
        for name in names:
            try:
                # a pipe that replaced a file must not hang the scan, hence O_NONBLOCK
                handle = os.open(f"{folder}/{name}", READ_FLAGS)
                try:
                    data = os.read(handle, n_bytes)
                finally:
                    os.close(handle)
            except OSError as error:
                yield error
            else:
                yield data

    def read(self, path: str, n_bytes: int) -> bytes:
        """The first bytes of a file."""
        handle = os.open(path, READ_FLAGS)
        try:
            # first what nearly every file fits in: a buffer of n_bytes is made before anything is read
            data = os.read(handle, min(n_bytes, 1 << 16))
            if len(data) < 1 << 16:
                return data
            parts = [data]
            n_left = n_bytes - len(data)
            while n_left > 0 and (more := os.read(handle, min(n_left, 1 << 20))):
                parts.append(more)
                n_left -= len(more)
            return b"".join(parts)
        finally:
            os.close(handle)

    def stamps(self, folder: str, names: Sequence[str]) -> Sequence[str]:
        """Nothing cheap identifies a file's content on disk."""
        return ()

    def locate(self, path: str) -> str | None:
        """Every path is in this tree."""
        return Path(path).as_posix().rstrip("/")

    def on_disk(self, path: str) -> Path:
        """The path itself."""
        return Path(path or "/")


def _sort_out(entry: os.DirEntry[str], files: list[str], odd: list[tuple[str, str]]) -> None:
    """A link or something special with a file's name."""
    try:
        if entry.is_file():
            files.append(entry.name)
        elif not entry.is_symlink():
            odd.append((entry.name, "not a regular file"))
        elif not entry.is_dir():
            entry.stat()
            odd.append((entry.name, "a link to something that is not a regular file"))
    except OSError as error:
        odd.append((entry.name, f"a link that leads nowhere: {error.strerror or error}"))
