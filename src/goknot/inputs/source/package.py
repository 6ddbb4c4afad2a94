"""A package as `go list` sees it, read from the heads of its files.

Source: go/build/build.go, Context.Import and matchFile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from goknot.formats.constraint import Constraint, both, of_file_name, tag
from goknot.formats.goheader import Head
from goknot.inputs.source.layout import Module

_CGO = tag("cgo")
SourceFile = tuple[str, Head]  # (name, what its head says)


@dataclass(frozen=True, slots=True)
class Package:
    """One package; files are names in its folder and, like import paths, sorted.

    Attributes:
        import_path: What other packages import.
        key: Its folder relative to the root of the workspace or module, `.` for the root itself; the import path if it
            lies elsewhere.
        folder: Its folder relative to the scanned one.
        name: The name in its package clauses.
        module: Path of its module; empty if it lies in none.
        asked_for: Whether it lies in the scanned folder; others are there because an import reached them.
        imports: As `go list` prints them, without those of files whose head Go refuses.
    """

    import_path: str
    key: str
    folder: str
    name: str
    module: str
    asked_for: bool
    go_files: tuple[str, ...]
    cgo_files: tuple[str, ...]
    ignored_go_files: tuple[str, ...]
    invalid_go_files: tuple[str, ...]
    test_go_files: tuple[str, ...]
    xtest_go_files: tuple[str, ...]
    imports: tuple[str, ...]
    test_imports: tuple[str, ...]
    xtest_imports: tuple[str, ...]

    def go_list_fields(self) -> dict[str, str | list[str]]:
        """What `go list -json` prints of it, without what is empty; `Dir` is relative to the scanned folder."""
        fields: dict[str, str | list[str]] = {"Dir": self.folder, "ImportPath": self.import_path, "Name": self.name}
        lists = {
            "GoFiles": self.go_files,
            "CgoFiles": self.cgo_files,
            "IgnoredGoFiles": self.ignored_go_files,
            "InvalidGoFiles": self.invalid_go_files,
            "Imports": self.imports,
            "TestGoFiles": self.test_go_files,
            "TestImports": self.test_imports,
            "XTestGoFiles": self.xtest_go_files,
            "XTestImports": self.xtest_imports,
        }
        fields.update({name: list(values) for name, values in lists.items() if values})
        return {name: value for name, value in fields.items() if value}


@dataclass(slots=True)
class LoadedPackage:
    """A package while it is being read, and what later questions need of it.

    Attributes:
        address: Its folder in the tree.
        asked_for: Whether it lies in the scanned folder.
        name: The name in its package clauses.
        own: Its own files.
        tests: The _test.go files that are part of it.
        xtests: The _test.go files of its external test package.
        ignored: Names of files that the configuration leaves out.
        invalid: Names of files that Go refuses.
        other_names: Names of further packages in the folder.
        own_paths: What its own files import, as far as that could be read.
        test_paths: What `tests` import.
        xtest_paths: What `xtests` import.
    """

    address: str
    import_path: str
    module: Module
    asked_for: bool
    name: str = ""
    own: list[SourceFile] = field(default_factory=list)
    tests: list[SourceFile] = field(default_factory=list)
    xtests: list[SourceFile] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    other_names: list[str] = field(default_factory=list)
    own_paths: set[str] = field(default_factory=set)
    test_paths: set[str] = field(default_factory=set)
    xtest_paths: set[str] = field(default_factory=set)

    @property
    def is_there(self) -> bool:
        """Whether the configuration leaves any file of it."""
        return bool(self.own or self.tests or self.xtests or self.invalid)


class FileChooser:
    """Says which files a configuration takes.

    Args:
        on: The tags that are on; None: every file is taken that some configuration takes.
        cgo: Whether files that import "C" are taken.
        needs_custom_tag: Of a condition: None if no configuration meets it, else whether each that does turns a
            custom tag on. Asked only if `on` is None.
    """

    def __init__(
        self, on: frozenset[str] | None, cgo: bool, needs_custom_tag: Callable[[Constraint], bool | None]
    ) -> None:
        self.on = on
        self.cgo = cgo
        self.needs_custom_tag = needs_custom_tag
        self._by_steps: dict[tuple[str, ...], bool] = {}

    def takes_name(self, name: str) -> bool:
        """Whether the suffix of a file's name lets it in."""
        if self.on is None or "_" not in name:
            return True
        on = self.on
        return all(step == "&&" or step in on for step in of_file_name(name).steps)

    def takes(self, constraint: Constraint) -> bool:
        """Whether a build constraint lets a file in."""
        if self.on is None or not constraint.steps:
            return True
        found = self._by_steps.get(constraint.steps)
        if found is None:
            found = self._by_steps[constraint.steps] = constraint.holds(self.on.__contains__)
        return found


def condition_of(name: str, head: Head) -> Constraint:
    """All that must hold for a file to be built."""
    condition = both(of_file_name(name), head.constraint) if "_" in name else head.constraint
    return both(condition, _CGO) if "C" in head.read_paths and not name.endswith("_test.go") else condition


