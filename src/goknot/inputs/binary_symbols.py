"""For each symbol of an ELF file: who gets at it, when its address is put in, and by what."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import translate
from functools import cached_property
from re import compile as pattern
from typing import TYPE_CHECKING

from goknot.formats.elf import c_string
from goknot.formats.elfsymbols import read_functions, read_variables
from goknot.formats.elfversions import SymbolVersions
from goknot.model.binary import SymbolCounts, SymbolFacts, SymbolUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goknot.formats.elfdynamic import DynamicFile
    from goknot.formats.elfsymbols import Symbols
    from goknot.formats.elfuses import SymbolUses
    from goknot.goruntime.functiontable import FunctionTable
    from goknot.model.binary import PluginExport

KINDS = {1: "variable", 2: "function", 6: "thread-local", 10: "indirect function"}
HIDDEN = {1: "internal", 2: "hidden"}
LOCAL, WEAK = 0, 2
MAX_SYMBOLS = 1 << 20


@dataclass(frozen=True, slots=True)
class Inside:
    """What is known of a file beside its symbols.

    Attributes:
        functions: Its Go functions; None if there are none.
        prefixes: What may stand before a Go name that is given without its package: `main.`, the plugin's path.
    """

    kind: str
    functions: FunctionTable | None
    exports: Sequence[PluginExport]
    prefixes: tuple[str, ...]


class BinarySymbols:
    """Looks symbols up.

    Args:
        file: The file.
        uses: Its relocations.
        inside: What else it holds.

    Raises:
        InputError: From here and every method: its tables are damaged.
    """

    def __init__(self, file: DynamicFile, uses: SymbolUses, inside: Inside) -> None:
        self._file, self._uses, self._inside = file, uses, inside
        self._versions = SymbolVersions(file)
        self._rows = file.symbols
        self._exports = {one.symbol: one for one in inside.exports}

    def counts(self) -> SymbolCounts:
        """How many dynamic symbols there are."""
        section, info, other = self._rows["section"], self._rows["info"], self._rows["other"]
        visible = (info >> 4 != LOCAL) & ((other & 3 == 0) | (other & 3 == 3))
        named = self._rows["name"] != 0
        n_exported, n_imported = int((visible & named & (section != 0)).sum()), int((named & (section == 0)).sum())
        return SymbolCounts(n_exported, n_imported, self._uses.counts())

    def named(self, wanted: str) -> list[SymbolFacts]:
        """The symbols of a name or pattern, by name; for a name that is none the one fact that says why."""
        numbers = self._numbers(wanted)
        if numbers:
            found = [self._dynamic(number) for number in numbers]
            return sorted(found, key=lambda one: (one.name, one.addr, one.place))
        return [] if "*" in wanted or "?" in wanted else [self._inner(wanted)]

    def defined_at(self, name: str) -> int:
        """Address of an exported symbol; 0 if there is none."""
        return self._file.defined.get(name.encode("utf-8", "surrogateescape"), 0)

    def _numbers(self, wanted: str) -> list[int]:
        if "*" in wanted or "?" in wanted:
            fits = pattern(translate(wanted.replace("[", "[[]"))).match
            return [n for name, numbers in self._number_by_name.items() if name and fits(name) for n in numbers]
        names = [wanted, *(prefix + wanted for prefix in self._inside.prefixes)]
        return next((self._number_by_name[name] for name in names if name in self._number_by_name), [])

    @cached_property
    def _number_by_name(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, off in enumerate(self._rows["name"].tolist()):
            found.setdefault(self._file.name_at(off).decode("utf-8", "backslashreplace"), []).append(number)
        return found

    def _dynamic(self, number: int) -> SymbolFacts:
        _, info, other, section, addr, _ = self._rows[number].tolist()
        name = self._file.name_at(int(self._rows["name"][number])).decode("utf-8", "backslashreplace")
        uses = tuple(SymbolUse(*use) for use in self._uses.of(number))
        kind = KINDS.get(info & 15, "symbol")
        if not section:
            return self._imported(number, name, kind, info >> 4 == WEAK, uses)
        visible = info >> 4 != LOCAL and other & 3 not in HIDDEN
        export = self._exports.get(name)
        by = tuple(use.relocation for use in uses) or ("the linker",)
        bound = "load" if uses else "link"
        if export is not None:
            bound, by = "lookup", ("ptab", f"dlsym of {name}", *(use.relocation for use in uses))
        why = self._why_exported(visible, HIDDEN.get(other & 3, "local"), uses, export is not None)
        if visible and export is None and (unlisted := self._why_not_looked_up(name)):
            why = f"plugin.Lookup does not find it: {unlisted}; {why}"
        place = "defined" if visible else "local"
        return SymbolFacts(name, kind, place, visible, bound, by, visible, why, addr=addr, uses=uses)

    def _why_exported(self, visible: bool, hidden: str, uses: tuple[SymbolUse, ...], looked_up: bool) -> str:
        if not visible:
            return f"it is {hidden}: the loader gives it to nobody"
        if looked_up:
            return "plugin.Open asks dlsym for it when it opens the plugin; Lookup finds it in the plugin's table"
        if uses and not self._file.binds_to_itself:
            return "other files and dlsym find it; this file's own uses go to the first definition in the process"
        return "other files and dlsym find it; this file's own uses are bound to it already"

    def _imported(self, number: int, name: str, kind: str, weak: bool, uses: tuple[SymbolUse, ...]) -> SymbolFacts:
        lazy = self._uses.only_called(number) and not self._file.binds_now and self._inside.kind != "plugin"
        version = self._versions.of_symbol(number)
        library, needed = self._versions.library_of(number), self._file.needed
        owner = library or (f"one of {', '.join(needed)}" if len(needed) > 1 else "".join(needed) or "another file")
        why = f"{owner} is to define it" + ("; it may stay undefined (weak)" if weak else "")
        if not uses:
            why = "nothing in the file uses it"
        bound = "never" if not uses else "first call" if lazy else "load"
        by = tuple(use.relocation for use in uses)
        return SymbolFacts(name, kind, "imported", False, bound, by, None, why, version, library, uses=uses)

    def _inner(self, wanted: str) -> SymbolFacts:
        """A name that is no dynamic symbol."""
        for name in (wanted, *(prefix + wanted for prefix in self._inside.prefixes)):
            for table, kind in self._tables:
                addr = table.get(name)
                if addr is not None:
                    return self._linked(name, kind, addr)
            functions = self._inside.functions
            if functions is not None and (found := functions.named(name)):
                return self._linked(name, "function", functions.bounds(found[0])[0])
            if functions is not None and functions.mentions(name):
                why = "it has no code of its own: the compiler inlined it wherever it is called"
                return SymbolFacts(name, "function", "inlined", False, "never", (), False, why)
        why = "the file has no symbol and no function of that name: the linker left it out, or it never was there"
        return SymbolFacts(wanted, "symbol", "absent", False, "never", (), False, why)

    def _linked(self, name: str, kind: str, addr: int) -> SymbolFacts:
        return SymbolFacts(name, kind, "local", False, "link", ("the linker",), False, self._why_local(name), addr=addr)

    def _why_local(self, name: str) -> str:
        if unlisted := self._why_not_looked_up(name):
            return f"plugin.Lookup does not find it: {unlisted}; it is no dynamic symbol, so dlsym does not either"
        return "it is no dynamic symbol: calls were bound by the linker, nothing outside finds it"

    def _why_not_looked_up(self, name: str) -> str:
        """Why a name of a plugin is not in its table; empty for other files (cmd/link/internal/ld/go.go, `ptab`)."""
        if self._inside.kind != "plugin":
            return ""
        last = next((name[len(prefix) :] for prefix in self._inside.prefixes if name.startswith(prefix)), "")
        if not last or "/" in last:
            return "it is not of the plugin's main package"
        if "." in last or "(" in last:
            return "it is a method, a closure or the compiler's own: only names at package level are exported"
        return "" if last[:1].isupper() else f"{last} does not begin with a capital letter"

    @cached_property
    def _tables(self) -> tuple[tuple[dict[str, int], str], ...]:
        functions, variables = read_functions(self._file.elf), read_variables(self._file.elf)
        return (_by_name(functions), "function"), (_by_name(variables), "variable")


def _by_name(symbols: Symbols | None) -> dict[str, int]:
    """Name -> address; of a repeated name the lowest."""
    if symbols is None or len(symbols.addr) > MAX_SYMBOLS:
        return {}
    found: dict[str, int] = {}
    for addr, off in zip(symbols.addr.tolist(), symbols.name_off.tolist(), strict=True):
        found.setdefault(c_string(symbols.strings, off), addr)
    return found
