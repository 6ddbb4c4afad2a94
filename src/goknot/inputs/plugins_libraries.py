"""Where the dynamic loader looks for a library (ld.so(8); glibc's elf/dl-load.c, elf/cache.c)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from goknot.errors import InputError
from goknot.formats.elf import c_string, map_file
from goknot.formats.elfdynamic import DT_RPATH, DT_RUNPATH, DynamicFile

_CACHE_MAGIC = b"glibc-ld.so.cache1.1"
_DEFAULTS = (
    "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"
)  # fmt: skip
_X8664 = 0x0300  # FLAG_X8664_LIB64


class Search:
    """The loader's search path below a root.

    Args:
        root: Folder that stands for `/`; empty for this machine's.
        library_path: LD_LIBRARY_PATH, taken apart.
    """

    def __init__(self, root: str, library_path: tuple[str, ...]) -> None:
        self.root = os.path.realpath(root).rstrip("/") if root else ""
        self._library_path = library_path

    def places(self, name: str, wanting: DynamicFile) -> Iterator[str]:
        """Files that exist and may be the library `name` that a file needs, best first."""
        if "/" in name:
            candidates = [name]
        else:
            runpath, rpath = wanting.text(DT_RUNPATH), wanting.text(DT_RPATH)
            before = [] if runpath else _split(rpath, wanting.path)
            folders = [*before, *self._library_path, *_split(runpath, wanting.path)]
            candidates = [f"{folder}/{name}" for folder in folders]
            candidates += self._cache.get(name, [])
            candidates += [f"{folder}/{name}" for folder in _DEFAULTS]
        for candidate in candidates:
            inside = self._inside(candidate)
            if inside is not None:
                yield inside

    def located(self, name: str) -> tuple[str, str]:
        """(what the program calls the file `name`, the file itself or "" if realpath(3) finds none).

        A file below the root is one that the program finds at the path behind it.
        """
        if self.root and os.path.abspath(name).startswith(f"{self.root}/"):  # noqa: PTH100 (links stay)
            called = self.inside(os.path.abspath(name))  # noqa: PTH100
            return called, self._inside(called) or ""
        try:
            return name, os.path.realpath(name, strict=True) if name else ""
        except OSError:
            return name, ""

    def inside(self, path: str) -> str:
        """The path by which a program that runs below the root knows a file."""
        return path[len(self.root) :] if self.root and path.startswith(f"{self.root}/") else path

    def _inside(self, path: str) -> str | None:
        """The file below the root, links followed as they lead there."""
        if not self.root:
            return path if Path(path).is_file() else None
        if path.startswith(f"{self.root}/"):
            path = path[len(self.root) :]
        for _ in range(40):
            parts, at = [part for part in path.split("/") if part], ""
            for index, part in enumerate(parts):
                here = f"{at}/{part}"
                if Path(self.root + here).is_symlink():
                    target = os.readlink(self.root + here)  # noqa: PTH115 (the text, as it stands)
                    ahead = "/".join(parts[index + 1 :])
                    path = os.path.normpath(f"{target if target.startswith('/') else f'{at}/{target}'}/{ahead}")
                    break
                at = here
            else:
                return self.root + at if Path(self.root + at).is_file() else None
        return None

    @cached_property
    def _cache(self) -> dict[str, list[str]]:
        """ld.so.cache: name -> paths."""
        try:
            data = bytes(map_file(f"{self.root}/etc/ld.so.cache"))
        except InputError:
            return {}  # the loader does without, too
        start = data.find(_CACHE_MAGIC)
        if start < 0 or len(data) < start + 48:
            return {}
        n = struct.unpack_from("<I", data, start + 20)[0]
        found: dict[str, list[str]] = {}
        for at in range(start + 48, min(start + 48 + 24 * n, len(data) - 23), 24):
            flags, key, value = struct.unpack_from("<iII", data, at)
            if flags & 0xFF00 == _X8664:
                found.setdefault(c_string(data, start + key), []).append(c_string(data, start + value))
        return found


def _split(paths: str, file: str) -> list[str]:
    origin = str(Path(os.path.realpath(file)).parent)
    return [p.replace("${ORIGIN}", origin).replace("$ORIGIN", origin) for p in paths.split(":") if p]
