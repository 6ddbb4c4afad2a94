"""What each module requires: its go.mod from the cache or from the folder that replaces it.

Source: cmd/go/internal/modload/modfile.go (goModSummary, rawGoModSummary, summaryFromModFile).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from goknot.errors import InputError
from goknot.formats.gomod import GoMod, parse_gomod
from goknot.formats.modgraph import Module
from goknot.formats.semver import go_compare
from goknot.inputs.modules.cache import ModuleCache, read_mod_file
from goknot.inputs.modules.main_modules import MainModules, Report

STRICT_GO = "1.21"  # since then a go directive is a requirement (cmd/go/internal/gover/version.go)
PRUNING_GO = "1.17"
DEFAULT_GO_OF_MODULE = "1.16"
DEFAULT_GO_OF_WORK = "1.18"


class Pruning(Enum):
    """How far requirements are followed (modfile.go modPruning)."""

    PRUNED = 0
    UNPRUNED = 1
    WORKSPACE = 2


def pruning_of(go: str) -> Pruning:
    """What a go directive means for the requirements of requirements."""
    return Pruning.UNPRUNED if go_compare(go, PRUNING_GO) < 0 else Pruning.PRUNED


@dataclass(frozen=True, slots=True)
class Summary:
    """What a module requires, exclusions left out.

    Attributes:
        requires: In the order of the go.mod, then the version of Go if that counts.
        pruning: Whether the requirements of its requirements count for those who require it.
    """

    requires: tuple[Module, ...]
    pruning: Pruning


@dataclass(frozen=True, slots=True)
class ModFile:
    """The go.mod a module's requirements come from; `name` is what a report calls it."""

    path: Path
    name: str
    declared: tuple[str, ...]  # module paths it may state; empty: any


class Summaries:
    """Reads go.mod files once each.

    Attributes:
        missing: Module -> name of its go.mod, which is not there; in the order they were asked for.
        n_failed: Modules of which it cannot be told what they require.
    """

    def __init__(self, mains: MainModules, cache: ModuleCache, report: Report) -> None:
        self.mains = mains
        self.cache = cache
        self.missing: dict[Module, str] = {}
        self.n_failed = 0
        self._report = report
        self._summary_by_module: dict[Module, Summary | None] = {}
        self._gomod_by_path: dict[Path, GoMod | None] = {}

    def of(self, module: Module) -> Summary | None:
        """What a module requires; None if that cannot be told (then it is reported, once)."""
        if module not in self._summary_by_module:
            self._summary_by_module[module] = summary = self._read(module)
            self.n_failed += summary is None
        return self._summary_by_module[module]

    def mod_file(self, module: Module) -> ModFile | None:
        """The go.mod that counts for a module."""
        main = self.mains.find(module)
        if main is not None:
            return ModFile(main.file, self.mains.shown(main.file), ())
        replacement = self.mains.replacement(module)
        if replacement is not None and replacement.folder is not None:
            path = replacement.folder / "go.mod"
            return ModFile(path, self.mains.shown(path), ())
        actual = (replacement.module if replacement else None) or module
        cached = self.cache.mod_file(actual)
        return ModFile(cached, f"{actual}/go.mod", (module.path, actual.path)) if cached else None

    def gomod(self, module: Module) -> GoMod | None:
        """The parsed go.mod of a module; None if it is not at hand."""
        main = self.mains.find(module)
        if main is not None:
            return main.gomod
        file = self.mod_file(module)
        return self._parsed(file, module) if file else None

    def _read(self, module: Module) -> Summary | None:
        if module.is_toolchain:
            strict = module.path == "go" and go_compare(module.version, STRICT_GO) >= 0
            needs = (Module("toolchain", f"go{module.version}"),) if strict else ()
            return Summary(needs, Pruning.PRUNED)
        file = self.mod_file(module)
        if file is None:
            self._report(str(module), "no module can be called so", "what it requires is not seen")
            return None
        gomod = self.gomod(module)
        if gomod is None:
            return None
        if file.declared and gomod.module not in file.declared:
            what = f"its go.mod declares {gomod.module}" if gomod.module else "its go.mod has no module directive"
            self._report(str(module), what, "Go refuses it; what it requires is not seen")
            return None
        requires = [Module(require.path, require.version) for require in gomod.requires]
        if gomod.go and go_compare(gomod.go, STRICT_GO) >= 0:
            requires.append(Module("go", gomod.go))
        excludes = self.mains.excludes
        return Summary(
            tuple(required for required in requires if required not in excludes),
            pruning_of(gomod.go) if gomod.go else Pruning.UNPRUNED,
        )

    def _parsed(self, file: ModFile, module: Module) -> GoMod | None:
        if file.path not in self._gomod_by_path:
            self._gomod_by_path[file.path] = self._parse(file, module)
        return self._gomod_by_path[file.path]

    def _parse(self, file: ModFile, module: Module) -> GoMod | None:
        try:
            gomod = parse_gomod(read_mod_file(file.path), file.name, lax=True)
        except FileNotFoundError:
            self.missing[module] = file.name
            return None
        except OSError as error:
            self._report(file.name, error.strerror or str(error), f"what {module} requires is not seen")
            return None
        except InputError as error:
            self._report(file.name, error.what.removeprefix(f"{error.where}: "), f"what {module} requires is not seen")
            return None
        for line, what in gomod.problems:
            if gomod.module or what != "no module directive":
                self._report(f"{file.name}:{line}", what, "Go refuses this go.mod; requirements may be missing")
        return gomod
