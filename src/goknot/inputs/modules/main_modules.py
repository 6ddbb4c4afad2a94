"""The main modules: one go.mod, or those a go.work names, with their replacements and exclusions.

Source: cmd/go/internal/modload/init.go (findModuleRoot, findWorkspaceFile, LoadWorkFile, loadModFile),
modfile.go (replacementFrom).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from goknot.errors import InputError
from goknot.formats.gomod import GoMod, GoWork, Replace, parse_gomod, parse_gowork
from goknot.formats.modgraph import Module
from goknot.inputs.modules.cache import read_mod_file
from goknot.inputs.modules.goenv import GoEnv

Report = Callable[[str, str, str], None]  # where, what, effect


@dataclass(frozen=True, slots=True)
class MainModule:
    """A main module.

    Attributes:
        module: Its path, at no version.
        folder: Where it lies.
        file: Its go.mod (or what -modfile names).
        gomod: What that says.
    """

    module: Module
    folder: Path
    file: Path
    gomod: GoMod


@dataclass(frozen=True, slots=True)
class Replacement:
    """What stands in for a module: another module, or the module in a folder."""

    module: Module | None
    folder: Path | None

    def same(self, other: Replacement) -> bool:
        """Whether both lead to the same place."""
        return (self.module, self.folder) == (other.module, other.folder)


@dataclass(frozen=True, slots=True)
class MainModules:
    """The main modules and what they say about others.

    Attributes:
        root: The folder of the go.work, or of the one module; what file names are relative to.
        modules: In the order of the go.work.
        work: What the go.work says; None outside of a workspace.
        excludes: Module versions that count as not required.
    """

    root: Path
    modules: tuple[MainModule, ...]
    work: GoWork | None
    excludes: frozenset[Module]
    _of_work: dict[Module, Replacement]
    _of_modules: tuple[dict[Module, Replacement], ...]  # a table a main module
    _report: Report

    @classmethod
    def none(cls) -> MainModules:
        """No main modules at hand."""
        return cls(Path(), (), None, frozenset(), {}, (), lambda *_: None)

    def find(self, module: Module) -> MainModule | None:
        """The main module that `module` is; None if it is not one, or another version of one."""
        if module.version:
            return None
        return next((main for main in self.modules if main.module == module), None)

    def replacement(self, module: Module) -> Replacement | None:
        """What stands in for a module; the go.work comes first, then a version's own replacement."""
        if not module.version:
            return None
        if found := _lookup(self._of_work, module):
            return found[1]
        chosen: tuple[str, Replacement] | None = None
        for table in self._of_modules:
            found = _lookup(table, module)
            # modfile.go replacementFrom: a conflict if the later one is for one version; otherwise the last one counts
            if found and chosen and found[0] and not found[1].same(chosen[1]):
                what = f"its modules replace {module} differently"
                self._report("go.work", what, "Go refuses this; the first replacement is taken")
                return chosen[1]
            chosen = found or chosen
        return chosen[1] if chosen else None

    def shown(self, path: Path) -> str:
        """A file's name relative to the root, with `/`."""
        try:
            return os.path.relpath(path, self.root).replace(os.sep, "/")
        except ValueError:  # another drive
            return path.as_posix()


def find_main_modules(start: Path, goenv: GoEnv, report: Report) -> MainModules:
    """Reads the go.work or go.mod that governs a folder.

    Args:
        start: The folder (or a file in it).
        goenv: For GOWORK and -modfile.
        report: Takes what could not be read.

    Raises:
        InputError: No go.mod there or above, or the one there cannot be read.
    """
    if not start.exists():
        raise InputError(str(start), "no such file or folder")
    start = start.absolute()
    folder = start if start.is_dir() else start.parent
    work_file = _work_file(folder, goenv)
    if work_file is not None:
        return _workspace(work_file, report)
    found = _upwards(folder, "go.mod")
    if found is None:
        raise InputError(
            str(start), "no go.mod here or above", "Name the folder of a module, or give a saved graph with --graph."
        )
    file = folder / goenv.modfile if goenv.modfile else found
    main = _read_main(file, found.parent, file.name, report)
    return _join(found.parent, (main,), None, report)


