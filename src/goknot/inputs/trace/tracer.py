"""Follows every plugin.Open of a running host: entry, module taken in, initialisers, return (runtime/plugin.go)."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from goknot.errors import InputError, ToolError
from goknot.inputs.trace.code import LoadedCode, mapped_files
from goknot.inputs.trace.delve import Delve
from goknot.model.plugin_trace import OpenTrace, TracedInit, TracedOpen

OPEN, TAKEN_IN = "plugin.open", "plugin.lastmoduleinit"
MAX_PATH_BYTES, MAX_ERROR_BYTES, MAX_DEPTH = 4096, 900, 50
_INSIDE = (OPEN, "plugin.Open")


def check_host(path: str) -> None:
    """Looks at a host before it is run.

    Raises:
        InputError: It cannot be read, or opens no plugins.
    """
    if not LoadedCode(path, 0).entries(OPEN):
        raise InputError(path, "opens no plugins", "a host imports package plugin and is built with cgo")


@dataclass(slots=True)
class _Going:
    """A call under way."""

    path: str
    goroutine: int
    parent: int
    stack: tuple[tuple[str, str], ...]
    begun: float
    loaded: float | None = None
    inits: list[tuple[str, float, float | None]] = field(default_factory=list)
    ended: float | None = None
    outcome: str = ""
    text: str = ""

    def close_init(self, now: float) -> None:
        if self.inits and self.inits[-1][2] is None:
            name, begun, _ = self.inits[-1]
            self.inits[-1] = (name, begun, now)


class Tracer:
    """One run.

    Args:
        delve: The program, stopped at its begin.
        host: Its file.

    Raises:
        InputError: The host opens no plugins, or cannot be read.
    """

    def __init__(self, delve: Delve, host: str) -> None:
        self.delve, self.host = delve, host
        self.problems: list[str] = []
        self._what: dict[int, str] = {}  # address -> what stopping there means
        self._codes: list[LoadedCode] = []
        self._seen: set[str] = set()
        self._calls: list[_Going] = []
        self._by_goroutine: dict[int, list[int]] = {}  # g -> calls under way, outermost first
        self._done: set[str] = set()  # initialisers of the host
        real = os.path.realpath(f"/proc/{delve.pid}/exe")
        code = self._load(real, mapped_files(delve.pid).get(real, 0))
        if code is None:
            raise InputError(host, "is not what runs", "name the program itself, not a script that starts it")
        self._done = set(code.inits().values())
        self._goid_off = code.layout.off("runtime.g", "goid")

    def run(self, arguments: Sequence[str], patience: float) -> OpenTrace:
        """Lets it run to its end, or until a call of plugin.Open makes no headway for `patience` seconds."""
        status: int | None = None
        waits: tuple[str, ...] = ()
        while True:
            try:
                state = self.delve.call("Command", patience if self._going() else None, name="continue")["State"]
            except TimeoutError:
                self.delve.halt()
                waits = self._hang()
                break
            if state.get("exited"):
                status = int(state.get("exitStatus") or 0)
                break
            now = time.perf_counter()
            for thread in state.get("Threads") or ():
                if thread.get("breakPoint") and int(thread["pc"]) in self._what:
                    self._stopped(thread, now)
        for number in self._going():
            self._calls[number].outcome = "hangs" if waits else "ended"
        return OpenTrace(
            self.host, tuple(arguments), tuple(map(_traced, self._calls)), waits, status, tuple(self.problems)
        )

    def _going(self) -> list[int]:
        return [number for number, call in enumerate(self._calls) if not call.outcome]

    def _load(self, path: str, base_addr: int) -> LoadedCode | None:
        """Sets the breakpoints of a file that was mapped."""
        self._seen.add(path)
        try:
            code = LoadedCode(path, base_addr)
        except InputError as other:
            if path.endswith(".so") and "holds no module data" not in other.what:
                self.problems.append(f"{other.what}: its initialisers are not seen")
            return None
        self._codes.append(code)
        places = dict.fromkeys(code.entries(OPEN), "open")
        places |= dict.fromkeys(code.returns(OPEN), "return")
        places |= dict.fromkeys(code.entries(TAKEN_IN), "taken in")
        if self._done:
            places |= {addr: f"init {name}" for addr, name in code.inits().items() if name not in self._done}
        missed = [addr for addr in places if not self.delve.stop_at(addr)]
        if missed:
            self.problems.append(f"delve takes no breakpoint at {len(missed)} places of {path}")
        self._what |= places
        return code

    def _stopped(self, thread: dict[str, Any], now: float) -> None:
        what, number = self._what[int(thread["pc"])], int(thread["id"])
        registers = self.delve.registers(number)
        g = registers.get("r14", 0)  # cmd/compile/abi-internal.md: R14 is the current goroutine
        calls = self._by_goroutine.setdefault(g, [])
        if what == "open":
            path = self._string(registers.get("rax", 0), registers.get("rbx", 0), MAX_PATH_BYTES)
            goid = int.from_bytes(self.delve.memory(g + self._goid_off, 8), "little")
            parent, stack = calls[-1] if calls else -1, self._stack(number, registers.get("rsp", 0))
            if calls and self._calls[parent].path == path and self._calls[parent].stack == stack:
                return  # the same call again: its stack had to grow first (runtime.morestack)
            calls.append(len(self._calls))
            self._calls.append(_Going(path, goid, parent, stack, now))
        elif calls and what == "return":
            call = self._calls[calls.pop()]
            call.close_init(now)
            call.ended = now
            call.outcome = "opens" if registers.get("rax") else "error"
            call.text = "" if registers.get("rax") else self._error(registers.get("rcx", 0))
        elif calls and what == "taken in":
            self._calls[calls[-1]].loaded = now
            for path, base_addr in mapped_files(self.delve.pid).items():
                if path not in self._seen:
                    self._load(path, base_addr)
        elif calls:
            call, name = self._calls[calls[-1]], what.removeprefix("init ")
            if not call.inits or call.inits[-1][0] != name or call.inits[-1][2] is not None:
                call.close_init(now)
                call.inits.append((name, now, None))

    def _string(self, addr: int, n_bytes: int, most: int) -> str:
        data = self.delve.memory(addr, min(n_bytes, most)) if n_bytes else b""
        return data.decode("utf-8", "backslashreplace")

    def _error(self, addr: int) -> str:
        """The text of an `*errors.errorString`: what plugin.open returns."""
        words = self.delve.memory(addr, 16)
        text, n_bytes = int.from_bytes(words[:8], "little"), int.from_bytes(words[8:], "little")
        return self._string(text, n_bytes, MAX_ERROR_BYTES)

    def _stack(self, thread: int, sp: int) -> tuple[tuple[str, str], ...]:
        """Of a function that begins: its return address is on top, and no frame pointer leads to it yet."""
        try:
            places = self.delve.stack(thread, MAX_DEPTH)
        except ToolError as failed:
            self.problems.append(f"a stack is missing: {failed}")
            return ()
        found: list[tuple[str, str]] = []
        back = int.from_bytes(self.delve.memory(sp, 8), "little")
        places = [places[0], back, *(addr for addr in places[1:] if addr != back)] if places else []
        for index, addr in enumerate(dict.fromkeys(places)):  # delve lists inlined calls by the same address
            frames = next((f for code in self._codes if (f := code.frames(addr - bool(index)))), ())
            found += [frame for frame in frames if frame[0] not in _INSIDE]
        return tuple(frame for frame in found if frame[0] != "runtime.goexit")

    def _hang(self) -> tuple[str, ...]:
        """Who waits on whom: a plugin whose open is under way is waited for by whoever opens it again."""
        going = [self._calls[number] for number in self._going()]
        by_path: dict[str, _Going] = {}
        said = []
        for call in going:
            real = os.path.realpath(call.path)
            first = by_path.setdefault(real, call)
            where = f"goroutine {call.goroutine}"
            if first is not call:
                init = first.inits[-1][0] if first.inits else "its initialiser"
                said.append(
                    f"{where} waits in plugin.Open({call.path}) until {call.path} is initialised, and that is held up "
                    f"in {init}, which led here: for ever"
                )
            elif call.inits:
                said.append(f"{where} opens {call.path} and is in {call.inits[-1][0]}")
            else:
                said.append(f"{where} opens {call.path}")
        return tuple(said)


def _traced(call: _Going) -> TracedOpen:
    return TracedOpen(
        path=call.path,
        goroutine=call.goroutine,
        parent=call.parent,
        stack=call.stack,
        outcome=call.outcome,
        text=call.text,
        load_milliseconds=_ms(call.begun, call.loaded),
        inits=tuple(TracedInit(name, _ms(begun, ended)) for name, begun, ended in call.inits),
        milliseconds=_ms(call.begun, call.ended),
    )


def _ms(begun: float, ended: float | None) -> float | None:
    return None if ended is None else round((ended - begun) * 1000, 1)
