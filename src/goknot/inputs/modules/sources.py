"""Where the source of a module is at hand: its own folder, a replacement's, the module cache, or vendor."""

from __future__ import annotations

import os
from pathlib import Path

from goknot.formats.modgraph import Module
from goknot.formats.modulestxt import Vendored, parse_modulestxt
from goknot.inputs.modules.main_modules import MainModules
from goknot.inputs.modules.source import Source
from goknot.inputs.modules.summaries import Summaries

_MAX_MODULES_TXT = 64 << 20


class Sources:
    """Finds the source of modules."""

    def __init__(self, summaries: Summaries, vendored: Vendored | None) -> None:
        self._summaries = summaries
        self._vendored = vendored
        self._source_by_module: dict[Module, Source | str] = {}

    def of(self, module: Module) -> Source | str:
        """The module's source, or why it is not at hand."""
        if module not in self._source_by_module:
            self._source_by_module[module] = self._find(module)
        return self._source_by_module[module]

    def has_package(self, module: Module, folder: str) -> bool | None:
        """Whether a folder of the module holds a package; None if that cannot be told."""
        source = self.of(module)
        if isinstance(source, str):
            return None
        if source.packages is not None:
            return (f"{module.path}/{folder}" if folder else module.path) in source.packages
        try:
            with os.scandir(source.folder / folder) as entries:
                return any(entry.name.endswith(".go") for entry in entries)
        except OSError:
            return False

    def _find(self, module: Module) -> Source | str:
        mains = self._summaries.mains
        gomod = self._summaries.gomod(module)
        ignores = gomod.ignores if gomod else ()
        main, replacement = mains.find(module), mains.replacement(module)
        folder = main.folder if main else replacement.folder if replacement else None
        if folder is not None:
            if not folder.is_dir():
                return f"no folder {mains.shown(folder)}, which replaces it"
            return Source(folder, _label(mains, folder), None, ignores)
        if not module.version:
            return "the source of the main module is not at hand"
        actual = (replacement.module if replacement else None) or module
        cached = self._summaries.cache.source(actual)
        if cached is not None:
            return Source(cached, f"{actual}/", None, ignores)
        packages = self._vendored.packages_by_module.get(module) if self._vendored else None
        if packages:
            return Source(mains.root / "vendor", "vendor/", packages)
        return f"the source of {actual} is not in the module cache"


def read_vendored(mains: MainModules) -> Vendored | None:
    """What the main modules' vendor folder holds; None if there is none.

    Raises:
        OSError: It is there but cannot be read.
    """
    try:
        with (mains.root / "vendor" / "modules.txt").open("rb") as file:
            found = parse_modulestxt(file.read(_MAX_MODULES_TXT))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found if found.is_workspace == (mains.work is not None) else None


def _label(mains: MainModules, folder: Path) -> str:
    shown = mains.shown(folder)
    return "" if shown == "." else f"{shown}/"
