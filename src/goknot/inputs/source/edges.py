"""What is used over import edges, and where each import is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from goknot.formats.goheader import Import, parse_imports
from goknot.inputs.source.layout import shown
from goknot.inputs.source.package import Package, SourceFile
from goknot.inputs.source.tree import Tree
from goknot.model.knot import Evidence

Pair = tuple[int, int]
_MANY_NAMES = 12  # then it costs less to read all declarations of a file than to look whether it mentions a name
MAX_SOURCE_BYTES = 64 << 20  # of a larger file only the imports count


@dataclass(frozen=True, slots=True)
class EdgeFacts:
    """What one package uses of another.

    Attributes:
        n_imports: Import statements.
        symbols: Distinct exported names used, sorted.
        n_by_kind: How many of them are `const`, `var`, `func` or `type`, by the target's declarations.
        blank: Whether every import is `_`.
        evidence: Each import statement, sorted by file and line.
    """

    n_imports: int
    symbols: tuple[str, ...]
    n_by_kind: Mapping[str, int]
    blank: bool
    evidence: tuple[Evidence, ...]


class Files(Protocol):
    """What is asked of a scan."""

    packages: tuple[Package, ...]

    @property
    def tree(self) -> Tree: ...  # noqa: D102

    def files_of(self, node: int, *, tests: bool) -> Sequence[SourceFile]: ...  # noqa: D102

    def target_of(self, node: int, import_path: str) -> int: ...  # noqa: D102

    def address_of(self, node: int) -> str: ...  # noqa: D102


@dataclass(slots=True)
class _Gathered:
    """What is known of one edge so far."""

    names: set[str] = field(default_factory=set)
    evidence: list[Evidence] = field(default_factory=list)
    blank: bool = True


def describe(scan: Files, edges: Iterable[Pair], *, tests: bool) -> dict[Pair, EdgeFacts]:
    """See `SourceScan.describe`."""
    gathered = {pair: _Gathered() for pair in sorted(set(edges))}
    targets_by_source: dict[int, set[int]] = {}
    for source, target in gathered:
        targets_by_source.setdefault(source, set()).add(target)
    reader = _Reader(scan)
    for source, targets in targets_by_source.items():
        for name, head in scan.files_of(source, tests=tests):
            carried = {path: target for path in head.read_paths if (target := scan.target_of(source, path)) in targets}
            if carried:
                reader.read_uses(source, name, carried, gathered)
    names_by_target: dict[int, set[str]] = {}
    for (_, target), found in gathered.items():
        names_by_target.setdefault(target, set()).update(found.names)
    kinds = {node: reader.kinds_of(node, names) for node, names in names_by_target.items()}
    return {pair: _facts(found, kinds[pair[1]]) for pair, found in gathered.items()}


def _facts(found: _Gathered, kind_by_name: Mapping[str, str]) -> EdgeFacts:
    symbols = tuple(sorted(found.names & kind_by_name.keys()))
    n_by_kind: dict[str, int] = {}
    for name in symbols:
        n_by_kind[kind_by_name[name]] = n_by_kind.get(kind_by_name[name], 0) + 1
    evidence = sorted(found.evidence, key=lambda seen: (seen.file, seen.line, seen.column))
    return EdgeFacts(len(evidence), symbols, dict(sorted(n_by_kind.items())), found.blank, tuple(evidence))


class _Reader:
    """Reads files for what they use and for what they declare."""

    def __init__(self, scan: Files) -> None:
        from goknot.formats import gosymbols  # noqa: PLC0415 (only a report with rings needs it)

        self.scan = scan
        self._symbols = gosymbols

    def read_uses(self, source: int, name: str, carried: Mapping[str, int], gathered: Mapping[Pair, _Gathered]) -> None:
        """Notes what one file uses over the edges it carries.

        Args:
            source: The file's package.
            name: The file.
            carried: Import path -> target, for the edges asked for.
            gathered: Takes what is found.
        """
        text = self._text(source, name)
        file = shown(self.scan.tree.start, f"{self.scan.address_of(source)}/{name}")
        path_by_alias: dict[str, str] = {}
        for spec in parse_imports(text, carried):
            target = carried[spec.path]
            found = gathered[source, target]
            found.evidence.append(Evidence(file, spec.line, spec.column, shortened(spec.text)))
            found.blank = found.blank and spec.name == "_"
            if spec.name == ".":  # those that the target declares will be kept
                found.names |= self._symbols.free_names(text)
            elif spec.name != "_":
                path_by_alias[self._alias(spec, target)] = spec.path
        for path, names in self._symbols.uses(text, path_by_alias).items():
            gathered[source, carried[path]].names.update(names)

    def kinds_of(self, node: int, names: set[str]) -> dict[str, str]:
        """Exported name -> what it is, by a package's declarations.

        Args:
            node: The package.
            names: The names of interest; reading ends when all are found.
        """
        kinds: dict[str, str] = {}
        missing = names
        for name, _ in self.scan.files_of(node, tests=False):
            if not missing:
                break
            text = self._text(node, name)
            if len(missing) > _MANY_NAMES or any(wanted.encode() in text for wanted in missing):
                kinds.update(self._symbols.declarations(text))
                missing = missing - kinds.keys()
        return kinds

    def _alias(self, spec: Import, target: int) -> str:
        return spec.name or self.scan.packages[target].name or spec.path.rpartition("/")[2]

    def _text(self, node: int, name: str) -> bytes:
        try:
            return self.scan.tree.read(f"{self.scan.address_of(node)}/{name}", MAX_SOURCE_BYTES)
        except OSError:
            return b""  # it was there a moment ago; the edge stands, with nothing to show for it


def shortened(text: str) -> str:
    """A line of source, cut where nobody reads on."""
    return text if len(text) <= 200 else text[:199] + "…"
