"""What package names mean in a file."""

from __future__ import annotations

from collections.abc import Sequence

from goknot.inputs.source.types.packages import Packages, guessed_name


class ImportNames:
    """The imports of a file by the name they go by.

    Args:
        imports: Names (empty where none is written) and paths.
        packages: For the names in package clauses.

    Attributes:
        dots: Paths of dot imports.
    """

    def __init__(self, imports: Sequence[tuple[str, str]], packages: Packages) -> None:
        self.packages = packages
        self.dots = [path for name, path in imports if name == "."]
        self._named: dict[str, str] = {}
        self._guessed: dict[str, list[str]] = {}
        self._unnamed = [path for name, path in imports if not name]
        self._clauses: dict[str, str] | None = None  # by the name in the package clause
        for name, path in imports:
            if name:
                self._named.setdefault(name, path)
        for path in self._unnamed:
            self._guessed.setdefault(guessed_name(path), []).append(path)

    def path(self, alias: str) -> str | None:
        """The path; None if nothing is imported by that name."""
        if alias in self._named:
            return self._named[alias]
        for path in self._guessed.get(alias, ()):
            if self.packages.name_of(path) == alias:
                self._named[alias] = path
                return path
        if self._clauses is None:
            self._clauses = {}
            for path in self._unnamed:
                self._clauses.setdefault(self.packages.name_of(path), path)
        return self._clauses.get(alias)
