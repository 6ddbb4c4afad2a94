"""Reads and writes goknot-baseline.json.

The file is made to be committed: sorted, one edge a line, without dates or counts. `seen` is an index of every edge
that existed, 48-bit hashes in base64, so that a later run can name the edge that closed a new ring.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from goknot.errors import InputError
from goknot.model.known import KnownKnot
from goknot.model.verdict import Level, Verdict

SCHEMA = "goknot.baseline/1"
_HASH_BYTES = 6


@dataclass(frozen=True, slots=True)
class BaselineFile:
    """The whole file.

    Attributes:
        folders: The depth folder rings were looked at.
        knots: Sorted by kind and id.
        seen: Hashes of every edge that existed, see `edge_hash`.
    """

    folders: int
    knots: tuple[KnownKnot, ...]
    seen: frozenset[bytes]


def edge_hash(level: str, source: str, target: str) -> bytes:
    """48 bits that stand for an edge."""
    return hashlib.sha256("\0".join((level, source, target)).encode("utf-8", "surrogateescape")).digest()[:_HASH_BYTES]


def format_baseline(file: BaselineFile) -> str:
    """The file's text; one line an edge, so that a diff shows edges."""
    seen = base64.b64encode(b"".join(sorted(file.seen))).decode()
    knots = ",\n".join(map(_knot_text, file.knots))
    return f'{{\n"schema": "{SCHEMA}",\n"folders": {file.folders},\n"knots": [\n{knots}\n],\n"seen": "{seen}"\n}}\n'


def _knot_text(knot: KnownKnot) -> str:
    head = json.dumps(
        {"id": knot.id, "level": knot.level, "kind": knot.kind, "verdict": knot.verdict, "title": knot.title}
    )
    edges = ",\n".join(f"  {json.dumps(edge)}" for edge in knot.edges)
    return f' {head[:-1]}, "edges": [\n{edges}\n ]}}'


def parse_baseline(text: bytes, where: str) -> BaselineFile:
    """Parses the file's text.

    Raises:
        InputError: Not a baseline of this schema.
    """
    hint = "Write a new one with --update-baseline."
    try:
        document = json.loads(text)
        if document["schema"] != SCHEMA:
            raise InputError(where, f"its schema is {document['schema']!r}, this goknot reads {SCHEMA!r}", hint)
        packed = base64.b64decode(document["seen"], validate=True)
        return BaselineFile(
            folders=int(document["folders"]),
            knots=tuple(_knot(entry) for entry in document["knots"]),
            seen=frozenset(packed[i : i + _HASH_BYTES] for i in range(0, len(packed), _HASH_BYTES)),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InputError(where, f"not a goknot baseline: {type(error).__name__}: {error}", hint) from error


def _knot(entry: dict[str, str | Sequence[Sequence[str]]]) -> KnownKnot:
    return KnownKnot(
        id=str(entry["id"]),
        level=Level(str(entry["level"])),
        kind=str(entry["kind"]),
        verdict=Verdict(str(entry["verdict"])),
        title=str(entry["title"]),
        edges=tuple(_edges(entry["edges"])),
    )


def _edges(entries: Iterable[Sequence[str]]) -> Iterable[tuple[str, str]]:
    for source, target in entries:
        yield str(source), str(target)
