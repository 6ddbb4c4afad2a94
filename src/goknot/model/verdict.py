"""What a knot really does, how sure that is, and the level it lives on."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What a knot does; listed from worst to mildest."""

    BREAKS_BUILD = "breaks-build"
    BREAKS_LOAD = "breaks-load"
    FREED_IN_USE = "freed-in-use"
    NEVER_FREED = "never-freed"
    KEPT_ALIVE = "kept-alive"
    COUPLES = "couples"
    UNKNOWN = "unknown"
    COLLECTED = "collected"

    @property
    def severity(self) -> int:
        """0 is the worst."""
        return _SEVERITY[self]


_SEVERITY = {verdict: severity for severity, verdict in enumerate(Verdict)}


class Confidence(StrEnum):
    """How strong the evidence is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"
    NOTE = "note"


class Level(StrEnum):
    """The floor of a Go system a knot lives on."""

    PACKAGE = "package"
    FOLDER = "folder"
    MODULE = "module"
    TYPE = "type"
    PLUGIN = "plugin"
    HEAP = "heap"
    GOROUTINE = "goroutine"


class BaselineState(StrEnum):
    """Where a knot stands against the baseline."""

    NEW = "new"
    KNOWN = "known"
    FIXED = "fixed"


FAILING = frozenset({Verdict.BREAKS_BUILD, Verdict.BREAKS_LOAD, Verdict.FREED_IN_USE, Verdict.NEVER_FREED})
