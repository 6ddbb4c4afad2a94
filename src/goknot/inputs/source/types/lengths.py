"""How many elements arrays have."""

from __future__ import annotations

from collections.abc import Callable

from goknot.inputs.source.types.constants import MAX_DEPTH, evaluate
from goknot.inputs.source.types.packages import Packages, SourceFile
from goknot.inputs.source.types.syntax import ConstDecl


class Lengths:
    """Works out lengths; remembers the values of constants.

    Args:
        packages: Hold the constants.
        import_path: What a package name means in a file.
    """

    def __init__(self, packages: Packages, import_path: Callable[[str, SourceFile], str | None]) -> None:
        self.packages = packages
        self._import_path = import_path
        self._consts: dict[tuple[int, str], int | None] = {}

    def of(self, text: str, source: SourceFile) -> int:
        """The length that an expression gives; -1 if it is not known."""
        if text.isascii() and text.isdigit() and not text.startswith("0"):
            return int(text) if len(text) < 19 else -1
        found = self._evaluate(text, source, 0, 0)
        return found if found is not None and 0 <= found < 1 << 62 else -1

    def _evaluate(self, text: str, source: SourceFile, iota: int, depth: int) -> int | None:
        def lookup(alias: str, name: str, depth: int) -> int | None:
            if alias == "" and name == "iota":
                return iota
            path = source.package if not alias else self._import_path(alias, source)
            package = self.packages.package(path) if path else None
            found = self.packages.const(package, name) if package is not None else None
            return self._const(found, depth) if found is not None else None

        return evaluate(text, lookup, depth)

    def _const(self, found: tuple[SourceFile, ConstDecl], depth: int) -> int | None:
        """The value of a constant; None if it has no end, or lies deeper than is followed."""
        source, decl = found
        key = (id(source), decl.name)
        if key not in self._consts:
            self._consts[key] = None  # while it is being looked for
            if decl.text and depth < MAX_DEPTH:
                self._consts[key] = self._evaluate(decl.text, source, decl.iota, depth + 1)
        return self._consts[key]
