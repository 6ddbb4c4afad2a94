"""Where the packages lie that a scan does not hold: vendor folders, the module cache, GOROOT."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from goknot.errors import InputError
from goknot.formats.goheader import Head, PathNames, parse_head
from goknot.formats.gomod import GoMod, parse_gomod
from goknot.formats.plainfile import open_plain
from goknot.formats.semver import module_key
from goknot.inputs.source.layout import Module
from goknot.inputs.source.package import FileChooser, LoadedPackage, sort_files

MAX_FILE_BYTES = 16 << 20
_MAX_MODULES = 5000
_UPPER = re.compile("[A-Z]")
_MODULE = Module("", "", "", declared=False)


@dataclass(frozen=True, slots=True)
class GoPlaces:
    """Where Go keeps what it needs.

    Attributes:
        modcache: The module cache; it need not exist.
        goroot: Of a toolchain at hand; None if there is none.
    """

    modcache: Path
    goroot: Path | None = None


class Dependencies:
    """Finds packages of other modules and of the standard library.

    Args:
        places: Where to look.
        folders: Folders of the modules scanned: their go.mod files say which versions are used.
        chooser: Which files the configuration takes.
    """

    def __init__(self, places: GoPlaces, folders: Sequence[Path], chooser: FileChooser) -> None:
        self.places = places
        self.chooser = chooser
        self.vendors = [folder / "vendor" for folder in folders if (folder / "vendor" / "modules.txt").is_file()]
        self._names = PathNames()
        self._folder_by_module: dict[str, Path] = {}
        self._version_by_path: dict[str, str] = {}
        self._has_all = False
        for folder in folders:
            self._take(_read_mod(folder / "go.mod"), folder)

    def files(self, import_path: str) -> list[tuple[Path, str]]:
        """The files of a package with the name in its package clause; empty if it is not to be found."""
        folder = self._folder(import_path)
        return self._chosen(folder) if folder is not None else []

    def stamp(self, import_path: str) -> bytes:
        """What `files` depends on: the package's folder, and the names, sizes and times of what lies in it."""
        folder = self._folder(import_path)
        if folder is None:
            return b""
        try:
            with os.scandir(folder) as entries:
                rows = sorted((one.name, one.stat()) for one in entries if one.name.endswith(".go"))
        except OSError:
            return b"?"
        said = [(name, found.st_size, found.st_mtime_ns) for name, found in rows]
        return hashlib.blake2b(repr((str(folder), said)).encode("utf-8", "surrogateescape"), digest_size=16).digest()

    def _take(self, mod: GoMod | None, folder: Path) -> None:
        if mod is None:
            return
        for require in mod.requires:
            self._count(require.path, require.version)
        for replace in mod.replaces:
            if replace.new_version:
                where = self._cached(replace.new_path, replace.new_version)
            else:
                where = (folder / replace.new_path).resolve()
            used = self._version_by_path.get(replace.old_path)
            if used is not None and replace.old_version in {"", used}:
                self._folder_by_module.setdefault(replace.old_path, where)

    def _count(self, path: str, version: str) -> bool:
        known = self._version_by_path.get(path)
        if known is not None and module_key(path, version) <= module_key(path, known):
            return False
        self._version_by_path[path] = version
        return True

    def _cached(self, path: str, version: str) -> Path:
        return self.places.modcache / f"{_escaped(path)}@{_escaped(version)}"

    def _folder(self, import_path: str) -> Path | None:
        first = import_path.partition("/")[0]
        if "." not in first:
            return self._in_goroot(import_path)
        for vendor in self.vendors:
            if (vendor / import_path).is_dir():
                return vendor / import_path
        found = self._in_cache(import_path)
        if found is None and not self._has_all:
            self._add_indirect()
            found = self._in_cache(import_path)
        return found if found is not None else self._in_goroot(f"vendor/{import_path}")

    def _in_goroot(self, import_path: str) -> Path | None:
        root = self.places.goroot
        folder = root / "src" / import_path if root is not None and ".." not in import_path else None
        return folder if folder is not None and folder.is_dir() else None

    def _in_cache(self, import_path: str) -> Path | None:
        prefix = import_path
        while prefix and ".." not in import_path:
            version = self._version_by_path.get(prefix)
            if version is not None:
                module = self._folder_by_module.get(prefix) or self._cached(prefix, version)
                folder = module / import_path[len(prefix) + 1 :]
                if folder.is_dir():
                    return folder
            prefix = prefix.rpartition("/")[0]
        return None

    def _add_indirect(self) -> None:
        """Minimal version selection over the go.mod files in the cache, for modules older than Go 1.17's full lists."""
        self._has_all = True
        open_ = sorted(self._version_by_path.items())
        n_read = 0
        while open_ and n_read < _MAX_MODULES:
            path, version = open_.pop()
            n_read += 1
            name = f"{_escaped(version)}.mod"
            mod = _read_mod(self.places.modcache / "cache" / "download" / _escaped(path) / "@v" / name)
            for require in mod.requires if mod is not None else ():
                if self._count(require.path, require.version):
                    open_.append((require.path, require.version))

    def _chosen(self, folder: Path) -> list[tuple[Path, str]]:
        try:
            names = sorted(
                entry.name
                for entry in folder.iterdir()
                if entry.name.endswith(".go") and not entry.name.endswith("_test.go") and entry.name[0] not in "._"
            )
        except OSError:
            return []
        taken = [name for name in names if self.chooser.takes_name(name)]
        loaded = LoadedPackage(str(folder), "", _MODULE, asked_for=False)
        sort_files(loaded, self._heads(folder, taken), (), self.chooser)
        return [(folder / name, head.package) for name, head in loaded.own if head.package == loaded.name]

    def _heads(self, folder: Path, names: Iterable[str]) -> Iterable[tuple[str, Head]]:
        for name in names:
            data = read_bytes(folder / name)
            head = parse_head(data, complete=True, names=self._names) if data is not None else None
            if head is not None:
                yield name, head


def read_bytes(path: Path) -> bytes | None:
    """A file of a dependency; None if it cannot be read, is no plain file, or is too large."""
    try:
        with open_plain(path) as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError:
        return None
    return data if len(data) <= MAX_FILE_BYTES else None


def _read_mod(path: Path) -> GoMod | None:
    data = read_bytes(path)
    try:
        return parse_gomod(data, str(path), lax=True) if data is not None else None
    except InputError:
        return None


def _escaped(text: str) -> str:
    return _UPPER.sub(lambda match: "!" + match[0].lower(), text)
