"""Tells heap dumps from cores, before what reads either is imported."""

from __future__ import annotations

from pathlib import Path

from goknot.formats.heapdump_header import HEADER, is_heap_dump


def is_dump(path: Path) -> bool:
    """Whether `path` is a file that begins as a heap dump does."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return is_heap_dump(file.read(len(HEADER)))
    except OSError:
        return False  # who reads it as a core will say why
