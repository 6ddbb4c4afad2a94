"""What is where in the code of a binary: functions, lines, inlined calls, calls; with or without symbols."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

import numpy as np

from goknot.errors import GoknotError, InputError
from goknot.formats import buildinfo
from goknot.formats.buildsettings import parse_settings
from goknot.formats.elfsymbols import Symbols, read_functions
from goknot.formats.elfuses import SymbolUses
from goknot.goruntime.filemodule import FileModule, build_blob, find_file_module, other_tables
from goknot.goruntime.functiontable import FunctionTable
from goknot.goruntime.pclntab import PclnTable
from goknot.inputs.binary_calls import Code, calls_of
from goknot.memory.fileimage import open_file_image
from goknot.model.binary import CallerFacts, FunctionFacts, PcFacts
from goknot.model.plugins import BuildFacts

UPX_MAGIC = b"UPX!"
LINES = "its tables of lines"
Found = TypeVar("Found")


class BinaryCode:
    """One file and its functions. What of it cannot be read is listed in `problems` when it is first asked for.

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
        entry = table.bounds(index)[0] if table and index >= 0 else -1
        name, start = self._c_function_at(pc)
        if name and start > entry:
            return PcFacts(pc, name, pc - start, ((name, ""),))
        if table is None or index < 0:
            return PcFacts(pc, "", 0, (), self._why_no_function(pc))
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
    def _c_symbols(self) -> Symbols | None:
        dynamic = self._image.dynamic
        return self._tried("its symbols", lambda: read_functions(dynamic.elf), None) if dynamic else None

    def _function(self, table: FunctionTable, index: int) -> FunctionFacts:
        entry, end = table.bounds(index)
        return FunctionFacts(table.name(index), entry, end, self._tried(LINES, lambda: self._line(entry), ""))

    def _line(self, entry: int) -> str:
        function = self._pcln.find(entry) if self._pcln else None
        return self._pcln.line(function, entry) if function and self._pcln else ""

    def _frames(self, pc: int) -> tuple[tuple[str, str], ...]:
        table = self._pcln
        if table is None:
            return ()

        def read() -> tuple[tuple[str, str], ...]:
            function = table.find(pc)
            return table.calls(function, pc) if function else ()

        return self._tried(LINES, read, ())

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

    def _c_function_at(self, pc: int) -> tuple[str, int]:
        """(name, first address) in the symbol table: C's code may lie among Go's (the race detector's)."""
        table = self._c_symbols
        index = table.find(pc) if table and 0 <= pc < 1 << 64 else -1
        if table is None or index < 0 or not table.n_bytes[index]:
            return "", -1
        return table.name(index), int(table.addr[index])

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
