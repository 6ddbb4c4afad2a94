"""Reads vendor/modules.txt: which packages of which modules were copied.

Source: cmd/go/internal/modload/vendor.go (readVendorList).
"""

from __future__ import annotations

from dataclasses import dataclass

from goknot.formats.modgraph import Module
from goknot.formats.semver import is_valid


@dataclass(frozen=True, slots=True)
class Vendored:
    """What a vendor folder holds.

    Attributes:
        packages_by_module: Module -> import paths of its packages that were copied, sorted; modules in order.
        is_workspace: Whether it was made from a go.work.
    """

    packages_by_module: dict[Module, tuple[str, ...]]
    is_workspace: bool = False


def parse_modulestxt(text: bytes) -> Vendored:
    """Parses a modules.txt; lines that Go does not understand, it and we pass over."""
    found: dict[Module, set[str]] = {}
    module: Module | None = None
    is_workspace = False
    for number, line in enumerate(text.decode("utf-8", "replace").splitlines()):
        if line.startswith("## "):
            notes = {note.strip() for note in line[3:].split(";")}
            is_workspace = is_workspace or (number == 0 and "workspace" in notes)
        elif line.startswith("# "):
            words = line.split()
            named = len(words) >= 3 and is_valid(words[2])
            module = Module(words[1], words[2]) if named else None
        elif module is not None and len(words := line.split()) == 1 and _is_package(words[0]):
            found.setdefault(module, set()).add(words[0])
    return Vendored({module: tuple(sorted(packages)) for module, packages in found.items()}, is_workspace)


def _is_package(word: str) -> bool:
    # module.CheckImportPath, as far as it keeps to the vendor folder
    return "\\" not in word and "\0" not in word and all(part.strip(".") for part in word.split("/"))
