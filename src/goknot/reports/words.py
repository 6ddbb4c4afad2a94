"""What several renderers need to put a report into words that are safe to print."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from goknot.model.knot import Evidence, Knot, KnotEdge, KnotNode, Place
from goknot.model.report import Report
from goknot.model.sourcelevel import SourceLevel, source_level
from goknot.model.verdict import FAILING, BaselineState, Confidence, Verdict

# What could act on a terminal or hide in it: controls (Cc), marks that join or turn writing (Cf), lone surrogates (Cs),
# private and unassigned code points (Co, Cn), line separators (Zl, Zp).
_UNFIT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_PLAIN = re.compile(r"[ -~]*\Z")
_NAME_LIMIT = 200


def printable(text: str, limit: int = 0) -> str:
    """The text with everything that could act on a terminal spelled out, e.g. an escape as `\\x1b`.

    Args:
        text: Anything, hostile names included.
        limit: If not 0, a longer text loses its middle.
    """
    if limit and len(text) > limit:
        text = f"{text[: limit // 2]}…{text[-(limit - limit // 2 - 1) :]}"
    if _PLAIN.match(text):
        return text
    return "".join(_spelled(char) if unicodedata.category(char) in _UNFIT else char for char in text)


def _spelled(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"  # the byte it stands for (PEP 383)
    if char in "\t\n\r":
        return {"\t": "\\t", "\n": "\\n", "\r": "\\r"}[char]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def name_of(text: str) -> str:
    """A name made printable and, if it is absurd, shortened."""
    return printable(text, _NAME_LIMIT)


def n_cells(text: str) -> int:
    """How many columns of a terminal a printable text takes."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def fit(text: str, width: int, mark: str = "…") -> str:
    """The text, or if it is wider than `width` cells, its beginning and end with a mark between."""
    if n_cells(text) <= width:
        return text
    room = max(width - n_cells(mark), 1)
    return take(text, room - room // 2) + mark + take(text[::-1], room // 2)[::-1]


def take(text: str, width: int) -> str:
    """As much of the beginning of a printable text as fits into `width` cells."""
    used = 0
    for index, char in enumerate(text):
        used += _cells_of(char)
        if used > width:
            return text[:index]
    return text


def count(n: int, one: str, many: str = "") -> str:
    """`1 package`, `2 packages`, `1,316 packages`; `many` if an s will not do."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def bytes_text(n_bytes: int) -> str:
    """`792 B`, `1.5 KiB`, `12.0 MiB`."""
    size, unit = float(n_bytes), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{n_bytes:,} B" if unit == "B" else f"{size:,.1f} {unit}"


def plural(kind: str, n: int) -> str:
    """What `n` nodes of a kind are called, e.g. `3 packages`."""
    many = kind[:-1] + "ies" if kind.endswith("y") else kind + "s"
    return count(n, kind, many)


def size_of(knot: Knot) -> str:
    """How many members the knot has, and of what kind, e.g. `3 packages`."""
    kinds = {node.kind for node in knot.nodes}
    return plural(kinds.pop() if len(kinds) == 1 else "node", len(knot.nodes))


def shared_prefix(nodes: Sequence[KnotNode], n_kept: int = 1) -> str:
    """The part of their paths that all nodes share and a reader can do without, e.g. `example.com/`; with its `/`.

    Args:
        nodes: At least one.
        n_kept: How many of the elements shared stay, so that the names still say where they are.
    """
    parts = [node.name.split("/") for node in nodes]
    n_shared = 0
    for elements in zip(*parts, strict=False):
        if len(set(elements)) > 1:
            break
        n_shared += 1
    n_shared = min([n_shared - n_kept, *(len(elements) - 1 for elements in parts)])
    return "".join(f"{element}/" for element in parts[0][:n_shared]) if n_shared > 0 else ""


def short_names(nodes: Sequence[KnotNode]) -> list[str]:
    """Node index -> its printable name without what all share."""
    prefix = shared_prefix(nodes)
    return [name_of(node.name[len(prefix) :]) for node in nodes]


def steps(cycle: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The edges of a cycle as pairs of node indices."""
    return zip(cycle, (*cycle[1:], cycle[0]), strict=True)


def edge_by_pair(knot: Knot) -> dict[tuple[int, int], KnotEdge]:
    """The knot's edges by their ends."""
    return {(edge.source, edge.target): edge for edge in knot.edges}


def place(at: Place | Evidence) -> str:
    """`file:line:column` as far as it is known."""
    return name_of(at.file) + "".join(f":{number}" for number in (at.line, at.column if at.line else 0) if number)


def place_to_open(knot: Knot) -> Place | None:
    """Where to look first: the import that made a knot new, else its `where`, else anything that has a file."""
    edges = edge_by_pair(knot)
    causes = [edges[pair] for pair in knot.causes if pair in edges] if knot.baseline is BaselineState.NEW else []
    for seen in (seen for edge in causes for seen in edge.evidence if seen.file):
        return Place(seen.file, seen.line, seen.column)
    if knot.where and knot.where.file:
        return knot.where
    for seen in (seen for edge in knot.edges for seen in edge.evidence if seen.file):
        return Place(seen.file, seen.line, seen.column)
    return next((Place(node.file, node.line) for node in knot.nodes if node.file), None)


def loudness(knot: Knot) -> str:
    """`error`, `warning` or `note`: how loud a checker should say it. What is not sure is said more quietly."""
    sure = knot.confidence in {Confidence.CERTAIN, Confidence.LIKELY}
    if knot.verdict in FAILING:
        return "error" if sure else "note" if knot.confidence is Confidence.NOTE else "warning"
    return "warning" if sure and knot.verdict in {Verdict.KEPT_ALIVE, Verdict.COUPLES} else "note"


def is_aside(knot: Knot) -> bool:
    """Whether a knot of source asks for nothing: it is collected, or what it couples is not sure."""
    if knot.heap or knot.baseline is BaselineState.FIXED or source_level(knot.level, knot.kind) is None:
        return False
    doubtful = knot.confidence in {Confidence.POSSIBLE, Confidence.NOTE}
    return knot.verdict is Verdict.COLLECTED or (doubtful and knot.verdict is Verdict.COUPLES)


def kinds_of(knots: Sequence[Knot]) -> str:
    """How many of each kind, e.g. `36 type-ring, 2 self-pointer`."""
    n_by_kind = Counter(knot.kind for knot in knots)
    return ", ".join(f"{n:,} {kind}" for kind, n in sorted(n_by_kind.items(), key=lambda pair: (-pair[1], pair[0])))


def older_state(report: Report) -> str:
    """What the knots were held against, a baseline file or a revision; empty if nothing is named."""
    for looked_at in report.inputs:
        for name in ("baseline", "new_from_rev"):
            if name in looked_at.details:
                return str(looked_at.details[name])
    return ""


def levels_of(report: Report) -> tuple[str, ...]:
    """What a scan of several levels looked for; empty for other reports."""
    for looked_at in report.inputs:
        levels = looked_at.details.get("levels")
        if isinstance(levels, tuple) and len(levels) > 1:
            return levels
    return ()


def has_all_levels(levels: Sequence[str]) -> bool:
    """Whether nothing was left out."""
    return set(levels) >= set(SourceLevel)


def was_compared(report: Report) -> bool:
    """Whether the knots were held against an older state."""
    return bool(older_state(report)) or any(k.causes or k.baseline is not BaselineState.NEW for k in report.knots)