def _work_file(folder: Path, goenv: GoEnv) -> Path | None:
    if goenv.gowork == "off":
        return None
    if goenv.gowork not in {"", "auto"}:
        return Path(goenv.gowork)
    return _upwards(folder, "go.work")


def _upwards(folder: Path, name: str) -> Path | None:
    for candidate in (folder, *folder.parents):
        if (candidate / name).is_file():
            return candidate / name
    return None


def _workspace(work_file: Path, report: Report) -> MainModules:
    where = work_file.name
    try:
        work = parse_gowork(read_mod_file(work_file), str(work_file))
    except OSError as error:
        raise InputError(str(work_file), error.strerror or str(error)) from error
    for line, what in work.problems:
        report(f"{where}:{line}", what, "Go refuses this go.work; a module may be missing")
    root = work_file.parent
    mains: dict[Module, MainModule] = {}
    for use in dict.fromkeys(work.uses):
        folder = Path(os.path.normpath(root / use))
        name = os.path.relpath(folder / "go.mod", root).replace(os.sep, "/")
        try:
            main = _read_main(folder / "go.mod", folder, name, report)
        except InputError as error:
            what = error.what.removeprefix(f"{error.where}: ")
            report(where, f"use {use}: its go.mod: {what}", "what that module requires is not seen")
            continue
        if main.module in mains:
            report(where, f"use {use}: {main.module.path} is used twice", "Go refuses this go.work")
            continue
        mains[main.module] = main
    if not mains:
        raise InputError(str(work_file), "uses no module that can be read")
    return _join(root, tuple(mains.values()), work, report)


def _read_main(file: Path, folder: Path, where: str, report: Report) -> MainModule:
    try:
        gomod = parse_gomod(read_mod_file(file), str(file))
    except OSError as error:
        raise InputError(str(file), error.strerror or str(error)) from error
    if not gomod.module:
        raise InputError(str(file), "has no module directive")
    for line, what in gomod.problems:
        report(f"{where}:{line}", what, "Go refuses this go.mod; requirements may be missing")
    return MainModule(Module(gomod.module, ""), folder, file, gomod)


def _join(root: Path, mains: tuple[MainModule, ...], work: GoWork | None, report: Report) -> MainModules:
    tables = tuple(_table(main.gomod.replaces, main.folder, f"{main.module.path}/go.mod", report) for main in mains)
    of_work = _table(work.replaces, root, "go.work", report) if work else {}
    _report_conflicts({old.path for old in of_work}, tables, report)
    excludes = frozenset(Module(path, version) for main in mains for path, version in main.gomod.excludes)
    return MainModules(root, mains, work, excludes, of_work, tables, report)


def _table(replaces: Iterable[Replace], folder: Path, where: str, report: Report) -> dict[Module, Replacement]:
    table: dict[Module, Replacement] = {}
    for replace in replaces:
        old = Module(replace.old_path, replace.old_version)
        if replace.new_version:
            new = Replacement(Module(replace.new_path, replace.new_version), None)
        else:
            new = Replacement(None, Path(os.path.normpath(folder / replace.new_path)))
        if not table.setdefault(old, new).same(new):
            report(f"{where}:{replace.line}", f"{old} is replaced twice", "Go refuses this; the first one is taken")
    return table


def _lookup(table: dict[Module, Replacement], module: Module) -> tuple[str, Replacement] | None:
    """(version it is replaced at, the replacement)."""
    for old in (module, Module(module.path, "")):
        if old in table:
            return old.version, table[old]
    return None


def _report_conflicts(overruled: set[str], tables: Iterable[dict[Module, Replacement]], report: Report) -> None:
    seen: dict[Module, Replacement] = {}
    for table in tables:
        for old, new in table.items():
            if old.path not in overruled and not seen.setdefault(old, new).same(new):
                report("go.work", f"its modules replace {old} differently", "Go refuses this; the last one is taken")