def sort_files(
    loaded: LoadedPackage, files: Iterable[SourceFile], ignored: Iterable[str], chooser: FileChooser
) -> None:
    """Puts each file where `go list` has it.

    Args:
        loaded: The package, without files.
        files: The .go files that the chooser takes by name, sorted by name.
        ignored: The names of the others.
        chooser: The configuration.
    """
    loaded.ignored.extend(ignored)
    taken = []
    for name, head in files:
        if head.unusable:
            loaded.invalid.append(name)
            if head.read_paths:  # Go takes it as no part of the package; what it imports may still matter
                (loaded.tests if name.endswith("_test.go") else loaded.own).append((name, head))
        elif not chooser.takes(head.constraint):
            loaded.ignored.append(name)
        elif head.package == "documentation":
            loaded.ignored.append(name)
            loaded.invalid.extend([name] if head.problem else ())
        else:
            taken.append((name, head))
    if chooser.on is None:
        taken = _without_strangers(loaded, taken, chooser)
    for name, head in taken:
        _sort_file(loaded, name, head, chooser)
    loaded.ignored.sort()
    if loaded.invalid:
        loaded.invalid = sorted(set(loaded.invalid))
        loaded.own.sort()
        loaded.tests.sort()
    for files_of_kind, paths in (
        (loaded.own, loaded.own_paths),
        (loaded.tests, loaded.test_paths),
        (loaded.xtests, loaded.xtest_paths),
    ):
        for _, head in files_of_kind:
            paths.update(head.read_paths)


def _sort_file(loaded: LoadedPackage, name: str, head: Head, chooser: FileChooser) -> None:
    package = head.package
    is_test = name.endswith("_test.go")
    is_xtest = is_test and package.endswith("_test") and loaded.name != package
    if is_xtest:
        package = package[: -len("_test")]
    if head.problem:
        loaded.invalid.append(name)
    if not loaded.name:
        loaded.name = package
    elif package != loaded.name:
        loaded.invalid.append(name)
        if package and package not in loaded.other_names:
            loaded.other_names.append(package)
    if is_test:
        if "C" in head.paths:
            loaded.invalid.append(name)
        (loaded.xtests if is_xtest else loaded.tests).append((name, head))
    elif "C" in head.paths and not chooser.cgo:
        loaded.ignored.append(name)
    else:
        loaded.own.append((name, head))


def _without_strangers(loaded: LoadedPackage, files: Sequence[SourceFile], chooser: FileChooser) -> list[SourceFile]:
    """Leaves out what no configuration builds: unmet conditions, and files of another package behind a custom tag.

    The latter (`package main` behind `//go:build generate`) cannot be built together with the rest of the folder.
    """
    needs = [chooser.needs_custom_tag(condition_of(name, head)) for name, head in files]
    names = {_own_name(*file) for file, need in zip(files, needs, strict=True) if need is False}
    kept = []
    for file, need in zip(files, needs, strict=True):
        if need is None or (need and names and _own_name(*file) not in names):
            loaded.ignored.append(file[0])
        else:
            kept.append(file)
    return kept


def _own_name(name: str, head: Head) -> str:
    return head.package.removesuffix("_test") if name.endswith("_test.go") else head.package


def finish(loaded: LoadedPackage, key: str, folder: str, listed: Callable[[str], str] | None) -> Package:
    """The facts about a package once all its files are sorted.

    Args:
        loaded: The package.
        key: See `Package`.
        folder: See `Package`.
        listed: An import path as written -> as `go list` prints it; None: the same.
    """
    return Package(
        import_path=loaded.import_path,
        key=key,
        folder=folder,
        name=loaded.name,
        module=loaded.module.path,
        asked_for=loaded.asked_for,
        go_files=tuple([name for name, head in loaded.own if not head.unusable and "C" not in head.paths]),
        cgo_files=tuple([name for name, head in loaded.own if not head.unusable and "C" in head.paths]),
        ignored_go_files=tuple(loaded.ignored),
        invalid_go_files=tuple(loaded.invalid),
        test_go_files=tuple([name for name, head in loaded.tests if not head.unusable]),
        xtest_go_files=tuple([name for name, _ in loaded.xtests]),
        imports=_imports(loaded, loaded.own, loaded.own_paths, listed),
        test_imports=_imports(loaded, loaded.tests, loaded.test_paths, listed),
        xtest_imports=_imports(loaded, loaded.xtests, loaded.xtest_paths, listed),
    )


def _imports(
    loaded: LoadedPackage, files: list[SourceFile], paths: set[str], listed: Callable[[str], str] | None
) -> tuple[str, ...]:
    if loaded.invalid:  # of a file that Go refuses no import is listed
        paths = {path for _, head in files if not head.unusable for path in head.paths}
    return tuple(sorted(paths if listed is None else {listed(path) for path in paths}))
