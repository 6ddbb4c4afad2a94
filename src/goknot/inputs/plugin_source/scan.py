"""Finds the main packages below source folders and the calls of plugin.Open that each can reach."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from goknot.errors import InputError
from goknot.formats.constraint import KNOWN_ARCH, KNOWN_OS, ConstraintError, both, of_file_name, of_header
from goknot.formats.gomod import parse_gomod
from goknot.formats.gosyntax import go_parser
from goknot.inputs.plugin_source.reach import Program, calls_of
from goknot.inputs.plugin_source.syntax import File, parse
from goknot.model.plugin_rings import SourceCalls, SourcePackage
from goknot.model.report import Problem

MAX_FILE_BYTES = 1 << 23
MAX_FILES = 200_000
SKIPPED = frozenset({"testdata", "node_modules"})
EFFECT = "calls of plugin.Open in it may be missed"


def read_source(folders: list[str], shared: Collection[str] = ()) -> SourceCalls:
    """Reads source folders.

    Args:
        folders: Each with everything below it.
        shared: Import paths of packages that the host holds: it has initialised them before a plugin opens.

    Raises:
        InputError: A folder is none, or holds no Go file.
    """
    engine, problems = go_parser(), list[Problem]()
    files_by_package: dict[str, list[File]] = {}
    folder_by_package: dict[str, str] = {}
    for top in folders:
        n_before = len(folder_by_package)
        for folder, names in _go_folders(top):
            package = _import_path(folder)
            files = [f for f in (_file(engine, folder, top, name, problems) for name in names) if f is not None]
            if files and package not in folder_by_package:
                files_by_package[package], folder_by_package[package] = files, str(folder)
        if len(folder_by_package) == n_before and not problems:
            raise InputError(top, "holds no Go source", "name the folder of a plugin's package, or of its module")
    program = Program(files_by_package, frozenset(shared))
    packages = [
        SourcePackage(name, folder_by_package[name], calls_of(program, name))
        for name, files in sorted(files_by_package.items())
        if any(file.package == "main" for file in files)
    ]
    return SourceCalls(tuple(packages), frozenset(files_by_package), tuple(sorted(set(problems))))


def _go_folders(top: str) -> Iterator[tuple[Path, list[str]]]:
    if not Path(top).is_dir():
        raise InputError(top, "is no folder", "--source takes the folder of a plugin's package, or of its module")
    n_files = 0
    for place, inner, names in os.walk(top):
        inner[:] = sorted(n for n in inner if n not in SKIPPED and n[0] not in "._")
        found = sorted(n for n in names if n.endswith(".go") and not n.endswith("_test.go") and n[0] not in "._")
        n_files += len(found)
        if n_files > MAX_FILES:
            raise InputError(top, f"holds more than {MAX_FILES:,} Go files", "name the plugins' own folders")
        if found:
            yield Path(place), found


def _file(engine: object, folder: Path, top: str, name: str, problems: list[Problem]) -> File | None:
    path = folder / name
    shown = path.as_posix()
    try:
        if not path.is_file():
            return None
        if path.stat().st_size > MAX_FILE_BYTES:
            problems.append(Problem(shown, f"is larger than {MAX_FILE_BYTES >> 20} MiB", EFFECT))
            return None
        data = path.read_bytes()
    except OSError as failed:
        problems.append(Problem(shown, f"cannot be read: {failed.strerror}", EFFECT))
        return None
    if not _is_built(name, data):
        return None
    file = parse(engine, shown, data)  # type: ignore[arg-type]
    if file.broken:
        problems.append(Problem(f"{shown}:{file.broken}", "does not parse", EFFECT))
    return file


def _is_built(name: str, data: bytes) -> bool:
    """Whether a build for linux/amd64 with cgo takes the file; tags of the user's own count as on."""
    try:
        condition = both(of_file_name(name), of_header(data))
    except ConstraintError:
        return True
    off = (KNOWN_OS | KNOWN_ARCH | {"gccgo", "ignore"}) - {"linux", "amd64", "unix"}
    return condition.holds(lambda tag: tag not in off)


def _import_path(folder: Path) -> str:
    """As the nearest go.mod says; the folder's name where there is none."""
    here = folder.resolve()
    for above in (here, *here.parents):
        try:
            module = parse_gomod((above / "go.mod").read_bytes(), str(above / "go.mod"), lax=True).module
        except OSError:
            continue
        rest = here.relative_to(above).as_posix()
        return module if rest == "." else f"{module}/{rest}"
    return here.name
