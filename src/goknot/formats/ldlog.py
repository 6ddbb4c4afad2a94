"""Lines that glibc's loader writes for LD_DEBUG=libs,symbols,bindings (elf/dl-lookup.c, dl-load.c, dl-init.c)."""

from __future__ import annotations

import re

MAX_LINE_BYTES = 1 << 16

_HEAD = re.compile(rb" *(\d{1,18}):\t")
_PATTERNS = (
    (b"symbol=", "symbol", re.compile(rb"symbol=(.*);  lookup in file=(.*) \[\d+\]$", re.DOTALL)),
    (
        b"binding file ",
        "binding",
        re.compile(
            rb"binding file (.*?) \[\d+\] to (.*?) \[\d+\]: (?:normal|protected) symbol `(.*)'(?: \[([^\]]*)\])?$"
        ),
    ),
    (b"find library=", "find", re.compile(rb"find library=(.*?) \[\d+\]; searching$")),
    (b"trying file=", "try", re.compile(rb"trying file=(.*)$")),
    (b"initialize program: ", "program", re.compile(rb"initialize program: (.*)$")),
    (b"calling init: ", "init", re.compile(rb"calling init: (.*)$")),
    (b"transferring control: ", "control", re.compile(rb"transferring control: (.*)$")),
    (b"", "error", re.compile(rb"(.*?): error: (.*?)(?: \(fatal\)| \(continued\))?$")),
)

LdLine = tuple[int, str, tuple[str, ...]]


def parse_line(line: bytes) -> LdLine | None:
    """One line without its end; None for what the loader did not write.

    Returns:
        (process, kind, parts). Kinds: `symbol` (name, file), `binding` (source, target, name, version), `find`
        (library), `try` (path), `program`, `init`, `control` (file), `error` (file, words), `other`.
    """
    head = _HEAD.match(line)
    if head is None or len(line) > MAX_LINE_BYTES:
        return None
    text = line[head.end() :].strip()
    for beginning, kind, pattern in _PATTERNS:
        if text.startswith(beginning):
            found = pattern.match(text)
            if found is not None:
                return int(head[1]), kind, tuple([_text(part) for part in found.groups()])
            return None if beginning else (int(head[1]), "other", ())
    return None


def _text(part: bytes | None) -> str:
    return part.decode("utf-8", "backslashreplace") if part else ""
