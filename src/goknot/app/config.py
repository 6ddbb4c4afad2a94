"""Finds and reads goknot.toml."""

from __future__ import annotations

from pathlib import Path

from goknot.app.settings import parse_settings
from goknot.errors import InputError
from goknot.model.settings import Settings

NAME = "goknot.toml"


def load_settings(start: Path, explicit: str | None) -> tuple[Settings, Path]:
    """The settings that hold for a path, and the folder they are relative to.

    Args:
        start: The scanned path; the nearest goknot.toml in it or above it counts, up to the repository's root.
        explicit: A settings file named by the user; must exist.

    Raises:
        InputError: The named file cannot be read.
        UsageError: It is not valid.
    """
    path = Path(explicit) if explicit else _nearest(start)
    if path is None:
        return Settings(), start
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), error.strerror or str(error)) from error
    return parse_settings(text, str(path)), path.parent


def _nearest(start: Path) -> Path | None:
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / NAME).is_file():
            return folder / NAME
        if (folder / ".git").exists():
            return None
    return None
