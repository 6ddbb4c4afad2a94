"""Which modules a tree holds, which of them are asked for, and which see each other.

Sources: cmd/go/internal/modload (init.go: go.work, main modules, when vendor/ is used; import.go: which module an
import path belongs to), cmd/go/internal/search/search.go (ignore directives).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from goknot.errors import InputError
from goknot.formats.gomod import GoMod, Replace, parse_gomod, parse_gowork
from goknot.inputs.source.options import SourceOptions
from goknot.inputs.source.tree import Tree
from goknot.model.report import Problem

MAX_MODULE_FILE = 16 << 20


@dataclass(frozen=True, slots=True)
class Module:
    """A module whose source is in the tree.

    Attributes:
        path: Module path; empty if there is no (readable) go.mod.
        folder: Where it lies in the tree.
        prefix: What its import paths begin with: its path, that of the module it replaces, or nothing.
        go: Its go directive.
        ignores: Folders of its ignore directives.
        declared: Whether a go.mod says that it is one.
    """

    path: str
    folder: str
    prefix: str
    go: str = ""
    ignores: tuple[str, ...] = ()
    declared: bool = True

    def import_path(self, folder: str) -> str:
        """The import path of one of its folders."""
        below = folder[len(self.folder) + 1 :]
        return f"{self.prefix}/{below}" if self.prefix and below else self.prefix or below or "."

    def ignores_folder(self, folder: str) -> bool:
        """Whether an ignore directive names the folder or one around it (search.go ShouldIgnore)."""
        below = folder[len(self.folder) :] + "/"
        for pattern in self.ignores:
            wanted = "/" + pattern.removeprefix("./").strip("/") + "/"
            if below.startswith(wanted) if pattern.startswith("./") else wanted in below:
                return True
        return False


@dataclass(slots=True)
class Group:
    """Modules that see each other.

    Attributes:
        asked_for: Folders to walk, with the module each belongs to.
        module_by_prefix: Beginning of import paths -> module.
        vendor_prefix: Std and cmd only: what the import paths of their vendored packages begin with.
        missing: Beginning of import paths -> why the module that should hold them is not there.
        package_by_path: Import path -> package as the loader numbers them, -1 if it lies outside; grows.
    """

    asked_for: list[tuple[str, Module]] = field(default_factory=list)
    module_by_prefix: dict[str, Module] = field(default_factory=dict)
    vendor_prefix: str = ""
    missing: dict[str, str] = field(default_factory=dict)
    package_by_path: dict[str, int] = field(default_factory=dict)

    def candidates(self, import_path: str) -> Iterator[tuple[Module, str]]:
        """Modules that may hold a package, and where it would lie there; nearest first."""
        prefix = import_path
        while prefix:
            module = self.module_by_prefix.get(prefix)
            if module is not None:
                yield module, module.folder + import_path[len(prefix) :]
            prefix = prefix.rpartition("/")[0]
        module = self.module_by_prefix.get("")
        if module is not None:
            yield module, f"{module.folder}/{import_path}"

    def missing_for(self, import_path: str) -> str:
        """The beginning of an import path whose module is missing; empty if none is."""
        while import_path and import_path not in self.missing:
            import_path = import_path.rpartition("/")[0]
        return import_path


@dataclass(slots=True)
class Layout:
    """The modules of a tree.

    Attributes:
        base: The folder that keys are relative to: of the go.work, of the go.mod, or the one asked for.
        newest_go: The newest Go minor version that a go.mod or go.work asks for; 0 if none.
    """

    base: str
    groups: list[Group] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    complete: bool = True
    newest_go: int = 0

    def problem(self, where: str, what: str, effect: str) -> None:
        """Lists something that may hide an import."""
        self.problems.append(Problem(where, what, effect))
        self.complete = False


def find_layout(tree: Tree, options: SourceOptions) -> Layout:
    """Reads the go.work and go.mod files around (and, without one, below) the folder asked for."""
    return _Finder(tree, options).find()


class _Finder:
    def __init__(self, tree: Tree, options: SourceOptions) -> None:
        self.tree = tree
        self.options = options
        self.layout = Layout(tree.start)

    def find(self) -> Layout:
        start = self.tree.start
        own = next((f for f in _upward(start) if self.tree.is_file(f"{f}/go.mod")), None)
        work = self._work_file()
        if work is not None and self._use_workspace(work, own):
            return self.layout
        if own is not None:
            self.layout.base = own
            module, parsed = self._module(own)
            self.layout.groups.append(self._group(start, module, parsed))
            return self.layout
        for folder in self._module_folders():
            module, parsed = self._module(folder)
            self.layout.groups.append(self._group(folder, module, parsed))
        return self.layout

    def _work_file(self) -> str | None:
        """init.go FindGoWork."""
        if self.options.work == "off":
            return None
        if self.options.work not in ("", "auto"):
            path = self.tree.locate(self.options.work)
            if path is not None and self.tree.is_file(path):
                return path
            self.layout.problem(
                "GOWORK", f"no file {self.options.work}", "the other modules of the workspace are not seen"
            )
            return None
        return next((f"{f}/go.work" for f in _upward(self.tree.start) if self.tree.is_file(f"{f}/go.work")), None)

    def _use_workspace(self, work: str, own: str | None) -> bool:
        """Takes the modules of a go.work; False if it has nothing to do with the folder asked for."""
        tree, layout, start = self.tree, self.layout, self.tree.start
        base = posixpath.dirname(work)
        where = shown(start, work)
        try:
            parsed = parse_gowork(tree.read(work, MAX_MODULE_FILE + 1), where)
        except (OSError, InputError) as error:
            layout.problem(where, _words(error), "the workspace's modules do not see each other")
            return False
        folders = {use: self._inside(base, use) for use in parsed.uses}
        if own is not None and own not in folders.values():
            layout.problems.append(
                Problem(
                    where, f"does not use {shown(start, own)}", "that module is looked at alone; go refuses it here"
                )
            )
            return False
        for line, what in parsed.problems:
            layout.problem(f"{where}:{line}", what, "a module of the workspace may be missing")
        group = Group()
        found: list[tuple[Module, GoMod]] = []
        for use, folder in folders.items():
            if folder is None or not tree.is_file(f"{folder}/go.mod"):
                layout.problem(where, f"use {use}: no go.mod there", "that module's packages are not seen")
                continue
            found.append(self._module(folder))
        layout.base = base
        self._count_go(parsed.go, parsed.toolchain)
        for module, _ in found:
            group.module_by_prefix.setdefault(module.prefix, module)
            if module.folder == own:
                group.asked_for.append((start, module))
            elif _lies_in(module.folder, start):
                group.asked_for.append((module.folder, module))
        if not group.asked_for:
            return False
        if not self._uses_vendor(base, parsed.go, is_workspace=True):
            requires = {(r.path, r.version) for _, mod in found for r in mod.requires}
            overridden = {replace.old_path for replace in parsed.replaces}
            self._add_replaced(group, base, parsed.replaces, requires)
            for module, mod in found:
                rest = tuple(r for r in mod.replaces if r.old_path not in overridden)
                self._add_replaced(group, module.folder, rest, requires)
        layout.groups.append(group)
        return True

    def _group(self, walk_from: str, module: Module, parsed: GoMod) -> Group:
        group = Group([(walk_from, module)], {module.prefix: module})
        if module.path in ("std", "cmd"):
            group.vendor_prefix = "vendor" if module.path == "std" else "cmd/vendor"
        elif not self._uses_vendor(module.folder, parsed.go, is_workspace=False):
            requires = {(r.path, r.version) for r in parsed.requires}
            self._add_replaced(group, module.folder, parsed.replaces, requires)
        return group

    def _add_replaced(
        self, group: Group, base: str, replaces: tuple[Replace, ...], requires: set[tuple[str, str]]
    ) -> None:
        for replace in replaces:
            if replace.new_version or replace.old_path in group.module_by_prefix:
                continue
            if replace.old_version and (replace.old_path, replace.old_version) not in requires:
                continue
            folder = self._inside(base, replace.new_path)
            if folder is not None and self.tree.is_file(f"{folder}/go.mod"):
                module, _ = self._module(folder)
                group.module_by_prefix[replace.old_path] = Module(
                    module.path, folder, replace.old_path, module.go, module.ignores
                )
            else:
                group.missing[replace.old_path] = f"replaced by {replace.new_path}, where there is no go.mod"

    def _inside(self, base: str, path: str) -> str | None:
        path = path.replace("\\", "/")
        if posixpath.isabs(path) or re.match(r"[A-Za-z]:/", path):
            return self.tree.locate(path)
        joined = posixpath.normpath(f"{base}/{path}")
        return None if joined.startswith("/..") else joined.rstrip("/")

    def _module(self, folder: str) -> tuple[Module, GoMod]:
        where = shown(self.tree.start, f"{folder}/go.mod")
        try:
            parsed = parse_gomod(self.tree.read(f"{folder}/go.mod", MAX_MODULE_FILE + 1), where)
        except (OSError, InputError) as error:
            self.layout.problem(where, _words(error), "imports of its own packages cannot be told from others")
            parsed = GoMod()
        for line, what in parsed.problems:
            self.layout.problem(f"{where}:{line}", what, "Go refuses this go.mod; imports may be missing")
        self._count_go(parsed.go, parsed.toolchain)
        prefix = "" if parsed.module == "std" else parsed.module
        return Module(parsed.module, folder, prefix, parsed.go, parsed.ignores), parsed

    def _count_go(self, *versions: str) -> None:
        for version in versions:
            match = re.match(r"(?:go)?1\.(\d{1,3})", version)
            self.layout.newest_go = max(self.layout.newest_go, int(match[1]) if match else 0)

    def _uses_vendor(self, base: str, go: str, *, is_workspace: bool) -> bool:
        """init.go setDefaultBuildMod."""
        if self.options.mod:
            return self.options.mod == "vendor"
        version = re.match(r"(\d+)\.(\d+)", go)
        if not version or (int(version[1]), int(version[2])) < (1, 14):
            return False
        try:
            self.tree.listing(f"{base}/vendor")
        except OSError:
            return False
        try:
            head = self.tree.read(f"{base}/vendor/modules.txt", 512)
        except OSError:
            return not is_workspace
        return (b"workspace" in head.partition(b"\n")[0]) == is_workspace

    def _module_folders(self) -> Iterator[str]:
        """Folders with a go.mod below the one asked for, in order; nested ones, too: no module is above them."""
        stack = [self.tree.start]
        while stack:
            folder = stack.pop()
            try:
                listing = self.tree.listing(folder)
            except OSError:
                continue  # the walk over packages meets it again and lists the problem
            if "go.mod" in listing.files:
                yield folder
            stack.extend(f"{folder}/{name}" for name in reversed(listing.folders) if is_walked(name))


def loose_module(tree: Tree, guessed_prefix: str) -> Module:
    """What holds the packages that lie in no module: a GOPATH if a folder `src` is above, else a guess."""
    for folder in _upward(tree.start):
        if posixpath.basename(folder) == "src":
            return Module("", folder, "", declared=False)
    return Module("", tree.start, guessed_prefix, declared=False)


def is_walked(name: str) -> bool:
    """Whether `./...` goes into folders of this name."""
    return name[0] not in "._" and name not in {"testdata", "vendor"}


def shown(start: str, path: str) -> str:
    """A path of the tree relative to the folder asked for, fit to print."""
    inside = path.startswith(f"{start}/")
    relative = path[len(start) + 1 :] if inside else posixpath.relpath(path or "/", start or "/")
    return relative if relative.isascii() else relative.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _upward(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _lies_in(folder: str, other: str) -> bool:
    return folder == other or folder.startswith(f"{other}/")


def _words(error: OSError | InputError) -> str:
    return error.what if isinstance(error, InputError) else error.strerror or str(error)
