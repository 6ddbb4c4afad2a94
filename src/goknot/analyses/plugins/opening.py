"""plugin.Open, step by step, on files that nobody loads.

Source: plugin/plugin_dlopen.go (`open`) and runtime/plugin.go (`plugin_lastmoduleinit`) of Go 1.21 to 1.27.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from goknot.analyses.plugins.loading import load, map_host
from goknot.analyses.plugins.process import Fault, Process
from goknot.model.plugins import Hazard, PluginFile, PluginOutcome, PluginSet

_FIRST_MODULE = b"runtime.firstmoduledata"
_HASH_BYTES = 40  # modulehash: modulename, linktimehash, runtimehash (runtime/symtab.go)
_MAX_MODULES, _MAX_HASHES, _MAX_EXPORTS = 4096, 1 << 16, 1 << 16
_NIL = "panic: runtime error: invalid memory address or nil pointer dereference"
_NO_MODULE = "fatal error: runtime: no plugin module data"
_LOADED = "plugin already loaded"
_ASAN = b"__asan_init"  # libasan's; its constructor ends a program that did not start with it (asan_rtl.cpp)
_ASAN_SAYS = (
    "ASan runtime does not come first in initial library list; you should either link runtime to your application or "
    "manually preload it with LD_PRELOAD."
)


@dataclass
class Opening:
    """A host that opens plugins, one after the other.

    Attributes:
        by_path: Real path -> error text of the earlier open, `` if it opened, None if it never finished.
        active: Addresses of the modules in use.
        brought_by: Library -> the plugin that lists it under DT_NEEDED and so had it mapped.
    """

    process: Process
    by_path: dict[str, str | None] = field(default_factory=dict)
    active: list[int] = field(default_factory=list)
    brought_by: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, files: PluginSet) -> Opening:
        """The host as main starts."""
        opening = cls(Process(files.libraries, files.host))
        map_host(opening.process)
        opening.active = [addr for addr in opening.modules() if not opening.is_bad(addr)]
        return opening

    def copied(self) -> Opening:
        """The same state, to go on without this one."""
        return Opening(self.process.copied(), dict(self.by_path), list(self.active), dict(self.brought_by))

    def open(self, plugin: PluginFile) -> PluginOutcome:
        """What plugin.Open does with a plugin."""
        if self.process.host.opener == "stub":
            return PluginOutcome(plugin.name, "error", "plugin: not implemented")
        said = f'plugin.Open("{plugin.opened_as}"): '
        if not plugin.real:
            return PluginOutcome(plugin.name, "error", said + "realpath failed")
        if plugin.real in self.by_path:
            return self._again(plugin, said)
        return self._first(plugin, said)

    def _again(self, plugin: PluginFile, said: str) -> PluginOutcome:
        before = self.by_path[plugin.real]
        if before is None:  # it waits for `loaded`, which nobody closes
            return PluginOutcome(plugin.name, "hang", "")
        text = f"{said}{before} (previous failure)" if before else ""
        return PluginOutcome(plugin.name, "error" if before else "opens", text)

    def _first(self, plugin: PluginFile, said: str) -> PluginOutcome:
        if plugin.truncated and plugin.library not in self.process.mapped:
            return PluginOutcome(plugin.name, "crash", "SIGBUS: bus error")
        before = set(self.process.mapped)
        message = load(self.process, plugin.library)
        if message:
            return PluginOutcome(plugin.name, "error", said + message)
        fresh = self.process.mapped - before
        if any(_ASAN in self.process.image(library).defined for library in fresh):
            return PluginOutcome(plugin.name, "fatal", _ASAN_SAYS)
        for library in fresh - {plugin.library}:
            self.brought_by[library] = plugin.name
        try:
            return self._last_module(plugin)
        except Fault as fault:
            return PluginOutcome(plugin.name, "crash", _NIL if fault.nil else "fatal error: fault")

    def modules(self) -> list[int]:
        """The modules in the runtime's list, the host's first; as the host's own layout reads the list."""
        first = self.process.image(self.process.host.library).defined.get(_FIRST_MODULE)
        at = self.process.base(self.process.host.library) + first if first is not None else 0
        found: list[int] = []
        while at and at not in found and len(found) < _MAX_MODULES:
            found.append(at)
            at = self.process.word(at + self._off("next"))
        return found

    def is_bad(self, moduledata: int) -> bool:
        """moduledata.bad, a byte."""
        addr = moduledata + self._off("bad")
        if addr in self.process.written:
            return bool(self.process.written[addr])
        return self.process.text(addr, 1) != b"\0"

    def _off(self, name: str) -> int:
        return self.process.host.layout.off_by_field[name]

    def _word(self, moduledata: int, name: str) -> int:
        return self.process.word(moduledata + self._off(name))

    def _last_module(self, plugin: PluginFile) -> PluginOutcome:
        """runtime.plugin_lastmoduleinit and what plugin.open does behind it."""
        modules = self.modules()
        if len(modules) < 2 or self.is_bad(modules[-1]):
            return PluginOutcome(plugin.name, "fatal", _NO_MODULE)
        last = modules[-1]
        if not self._word(last, "pluginpath+8"):
            return PluginOutcome(plugin.name, "fatal", "fatal error: runtime: plugin has empty pluginpath")
        if self._word(last, "typemap"):
            brought_by = self.brought_by.get(plugin.library, "")
            return replace(self._fails(plugin, 0, _LOADED), in_the_way=brought_by)
        for other in self.active:
            if self._is_same_path(other, last):
                owner = self.process.libraries[self.process.owner(other)]
                return replace(self._fails(plugin, last, _LOADED), in_the_way=owner.path)
        differing = self._differing(last)
        if differing:
            names = [name.decode("utf-8", "backslashreplace") for name, _ in differing]
            outcome = self._fails(plugin, last, f"plugin was built with a different version of package {names[0]}")
            source = differing[0][1]
            poisoned_by = self.process.libraries[source].path if source in self.process.failed else ""
            self.process.failed.add(self.process.owner(last))
            return PluginOutcome(
                outcome.path, outcome.outcome, outcome.text, names[0], tuple(names), poisoned_by=poisoned_by
            )
        return self._activate(plugin, modules, last)

    def _fails(self, plugin: PluginFile, bad: int, error: str) -> PluginOutcome:
        if bad:
            self.process.written[bad + self._off("bad")] = 1
            self.process.failed.add(self.process.owner(bad))
        self.by_path[plugin.real] = error
        return PluginOutcome(plugin.name, "error", f'plugin.Open("{_without_so(plugin.opened_as)}"): {error}')

    def _is_same_path(self, one: int, other: int) -> bool:
        at = self._off("pluginpath")
        if self.process.word(one + at + 8) != self.process.word(other + at + 8):
            return False
        return self.process.string(one + at) == self.process.string(other + at)

    def _differing(self, moduledata: int) -> list[tuple[bytes, int]]:
        """(package, library whose hash it was compared with) where hashes differ, in Go's order."""
        start, n = self._word(moduledata, "pkghashes"), self._word(moduledata, "pkghashes+8")
        found: list[tuple[bytes, int]] = []
        for index in range(min(n, _MAX_HASHES)):
            entry = start + index * _HASH_BYTES
            header = self.process.word(entry + 32)
            if self.process.string(entry + 16) != self.process.string(header):
                found.append((self.process.string(entry), self.process.owner(header)))
        return found

    def _activate(self, plugin: PluginFile, modules: list[int], last: int) -> PluginOutcome:
        """modulesinit and typelinksinit, then dlsym of every exported name."""
        known = {*self.active, last}
        self.active = [addr for addr in modules if not self.is_bad(addr)]
        left_out = [self.process.libraries[self.process.owner(addr)].path for addr in self.active if addr not in known]
        for addr in self.active[1:]:
            self.process.written[addr + self._off("typemap")] = 1
        missing = self._missing_exports(plugin, last)
        if missing:
            self.by_path[plugin.real] = None
            return PluginOutcome(plugin.name, "error", f'plugin.Open("{_without_so(plugin.opened_as)}"): {missing}')
        self.by_path[plugin.real] = ""
        return PluginOutcome(plugin.name, "opens", hazards=tuple(map(_not_initialised, sorted(left_out))))

    def _missing_exports(self, plugin: PluginFile, moduledata: int) -> str:
        path = self.process.string(moduledata + self._off("pluginpath"))
        scope = [self.process.image(index).defined for index in self.process.with_needs(plugin.library)]
        for name in self._exports(moduledata):
            full = path + b"." + name
            if not any(full in defined for defined in scope):
                short, whole = name.decode("utf-8", "replace"), full.decode("utf-8", "replace")
                return f"could not find symbol {short}: {plugin.real}: undefined symbol: {whole}"
        return ""

    def exports(self, plugin: PluginFile) -> tuple[str, ...]:
        """Names that Lookup finds in a plugin that is mapped, sorted."""
        entries = self.process.image(plugin.library).entries
        try:
            names = [n for addr, _ in entries for n in self._exports(self.process.base(plugin.library) + addr)]
        except Fault:
            return ()
        return tuple(sorted(name.decode("utf-8", "replace") for name in names))

    def _exports(self, moduledata: int) -> list[bytes]:
        """moduledata.ptab: offsets of names and types (runtime/plugin.go, `ptabEntry`; internal/abi, `Name`)."""
        start, n = self._word(moduledata, "ptab"), self._word(moduledata, "ptab+8")
        types = self._word(moduledata, "types")
        found = []
        for index in range(min(n, _MAX_EXPORTS)):
            name_off = int.from_bytes(self.process.text(start + 8 * index, 4), "little")
            at, n_bytes, shift = types + name_off + 1, 0, 0
            while shift < 35:
                byte = self.process.text(at, 1)[0]
                at, n_bytes, shift = at + 1, n_bytes | (byte & 0x7F) << shift, shift + 7
                if byte < 0x80:
                    break
            found.append(self.process.text(at, n_bytes))
        return sorted(found)


def _not_initialised(path: str) -> Hazard:
    text = (
        f"the plugin {path} is mapped with this one, which is linked against it (DT_NEEDED): its variables are in use, "
        "but its initialisers never run, and it cannot be opened any more"
    )
    return Hazard("not-initialised", text)


def _without_so(name: str) -> str:
    return name[:-3] if len(name) > 3 and name.endswith(".so") else name
