"""Reads packages: those asked for, and those of the same modules that they reach."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence

from goknot.formats.constraint import Constraint
from goknot.formats.goheader import Head, PathNames, parse_head
from goknot.inputs.source.layout import Group, Layout, Module, loose_module, shown
from goknot.inputs.source.package import FileChooser, LoadedPackage, SourceFile, sort_files
from goknot.inputs.source.tree import Listing, Tree
from goknot.model.report import Problem

HEAD_BYTES = 8192
LARGER_HEADS = (1 << 17, 1 << 20, 1 << 24)  # the imports of a real file stand long before
HeaderCache = MutableMapping[str, Head]
_NO_HEAD = Head("", (), Constraint(), "cannot be read", (), True)


class Loader:
    """Reads packages and remembers which import path is which.

    Attributes:
        loaded: The packages, in the order they were met.
        group_of: Package -> the modules it sees, by position in `loaded`.
        n_go_files: .go files met, whether read or not.
    """

    def __init__(self, tree: Tree, layout: Layout, chooser: FileChooser, cache: HeaderCache | None) -> None:
        self.tree = tree
        self.layout = layout
        self.chooser = chooser
        self.cache = cache
        self.loaded: list[LoadedPackage] = []
        self.group_of: list[Group] = []
        self.n_go_files = 0
        self._names = PathNames()
        self._by_address: dict[str, int] = {}
        self._listing_by_folder: dict[str, Listing | None] = {}
        self._missing_told: set[str] = set()

    def load_asked_for(self, group: Group) -> None:
        """Reads the packages of the folders to walk, then what they reach."""
        first = len(self.loaded)
        for folder, module in group.asked_for:
            for address, listing in self._walk(folder, module):
                self._add(address, listing, module, group, asked_for=True)
        self.follow(first, group)

    def load_loose(self) -> Group:
        """Reads the packages that lie in no module."""
        module = loose_module(self.tree, "")
        group = Group([(self.tree.start, module)], {module.prefix: module})
        first = len(self.loaded)
        for address, listing in self._walk(self.tree.start, module, alone=True):
            self._add(address, listing, module, group, asked_for=True)
        return self._judge_loose(group, module, first)

    def follow(self, first: int, group: Group) -> None:
        """Reads the packages reached from those from `first` on."""
        position = first
        while position < len(self.loaded):
            package = self.loaded[position]
            paths = package.own_paths | package.test_paths if package.asked_for else package.own_paths
            if group.vendor_prefix:  # go list prints std's vendored packages by their full path, wherever imported
                paths = package.own_paths | package.test_paths | package.xtest_paths
            for path in sorted(paths.difference(group.package_by_path)):
                self.resolve(path, group)
            position += 1

    def resolve(self, import_path: str, group: Group) -> int:
        """The package an import path means to a group's packages; -1 if it lies outside. Reads it if need be."""
        found = group.package_by_path.get(import_path)
        if found is None:
            found = group.package_by_path[import_path] = self._find(import_path, group)
        return found

    def listed_path(self, import_path: str, group: Group) -> str:
        """An import path as go list prints it: std's own vendored packages go by their full path."""
        found = group.package_by_path.get(import_path, -1)
        return self.loaded[found].import_path if found >= 0 else import_path

    def _find(self, import_path: str, group: Group) -> int:
        if import_path == "C" or import_path.startswith(("./", "../")) or import_path in (".", ".."):
            return -1
        for candidate in (import_path, f"{group.vendor_prefix}/{import_path}"):
            for module, address in group.candidates(candidate):
                listing = self._listing(address)
                if listing is None or not any(_is_go(name) for name in listing.files):
                    continue
                if address != module.folder and self._is_cut_off(address, module):
                    continue
                if address not in self._by_address:
                    return self._add(address, listing, module, group, asked_for=False)
                return self._by_address[address]
            if not group.vendor_prefix:
                break
        missing = group.missing_for(import_path)
        if missing and missing not in self._missing_told:
            self._missing_told.add(missing)
            self.layout.problem(missing, group.missing[missing], "imports of its packages, and theirs, are not seen")
        return -1

    def _is_cut_off(self, address: str, module: Module) -> bool:
        """Whether another module's go.mod stands between a module's root and a folder (import.go dirInModule)."""
        while len(address) > len(module.folder):
            listing = self._listing(address)
            if listing is not None and "go.mod" in listing.files:
                return True
            address = address.rpartition("/")[0]
        return False

    def _listing(self, folder: str) -> Listing | None:
        if folder not in self._listing_by_folder:
            try:
                self._listing_by_folder[folder] = self.tree.listing(folder)
            except OSError:
                self._listing_by_folder[folder] = None
        return self._listing_by_folder[folder]

    def _walk(self, top: str, module: Module, *, alone: bool = False) -> Iterator[tuple[str, Listing]]:
        """The folders `./...` matches from `top` on (search.go MatchDirs), with what they hold."""
        ignores = bool(module.ignores) and not module.ignores_folder(top)
        stack = [top]
        while stack:
            folder = stack.pop()
            try:
                listing = self.tree.listing(folder)
            except OSError as error:
                where = shown(self.tree.start, folder)
                self.layout.problem(where, error.strerror or str(error), "packages in and below it are not seen")
                continue
            if "go.mod" in listing.files and (folder != top or alone):
                continue
            if folder == top or not folder.endswith("/vendor"):  # `...` does not go below a folder vendor
                for name in reversed(listing.folders):
                    below = f"{folder}/{name}"
                    if name[0] not in "._" and name != "testdata" and not (ignores and module.ignores_folder(below)):
                        stack.append(below)
            yield folder, listing

    def _add(self, address: str, listing: Listing, module: Module, group: Group, *, asked_for: bool) -> int:
        """Reads one package; -1 if the configuration leaves nothing of it."""
        known = self._by_address.get(address)
        if known is not None:
            return known
        import_path = module.import_path(address)
        files = [name for name in listing.files if _is_go(name)]
        for name, what in listing.odd:
            if _is_go(name) or not name.endswith(".go"):
                self._problem(address, name, what, "its imports are not seen")
        odd = [name for name, _ in listing.odd if _is_go(name)]
        self.n_go_files += len(files) + len(odd)
        loaded = LoadedPackage(address, import_path, module, asked_for, invalid=odd)
        if files:
            taken = [name for name in files if self.chooser.takes_name(name)]
            ignored = set(files).difference(taken) if len(taken) < len(files) else ()
            sort_files(loaded, self._heads(address, taken), ignored, self.chooser)
        if not loaded.is_there or (import_path == "builtin" and module.path == "std"):
            self._by_address[address] = -1
            return -1
        if loaded.other_names:
            names = ", ".join([loaded.name, *loaded.other_names])
            where = shown(self.tree.start, address)
            self.layout.problems.append(
                Problem(
                    where, f"several packages in one folder: {names}", "go refuses it; imports of all of them count"
                )
            )
        found = self._by_address[address] = len(self.loaded)
        self.loaded.append(loaded)
        self.group_of.append(group)
        group.package_by_path.setdefault(import_path, found)
        return found

    def _heads(self, folder: str, names: Sequence[str]) -> Iterator[SourceFile]:
        """Each file with its head, in order."""
        cache = self.cache if self.cache is not None else {}
        stamps = (self.tree.stamps(folder, names) if self.cache is not None else ()) or [""] * len(names)
        fresh = [stamp not in cache for stamp in stamps]
        parsed = self._parse(folder, [name for name, is_fresh in zip(names, fresh, strict=True) if is_fresh])
        for name, stamp, is_fresh in zip(names, stamps, fresh, strict=True):
            head = next(parsed) if is_fresh else cache[stamp]
            if is_fresh and stamp and not head.unusable:
                cache[stamp] = head
            if head.problem:
                effect = "go refuses this file; imports behind that place are not seen"
                self._problem(folder, name, head.problem, effect if head.read_paths else "its imports are not seen")
            yield name, head

    def _parse(self, folder: str, names: Sequence[str]) -> Iterator[Head]:
        known = self._names
        for name, data in zip(names, self.tree.heads(folder, names, HEAD_BYTES), strict=True):
            if isinstance(data, OSError):
                yield _NO_HEAD._replace(problem=data.strerror or str(data))
                continue
            head = parse_head(data, complete=len(data) < HEAD_BYTES, names=known)
            yield head if head is not None else self._parse_large(f"{folder}/{name}")

    def _parse_large(self, path: str) -> Head:
        for n_bytes in LARGER_HEADS:
            try:
                data = self.tree.read(path, n_bytes)
            except OSError as error:
                return _NO_HEAD._replace(problem=error.strerror or str(error))
            head = parse_head(data, complete=len(data) < n_bytes, names=self._names)
            if head is not None:
                return head
        return _NO_HEAD._replace(problem=f"its imports do not end within {LARGER_HEADS[-1] >> 20} MiB")

    def _problem(self, folder: str, name: str, what: str, effect: str) -> None:
        self.layout.problem(shown(self.tree.start, f"{folder}/{name}"), what, effect)

    def _judge_loose(self, group: Group, module: Module, first: int) -> Group:
        """Says what could not be resolved where no go.mod names the module; guesses its path from the imports."""
        packages = self.loaded[first:]
        if not packages:
            return group
        where = shown(self.tree.start, module.folder) if module.folder != self.tree.start else "."
        if module.folder != self.tree.start or module.folder.endswith("/src"):
            what = "no go.mod here or above; import paths taken to begin below the folder src"
            self.layout.problems.append(Problem(where, what, "imports of other modules are not followed"))
            self.follow(first, group)
            return group
        prefix, n_seen = _common_prefix(packages, module)
        self.layout.problem(
            where,
            f"no go.mod here or above; {n_seen} imports say that import paths begin with {prefix}"
            if prefix
            else "no go.mod here or above, so import paths of these packages are not known",
            "imports under any other path are not seen",
        )
        if prefix:
            renamed = loose_module(self.tree, prefix)
            group.module_by_prefix = {prefix: renamed}
            group.package_by_path = {}
            for position, package in enumerate(packages, first):
                package.module, package.import_path = renamed, renamed.import_path(package.address)
                group.package_by_path[package.import_path] = position
        self.follow(first, group)
        return group


def _common_prefix(packages: Sequence[LoadedPackage], module: Module) -> tuple[str, int]:
    """The beginning of import paths under which most imports name a folder that is there, and how many do."""
    below = {package.address[len(module.folder) :] for package in packages} - {""}
    counts: dict[str, int] = {}
    for package in packages:
        for _, head in (*package.own, *package.tests, *package.xtests):
            for path in head.read_paths:
                for folder in _endings(path):
                    if folder in below and "." in path.partition("/")[0]:
                        prefix = path[: -len(folder)]
                        counts[prefix] = counts.get(prefix, 0) + 1
    best = min(counts, key=lambda prefix: (-counts[prefix], len(prefix), prefix), default="")
    return best, counts.get(best, 0)


def _endings(path: str) -> Iterator[str]:
    position = path.find("/")
    while position >= 0:
        yield path[position:]
        position = path.find("/", position + 1)


def _is_go(name: str) -> bool:
    return name.endswith(".go") and name[0] not in "._"
