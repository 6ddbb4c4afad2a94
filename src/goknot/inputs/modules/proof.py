"""Proves requirements: does any package of the module that requires import a package of the module required?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from goknot.formats.constraint import Constraint
from goknot.formats.goheader import parse_imports
from goknot.inputs.modules.source import Built, GoFile, Source, built, go_files, tags_of
from goknot.model.knot import Evidence

MAX_EVIDENCE = 5
_MAX_TAGS = 4


class ImportKind(StrEnum):
    """What a module's source proves about a requirement."""

    PRODUCTION = "production"
    TEST_ONLY = "test-only"
    NOT_IMPORTED = "not-imported"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Proof:
    """What is proven about one requirement.

    Attributes:
        kind: The strongest thing seen.
        n_imports: Import statements of that kind.
        packages: Import paths they name, sorted.
        evidence: The first of them, by file and line; at most `MAX_EVIDENCE`.
        note: The reason if `kind` is unknown; otherwise one remark, or empty.
        optional: Whether every production import stands in a file that is built only with a tag nobody gets by default.
    """

    kind: ImportKind
    n_imports: int = 0
    packages: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    note: str = ""
    optional: bool = False

    @property
    def couples(self) -> bool:
        """Whether an ordinary build of the one module needs the other."""
        return self.kind is ImportKind.PRODUCTION and not self.optional


class Owners:
    """Which module an import path belongs to.

    The longest module path that is a prefix decides. Where several are, Go takes the module that has the package's
    folder (modload/import.go importFromModules), and so do we where the sources are at hand.
    """

    def __init__(self, paths: Iterable[str], has_package: Callable[[str, str], bool | None]) -> None:
        self._paths = frozenset(paths)
        self._has_package = has_package
        self._owner_by_import: dict[str, str] = {}

    def of(self, import_path: str) -> str:
        """The module's path; empty if none owns the package."""
        owner = self._owner_by_import.get(import_path)
        if owner is None:
            owner = self._owner_by_import[import_path] = self._find(import_path)
        return owner

    def _find(self, import_path: str) -> str:
        candidates = []
        prefix = import_path
        while prefix:
            if prefix in self._paths:
                candidates.append(prefix)
            prefix = prefix.rpartition("/")[0]
        if len(candidates) < 2:
            return candidates[0] if candidates else ""
        for candidate in candidates:
            if self._has_package(candidate, import_path[len(candidate) + 1 :]) is not False:
                return candidate
        return candidates[0]


@dataclass(slots=True)
class _Seen:
    """Imports of one module's packages."""

    production: list[Evidence] = field(default_factory=list)
    n_production: int = 0
    tests: list[Evidence] = field(default_factory=list)
    n_tests: int = 0
    packages: set[str] = field(default_factory=set)
    test_packages: set[str] = field(default_factory=set)
    built: Built = Built.NEVER  # the most that any production import is
    tags: set[str] = field(default_factory=set)
    ignored: str = ""  # a file no build includes


def prove(source: Source, path: str, targets: Iterable[str], owners: Owners) -> Mapping[str, Proof]:
    """What the source of module `path` proves about requirements of `targets`.

    Args:
        source: Where its source lies.
        path: Its module path.
        targets: Paths of the modules it requires.
        owners: Tells which module a package belongs to.
    """
    seen_by_target = {target: _Seen() for target in targets}
    unreadable: list[GoFile] = []
    for file in go_files(source):
        head = file.head
        if head is None or head.problem:
            unreadable.append(file)
        if head is None:
            continue
        for import_path in head.paths:
            owner = owners.of(import_path)
            if owner != path and (seen := seen_by_target.get(owner)) is not None:
                _add(seen, file, head.constraint, import_path, source.label)
    return {target: _proof(target, seen, source, unreadable) for target, seen in seen_by_target.items()}


def _add(seen: _Seen, file: GoFile, constraint: Constraint, import_path: str, label: str) -> None:
    name = file.name.rpartition("/")[2]
    when = built(name, constraint)
    if when is Built.NEVER:
        seen.ignored = seen.ignored or f"{label}{file.name}"
        return
    if name.endswith("_test.go"):
        seen.n_tests += 1
        seen.test_packages.add(import_path)
        _add_evidence(seen.tests, file, import_path, label)
        return
    seen.built = min(seen.built, when)
    seen.tags |= tags_of(name, constraint)
    seen.n_production += 1
    seen.packages.add(import_path)
    _add_evidence(seen.production, file, import_path, label)


def _add_evidence(evidence: list[Evidence], file: GoFile, import_path: str, label: str) -> None:
    if len(evidence) < MAX_EVIDENCE:
        found = next(each for each in parse_imports(file.data) if each.path == import_path)
        evidence.append(Evidence(f"{label}{file.name}", found.line, found.column, found.text))


def _proof(target: str, seen: _Seen, source: Source, unreadable: list[GoFile]) -> Proof:
    if seen.n_production:
        packages, evidence = tuple(sorted(seen.packages)), tuple(sorted(seen.production, key=_place))
        optional = seen.built is Built.BY_TAG
        return Proof(ImportKind.PRODUCTION, seen.n_production, packages, evidence, _remark(seen), optional)
    doubtful = _doubtful(target, unreadable)
    if doubtful:
        names = ", ".join(f"{source.label}{file.name}" for file in doubtful[:2])
        more = f" and {len(doubtful) - 2} more" if len(doubtful) > 2 else ""
        return Proof(ImportKind.UNKNOWN, note=f"{names}{more} cannot be read")
    if source.packages is not None:
        return Proof(ImportKind.UNKNOWN, note="no import in what vendor holds, which is not all of the module")
    if seen.n_tests:
        packages = tuple(sorted(seen.test_packages))
        return Proof(ImportKind.TEST_ONLY, seen.n_tests, packages, tuple(sorted(seen.tests, key=_place)))
    note = f"only {seen.ignored}, which no build includes, imports it" if seen.ignored else ""
    return Proof(ImportKind.NOT_IMPORTED, note=note)


def _remark(seen: _Seen) -> str:
    if seen.built is Built.ALWAYS:
        return ""
    some = sorted(seen.tags)
    shown = ", ".join(some[:_MAX_TAGS]) + (", ..." if len(some) > _MAX_TAGS else "")
    return f"only with a build tag ({shown})" if seen.built is Built.BY_TAG else f"only in some builds ({shown})"


def _place(evidence: Evidence) -> tuple[str, int, int]:
    return evidence.file, evidence.line, evidence.column


def _doubtful(target: str, unreadable: list[GoFile]) -> list[GoFile]:
    """Files that may import the target: they cannot be read, or they break off and its name stands in them."""
    needle = target.encode()
    return [file for file in unreadable if file.head is None or needle in file.data]
