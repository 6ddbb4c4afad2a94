"""Reads one Go binary: build information, module, functions, exports, symbols, calls; nothing is run or loaded."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

import numpy as np

from goknot.errors import GoknotError, InputError
from goknot.formats import buildinfo
from goknot.formats.buildsettings import parse_settings
from goknot.formats.cgoheader import CgoHeader
from goknot.formats.dwarf_c import CDeclarations, c_declarations
from goknot.formats.elf import map_file
from goknot.formats.elfsymbols import Symbols, read_functions
from goknot.formats.elfuses import SymbolUses
from goknot.goruntime.filemodule import FileModule, build_blob, find_file_module, other_tables
from goknot.goruntime.functiontable import FunctionTable
from goknot.goruntime.modulefacts import Counts, Export, FactsReader, ModuleHash
from goknot.goruntime.pclntab import PclnTable
from goknot.inputs.binary_calls import Code, calls_of
from goknot.inputs.binary_cgo import CgoSide, cgo_facts, go_side
from goknot.inputs.binary_symbols import BinarySymbols, Inside
from goknot.memory.fileimage import open_file_image
from goknot.model.binary import (
    BinaryFile,
    CallerFacts,
    CgoFacts,
    FunctionFacts,
    ModuleFacts,
    PackageHash,
    PcFacts,
    PluginExport,
    SymbolCounts,
    SymbolFacts,
)
from goknot.model.plugins import BuildFacts

UPX_MAGIC = b"UPX!"
HASH_PREFIX = b"go:link.pkghashbytes."
MAX_HEADER_BYTES, MAX_HASH_BYTES = 1 << 20, 64
RANGES = ("text", "data", "bss", "noptrdata", "noptrbss", "types")
Found = TypeVar("Found")


class GoBinary:
    """One file. What of it cannot be read is listed in `problems` when it is first asked for.

    Args:
        path: The file.

    Raises:
        InputError: It cannot be read, is damaged, or is no executable or library of Go code.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._image = open_file_image(path)
        self.problems: list[str] = list(self._image.file.problems)
        blob = build_blob(self._image)
        text = parse_settings(buildinfo.module_info(blob))
        modules = {name: (one.version, one.sum, one.replaced_by) for name, one in text.modules.items()}
        self.build = BuildFacts(buildinfo.go_version(blob) or "", text.package, text.main, modules, text.settings)
        self._found: FileModule | None = find_file_module(self._image, self.build.go)
        if self._found is None:
            self._explain_no_module()
        elif not self._found.is_exact:
            version = self.build.go or "an unknown release"
            self.problems.append(
                f"it was built by {version}; its module data is read with the {self._found.layout_name}"
            )

    def _explain_no_module(self) -> None:
        other = other_tables(self._image)
        if not self.build.go and not other:
            packed = UPX_MAGIC in bytes(self._image.file.data[:4096])
            hint = "it is packed with UPX: unpack it with upx -d" if packed else ""
            what = "is no Go program: it has neither build information nor Go's tables of functions"
            raise InputError(self.path, what, hint)
        what = other or "it holds no module data that can be read"
        self.problems.append(f"{what}: functions, types and exports are left out")

    def file(self) -> BinaryFile:
        """The file itself."""
        file, dynamic = self._image.file, self._image.dynamic
        return BinaryFile(
            path=self.path,
            format=file.format,
            arch=file.arch,
            kind=self.kind,
            n_bytes=len(file.data),
            moves=file.moves,
            has_symbols=file.has_symbols,
            has_dwarf=file.has_dwarf,
            libraries=file.libraries,
            interpreter=dynamic.interpreter if dynamic else "",
            build_id=self._build_id(),
        )

    @property
    def kind(self) -> str:
        """As the file says, or `plugin`."""
        return "plugin" if self._facts and self._facts_text("pluginpath") else self._image.file.kind

    def module(self) -> ModuleFacts | None:
        """Its moduledata; None where there is none."""
        found, facts = self._found, self._facts
        if found is None or facts is None:
            return None
        one = found.module
        counts = self._tried("its counts of types", facts.counts, Counts(None, None, None))
        ends = ((one.text_addr, one.etext_addr), one.data, one.bss, one.noptrdata, one.noptrbss, one.types)
        return ModuleFacts(
            moduledata_addr=one.addr,
            pclntab_addr=found.pclntab_addr,
            layout=found.layout_name,
            plugin_path=self._facts_text("pluginpath"),
            module_name=self._facts_text("modulename"),
            has_main=facts.has_main,
            ranges=dict(zip(RANGES, ends, strict=True)),
            n_functions=one.ftab.n - 1,
            n_types=counts.types,
            n_itabs=counts.itabs,
            n_init_tasks=counts.init_tasks,
        )

    @cached_property
    def exports(self) -> tuple[PluginExport, ...]:
        """What plugin.Lookup finds, by name."""
        facts = self._facts
        rows = self._tried("its exports", facts.exports, list[Export]()) if facts else []
        dynamic, path = self._image.dynamic, self._facts_text("pluginpath")
        defined = dynamic.defined if dynamic else {}
        found = []
        for row in rows:
            symbol = f"{path}.{row.name}"
            addr = defined.get(symbol.encode("utf-8", "surrogateescape"))
            why = "Lookup finds it" if addr is not None else f"plugin.Open fails: dlsym finds no {symbol}"
            kind = "func" if row.is_function else "var"
            found.append(PluginExport(row.name, kind, row.type_name, symbol, addr or 0, addr is not None, why))
        return tuple(found)

    def hashes(self) -> tuple[PackageHash, ...]:
        """Package hashes: those it was linked against in Go's order, then those it defines."""
        facts = self._facts
        linked = self._tried("its package hashes", facts.hashes, list[ModuleHash]()) if facts else []
        found = [PackageHash(row.package, row.linked.hex(), False) for row in linked]
        if self.kind != "plugin" and self._image.dynamic is not None:
            found += sorted(self._own_hashes(), key=lambda one: one.package)
        return tuple(found)

    def counts(self) -> SymbolCounts | None:
        """Dynamic symbols and relocations; None where the format's are not read."""
        return self._symbols.counts() if self._symbols else None

    def symbols(self, wanted: str) -> list[SymbolFacts]:
        """The symbols of a name or pattern.

        Raises:
            InputError: Symbols of the file's format are not read.
        """
        if self._symbols is None:
            raise InputError(self.path, "symbols and relocations are read of ELF files only")
        return self._symbols.named(wanted)

    def functions(self, wanted: str) -> list[FunctionFacts]:
        """The functions of a name or pattern, by address."""
        table = self._functions
        return [self._function(table, index) for index in table.named(wanted)] if table else []

    def mentions(self, name: str) -> bool:
        """Whether a function of that name was there until it was inlined everywhere."""
        return self._functions is not None and self._functions.mentions(name)

    def at(self, pc: int) -> PcFacts:
        """What lies at a place in the code."""
        table = self._functions
        index = table.find(pc) if table else -1
        if table is None or index < 0:
            return PcFacts(pc, "", 0, (), self._why_no_function(pc))
        entry, _ = table.bounds(index)
        return PcFacts(pc, table.name(index), pc - entry, self._frames(pc))

    def calls(self, function: FunctionFacts) -> CallerFacts:
        """The calls that a function makes.

        Raises:
            GoknotError: Its code is not there, or of a machine that is not understood.
        """
        code = Code(self._image.file.arch, self._image.space, self._uses, self._name_of, self._frames)
        return CallerFacts(function, calls_of(code, function.entry_addr, function.end_addr))

    def c_functions(self, name: str) -> list[FunctionFacts]:
        """Functions of that name which are not Go's, from symbol tables."""
        found: list[FunctionFacts] = []
        if self._c_symbols is not None:
            table = self._c_symbols
            hits = [i for i in range(len(table.addr)) if table.n_bytes[i] and table.name(i) == name]
            found = [FunctionFacts(name, int(table.addr[i]), int(table.addr[i] + table.n_bytes[i])) for i in hits]
        dynamic = self._image.dynamic
        if not found and dynamic is not None:
            rows = dynamic.symbols
            rows = rows[((rows["info"] & 15) == 2) & (rows["section"] != 0) & (rows["n"] > 0)]
            bounds = {
                int(r["addr"]): int(r["addr"]) + int(r["n"])
                for r in rows
                if dynamic.name_at(int(r["name"])) == name.encode()
            }
            found = [FunctionFacts(name, start, end) for start, end in sorted(bounds.items())]
        return found

    def cgo(self, header_path: str = "") -> CgoFacts:
        """What C can call, compared with a header.

        Args:
            header_path: Of the header; empty for none.

        Raises:
            InputError: The header cannot be read, or is none of cgo's.
        """
        header = read_header(header_path, 4 if self._image.file.format == "pe" else 8) if header_path else None
        table = self._functions
        sides = go_side(table.beginning("_cgoexp_") if table else [])
        if not sides and header is None:
            return CgoFacts()
        declared = CDeclarations()
        dynamic = self._image.dynamic
        if dynamic is not None and self._image.file.has_dwarf:
            wanted = {*sides, *(header.prototypes if header else ())}
            declared = self._tried("debugging information", lambda: c_declarations(dynamic.elf, wanted), declared)
        address = self._symbols.defined_at if self._symbols else None
        side = CgoSide(sides, self.kind != "executable", address, self._c_address, declared)
        return cgo_facts(side, header, header_path)

    @cached_property
    def _facts(self) -> FactsReader | None:
        if self._found is None:
            return None
        found = self._found
        return self._tried("its module data", lambda: FactsReader(self._image, found), None)

    @cached_property
    def _functions(self) -> FunctionTable | None:
        if self._found is None:
            return None
        module = self._found.module
        return self._tried("its table of functions", lambda: FunctionTable(self._image.space, module), None)

    @cached_property
    def _pcln(self) -> PclnTable | None:
        return PclnTable(self._image.space, (self._found.module,)) if self._found else None

    @cached_property
    def _uses(self) -> SymbolUses | None:
        return SymbolUses(self._image.dynamic) if self._image.dynamic else None

    @cached_property
    def _symbols(self) -> BinarySymbols | None:
        dynamic, uses, path = self._image.dynamic, self._uses, self._facts_text("pluginpath")
        if dynamic is None or uses is None:
            return None
        prefixes = tuple(f"{name}." for name in (path, "main") if name)
        return BinarySymbols(dynamic, uses, Inside(self.kind, self._functions, self.exports, prefixes))

    @cached_property
    def _c_symbols(self) -> Symbols | None:
        dynamic = self._image.dynamic
        return self._tried("its symbols", lambda: read_functions(dynamic.elf), None) if dynamic else None

    def _facts_text(self, field: str) -> str:
        facts = self._facts
        return self._tried(f"its {field}", lambda: facts.text(field), "") if facts else ""

    def _build_id(self) -> str:
        return self._image.dynamic.elf.build_id().hex() if self._image.dynamic else ""

    def _own_hashes(self) -> list[PackageHash]:
        dynamic = self._image.dynamic
        assert dynamic is not None
        rows = dynamic.symbols
        rows = rows[(rows["section"] != 0) & (rows["n"] > 0) & (rows["n"] <= MAX_HASH_BYTES)]
        found = {}
        for off, addr, n_bytes in zip(rows["name"].tolist(), rows["addr"].tolist(), rows["n"].tolist(), strict=True):
            name = dynamic.name_at(off)
            if name.startswith(HASH_PREFIX) and self._image.space.has(addr, n_bytes):
                package = name[len(HASH_PREFIX) :].decode("utf-8", "backslashreplace")
                found[package] = PackageHash(package, self._image.space.read(addr, n_bytes).hex(), True)
        return list(found.values())

    def _function(self, table: FunctionTable, index: int) -> FunctionFacts:
        entry, end = table.bounds(index)
        frames = self._frames(entry)
        return FunctionFacts(table.name(index), entry, end, frames[-1][1] if frames else "")

    def _frames(self, pc: int) -> tuple[tuple[str, str], ...]:
        table = self._pcln
        if table is None:
            return ()

        def read() -> tuple[tuple[str, str], ...]:
            function = table.find(pc)
            return table.calls(function, pc) if function else ()

        return self._tried("its tables of lines", read, ())

    def _name_of(self, addr: int) -> str:
        """The function that begins at an address, Go's or C's."""
        table = self._functions
        index = table.find(addr) if table else -1
        if table is not None and index >= 0 and table.bounds(index)[0] == addr:
            return table.name(index)
        if index >= 0 or self._c_symbols is None:
            return ""
        at = int(np.searchsorted(self._c_symbols.addr, np.uint64(addr)))
        found = at < len(self._c_symbols.addr) and int(self._c_symbols.addr[at]) == addr
        return self._c_symbols.name(at) if found else ""

    def _c_address(self, name: str) -> int:
        return next((one.entry_addr for one in self.c_functions(name)), 0)

    def _why_no_function(self, pc: int) -> str:
        for part in self._image.file.parts:
            if part.addr <= pc < part.addr + part.n_bytes:
                return "it is code, but none of Go's" if part.executable else "it is data, not code"
        return "the file has nothing there; addresses are those it was linked for"

    def _tried(self, what: str, read: Callable[[], Found], default: Found) -> Found:
        """What can be read; else a problem is noted, once."""
        try:
            return read()
        except GoknotError as damaged:
            problem = f"{what} cannot be read: {damaged.what.removeprefix(f'{self.path}: ')}"
            if problem not in self.problems:
                self.problems.append(problem)
            return default


def read_header(path: str, long_bytes: int) -> CgoHeader:
    """A header of cgo's.

    Raises:
        InputError: It cannot be read, or is another kind of file.
    """
    data = map_file(path)
    if len(data) > MAX_HEADER_BYTES:
        raise InputError(path, "is too large for a header of cgo's")
    header = CgoHeader(bytes(data).decode("utf-8", "replace"), long_bytes)
    if not header.is_cgo:
        raise InputError(
            path, "is no header that cgo wrote", "go build -buildmode=c-shared writes one beside the library"
        )
    return header
