"""What files declare, kept by the hash of their content, so that nothing is parsed twice.

A cache of plain tuples (msgpack in sqlite): nothing in it is ever executed, and the file is safe to delete.
"""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import msgpack

from goknot.inputs.source.cachefile import checked, open_table, with_sum
from goknot.inputs.source.types.syntax import ConstDecl, FileDecls, FileReader, MethodDecl, TypeDecl

_VERSION = 5  # of what is kept; a change of FileDecls or of the reader asks for a new one


class CachedReader:
    """Reads files, from the cache where it can.

    Args:
        folder: Where the cache lies; None: there is none.
    """

    def __init__(self, folder: Path | None) -> None:
        self._reader = FileReader()
        self._fresh: list[tuple[bytes, bytes]] = []
        self._known: sqlite3.Connection | None = None
        if folder is None:
            return
        self._known = open_table(folder, f"types-{_VERSION}.sqlite", "files (hash blob primary key, decls blob)")

    def read(self, data: bytes) -> FileDecls:
        """What a file declares."""
        if self._known is None:
            return self._reader.read(data)
        key = hashlib.blake2b(data, digest_size=16).digest()
        try:
            row = self._known.execute("select decls from files where hash = ?", (key,)).fetchone()
        except sqlite3.Error:
            self._known = None
            return self._reader.read(data)
        found = _unpacked(row[0]) if row is not None else None
        if found is None:
            found = self._reader.read(data)
            self._fresh.append((key, with_sum(msgpack.packb(found))))
        return found

    def keep(self) -> None:
        """Writes what was parsed, all or nothing."""
        if self._known is None:
            return
        try:
            with self._known:
                self._known.executemany("insert or replace into files values (?, ?)", self._fresh)
            self._known.close()
        except sqlite3.Error:
            pass  # locked by another run, or the disk is full: the next run parses again
        self._known = None


def _unpacked(kept: object) -> FileDecls | None:
    packed = checked(kept)
    if packed is None:
        return None
    try:
        package, imports, types, methods, consts, error_line, deep_line, unfit = msgpack.unpackb(packed, use_list=False)
        return FileDecls(
            package,
            imports,
            tuple([TypeDecl(*one) for one in types]),
            tuple([MethodDecl(*one) for one in methods]),
            tuple([ConstDecl(*one) for one in consts]),
            error_line,
            deep_line,
            unfit,
        )
    except (ValueError, TypeError, msgpack.UnpackException):
        return None
