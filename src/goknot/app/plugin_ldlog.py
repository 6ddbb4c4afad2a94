"""Reads a log of LD_DEBUG, line by line: it may be larger than memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from goknot.analyses.plugins.bindings import Bindings
from goknot.errors import InputError
from goknot.formats.ldlog import MAX_LINE_BYTES, parse_line
from goknot.model.ldlog import LdLog

HINT = "write it with LD_DEBUG=libs,symbols,bindings,versions LD_DEBUG_OUTPUT=ld.log HOST"


def read_ldlog(path: str, wanted: Sequence[str] = ()) -> LdLog:
    """What a log tells.

    Args:
        path: The log; `-` is standard input.
        wanted: Symbols (or patterns with `*`) whose every lookup is listed.

    Raises:
        InputError: It cannot be read, or holds no line of the loader.
    """
    collected = Bindings(wanted)
    try:
        if path == "-":
            _collect(sys.stdin.buffer, collected)
        else:
            with Path(path).open("rb") as file:
                _collect(file, collected)
    except OSError as failed:
        raise InputError(path, f"cannot be read: {failed.strerror}") from failed
    if collected.n_lines == collected.n_other:
        raise InputError(path, "holds no line of the dynamic loader", HINT)
    return collected.result()


def _collect(file: BinaryIO, collected: Bindings) -> None:
    for line in _lines(file):
        collected.n_lines += 1
        parsed = parse_line(line)
        if parsed is None:
            collected.n_other += 1
        else:
            collected.add(*parsed)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines without their ends; one longer than any the loader writes comes in pieces."""
    while line := file.readline(2 * MAX_LINE_BYTES):
        yield line.rstrip(b"\r\n")
