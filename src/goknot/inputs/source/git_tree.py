"""The files of a git revision, read from its objects: nothing is checked out."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from goknot.errors import InputError, ToolError, UsageError
from goknot.inputs.source.tree import MODULE_FILES, Listing

if TYPE_CHECKING:
    import subprocess

_AT_ONCE = 128  # blobs asked for before the first is read; their names fit any pipe
_MAX_LINKS = 40
_LINK, _FOLDER_LINK = "120000", "160000"


class _Folder:
    __slots__ = ("blobs", "folders", "links", "modules")

    def __init__(self) -> None:
        self.blobs: dict[str, str] = {}  # name -> blob id
        self.links: dict[str, str] = {}  # name -> blob id of the link's text
        self.modules: list[str] = []  # submodules, whose files are in another repository
        self.folders: list[str] = []


class GitTree:
    """A revision of the git repository around a folder, with that folder asked for.

    Args:
        path: A folder in a work tree; it need not exist any more.
        revision: Anything git takes as a commit or tree.

    Raises:
        InputError: Not in a git repository, or the folder is not there at that revision.
        UsageError: No such revision.
        ToolError: git is missing or failed.
    """

    def __init__(self, path: Path, revision: str) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.label = f"{path} at {revision}"
        folder = path.resolve()
        there = next(f for f in (folder, *folder.parents) if f.is_dir())
        top = git(there, "rev-parse", "--show-toplevel").decode("utf-8", "surrogateescape").rstrip("\n")
        self._top = Path(top).resolve()
        below = folder.relative_to(self._top).as_posix()
        self.start = "" if below == "." else f"/{below}"
        if revision.startswith("-"):
            raise UsageError(f"{revision!r} is not a revision")
        self._folders: dict[str, _Folder] = {"": _Folder()}
        try:
            listed = git(there, "ls-tree", "-r", "-z", "--full-tree", revision)
        except ToolError as error:
            raise UsageError(f"{revision!r} is not a revision of this repository", str(error)) from error
        for entry in listed.split(b"\0"):
            self._add(entry)
        if self.start not in self._folders:
            raise InputError(self.label, "that folder is not in this revision")

    def _add(self, entry: bytes) -> None:
        meta, _, raw = entry.partition(b"\t")
        if not meta:
            return
        mode, _, blob = meta.decode().split(" ")
        parent, _, name = os.fsdecode(raw).rpartition("/")
        folder = self._folder(parent)
        if mode == _FOLDER_LINK:
            folder.modules.append(name)
        elif mode == _LINK:
            folder.links[name] = blob
        else:
            folder.blobs[name] = blob

    def _folder(self, path: str) -> _Folder:
        address = f"/{path}" if path else ""
        found = self._folders.get(address)
        if found is None:
            found = self._folders[address] = _Folder()
            parent, _, name = path.rpartition("/")
            self._folder(parent).folders.append(name)
        return found

    def listing(self, folder: str) -> Listing:
        """What the folder holds at this revision."""
        found = self._folders.get(folder)
        if found is None:
            raise FileNotFoundError(2, "no such folder in this revision", folder)
        files = [name for name in found.blobs if name.endswith(".go") or name in MODULE_FILES]
        odd = [(name, "a submodule, whose files are in another repository") for name in found.modules]
        for name in found.links:
            if name.endswith(".go") or name in MODULE_FILES:
                if self._blob(folder, name):
                    files.append(name)
                elif self._target(folder, name) not in self._folders:
                    odd.append((name, "a link that leads nowhere in this revision"))
        return Listing(sorted(found.folders), sorted(files), sorted(odd))

    def is_file(self, path: str) -> bool:
        """Whether a file is there at this revision."""
        folder, _, name = path.rpartition("/")
        return bool(self._blob(folder, name))

    def stamps(self, folder: str, names: Sequence[str]) -> Sequence[str]:
        """The ids of blobs."""
        return [self._blob(folder, name) for name in names]

    def heads(self, folder: str, names: Sequence[str], n_bytes: int) -> Iterator[bytes | OSError]:
        """The first bytes of each file."""
        for first in range(0, len(names), _AT_ONCE):
            yield from self._read_blobs(self.stamps(folder, names[first : first + _AT_ONCE]), n_bytes)

    def read(self, path: str, n_bytes: int) -> bytes:
        """The first bytes of a file."""
        folder, _, name = path.rpartition("/")
        blob = self._blob(folder, name)
        if not blob:
            raise FileNotFoundError(2, "no such file in this revision", path)
        (found,) = self._read_blobs([blob], n_bytes)
        if isinstance(found, OSError):
            raise found
        return found

    def locate(self, path: str) -> str | None:
        """The path in the repository of an absolute path of the machine."""
        try:
            below = Path(path).resolve().relative_to(self._top).as_posix()
        except ValueError:
            return None
        return "" if below == "." else f"/{below}"

    def on_disk(self, path: str) -> Path:
        """Where the work tree has a path of the repository, if it still has it."""
        return self._top / path.removeprefix("/")

    def close(self) -> None:
        """Ends the process that reads objects."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None and process.stdout is not None:
            process.stdin.close()
            process.stdout.close()
            process.wait()

    def __del__(self) -> None:  # noqa: D105
        self.close()

    def _blob(self, folder: str, name: str) -> str:
        found = self._folders.get(folder)
        if found is None:
            return ""
        if name in found.links:
            parent, _, name = self._target(folder, name).rpartition("/")
            found = self._folders.get(parent)
        return found.blobs.get(name, "") if found else ""

    def _target(self, folder: str, name: str) -> str:
        """Where a link leads in the end; something that is not there if it leads nowhere."""
        for _ in range(_MAX_LINKS):
            found = self._folders.get(folder)
            if found is None or name not in found.links:
                return f"{folder}/{name}"
            (text,) = self._read_blobs([found.links[name]], 4096)
            if isinstance(text, OSError) or text.startswith(b"/"):
                break
            joined = posixpath.normpath(posixpath.join(folder or "/", os.fsdecode(text)))
            folder, _, name = joined.rpartition("/")
        return "\0"

    def _read_blobs(self, blobs: Sequence[str], n_bytes: int) -> Iterator[bytes | OSError]:
        process = self._reader()
        source, sink = process.stdin, process.stdout
        if source is None or sink is None:
            raise ToolError("git", "cat-file has no pipes")
        source.write("".join(f"{blob}\n" for blob in blobs).encode())
        source.flush()
        for blob in blobs:
            answer = sink.readline().split()
            if len(answer) != 3:
                yield OSError(5, f"git has no object {blob}")
                continue
            n_left = int(answer[2])
            data = sink.read(min(n_left, n_bytes))
            n_left += 1 - len(data)  # and the line end
            while n_left:
                n_left -= len(sink.read(min(n_left, 1 << 20))) or n_left
            yield data

    def _reader(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            import subprocess  # noqa: PLC0415 (a scan of the disk needs no processes)

            command = ["git", "-C", str(self._top), "cat-file", "--batch"]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        return self._process


def git(folder: Path, *arguments: str) -> bytes:
    """What git prints.

    Raises:
        InputError: Not inside a git repository.
        ToolError: git is missing or failed.
    """
    import subprocess  # noqa: PLC0415

    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "LC_ALL": "C"})
    except FileNotFoundError as error:
        raise ToolError("git", "not found", "Install git; goknot reads revisions through it.") from error
    if done.returncode == 0:
        return done.stdout
    message = done.stderr.decode("utf-8", "replace").strip()
    if "not a git repository" in message:
        raise InputError(str(folder), "not inside a git repository")
    raise ToolError("git", message or "failed")
