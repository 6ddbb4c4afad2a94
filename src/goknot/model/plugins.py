"""Plugins and their host as files, and what opening them comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Wanted:
    """A symbol that the loader binds for a file.

    Attributes:
        name: Its name.
        version: The version asked for; empty if none.
        here: Whether the file defines it, too.
        weak: Whether it may stay undefined.
        function: Whether it is a function.
        writable: Whether its own definition is a variable: it lies in memory that can be written to.
    """

    name: bytes
    version: str
    here: bool
    weak: bool
    function: bool
    writable: bool


class Image(Protocol):
    """An ELF file as the loader maps it; addresses are those it was linked for."""

    @property
    def path(self) -> str:
        """As it is opened."""

    @property
    def fixed(self) -> bool:
        """Whether it must lie at the addresses it was linked for."""

    @property
    def defined(self) -> Mapping[bytes, int]:
        """Names that others can bind to -> address."""

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """What the loader binds, in its order."""

    @property
    def binds_to_itself(self) -> bool:
        """Linked with -Bsymbolic."""

    @property
    def entries(self) -> tuple[tuple[int, int], ...]:
        """(address of a moduledata, offset of `next` that its code writes at): what its constructors enter."""

    def word(self, addr: int) -> tuple[int, bytes, bool]:
        """(number or addend, symbol's name or b"", whether the number is an address in this file).

        Raises:
            InputError: Nothing is mapped there.
        """

    def bytes_at(self, addr: int, n_bytes: int) -> bytes:
        """What lies there before relocation.

        Raises:
            InputError: Nothing is mapped there.
        """


@dataclass(frozen=True, slots=True)
class BuildFacts:
    """What a Go binary says about its build.

    Attributes:
        go: e.g. `go1.26.6`; empty if it does not say.
        package: Import path of the main package.
        main: Path of the main module.
        modules: Path -> (version, sum, replacement), each empty if absent.
        settings: Build settings by name, e.g. `-trimpath`, `GOARCH`.
    """

    go: str = ""
    package: str = ""
    main: str = ""
    modules: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Library:
    """A file that the loader maps: a plugin, or a library that one needs.

    Attributes:
        file: What identifies the file on its device, so that links to it are the same.
        image: None where the loader refuses the file.
        needs: Names in DT_NEEDED -> index of the library found, or -1; in order.
        refused: The loader's words if it does not take the file, without the path before them.
        versions_missing: Words about versions of interfaces that are not there.
        soname: Its DT_SONAME.
    """

    path: str
    file: str
    image: Image | None
    needs: tuple[tuple[str, int], ...] = ()
    refused: str = ""
    versions_missing: str = ""
    soname: str = ""


@dataclass(frozen=True, slots=True)
class PluginFile:
    """A plugin as the user named it.

    Attributes:
        name: The text given to plugin.Open.
        real: What realpath(3) makes of it for the host; empty if it fails.
        library: Index of the library, -1 if there is no file.
        truncated: Whether the file ends before what its headers map: touching that is SIGBUS.
        problem: Why goknot could not read it although the loader may take it; empty if it could.
        opened_as: The text that the host gives to plugin.Open: another one where it runs below a root.
        looks_like: What the file is in place of an ELF file, in words; empty if that is not known.
    """

    name: str
    real: str
    library: int
    build: BuildFacts
    truncated: bool = False
    problem: str = ""
    looks_like: str = ""
    opened_as: str = ""


@dataclass(frozen=True, slots=True)
class ModuledataLayout:
    """Offsets in the host's `runtime.moduledata`, and of the runtime's type flags (layouts/tables)."""

    off_by_field: Mapping[str, int]
    kind_off: int


@dataclass(frozen=True, slots=True)
class HostFile:
    """The program that opens plugins.

    Attributes:
        library: Index of its image among the libraries.
        opener: `plugin` if it can open plugins, `stub` if built without cgo, `none` if it does not import plugin.
        partial: Whether only a lock file stands for it: what its libraries define is not known.
    """

    path: str
    library: int
    build: BuildFacts
    layout: ModuledataLayout
    opener: str = "plugin"
    partial: bool = False


@dataclass(frozen=True, slots=True)
class PluginSet:
    """A host and the plugins it is to open, in that order."""

    host: HostFile
    plugins: tuple[PluginFile, ...]
    libraries: tuple[Library, ...]


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something Go does not warn of.

    Attributes:
        kind: `lost-root`, `poisoned`, `c-symbol`, `go-patch`, `not-reached`, `missing-export`, `not-initialised`.
        text: One sentence.
        names: Symbols it is about, sorted.
    """

    kind: str
    text: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PluginOutcome:
    """What plugin.Open does with one plugin.

    Attributes:
        outcome: `opens`, `error`, `fatal`, `crash`, `hang` or `unknown`.
        text: What Go prints: the error's text, or the runtime's last words.
        package: The package that Go names.
        packages: All packages whose hashes differ, in Go's order.
        poisoned_by: The failed plugin whose copy of `package` is the one compared with.
        in_the_way: The file whose module keeps this one out: it has the same plugin path, or brought this file in.
        why: What differs, from the build information of both sides.
        fix: The command or change of go.mod that mends it.
    """

    path: str
    outcome: str
    text: str = ""
    package: str = ""
    packages: tuple[str, ...] = ()
    poisoned_by: str = ""
    in_the_way: str = ""
    hazards: tuple[Hazard, ...] = ()
    why: str = ""
    fix: str = ""
