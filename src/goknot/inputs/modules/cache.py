"""The module cache: GOMODCACHE/cache/download/PATH/@v/VERSION.mod and GOMODCACHE/PATH@VERSION/.

Sources: cmd/go/internal/modfetch/cache.go (CachePath, DownloadDir), golang.org/x/mod/module/module.go (EscapePath).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from goknot.formats.gomod import MAX_BYTES
from goknot.formats.modgraph import Module
from goknot.formats.plainfile import open_plain
from goknot.formats.semver import canonical

# an element neither begins nor ends with a dot, so that no path leads out of the cache
_PATH = re.compile(r"(?![-/])(?:(?!\.)[A-Za-z0-9._~-]*[A-Za-z0-9_~-](?:/(?!\Z)|\Z))+", re.ASCII)
_UPPER = re.compile("[A-Z]")


@dataclass(frozen=True, slots=True)
class ModuleCache:
    """A module cache; it need not exist."""

    folder: Path

    def mod_file(self, module: Module) -> Path | None:
        """Where the module's go.mod is kept; None if a module cannot be called so."""
        escaped = _escaped(module)
        if escaped is None:
            return None
        return self.folder / f"cache/download/{escaped[0]}/@v/{escaped[1]}.mod"

    def source(self, module: Module) -> Path | None:
        """The folder with the module's source; None if it is not there, or not wholly."""
        escaped = _escaped(module)
        if escaped is None:
            return None
        folder = self.folder / f"{escaped[0]}@{escaped[1]}"
        partial = self.folder / "cache" / "download" / escaped[0] / "@v" / f"{escaped[1]}.partial"
        return folder if folder.is_dir() and not partial.exists() else None


def read_mod_file(path: Path) -> bytes:
    """The bytes of a module file, one more than Go takes at most.

    Raises:
        OSError: It cannot be read.
    """
    with open_plain(path) as file:
        return file.read(MAX_BYTES + 1)


def _escaped(module: Module) -> tuple[str, str] | None:
    if not _PATH.fullmatch(module.path) or not module.version or canonical(module.version) != module.version:
        return None
    return _escape(module.path), _escape(module.version)


def _escape(text: str) -> str:
    return _UPPER.sub(lambda match: "!" + match[0].lower(), text)
