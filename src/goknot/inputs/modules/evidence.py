"""The line of a go.mod that makes a requirement."""

from __future__ import annotations

from typing import NamedTuple

from goknot.formats.gomod import Require
from goknot.formats.modgraph import Module
from goknot.inputs.modules.cache import read_mod_file
from goknot.inputs.modules.summaries import ModFile, Summaries
from goknot.model.knot import Evidence


class RequireLine(NamedTuple):
    """A requirement as its go.mod states it."""

    evidence: Evidence
    indirect: bool


class _Lines(NamedTuple):
    file: ModFile
    requires: tuple[Require, ...]
    text: list[str]


class RequireLines:
    """Finds requirements in go.mod files; each file is read once."""

    def __init__(self, summaries: Summaries) -> None:
        self._summaries = summaries
        self._lines_by_module: dict[Module, _Lines | None] = {}

    def of(self, source: Module, target: Module) -> RequireLine | None:
        """Where `source` requires `target`; if no line does at that version, one that does at another."""
        if source not in self._lines_by_module:
            self._lines_by_module[source] = self._read(source)
        lines = self._lines_by_module[source]
        if lines is None:
            return None
        at_path = [require for require in lines.requires if require.path == target.path]
        exact = [require for require in at_path if require.version == target.version]
        if not at_path:
            return None
        require = (exact or at_path)[0]
        text = lines.text[require.line - 1].strip() if require.line <= len(lines.text) else ""
        indent = len(lines.text[require.line - 1]) - len(lines.text[require.line - 1].lstrip()) if text else 0
        return RequireLine(Evidence(lines.file.name, require.line, indent + 1, text), require.indirect)

    def tools_of(self, module: Module) -> tuple[str, ...]:
        """The packages that tool directives name; Go heeds those of main modules only."""
        gomod = self._summaries.gomod(module)
        return gomod.tools if gomod else ()

    def _read(self, module: Module) -> _Lines | None:
        file = self._summaries.mod_file(module)
        gomod = self._summaries.gomod(module)
        if file is None or gomod is None:
            return None
        try:
            text = read_mod_file(file.path).decode("utf-8", "replace").split("\n")
        except OSError:
            text = []  # it was there a moment ago; the line number still stands
        return _Lines(file, gomod.requires, text)
