"""Reads a host and its plugins, with the libraries they need, from files alone."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from goknot.errors import InputError
from goknot.formats.elf import ET_EXEC, ElfFile, map_file
from goknot.formats.elfdynamic import DT_SONAME, STB_WEAK, STT_TLS, DynamicFile
from goknot.formats.elfrefused import is_passed_over, loader_refuses
from goknot.formats.elfsymbols import STT_FUNC
from goknot.formats.elfversions import SymbolVersions
from goknot.formats.goplugin import module_entries
from goknot.inputs.plugins_build import build_facts, facts_if_any, looks_like
from goknot.inputs.plugins_libraries import Search
from goknot.layouts import layout
from goknot.model.plugins import (
    BuildFacts,
    HostFile,
    Library,
    ModuledataLayout,
    PluginFile,
    PluginSet,
    Wanted,
)

_FIELDS = (
    "next", "bad", "typemap", "pluginpath", "pkghashes", "ptab", "types"
)  # fmt: skip
_OPENS = b"plugin was built with a different version of package "
_STUB = b"plugin: not implemented"


class FileImage:
    """`Image` of an ELF file (model/plugins.py)."""

    def __init__(self, elf: ElfFile) -> None:
        self.elf = elf
        self.file = DynamicFile(elf)
        self.versions = SymbolVersions(self.file)
        self.path = elf.path
        self.fixed = elf.kind == ET_EXEC
        self.binds_to_itself = self.file.binds_to_itself

    @property
    def defined(self) -> dict[bytes, int]:
        """Names -> addresses; thread-local ones stand at 0."""
        return self._defined

    @cached_property
    def _defined(self) -> dict[bytes, int]:
        return {**dict.fromkeys(self.file.thread_local, 0), **self.file.defined}

    @cached_property
    def entries(self) -> tuple[tuple[int, int], ...]:
        """Modules that its constructors enter."""
        return tuple((entry.addr, entry.next_off) for entry in module_entries(self.file))

    @cached_property
    def wanted(self) -> tuple[Wanted, ...]:
        """What relocations name, by first use."""
        rows, found = self.file.symbols, []
        writable = [(s.addr, s.addr + s.n_bytes) for s in self.elf.segments if s.flags & 2]
        numbers = self.file.used
        chosen = rows[np.array(numbers, np.int64)]
        for number, name, row in zip(numbers, self.file.names_at(chosen["name"]), chosen.tolist(), strict=True):
            _, info, other, section, addr, _ = row
            if not info >> 4 or other & 3 in (1, 2):
                continue  # local, internal and hidden symbols bind to themselves
            found.append(
                Wanted(
                    name,
                    "" if section else self.versions.of_symbol(number),
                    bool(section),
                    info >> 4 == STB_WEAK,
                    info & 15 == STT_FUNC,
                    bool(section) and info & 15 not in (STT_FUNC, STT_TLS) and any(s <= addr < e for s, e in writable),
                )
            )
        return tuple(found)

    def word(self, addr: int) -> tuple[int, bytes, bool]:
        """As `Image.word`."""
        value, name = self.file.word(addr)
        return value, name, not name and self.file.is_pointer(addr)

    def bytes_at(self, addr: int, n_bytes: int) -> bytes:
        """As `Image.bytes_at`."""
        return self.file.bytes_at(addr, n_bytes)


class Reader:
    """Collects libraries, each file once.

    Args:
        root: Folder that stands for `/`, e.g. a container's file system; empty for this machine's.
        library_path: LD_LIBRARY_PATH of the host, taken apart.
    """

    def __init__(self, root: str = "", library_path: tuple[str, ...] = ()) -> None:
        self.search = Search(root, library_path)
        self.libraries: list[Library] = []
        self._by_file: dict[str, int] = {}
        self._by_soname: dict[str, int] = {}

    def read(self, host: str, plugins: list[str]) -> PluginSet:
        """A host and its plugins.

        Raises:
            InputError: The host cannot be read, or is no Go program for amd64.
        """
        host_file = self.host(host)
        machine = self.elf(host_file.library).machine
        return PluginSet(host_file, tuple(self.plugin(name, machine) for name in plugins), tuple(self.libraries))

    def elf(self, library: int) -> ElfFile:
        """The ELF file of a library that has an image."""
        image = self.libraries[library].image
        assert isinstance(image, FileImage)
        return image.elf

    def host(self, path: str) -> HostFile:
        """Reads the host.

        Raises:
            InputError: It cannot be read, or is no Go program for amd64.
        """
        elf = ElfFile(path)
        if elf.arch != "amd64":
            raise InputError(path, f"is for {elf.arch}", "plugins of amd64 hosts can be checked")
        build = build_facts(elf)
        if not build.go:
            raise InputError(path, "is no Go program: it has no build information", "name the host first")
        library = self._add(elf, os.path.realpath(path), elf.machine)
        data = elf.data.obj
        assert isinstance(data, bytes) or hasattr(data, "find")
        stub, opens = data.find(_STUB) >= 0, data.find(_OPENS) >= 0
        opener = "plugin" if opens else "stub" if stub and build.settings.get("CGO_ENABLED") == "0" else "none"
        return HostFile(path, library, build, moduledata_layout(build.go), opener)

    def plugin(self, name: str, machine: int) -> PluginFile:
        """Reads a plugin; what is wrong with it is said in the result.

        Args:
            name: As it is given to plugin.Open; below the root, as it is called from outside.
            machine: The host's ELF machine.
        """
        opened_as, file = self.search.located(name)
        found = self._located(name, file, machine)
        return replace(found, opened_as=opened_as, real=self.search.inside(file) if file else "")

    def _located(self, name: str, real: str, machine: int) -> PluginFile:
        if not real:
            return PluginFile(name, "", -1, BuildFacts())
        shown = self.search.inside(real)
        if Path(real).is_dir():
            return PluginFile(name, real, self._refuse(shown, "cannot read file data: Is a directory"), BuildFacts())
        if not Path(real).stat().st_size:
            return PluginFile(name, real, self._refuse(shown, "file too short"), BuildFacts())
        try:
            data = map_file(real)
        except InputError as unreadable:
            reason = unreadable.what.rpartition(": cannot be read: ")[2]
            return PluginFile(
                name,
                real,
                self._refuse(shown, f"cannot open shared object file: {reason}"),
                BuildFacts(),
                problem=reason,
            )
        if refused := loader_refuses(data, machine):
            build, library = facts_if_any(real), self._refuse(shown, refused)
            return PluginFile(name, real, library, build, looks_like=looks_like(bytes(data[:8])))
        return self._elf_plugin(name, real, machine)

    def _elf_plugin(self, name: str, real: str, machine: int) -> PluginFile:
        try:
            elf = ElfFile(real)
            if _is_truncated(elf):
                return PluginFile(name, real, self._refuse(self.search.inside(real), ""), BuildFacts(), truncated=True)
            return PluginFile(name, real, self._add(elf, real, machine), build_facts(elf))
        except InputError as damaged:
            problem = damaged.what.removeprefix(f"{real}: ")
            return PluginFile(
                name, real, self._refuse(self.search.inside(real), problem), BuildFacts(), problem=problem
            )

    def _refuse(self, path: str, words: str) -> int:
        self.libraries.append(Library(path, path, None, refused=words))
        return len(self.libraries) - 1

    def _add(self, elf: ElfFile, path: str, machine: int) -> int:
        key = _identity(path)
        if key in self._by_file:
            return self._by_file[key]
        image = FileImage(elf)
        self._check(image)
        index = len(self.libraries)
        soname = image.file.text(DT_SONAME)
        shown = self.search.inside(path)
        self.libraries.append(Library(shown, key, image))
        self._by_file[key] = index
        if soname:
            self._by_soname.setdefault(soname, index)
        refused = ""
        if not image.file.has_dynamic and image.elf.kind != ET_EXEC:
            refused = "object file has no dynamic section"
        elif image.file.is_pie:
            refused = "cannot dynamically load position-independent executable"
        needs = tuple((name, self._need(name, image, machine)) for name in image.file.needed)
        missing = self._versions(image, shown, dict(needs))
        self.libraries[index] = Library(shown, key, image, needs, refused, missing, soname)
        return index

    def _check(self, image: FileImage) -> None:
        """Reads every table once, so that damage shows here."""
        for table in (image.defined, image.wanted, image.entries, image.versions.needed()):
            assert table is not None
        assert image.versions.defined is None or image.versions.defined is not None

    def _need(self, name: str, image: FileImage, machine: int) -> int:
        if name in self._by_soname:
            return self._by_soname[name]
        other_class = False
        for path in self.search.places(name, image.file):
            if not Path(path).stat().st_size:
                return self._refuse(self.search.inside(path), "file too short")
            try:
                data = map_file(path)
            except InputError:
                continue  # the loader passes over what it cannot read, too
            if is_passed_over(data, machine):
                other_class |= data[4] == 1
                continue
            if refused := loader_refuses(data, machine):
                return self._refuse(self.search.inside(path), refused)
            return self._add(ElfFile(path), path, machine)
        return self._refuse(name, "wrong ELF class: ELFCLASS32") if other_class else -1

    def _versions(self, image: FileImage, path: str, needs: dict[str, int]) -> str:
        for wanted in image.versions.needed():
            library = needs.get(wanted.library, -1)
            if library < 0:
                library = self._by_soname.get(wanted.library, -1)
            owner = self.libraries[library].image if library >= 0 else None
            if wanted.weak or not isinstance(owner, FileImage) or owner.versions.defined is None:
                continue
            if wanted.name not in owner.versions.defined:
                return f"{self.search.inside(owner.path)}: version `{wanted.name}' not found (required by {path})"
        return ""


def moduledata_layout(go: str) -> ModuledataLayout:
    """Where the runtime of a release keeps what plugin.Open reads."""
    table, _ = layout.choose(go, "amd64")
    offs: dict[str, int] = {}
    for name in _FIELDS:
        offs[name] = table.off("runtime.moduledata", name)
        offs[f"{name}+8"] = offs[name] + 8
    return ModuledataLayout(offs, table.off("internal/abi.Type", "Kind_"))


def _identity(path: str) -> str:
    at = Path(path).stat()
    return f"{at.st_dev}:{at.st_ino}"


def _is_truncated(elf: ElfFile) -> bool:
    """Whether a page that its segments map lies wholly behind the end of the file."""
    end = -(-len(elf.data) // 4096) * 4096
    return any(s.n_file_bytes and s.file_off + s.n_file_bytes > end for s in elf.segments)
