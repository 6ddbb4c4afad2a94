"""Calls of plugin.Open and Lookup in a plugin's own code, stripped or not: what it opens, and whether its inits do.

Constants come to `plugin.open` in rax and rbx (cmd/compile/abi-internal.md); Lookup is inlined, so it is found by the
inline tree (runtime/symtabinl.go). Who calls whom is read from direct calls alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cached_property

import numpy as np

from goknot.errors import GoknotError, InputError
from goknot.formats import buildinfo
from goknot.goruntime.filemodule import build_blob, find_file_module
from goknot.goruntime.functiontable import FunctionTable
from goknot.goruntime.pclntab import PclnTable
from goknot.inputs.plugin_code import Body, Text, body_of
from goknot.memory.fileimage import open_file_image
from goknot.model.knot import Evidence
from goknot.model.plugin_rings import PluginCall

MAX_TEXT_BYTES = 1 << 30
CALL = 0xE8
OPEN = ("plugin.open", "plugin.Open")
LOOKUP = ("plugin.lookup", "plugin.(*Plugin).Lookup")
_INIT = re.compile(r"(?P<package>(?:.*/)?[^/.]+)\.init(?:\.\d+)?\Z")
_CLOSURE = re.compile(r"\.func\d+(?:\.\d+)*\Z")
STARTS_GOROUTINE = "runtime.newproc"


class PluginCode:
    """The code of one file.

    Args:
        path: The file.

    Raises:
        InputError: It cannot be read, is no Go code for amd64, or its tables are not understood.
    """

    def __init__(self, path: str) -> None:
        self._path, image = path, open_file_image(path)
        if image.file.arch != "amd64":
            raise InputError(path, f"is for {image.file.arch}", "calls are read in code of amd64")
        found = find_file_module(image, buildinfo.go_version(build_blob(image)) or "")
        if found is None:
            raise InputError(path, "holds no Go code that can be read")
        self._module, self._space = found.module, image.space
        self._table = FunctionTable(image.space, found.module)
        self._lines = PclnTable(image.space, (found.module,))
        self._bodies: dict[int, Body] = {}
        self._sure: dict[tuple[int, int], bool] = {}

    @cached_property
    def _edges(self) -> dict[int, set[int]]:
        """Function -> those that call it directly; a byte that only looks like a call may add one."""
        start, end = self._module.text_addr, self._module.etext_addr
        if not 0 < end - start <= MAX_TEXT_BYTES:
            raise InputError(self._path, "its code has a size that makes no sense")
        data = np.frombuffer(self._space.read(start, end - start), np.uint8)
        at = np.flatnonzero(data[: max(len(data) - 4, 0)] == CALL)
        parts = [data[at + 1 + i].astype(np.int64) << (8 * i) for i in range(4)]
        step = sum(parts, np.zeros(len(at), np.int64))
        step = np.where(step >= 1 << 31, step - (1 << 32), step)
        target = at + 5 + step + start
        entries = self._table.entry_by_function.astype(np.int64)
        index = np.clip(np.searchsorted(entries, target), 0, len(entries) - 1)
        hit = (entries[index] == target) & (index < len(self._table))
        caller = np.searchsorted(entries, at[hit] + start, side="right") - 1
        found: dict[int, set[int]] = {}
        for source, callee in set(zip(caller.tolist(), index[hit].tolist(), strict=True)):
            found.setdefault(callee, set()).add(source)
        return found

    def calls(self, shared: Collection[str] = ()) -> tuple[PluginCall, ...]:
        """The calls of plugin.Open, by place.

        Args:
            shared: Packages that the host holds: their initialisers have run when a plugin opens.

        Raises:
            InputError: The code is damaged.
        """
        openers = [index for name in OPEN for index in self._table.named(name)]
        if not openers:
            return ()
        try:
            found = self._calls(openers, frozenset(shared))
        except InputError:
            raise
        except GoknotError as damaged:
            raise InputError(self._path, f"its code cannot be read: {damaged.what}") from damaged
        return tuple(sorted(found, key=lambda c: (c.place.file, c.place.line, c.caller, c.path)))

    def _calls(self, openers: list[int], shared: frozenset[str]) -> set[PluginCall]:
        sites = list(self._sites(openers))
        sure_by_function = self._from_inits({caller for caller, _, _ in sites}, shared)
        found = set()
        for caller, at, path in sites:
            in_init = caller in sure_by_function
            certain = in_init and sure_by_function[caller] and self._always(caller, at)
            why = "" if path is not None else "its path is no constant"
            place = self._place(at)
            symbols = self._lookups(caller, at, [a for c, a, _ in sites if c == caller])
            found.add(PluginCall(self._table.name(caller), path or "", place, in_init, certain, symbols, why))
        return found

    def _sites(self, openers: list[int]) -> Iterator[tuple[int, int, str | None]]:
        """(function, address of the call, path) of each call; who hands on what it was given opens, too."""
        queue, seen = list(openers), set(openers)
        for opener in queue:
            entry = self._table.bounds(opener)[0]
            for caller in sorted(self._edges.get(opener, ())):
                if caller in openers:
                    continue
                body = self._body(caller)
                for at in body.calls_to(entry):
                    value = body.text_before(at, self._text)
                    if value is Text.PARAMETER and self._edges.get(caller):
                        if caller not in seen:
                            seen.add(caller)
                            queue.append(caller)
                        continue
                    yield caller, at, value if isinstance(value, str) else None

    def _text(self, addr: int, n_bytes: int) -> str:
        return self._space.read(addr, n_bytes).decode("utf-8", "surrogateescape")

    def _body(self, function: int) -> Body:
        if function not in self._bodies:
            start, end = self._table.bounds(function)
            self._bodies[function] = body_of(self._space, start, end)
        return self._bodies[function]

    def _always(self, function: int, at: int) -> bool:
        key = (function, at)
        if key not in self._sure:
            leaves = {self._table.bounds(i)[0] for name in ("runtime.gopanic", "os.Exit", "runtime.Goexit")
                      for i in self._table.named(name)}  # fmt: skip
            self._sure[key] = self._body(function).always_reaches(at, leaves)
        return self._sure[key]

    def _from_inits(self, wanted: set[int], shared: frozenset[str]) -> dict[int, bool]:
        """Function -> whether nothing leaves it out, of those that initialisers run and that lead to `wanted`."""
        leading, queue = set(wanted), list(wanted)
        callees: dict[int, set[int]] = {}
        while queue:
            function = queue.pop()
            for caller in self._leading_to(function):
                callees.setdefault(caller, set()).add(function)
                if caller not in leading:
                    leading.add(caller)
                    queue.append(caller)
        found: dict[int, bool] = {}
        waiting = [(index, True) for index in sorted(leading) if self._is_start(index, shared)]
        while waiting:
            function, sure = waiting.pop()
            if found.get(function, False) or (function in found and not sure):
                continue
            found[function] = sure
            for callee in sorted(callees.get(function, ())):
                entry = self._table.bounds(callee)[0]
                sites = self._body(function).calls_to(entry)
                waiting.append((callee, sure and any(self._always(function, at) for at in sites)))
        return found

    def _leading_to(self, function: int) -> set[int]:
        """Its callers, by whole instructions; for a closure that nobody calls directly, the function around it."""
        entry = self._table.bounds(function)[0]
        callers = {c for c in self._edges.get(function, ()) if self._body(c).calls_to(entry)}
        name = self._table.name(function)
        around = _CLOSURE.sub("", name)
        if callers or around == name:
            return callers
        starter = [self._table.bounds(i)[0] for i in self._table.named(STARTS_GOROUTINE)]
        return {index for index in self._table.named(around) if not any(self._body(index).calls_to(s) for s in starter)}

    def _is_start(self, function: int, shared: frozenset[str]) -> bool:
        matched = _INIT.match(self._table.name(function))
        return matched is not None and matched["package"] not in shared

    def _place(self, at: int) -> Evidence:
        function = self._lines.find(at)
        frames = self._lines.calls(function, at) if function else ()
        where = next((where for name, where in frames if not name.startswith("plugin.")), "")
        file, _, line = where.rpartition(":")
        name = frames[-1][0] if frames else ""
        return Evidence(file, int(line) if line.isdigit() else 0, 0, f"{name}: call plugin.open")

    def _lookups(self, caller: int, opening: int, openings: list[int]) -> tuple[str, ...]:
        """Names looked up behind an Open and before the next one in the same function."""
        end = min((at for at in openings if at > opening), default=1 << 63)
        body, found = self._body(caller), set()
        function = self._lines.find(opening)
        for at, target in body.calls:
            if not opening < at < end or function is None:
                continue
            frames = self._lines.calls(function, at)
            index = self._table.find(target)
            name = self._table.name(index) if index >= 0 else ""
            if name == LOOKUP[1]:
                value = body.text_before(at, self._text, "bx", "cx")
            elif frames and frames[0][0] == LOOKUP[0] and "mapaccess" in name:
                value = body.text_before(at, self._text, "cx", "di")
            else:
                continue
            found.add(value if isinstance(value, str) else "?")
        return tuple(sorted(found))
