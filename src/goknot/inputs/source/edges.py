"""What is used over import edges, and where each import is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from goknot.formats.goheader import Import, parse_imports
from goknot.inputs.source.halves import in_halves
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


class _Carrier(NamedTuple):
    """A file that carries edges: its package, its name, and import path -> target for the edges asked for."""

    node: int
    name: str
    carried: dict[str, int]


# (target, line, column, text, whether it is blank) of each import; target -> names used of it
_Uses = tuple[list[tuple[int, int, int, str, bool]], dict[int, set[str]]]


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
    files = list(_carriers(scan, targets_by_source, tests=tests))
    for file, (imports, names_by_target) in zip(files, in_halves(scan.tree, reader.read_uses, files), strict=True):
        path = shown(scan.tree.start, f"{scan.address_of(file.node)}/{file.name}")
        for target, line, column, text, is_blank in imports:
            found = gathered[file.node, target]
            found.evidence.append(Evidence(path, line, column, text))
            found.blank = found.blank and is_blank
        for target, names in names_by_target.items():
            gathered[file.node, target].names |= names
    wanted: dict[int, set[str]] = {}
    for (_, target), found in gathered.items():
        wanted.setdefault(target, set()).update(found.names)
    targets = list(wanted.items())
    kinds = {
        target: found
        for (target, _), found in zip(targets, in_halves(scan.tree, reader.kinds_of, targets), strict=True)
    }
    return {pair: _facts(found, kinds[pair[1]]) for pair, found in gathered.items()}


def _carriers(scan: Files, targets_by_source: Mapping[int, set[int]], *, tests: bool) -> Iterator[_Carrier]:
    """The files that carry the edges asked for."""
    for source, targets in targets_by_source.items():
        for name, head in scan.files_of(source, tests=tests):
            carried = {path: target for path in head.read_paths if (target := scan.target_of(source, path)) in targets}
            if carried:
                yield _Carrier(source, name, carried)


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

    def read_uses(self, file: _Carrier) -> _Uses:
        """What one file uses over the edges it carries."""
        text = self._text(file.node, file.name)
        path_by_alias: dict[str, str] = {}
        names_by_target: dict[int, set[str]] = {}
        imports = []
        for spec in parse_imports(text, file.carried):
            target = file.carried[spec.path]
            imports.append((target, spec.line, spec.column, shortened(spec.text), spec.name == "_"))
            if spec.name == ".":  # those that the target declares will be kept
                names_by_target.setdefault(target, set()).update(self._symbols.free_names(text))
            elif spec.name != "_":
                path_by_alias[self._alias(spec, target)] = spec.path
        for path, names in self._symbols.uses(text, path_by_alias).items():
            names_by_target.setdefault(file.carried[path], set()).update(names)
        return imports, names_by_target

    def kinds_of(self, wanted: tuple[int, set[str]]) -> dict[str, str]:
        """Exported name -> what it is, by a package's declarations.

        Args:
            wanted: The package, and the names of interest; reading ends when all are found.
        """
        node, missing = wanted
        kinds: dict[str, str] = {}
        for name, _ in self.scan.files_of(node, tests=False):
            if not missing:
                break
            text = self._text(node, name)
            if len(missing) > _MANY_NAMES or any(wanted_name.encode() in text for wanted_name in missing):
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
