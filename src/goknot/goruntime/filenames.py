"""Names of source files as a build with -trimpath has them, whoever's machine it was: `net/http/server.go`."""

from __future__ import annotations

import re

_CACHE = "/pkg/mod/"
_IN_GOROOT = b"/src/runtime/proc.go\0"
_ESCAPED = re.compile(r"!([a-z])")


def goroot_of(filetab: bytes) -> str:
    """The GOROOT that a module was built from, by a file that every program has; empty with -trimpath.

    Args:
        filetab: `moduledata.filetab`: names, each ended by a zero.
    """
    at = filetab.find(_IN_GOROOT)
    return filetab[filetab.rfind(b"\0", 0, at) + 1 : at].decode("utf-8", "surrogateescape") if at > 0 else ""


def portable(file: str, goroot: str) -> str:
    """A file by import path (standard library) or by module and version (module cache); any other as it is.

    The folder of a module in the cache has capitals written as `!c` (golang.org/x/mod/module, `EscapePath`).
    """
    if goroot and file.startswith(f"{goroot}/src/"):
        return file[len(goroot) + len("/src/") :]
    _, found, inside = file.partition(_CACHE)
    module, at, rest = inside.partition("@")
    if not found or not at or not module:
        return file
    version, slash, path = rest.partition("/")
    escaped = f"{module}@{version}"
    return _ESCAPED.sub(lambda match: match[1].upper(), escaped) + slash + path
