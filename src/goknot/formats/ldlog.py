"""Lines that glibc's loader writes for LD_DEBUG=libs,symbols,bindings (elf/dl-lookup.c, dl-load.c, dl-init.c)."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_LINE_BYTES = 1 << 16

_HEAD = re.compile(rb"^ *(\d+):\t")
_SYMBOL = re.compile(r"symbol=(.*);  lookup in file=(.*) \[\d+\]$", re.DOTALL)
_BINDING = re.compile(
    r"binding file (.*?) \[\d+\] to (.*?) \[\d+\]: (?:normal|protected) symbol `(.*)'(?: \[([^\]]*)\])?$"
)
_FIND = re.compile(r"find library=(.*?) \[\d+\]; searching$")
_ERROR = re.compile(r"(.*?): error: (.*?)(?: \(fatal\)| \(continued\))?$")
_PATTERNS = (("symbol=", "symbol", _SYMBOL), ("binding file ", "binding", _BINDING), ("find library=", "find", _FIND))
_PLAIN = (
    ("trying file=", "try"),
    ("initialize program: ", "program"),
    ("calling init: ", "init"),
    ("transferring control: ", "control"),
)


class LdLine(NamedTuple):
    """One line.

    Attributes:
        kind: `symbol` (name, file), `binding` (source, target, name, version), `find` (library), `try` (path),
            `program`, `init`, `control` (file), `error` (file, words), or `other` (a line of no interest).
    """

    pid: int
    kind: str
    parts: tuple[str, ...]


def parse_line(line: bytes) -> LdLine | None:
    """One line without its end; None for what the loader did not write."""
    head = _HEAD.match(line)
    if head is None or len(line) > MAX_LINE_BYTES:
        return None
    pid, text = int(head[1][:18]), line[head.end() :].decode("utf-8", "backslashreplace").strip()
    for beginning, kind, pattern in _PATTERNS:
        if text.startswith(beginning):
            found = pattern.match(text)
            return LdLine(pid, kind, tuple(part or "" for part in found.groups())) if found else None
    for beginning, kind in _PLAIN:
        if text.startswith(beginning):
            return LdLine(pid, kind, (text[len(beginning) :],))
    error = _ERROR.match(text) if ": error: " in text else None
    return LdLine(pid, "error", (error[1], error[2])) if error else LdLine(pid, "other", ())
