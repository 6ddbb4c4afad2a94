"""How knots grew over a history."""

from __future__ import annotations

from dataclasses import dataclass

from goknot.model.report import Problem

TREND_SCHEMA = "goknot.trend/1"


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One revision.

    Attributes:
        revision: Commit id.
        label: Tag or abbreviated commit id.
        date: Commit date, ISO 8601, UTC.
        n_packages: Packages.
        n_imports: Imports between packages.
        n_import_rings: Rings the compiler refuses.
        n_folder_rings: Rings of folders.
        n_folders_in_rings: Folders on any ring.
        n_folders: Folders.
        cut: Imports to remove so that no folder ring is left.
        lower_bound: No cut needs fewer.
        added: Folder edges on rings that the point before did not have at all, as (from, to), sorted.
    """

    revision: str
    label: str
    date: str
    n_packages: int
    n_imports: int
    n_import_rings: int
    n_folder_rings: int
    n_folders_in_rings: int
    n_folders: int
    cut: int
    lower_bound: int
    added: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Trend:
    """A history, oldest first.

    Attributes:
        path: As the user named it.
        folders: Depth of folder rings.
        points: Oldest first.
        problems: What could not be read.
    """

    path: str
    folders: int
    points: tuple[TrendPoint, ...]
    problems: tuple[Problem, ...] = ()
