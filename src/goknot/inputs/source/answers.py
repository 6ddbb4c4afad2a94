"""Finished answers about a tree, kept for as long as nothing that they were made from has changed.

The key is the content of every file of the scan, how it was chosen, and goknot itself; beside the answer stands what
was looked up outside the scan: folders of dependencies with the names, sizes and times of their files.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path

import msgpack

from goknot.inputs.source.cachefile import checked, open_table, with_sum
from goknot.inputs.source.layout import shown
from goknot.inputs.source.scan import SourceScan

MAX_FILE_BYTES = 16 << 20  # of a file of the scan: longer ones are listed as problems and not looked into
_MAX_ANSWERS = 100  # trees and platforms; the oldest go first
_MAX_ANSWER_BYTES = 32 << 20
_TABLE = "answers (key blob primary key, outside blob, answer blob)"


class Answers:
    """Answers by what they were made from.

    Args:
        folder: Where they lie; None: none are kept.
    """

    def __init__(self, folder: Path | None) -> None:
        self._known = open_table(folder, "answers-2.sqlite", _TABLE) if folder is not None else None

    def find(self, key: bytes, stamp: Callable[[str], bytes]) -> bytes | None:
        """The answer, if everything outside the scan is still what it was.

        Args:
            key: What `key_of` says.
            stamp: Import path -> the state of a package outside the scan.
        """
        if self._known is None:
            return None
        try:
            row = self._known.execute("select outside, answer from answers where key = ?", (key,)).fetchone()
            outside = msgpack.unpackb(row[0], use_list=False) if row is not None else None
        except (sqlite3.Error, ValueError, TypeError, msgpack.UnpackException):
            return None  # not as this program writes it
        if not isinstance(outside, dict) or any(stamp(path) != said for path, said in outside.items()):
            return None
        return checked(row[1])

    def keep(self, key: bytes, outside: Mapping[str, bytes], answer: bytes) -> None:
        """Keeps an answer, and closes."""
        if self._known is None:
            return
        try:
            with self._known:
                if len(answer) <= _MAX_ANSWER_BYTES:
                    row = (key, msgpack.packb(dict(outside)), with_sum(answer))
                    self._known.execute("insert or replace into answers values (?, ?, ?)", row)
                newest = "select rowid from answers order by rowid desc limit ?"
                self._known.execute(f"delete from answers where rowid not in ({newest})", (_MAX_ANSWERS,))
            self._known.close()
        except sqlite3.Error:
            pass  # locked by another run, or the disk is full: the next run works it out again
        self._known = None


def key_of(scan: SourceScan, *more: str) -> bytes | None:
    """What an answer about a scan depends on inside it; None if a file cannot be read.

    Args:
        scan: The packages.
        more: What else decides the answer.
    """
    digest = hashlib.blake2b(digest_size=16)
    modules = tuple(module.path for module in scan.modules)
    whole = (scan.label, scan.options, scan.go_minor, scan.complete, scan.n_files, modules)
    digest.update(repr((_own_stamp(), whole, more)).encode())
    for node, package in enumerate(scan.packages):
        digest.update(repr((package.import_path, package.key, package.name, package.asked_for)).encode())
        for name, head in scan.files_of(node, tests=False):
            path = f"{scan.address_of(node)}/{name}"
            try:
                data = scan.tree.read(path, MAX_FILE_BYTES + 1)
            except OSError:
                return None
            described = (shown(scan.tree.start, path), head.unusable, head.package, len(data))
            digest.update(repr(described).encode() + hashlib.blake2b(data, digest_size=16).digest())
    return digest.digest()


def _own_stamp() -> list[tuple[str, int, int]]:
    """The files of goknot: another version, or an edited one, may answer otherwise."""
    root = Path(str(files("goknot")))
    found = sorted(root.glob("*.py")) + sorted((root / "inputs" / "source").rglob("*.py"))
    for room in ("analyses", "model", "app", "reports", "inputs/reportfile"):
        found += sorted((root / room).rglob("*.py"))
    stats = [(path, path.stat()) for path in found]
    return [(str(path), stat.st_size, stat.st_mtime_ns) for path, stat in stats]
