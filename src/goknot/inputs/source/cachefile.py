"""Files in the user's cache folder: nothing in them is ever executed, and they are safe to delete."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from pathlib import Path

_MAX_FILE_BYTES = 512 << 20  # past that a file begins anew
_SUM_BYTES = 16


def cache_folder() -> Path | None:
    """The user's cache folder for goknot; None if no home is known."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "goknot"
    except RuntimeError:
        return None


def open_table(folder: Path, name: str, table: str) -> sqlite3.Connection | None:
    """A table in a file of a cache folder, both made if need be; None where that cannot be: that costs time alone."""
    path = folder / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _MAX_FILE_BYTES:
            path.unlink()
        try:
            return _connected(path, table)
        except sqlite3.DatabaseError:  # no database, or half of one
            path.unlink(missing_ok=True)
            return _connected(path, table)
    except (OSError, sqlite3.Error):
        return None


def with_sum(data: bytes) -> bytes:
    """What to keep, so that a damaged file shows."""
    return hashlib.blake2b(data, digest_size=_SUM_BYTES).digest() + data


def checked(kept: object) -> bytes | None:
    """What was given to `with_sum`; None if what was kept has been damaged."""
    if not isinstance(kept, bytes):
        return None
    data = kept[_SUM_BYTES:]
    return data if with_sum(data) == kept else None


def _connected(path: Path, table: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=2)
    connection.execute(f"create table if not exists {table}")
    return connection
