"""Calls of plugin.Open in the code of hosts and plugins (amd64), and the constants they are given (capstone)."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import GoknotError, InputError
from goknot.formats import buildinfo
from goknot.goruntime.filemodule import build_blob, find_file_module
from goknot.goruntime.functiontable import FunctionTable
from goknot.goruntime.modulefacts import FactsReader
from goknot.goruntime.pclntab import PclnTable
from goknot.inputs.plugin_code import STRING, WORD, Body, read_body
from goknot.memory.fileimage import open_file_image
from goknot.model.knot import Evidence
from goknot.model.plugin_calls import OpenCall, Opener

if TYPE_CHECKING:
    from collections.abc import Collection

OPEN = ("plugin.open", "plugin.Open")
LOOKUP = "plugin.(*Plugin).Lookup"
MAP_READS = ("runtime.mapaccess1_faststr", "runtime.mapaccess2_faststr")  # what an inlined Lookup calls
_INIT = re.compile(r"\.init(\.\d+)?$")
MAX_PATH_BYTES, MAX_WRAPPERS, MAX_CHAIN = 4096, 4, 64
CALL, CALL_BYTES = 0xE8, 5  # call rel32
# Where arguments stand: cmd/compile/abi-internal.md, amd64.
FIRST, SECOND = ("rax", "rbx"), ("rbx", "rcx")
KEY = ("rcx", "rdi")  # of a map access: behind the map's type and the map


class CodeCalls:
    """The calls of one file.

    Args:
        path: A host or plugin.

    Raises:
        InputError: It cannot be read, is no Go program, or none for amd64.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._image = open_file_image(path)
        if self._image.file.arch != "amd64":
            raise InputError(path, f"is for {self._image.file.arch}", "code for amd64 is understood")
        found = find_file_module(self._image, buildinfo.go_version(build_blob(self._image)) or "")
        if found is None:
            raise InputError(path, "holds no module data of Go that can be read", "is it a Go program?")
        self._space = self._image.space
        self._table = FunctionTable(self._space, found.module)
        self._places = PclnTable(self._space, (found.module,))
        self._plugin_path = FactsReader(self._image, found).text("pluginpath")
        self._bodies: dict[int, Body] = {}
        self._callers: dict[int, list[tuple[int, int]]] = defaultdict(list)  # function -> (caller, address of the call)
        self._find_calls(found.module.text_addr, found.module.etext_addr)

    def inits(self) -> frozenset[str]:
        """Names of initialisers."""
        return frozenset(name for name in map(self._table.name, range(len(self._table))) if _INIT.search(name))

    def read(self, done: Collection[str] = ()) -> Opener:
        """The calls of plugin.Open.

        Args:
            done: Initialisers that have run already: those of packages that the host has, too.
        """
        calls = []
        for name in OPEN:
            for function in self._table.named(name):
                for caller, addr in self._callers[function]:
                    if self._table.name(caller) not in OPEN:
                        calls += self._calls(caller, addr, done)
        return Opener(self.path, self._plugin_path, tuple(calls))

    def _find_calls(self, start: int, end: int) -> None:
        """Every `call rel32` to the begin of a function; few are something else, and are found out when it matters."""
        text = np.frombuffer(self._space.read(start, end - start), np.uint8)
        at = np.flatnonzero(text[: max(len(text) - CALL_BYTES + 1, 0)] == CALL)
        words = sum(text[at + 1 + byte].astype(np.uint32) << np.uint32(8 * byte) for byte in range(4))
        target = at + CALL_BYTES + np.asarray(words, np.uint32).view(np.int32).astype(np.int64) + start
        entries = self._table.entry_by_function[: len(self._table)].astype(np.int64)
        index = np.minimum(np.searchsorted(entries, target), len(entries) - 1)
        hit = entries[index] == target
        callers = np.searchsorted(entries, at[hit] + start, side="right") - 1
        for callee, caller, addr in zip(index[hit].tolist(), callers.tolist(), (at[hit] + start).tolist(), strict=True):
            self._callers[callee].append((caller, addr))

    def _calls(self, function: int, addr: int, done: Collection[str]) -> list[OpenCall]:
        """A call, once for each constant that reaches it."""
        if addr not in self._body(function).calls:
            return []
        found = []
        for path, given in self._given(function, addr, FIRST, 0):
            init, is_certain, way = self._from_init(given[0][0], done)
            chain = [*way, *given]
            places = tuple(self._evidence(caller, at) for caller, at in chain)
            sure = is_certain and all(self._body(caller).is_unavoidable(at) for caller, at in chain)
            found.append(OpenCall(path, init, init and sure, places, self._lookups(function)))
        return found

    def _given(
        self, function: int, addr: int, registers: tuple[str, str], depth: int
    ) -> list[tuple[str | None, list[tuple[int, int]]]]:
        """(constant or None, calls from the one that has it to this one): through functions that hand it on."""
        value = self._body(function).string_at(addr, registers)
        here = (function, addr)
        if value.kind == STRING:
            return [(self._text(value.addr, value.n_bytes), [here])]
        if value.kind != WORD or depth == MAX_WRAPPERS:
            return [(None, [here])]
        found = [
            (path, [*chain, here])
            for caller, at in self._callers[function]
            if at in self._body(caller).calls
            for path, chain in self._given(caller, at, value.registers, depth + 1)
        ]
        return found or [(None, [here])]

    def _text(self, addr: int, n_bytes: int) -> str | None:
        try:
            return self._space.read(addr, n_bytes).decode() if 0 < n_bytes <= MAX_PATH_BYTES else None
        except (GoknotError, UnicodeDecodeError):
            return None

    def _from_init(self, function: int, done: Collection[str]) -> tuple[bool, bool, list[tuple[int, int]]]:
        """(whether an initialiser reaches a function, surely, the calls that lead there), by direct calls."""
        seen = {function}
        level: list[tuple[int, list[tuple[int, int]]]] = [(function, [])]
        for _ in range(MAX_CHAIN):
            for one, way in level:
                name = self._table.name(one)
                if _INIT.search(name) and name not in done:
                    return True, True, way
            after = []
            for one, way in level:
                for caller, at in self._callers[one]:
                    if caller not in seen and at in self._body(caller).calls:
                        seen.add(caller)
                        after.append((caller, [(caller, at), *way]))
            level = after
        return False, False, []

    def _lookups(self, function: int) -> tuple[str, ...]:
        """Constants that a function looks up in plugins."""
        found = set()
        for name, registers in ((LOOKUP, SECOND), *((read, KEY) for read in MAP_READS)):
            for callee in self._table.named(name):
                for caller, at in self._callers[callee]:
                    if caller == function and (name == LOOKUP or self._is_lookup(at)):
                        value = self._body(function).string_at(at, registers)
                        text = self._text(value.addr, value.n_bytes) if value.kind == STRING else None
                        found |= {text} if text else set()
        return tuple(sorted(found))

    def _is_lookup(self, addr: int) -> bool:
        function = self._places.find(addr)
        frames = self._places.calls(function, addr) if function else ()
        return any(name in ("plugin.lookup", LOOKUP) for name, _ in frames)

    def _body(self, function: int) -> Body:
        if function not in self._bodies:
            start, end = self._table.bounds(function)
            self._bodies[function] = read_body(self._space, start, end)
        return self._bodies[function]

    def _evidence(self, function: int, addr: int) -> Evidence:
        found = self._places.find(addr)
        frames = self._places.calls(found, addr) if found else ()
        name, where = next(
            ((name, where) for name, where in frames if name not in OPEN), (self._table.name(function), "")
        )
        file, _, line = where.rpartition(":")
        return Evidence(file or self.path, int(line) if line.isdecimal() else 0, text=f"{name} at {addr:#x}")
