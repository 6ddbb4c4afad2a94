"""A lock: what a plugin's author must match, written from a host, read in its stead.

`goknot.plugin-lock/1` is JSON: the host's Go, its build settings and modules, and the hash of every package it holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from goknot.errors import InputError
from goknot.inputs.plugins import Reader, moduledata_layout
from goknot.layouts import layout
from goknot.model.plugins import BuildFacts, HostFile, Library, PluginSet, Wanted

SCHEMA = "goknot.plugin-lock/1"
AMD64 = 62
_MAX_BYTES = 1 << 26
_BASE, _STEP = 1 << 20, 64
_MODULEDATA_BYTES = 4096


class LockedImage:
    """`Image` of a host of which only the package hashes are known (model/plugins.py)."""

    fixed = False
    binds_to_itself = False
    wanted: tuple[Wanted, ...] = ()
    entries: tuple[tuple[int, int], ...] = ()

    def __init__(self, path: str, hashes: Mapping[str, bytes]) -> None:
        self.path = path
        self.defined: dict[bytes, int] = {b"runtime.firstmoduledata": _BASE, b"runtime.lastmoduledatap": _BASE - 8}
        self._bytes_by_addr: dict[int, bytes] = {_BASE - 8: _BASE.to_bytes(8, "little")}
        self._pointers = {_BASE - 8}
        at = _BASE + _MODULEDATA_BYTES
        for package, value in sorted(hashes.items()):
            self.defined[b"go:link.pkghash." + package.encode()] = at
            self._bytes_by_addr |= {
                at: (at + 16).to_bytes(8, "little"),
                at + 8: len(value).to_bytes(8, "little"),
                at + 16: value,
            }
            self._pointers.add(at)
            at += _STEP

    def word(self, addr: int) -> tuple[int, bytes, bool]:
        """As `Image.word`."""
        return int.from_bytes(self.bytes_at(addr, 8), "little"), b"", addr in self._pointers

    def bytes_at(self, addr: int, n_bytes: int) -> bytes:
        """As `Image.bytes_at`."""
        if addr >= _BASE and addr + n_bytes <= _BASE + _MODULEDATA_BYTES:
            return bytes(n_bytes)
        if addr not in self._bytes_by_addr:
            raise InputError(self.path, f"says nothing of what lies at {addr:#x}")
        return self._bytes_by_addr[addr][:n_bytes]


def lock_text(build: BuildFacts, hash_by_package: Mapping[str, bytes]) -> str:
    """The lock file of a host."""
    content = {
        "schema": SCHEMA,
        "go": build.go,
        "arch": build.settings.get("GOARCH", "amd64"),
        "package": build.package,
        "main": build.main,
        "settings": dict(sorted(build.settings.items())),
        "modules": {
            path: {"version": version, "sum": total, "replaced_by": replacement}
            for path, (version, total, replacement) in sorted(build.modules.items())
        },
        "packages": {package: value.hex() for package, value in sorted(hash_by_package.items())},
    }
    return json.dumps(content, indent=2) + "\n"


def read_locked(reader: Reader, path: str, plugins: list[str]) -> PluginSet:
    """Plugins, and a host that a lock stands for.

    Raises:
        InputError: The lock cannot be read or is none.
    """
    content = _content(path)
    packages, settings = _texts(path, content, "packages"), _texts(path, content, "settings")
    try:
        hashes = {package: bytes.fromhex(value) for package, value in packages.items()}
    except ValueError as bad:
        raise InputError(path, f"is no lock of a plugin host: {bad}") from bad
    if any(len(value) > _STEP - 16 for value in hashes.values()):
        raise InputError(path, "is no lock of a plugin host: a hash is too long")
    build = BuildFacts(
        _text(path, content, "go"), _text(path, content, "package"), _text(path, content, "main"),
        _modules(path, content), settings,
    )  # fmt: skip
    if layout.parse_minor(build.go) is None:
        raise InputError(path, f"names no release of Go: {build.go[:40]!r}")
    reader.libraries.append(Library(path, f"lock:{path}", LockedImage(path, hashes)))
    host = HostFile(path, len(reader.libraries) - 1, build, moduledata_layout(build.go), partial=True)
    found = tuple(reader.plugin(name, AMD64) for name in plugins)
    return PluginSet(host, found, tuple(reader.libraries))


def _content(path: str) -> dict[str, object]:
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as failed:
        raise InputError(path, f"cannot be read: {failed.strerror}") from failed
    try:
        content = json.loads(data) if len(data) <= _MAX_BYTES else None
    except (ValueError, RecursionError) as bad:
        raise InputError(path, f"is no JSON: {bad}", "write it with goknot plugin check --lock FILE HOST") from bad
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise InputError(path, "is no lock of a plugin host", "write one with goknot plugin lock HOST")
    return content


def _text(path: str, content: dict[str, object], name: str) -> str:
    value = content.get(name, "")
    if not isinstance(value, str):
        raise InputError(path, f"is no lock of a plugin host: {name} is no text")
    return value


def _texts(path: str, content: dict[str, object], name: str) -> dict[str, str]:
    value = content.get(name, {})
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise InputError(path, f"is no lock of a plugin host: {name} is no table of texts")
    return {re.sub(r"[\x00-\x1f]", "?", key): text for key, text in value.items()}


def _modules(path: str, content: dict[str, object]) -> dict[str, tuple[str, str, str]]:
    value = content.get("modules", {})
    if not isinstance(value, dict) or not all(isinstance(module, dict) for module in value.values()):
        raise InputError(path, "is no lock of a plugin host: modules is no table of modules")
    return {
        name: tuple(_text(path, module, part) for part in ("version", "sum", "replaced_by"))  # type: ignore[misc]
        for name, module in value.items()
    }
