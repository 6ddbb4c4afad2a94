"""Packages in the field names of `go list -json`, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Protocol


class ListedPackage(Protocol):
    """What a package can say of itself."""

    def go_list_fields(self) -> dict[str, str | list[str]]:
        """Go's field names (ImportPath, GoFiles, Imports, ...) without empty ones."""
        ...


def package_lines(packages: Iterable[ListedPackage]) -> str:
    """One line a package, in the order given."""
    return "".join(json.dumps(package.go_list_fields()) + "\n" for package in packages)
