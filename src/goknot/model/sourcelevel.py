"""The parts of a scan: what is looked for in source."""

from __future__ import annotations

from enum import StrEnum

from goknot.model.verdict import Level


class SourceLevel(StrEnum):
    """A part of `goknot scan`, named as the command that looks for it alone."""

    IMPORTS = "imports"
    MODULES = "modules"
    TYPES = "types"
    LEAKS = "leaks"


_BY_LEVEL = {
    Level.PACKAGE: SourceLevel.IMPORTS,
    Level.FOLDER: SourceLevel.IMPORTS,
    Level.MODULE: SourceLevel.MODULES,
    Level.TYPE: SourceLevel.LEAKS,
    Level.GOROUTINE: SourceLevel.LEAKS,
}


def source_level(level: str, kind: str) -> SourceLevel | None:
    """The part of a scan that a knot comes from; None if it is none of source."""
    return SourceLevel.TYPES if kind == "type-ring" else _BY_LEVEL.get(Level(level))
