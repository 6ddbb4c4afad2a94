"""The .go files of a module, wherever its source is at hand.

Sources: cmd/go/internal/modload/search.go (which folders belong to a module), cmd/go/internal/imports/build.go (which
files count on some platform).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from goknot.formats.constraint import KNOWN_ARCH, KNOWN_OS, Constraint, both, of_file_name
from goknot.formats.goheader import Head, PathNames, parse_head

_HEAD_BYTES = 8 << 10
_MAX_HEAD_BYTES = 4 << 20
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a module's source lies.

    Attributes:
        folder: Its root.
        label: What file names in reports begin with; empty or ending in `/`.
        packages: Folders below the root to look into; None: all that belong to the module.
        ignores: Folders of the go.mod's ignore directives.
    """

    folder: Path
    label: str
    packages: tuple[str, ...] | None = None
    ignores: tuple[str, ...] = ()


class GoFile(NamedTuple):
    """One file and its head.

    Attributes:
        name: Relative to the module's root, with `/`.
        data: The file from its beginning, at least as far as the head goes.
        head: None if the file cannot be read.
        problem: Why not; empty if it can.
    """

    name: str
    data: bytes
    head: Head | None
    problem: str


def go_files(source: Source) -> Iterator[GoFile]:
    """Every .go file of the module, tests included, sorted by folder; none of vendor, testdata, nested modules."""
    root = str(source.folder)
    known = PathNames()
    stack = [""] if source.packages is None else list(reversed(source.packages))
    while stack:
        folder = stack.pop()
        try:
            names, folders = _listed(f"{root}/{folder}" if folder else root)
        except OSError as error:
            yield GoFile(folder or ".", b"", None, error.strerror or str(error))
            continue
        if folder and "go.mod" in names and source.packages is None:
            continue
        yield from _files(root, folder, names, known)
        if source.packages is None:
            below = [f"{folder}/{name}" if folder else name for name in reversed(folders)]
            stack.extend(path for path in below if not _is_ignored(path, source.ignores))


class Built(IntEnum):
    """When a file is part of a build."""

    ALWAYS = 0
    SOMEWHERE = 1  # on some platforms, or with cgo
    BY_TAG = 2  # only with a tag that is off unless somebody asks for it
    NEVER = 3


def built(name: str, constraint: Constraint) -> Built:
    """When a file is built, by its name and its head.

    With every tag but `ignore` taken as both on and off, `go mod tidy` decides whether a file counts
    (imports/build.go AnyTags); so do we.
    """
    whole = both(constraint, of_file_name(name))
    if not whole.steps:
        return Built.ALWAYS
    true, false = _outcomes(whole, _by_default)
    if true:
        return Built.SOMEWHERE if false else Built.ALWAYS
    return Built.BY_TAG if _outcomes(whole, _by_any_tag)[0] else Built.NEVER


def tags_of(name: str, constraint: Constraint) -> frozenset[str]:
    """The tags that decide whether the file is built, without versions of Go."""
    return frozenset(tag for tag in both(constraint, of_file_name(name)).tags() if not _RELEASE.fullmatch(tag))


_RELEASE = re.compile(r"go1\.[0-9]+", re.ASCII)
_PLATFORM = KNOWN_OS | KNOWN_ARCH | {"unix", "cgo"}
_Outcomes = tuple[bool, bool]  # (can be true, can be false)


def _by_default(tag: str) -> _Outcomes:
    if tag in _PLATFORM:
        return True, True
    on = tag == "gc" or _RELEASE.fullmatch(tag) is not None
    return on, not on


def _by_any_tag(tag: str) -> _Outcomes:
    return tag != "ignore", True


def _outcomes(constraint: Constraint, of_tag: Callable[[str], _Outcomes]) -> _Outcomes:
    stack: list[_Outcomes] = []
    for step in constraint.steps:
        if step == "!":
            true, false = stack.pop()
            stack.append((false, true))
        elif step in {"&&", "||"}:
            right, left = stack.pop(), stack.pop()
            every = (left[0] and right[0], left[1] or right[1])
            some = (left[0] or right[0], left[1] and right[1])
            stack.append(every if step == "&&" else some)
        else:
            stack.append(of_tag(step))
    return stack[0]


def _listed(path: str) -> tuple[list[str], list[str]]:
    """(names of files, names of folders to go into), sorted."""
    names: list[str] = []
    folders: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            name = entry.name
            if entry.is_dir(follow_symlinks=False):
                if name[0] not in "._" and name not in {"testdata", "vendor"}:
                    folders.append(name)
            elif (name == "go.mod" or (name.endswith(".go") and name[0] not in "._")) and _is_regular(entry):
                names.append(name)
    return sorted(names), sorted(folders)


def _is_regular(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return True  # a loop of links, say: opening it will tell


def _files(root: str, folder: str, names: Iterable[str], known: PathNames) -> Iterator[GoFile]:
    for name in names:
        if name == "go.mod":
            continue
        relative = f"{folder}/{name}" if folder else name
        try:
            data, head = _head(f"{root}/{relative}", known)
        except OSError as error:
            yield GoFile(relative, b"", None, error.strerror or str(error))
            continue
        problem = "" if head else f"its imports do not end within {_MAX_HEAD_BYTES} bytes"
        yield GoFile(relative, data, head, problem)


def _head(path: str, known: PathNames) -> tuple[bytes, Head | None]:
    file = os.open(path, _READ)
    try:
        wanted = _HEAD_BYTES
        data = os.read(file, wanted)
        head = parse_head(data, complete=len(data) < wanted, names=known)
        while head is None and wanted < _MAX_HEAD_BYTES:
            wanted *= 8
            while len(data) < wanted and (more := os.read(file, wanted - len(data))):
                data += more
            head = parse_head(data, complete=len(data) < wanted, names=known)
        return data, head
    finally:
        os.close(file)


def _is_ignored(folder: str, ignores: Iterable[str]) -> bool:
    # cmd/go/internal/search/search.go ShouldIgnore: ./x is the folder below the root, x any folder called so
    padded = f"/{folder}/"
    for pattern in ignores:
        wanted = "/" + pattern.removeprefix("./").strip("/") + "/"
        if padded.startswith(wanted) if pattern.startswith("./") else wanted in padded:
            return True
    return False
