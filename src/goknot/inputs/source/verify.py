"""Holds a scan against what Go itself says: `go list -e -json`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from goknot.errors import ToolError, UsageError
from goknot.inputs.source.layout import Group
from goknot.inputs.source.scan import SourceScan
from goknot.inputs.source.tree import DiskTree

FIELDS = (
    "GoFiles",
    "CgoFiles",
    "IgnoredGoFiles",
    "InvalidGoFiles",
    "TestGoFiles",
    "XTestGoFiles",
    "Imports",
    "TestImports",
    "XTestImports",
)
Listed = dict[str, object]


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """Something go list says otherwise.

    Attributes:
        import_path: The package.
        field: The field of `go list -json`; `Package` if one side does not have the package at all.
        missing: What go list has and the scan has not.
        extra: What the scan has and go list has not.
    """

    import_path: str
    field: str
    missing: tuple[str, ...]
    extra: tuple[str, ...]

    def __str__(self) -> str:
        """One line for a person."""
        parts = [f"only go list has {', '.join(self.missing)}"] if self.missing else []
        parts += [f"go list does not have {', '.join(self.extra)}"] if self.extra else []
        return f"{self.import_path} {self.field}: {'; '.join(parts)}"


def verify(scan: SourceScan, go: str = "go") -> tuple[Difference, ...]:
    """Compares files and imports of every package in a module with `go list -e -json` for the same configuration.

    Args:
        scan: A scan of a folder on disk for one platform.
        go: The go command.

    Raises:
        UsageError: The scan is of a git revision, or of all platforms at once.
        ToolError: Go is missing or cannot list the packages.
    """
    if not isinstance(scan.tree, DiskTree):
        raise UsageError("only a folder on disk can be verified, not a revision")
    if scan.options.all_platforms:
        raise UsageError("go list looks at one platform; --verify needs one, too")
    found: list[Difference] = []
    for group in scan.groups:
        if not any(module.declared for _, module in group.asked_for):
            continue  # outside any module go list has nothing to compare with
        ours = {package.import_path: package for package in scan.packages_of(group)}
        reached = sorted(path for path, package in ours.items() if not package.asked_for)
        theirs = _list(scan, group, reached, go)
        for path in sorted(ours.keys() | theirs.keys()):
            if path not in theirs:
                found.append(Difference(path, "Package", (), (ours[path].folder,)))
            elif path not in ours:
                found.append(Difference(path, "Package", (str(theirs[path].get("Dir", "")),), ()))
            else:
                found.extend(_differences(path, ours[path].go_list_fields(), theirs[path]))
    return tuple(sorted(found))


def _differences(path: str, ours: dict[str, str | list[str]], theirs: Listed) -> Iterator[Difference]:
    for field in FIELDS:
        mine, other = set(_strings(ours.get(field))), set(_strings(theirs.get(field)))
        if mine != other:
            yield Difference(path, field, tuple(sorted(other - mine)), tuple(sorted(mine - other)))


def _strings(value: object) -> list[str]:
    # "path [cmd]": a copy of a package built with the profile of a command (load/pkg.go setPGOProfilePath)
    return [item.partition(" [")[0] for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _list(scan: SourceScan, group: Group, reached: list[str], go: str) -> dict[str, Listed]:
    """What go list prints, by import path; without what it only names but cannot find."""
    folder = scan.base if scan.base and len(group.asked_for) > 1 else group.asked_for[0][0]
    patterns = [f"./{os.path.relpath(top, folder)}/..." for top, _ in group.asked_for]
    fields = ",".join(("Dir", "ImportPath", "Name", "Error", "DepOnly", *FIELDS))
    command = [go, "list", "-e", f"-json={fields}", f"-tags={','.join(scan.options.tags)}", "--", *patterns, *reached]
    options = scan.options
    env = {**os.environ, "GOOS": options.goos, "GOARCH": options.goarch, "CGO_ENABLED": "01"[options.cgo]}
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, env=env)
    except FileNotFoundError as error:
        hint = "Install Go, or goknot with its [go] extra; everything but --verify works without."
        raise ToolError(go, "not found", hint) from error
    if done.returncode:
        raise ToolError(
            go, done.stderr.decode("utf-8", "replace").strip() or "list failed", "Run it by hand to see why."
        )
    decoder, text, found = json.JSONDecoder(), done.stdout.decode("utf-8", "replace"), dict[str, Listed]()
    position = 0
    while position < len(text):
        entry, position = decoder.raw_decode(text, position)
        if any(entry.get(field) for field in FIELDS):
            found[str(entry["ImportPath"])] = entry
        while position < len(text) and text[position].isspace():
            position += 1
    return found
