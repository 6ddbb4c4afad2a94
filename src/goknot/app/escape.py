"""Reads what the compiler says of escapes, from a log or by running it, and ranks what lives long."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from goknot import __version__
from goknot.analyses.escape import Ranking
from goknot.errors import InputError, ToolError
from goknot.formats.escapelog import MAX_LINE_CHARS, EscapeLogParser, LogEscape
from goknot.inputs.escape import Sources, build_command, build_log
from goknot.model.escape import Escape, EscapeReport, Flow, Position, Step

MAX_ESCAPES = 200_000  # about 1.5 million lines of log
HINT = "write it with go build -gcflags=-m=2 ./... 2> escape.log"
_CLOSURE = re.compile(r"\.(?:func|gowrap|deferwrap)\d|-fm$")


def escapes_of_module(folder: Path, patterns: Sequence[str] = ("./...",)) -> EscapeReport:
    """Runs `go build -gcflags=-m=2` in a folder and reads what it prints. Go's build cache replays what is unchanged.

    Raises:
        ToolError: There is no Go, or it says nothing of escapes.
        InputError: The folder is none.
    """
    if not folder.is_dir():
        raise InputError(str(folder), "is no folder", "goknot escape FOLDER, or goknot escape --log FILE")
    problems: list[str] = []
    with build_log(folder, patterns, problems) as log:
        report = _read(log, str(folder), Sources(folder), problems, " ".join(build_command(patterns)))
        if not _n_compiler_lines(report):
            log.seek(0)
            said = log.read(2000).decode("utf-8", "backslashreplace").strip().replace("\n", "; ")
            raise ToolError("go", f"build printed nothing of escapes: {said or 'no packages'}")
    return report


def escapes_of_log(path: str, folder: Path) -> EscapeReport:
    """Reads a log; executes nothing.

    Args:
        path: The log; `-` is standard input.
        folder: Where Go ran, for the source that the log names; it need not be there.

    Raises:
        InputError: It cannot be read, or holds no line of the compiler.
    """
    try:
        if path == "-":
            report = _read(sys.stdin.buffer, path, Sources(folder), [], "")
        else:
            with Path(path).open("rb") as file:
                report = _read(file, path, Sources(folder), [], "")
    except OSError as failed:
        raise InputError(path, f"cannot be read: {failed.strerror}") from failed
    if not _n_compiler_lines(report):
        raise InputError(path, "holds no line of the compiler's escape analysis", HINT)
    return report


def _read(
    file: BinaryIO | BufferedReader, path: str, sources: Sources, problems: list[str], command: str
) -> EscapeReport:
    parser = EscapeLogParser()
    explained: list[LogEscape] = []
    for escape in parser.parse(_lines(file)):
        if len(explained) < MAX_ESCAPES:
            explained.append(escape)
    if sum(parser.n_by_kind[kind] for kind in ("escape-explained", "leak-explained")) > MAX_ESCAPES:
        problems.append(f"only the first {MAX_ESCAPES:,} explanations are ranked")
    escapes = _escapes(explained, parser.functions)
    launch = partial(_launch, sources)
    candidates = Ranking(escapes, launch, _variables(escapes, sources)).candidates()
    return EscapeReport(
        version=__version__,
        path=path,
        command=command,
        candidates=tuple(candidates),
        packages=tuple(sorted(parser.packages)),
        n_lines_by_kind={kind: n for kind, n in sorted(parser.n_by_kind.items()) if n},
        problems=(*problems, *_problems(parser)),
    )


def _lines(file: BinaryIO | BufferedReader) -> Iterator[str]:
    """Lines without their ends; of one longer than any that matters, the beginning."""
    cut = False
    while line := file.readline(MAX_LINE_CHARS):
        whole = line.endswith(b"\n")
        if not cut:
            yield line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
        cut = not whole


def _n_compiler_lines(report: EscapeReport) -> int:
    nobody = ("go", "foreign", "unknown", "stray", "package")
    return sum(n for kind, n in report.n_lines_by_kind.items() if kind not in nobody)


def _problems(parser: EscapeLogParser) -> list[str]:
    found = []
    for kind, what in (("unknown", "is no message known of the compiler"), ("stray", "explains nothing before it")):
        n = parser.n_by_kind[kind]
        examples = [line for its_kind, line in parser.strange if its_kind == kind]
        found += [f"{n:,} line{'s' if n > 1 else ''} that {what}, e.g. {examples[0][:300]}"] if n and examples else []
    if parser.n_by_kind["truncated"]:
        n = parser.n_by_kind["truncated"]
        found.append(f"{n:,} explanation{'s' if n > 1 else ''} cut short by the compiler (golang.org/issue/35518)")
    return found


def _escapes(explained: Sequence[LogEscape], functions: Sequence[tuple[str, str]]) -> list[Escape]:
    """The log's records as the model has them, with the function filled in where the compiler left it out."""
    starts: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for position, name in functions:
        if not _CLOSURE.search(name):
            at = _position(position)
            starts[at.file].append((at.line, name))
    for known in starts.values():
        known.sort()
    return [_escape(record, starts) for record in explained]


def _escape(record: LogEscape, starts: dict[str, list[tuple[int, str]]]) -> Escape:
    at = _position(record.position)
    function = record.function
    if not function:
        known = starts.get(at.file, [])
        index = bisect_right(known, (at.line, "\U0010ffff")) - 1
        function = known[index][1] if index >= 0 else ""
    flows = tuple(
        Flow(
            flow.to,
            flow.source,
            flow.n_derefs,
            tuple(Step(s.expression, s.why, _position(s.position)) for s in flow.steps),
        )
        for flow in record.flows
    )
    return Escape(record.package, function, record.subject, at, bool(record.leaks_to), flows)


def _position(text: str) -> Position:
    """`file:line:column`, `file:line`, or a name alone."""
    head, _, last = text.rpartition(":")
    if not head or not last.isdecimal():
        return Position(_file(text), 0, 0)
    file, _, middle = head.rpartition(":")
    if file and middle.isdecimal():
        return Position(_file(file), int(middle), int(last))
    return Position(_file(head), int(last), 0)


def _file(name: str) -> str:
    """As reports have it: a file of the module cache by its module, whoever's cache it is."""
    name = name.replace("\\", "/").removeprefix("./")
    return name.partition("/pkg/mod/")[2] or name


def _launch(sources: Sources, at: Position) -> str:
    return sources.launch(at.file, at.line, at.column)


def _variables(escapes: Sequence[Escape], sources: Sources) -> dict[str, set[str]]:
    """package -> package variables, of the files the log names that are at hand."""
    files = sorted({(escape.package, escape.at.file) for escape in escapes})
    found: dict[str, set[str]] = defaultdict(set)
    for package, file in files:
        found[package] |= sources.variables(file)
    return found
