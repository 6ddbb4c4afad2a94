"""What a team writes into goknot.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from goknot.model.sourcelevel import SourceLevel


@dataclass(frozen=True, slots=True)
class Rule:
    """Which folders must not reach which others.

    Attributes:
        name: What reports call it.
        folders_by_group: Group name -> folder patterns that make it up.
        forbidden: (group, group) pairs: the first must not reach the second.
        indirect: Whether a chain through folders of no group counts.
        others: Name of the group that stands for every folder no pattern matches; empty if the rule has none.
    """

    name: str
    folders_by_group: Mapping[str, tuple[str, ...]]
    forbidden: tuple[tuple[str, str], ...]
    indirect: bool = True
    others: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one project.

    Attributes:
        levels: What a scan looks for; None: everything.
        folders: Depth of folder rings; None: chosen from the tree.
        baseline: Path of the baseline file, relative to the settings file; empty if none.
        fail_on: Verdicts and kinds that fail a run; None: the default ones.
        goos: Target system; empty: the host's.
        goarch: Target architecture; empty: the host's.
        tags: Build tags that are on.
        all_platforms: Whether every platform counts.
        rules: Allowed directions between folders.
    """

    levels: tuple[SourceLevel, ...] | None = None
    folders: int | None = None
    baseline: str = ""
    fail_on: tuple[str, ...] | None = None
    goos: str = ""
    goarch: str = ""
    tags: tuple[str, ...] = ()
    all_platforms: bool = False
    rules: tuple[Rule, ...] = ()
