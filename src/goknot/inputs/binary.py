"""Reads one Go binary: what it is, what it offers, what C can call; nothing is run or loaded."""

from __future__ import annotations

from functools import cached_property

from goknot.errors import InputError
from goknot.formats.cgoheader import CgoHeader
from goknot.formats.dwarf_c import CDeclarations, c_declarations
from goknot.formats.elf import map_file
from goknot.formats.objectfile import DwarfSections
from goknot.goruntime.modulefacts import Counts, Export, FactsReader, ModuleHash
from goknot.inputs.binary_cgo import CgoSide, cgo_facts, go_side
from goknot.inputs.binary_code import BinaryCode
from goknot.inputs.binary_symbols import BinarySymbols, Inside
from goknot.model.binary import (
    BinaryFile,
    CgoFacts,
    ModuleFacts,
    PackageHash,
    PluginExport,
    SymbolCounts,
    SymbolFacts,
)

HASH_PREFIX = b"go:link.pkghashbytes."
MAX_HEADER_BYTES, MAX_HASH_BYTES = 1 << 20, 64
RANGES = ("text", "data", "bss", "noptrdata", "noptrbss", "types")


class GoBinary(BinaryCode):
    """One file: its code, and everything else."""

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
        if self._image.file.has_dwarf:
            wanted = {*sides, *(header.prototypes if header else ())}
            source = dynamic.elf if dynamic else DwarfSections(self._image.file)
            declared = self._tried("debugging information", lambda: c_declarations(source, wanted), declared)
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
    def _symbols(self) -> BinarySymbols | None:
        dynamic, uses, path = self._image.dynamic, self._uses, self._facts_text("pluginpath")
        if dynamic is None or uses is None:
            return None
        prefixes = tuple(f"{name}." for name in (path, "main") if name)
        return BinarySymbols(dynamic, uses, Inside(self.kind, self._functions, self.exports, prefixes))

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

    def _c_address(self, name: str) -> int:
        return next((one.entry_addr for one in self.c_functions(name)), 0)


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
