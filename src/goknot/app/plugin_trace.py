"""Watches plugin.Open in a host that runs under delve."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from goknot.analyses.plugins.waiting import settle
from goknot.errors import GoknotError, InputError, ToolError
from goknot.inputs.delve import Delve, State, Stop, find_delve
from goknot.inputs.plugin_points import Points
from goknot.model.plugin_trace import Frame, InitRun, Trace, TracedOpen

STACK_DEPTH, MAX_PATH_BYTES, MAX_TEXT_BYTES, WORD = 60, 4096, 1 << 16, 8
POLL_SECONDS = 0.2
OWN = ("plugin.open", "plugin.Open")


def trace_plugins(command: Sequence[str], *, dlv: str, hang_after: float, timeout: float) -> Trace:
    """Runs a host and watches it until it ends, hangs, or the time is over; then it is killed.

    Args:
        command: The host and its arguments.
        dlv: Delve's command; empty for the one on PATH.
        hang_after: Seconds without a step of an open that has not returned.
        timeout: Seconds for the whole run; 0 for no limit.

    Raises:
        ToolError: Delve is missing or fails.
        InputError: The host is no Go program that opens plugins.
    """
    delve_path = find_delve(dlv)
    host = shutil.which(command[0]) or command[0]
    points = Points(host)
    if not any(point.what == "open" for point in points.watched()):
        raise InputError(command[0], "opens no plugins", "a host imports package plugin and is built with cgo")
    output = getattr(sys.stderr, "buffer", None)
    with Delve(delve_path, [host, *command[1:]], output or open(os.devnull, "wb")) as delve:  # noqa: PTH123
        return _Tracer(delve, host, points, tuple(command)).run(hang_after, timeout)


class _Tracer:
    """One run."""

    def __init__(self, delve: Delve, host: str, points: Points, command: tuple[str, ...]) -> None:
        self.delve, self.command = delve, command
        self.start, self.offs = time.monotonic(), points.goroutine
        self.g_by_goroutine: dict[int, int] = {}  # Go's number -> address of its `g`
        self.opens: list[TracedOpen] = []
        self.problems: list[str] = []
        self.points_by_file: dict[str, Points | None] = {os.path.realpath(host): points}
        self.base_by_file: dict[str, int] = {}
        self.watched: dict[int, tuple[str, bool]] = {}  # address -> (what, whether it returns there)
        self.pending_by_goroutine: dict[int, list[TracedOpen]] = {}
        self.began_by_step: dict[tuple[int, str], float] = {}
        self.folder = os.path.realpath(f"/proc/{delve.pid}/cwd")

    def run(self, hang_after: float, timeout: float) -> Trace:
        """Until the end."""
        ended, exit_code = "interrupted", None
        try:
            self._watch_new_files(first=True)
            ended, exit_code = self._loop(hang_after, timeout)
        except KeyboardInterrupt:
            self._halted()
        settle(self.opens, ended)
        if any(one.outcome == "hang" for one in self.opens):
            ended = "hang"
        return Trace(
            self.command, tuple(self.opens), ended, exit_code, self._now(), tuple(dict.fromkeys(self.problems))
        )

    def _now(self) -> float:
        return round(time.monotonic() - self.start, 6)

    def _pending(self) -> bool:
        return any(self.pending_by_goroutine.values())

    def _loop(self, hang_after: float, timeout: float) -> tuple[str, int | None]:
        end = self.start + timeout if timeout else float("inf")
        while True:
            self.delve.resume()
            last = time.monotonic()
            state = None
            while state is None:
                state = self.delve.wait(POLL_SECONDS)
                over = time.monotonic() > end
                stands = self._pending() and time.monotonic() - last > hang_after
                if state is None and (over or stands):
                    self._halted()
                    return ("timeout" if over else "stalled"), None
            if state.exited:
                return "exit", state.exit_code
            self._stopped(state)

    def _stopped(self, state: State) -> None:
        for stop in state.stops:
            what, returns = self.watched.get(stop.addr, ("", False))
            if what == "open":
                (self._returned if returns else self._called)(stop)
            elif what:
                self._step(stop, what, returns=returns)

    def _called(self, stop: Stop) -> None:
        registers = self.delve.registers(stop.thread)
        path = self._text(registers.get("rax", 0), min(registers.get("rbx", 0), MAX_PATH_BYTES))
        goroutine = self._goroutine(registers)
        pending = self.pending_by_goroutine.setdefault(goroutine, [])
        if not self.opens:
            self._watch_new_files()
        self.opens.append(
            TracedOpen(
                number=len(self.opens) + 1,
                path=path,
                real=os.path.realpath(Path(self.folder) / path),
                goroutine=goroutine,
                parent=pending[-1].number if pending else 0,
                began=self._now(),
                stack=self._stack(self._word(registers.get("rsp", 0)) - 1, registers.get("rbp", 0)),
            )
        )
        pending.append(self.opens[-1])

    def _goroutine(self, registers: Mapping[str, int]) -> int:
        """Go's number of the goroutine that runs: r14 holds its `g` (cmd/compile/abi-internal.md)."""
        g = registers.get("r14", 0)
        number = self._word(g + self.offs.number_off)
        self.g_by_goroutine[number] = g
        return number

    def _returned(self, stop: Stop) -> None:
        registers = self.delve.registers(stop.thread)
        pending = self.pending_by_goroutine.get(self._goroutine(registers))
        if not pending:
            return
        opened = pending.pop()
        self._end_init(opened)
        opened.seconds = round(self._now() - opened.began, 6)
        opened.outcome = "error" if registers.get("rbx") else "opens"
        if registers.get("rbx"):  # plugin.open makes all its errors with errors.New: a string behind a pointer
            addr = registers.get("rcx", 0)
            opened.text = self._text(self._word(addr), min(self._word(addr + WORD), MAX_TEXT_BYTES))

    def _step(self, stop: Stop, what: str, *, returns: bool) -> None:
        registers, now = self.delve.registers(stop.thread), self._now()
        pending = self.pending_by_goroutine.get(self._goroutine(registers))
        if not pending:
            return  # the program's own initialisers
        opened = pending[-1]
        if what == "panic":
            opened.outcome = "panic"
            return
        if what == "init":
            self._end_init(opened)
            if not returns:
                self._begin_init(registers, opened)
            return
        if not returns:
            if what == "module":
                self._watch_new_files()
            self.began_by_step[opened.number, what] = self._now()
            return
        seconds = round(now - self.began_by_step.pop((opened.number, what), now), 6)
        if what == "dlopen":
            opened.dlopen_seconds = seconds
        else:
            opened.module_seconds = seconds

    def _begin_init(self, registers: Mapping[str, int], opened: TracedOpen) -> None:
        """runtime/proc.go, `initTask`: state and count, 4 bytes each, then the functions."""
        task = registers.get("rax", 0)
        head = self._word(task)
        if head & 0xFFFFFFFF or not head >> 32:
            return  # it ran before, or there is nothing to run
        name = self._function(self._word(task + WORD))
        opened.inits.append(InitRun(name.rpartition(".init")[0] or name or "?", self._now()))

    def _end_init(self, opened: TracedOpen) -> None:
        if opened.inits and opened.inits[-1].seconds is None:
            opened.inits[-1].seconds = round(self._now() - opened.inits[-1].began, 6)

    def _halted(self) -> None:
        """Stops the program to look at what has not returned; one that has just ended has nothing to show."""
        try:
            if not self.delve.halt().exited:
                self._take_stacks()
        except ToolError as failed:
            self.problems.append(failed.what)

    def _take_stacks(self) -> None:
        """The stacks of what has not returned, as they are now."""
        for goroutine, pending in self.pending_by_goroutine.items():
            if pending:
                g, offs = self.g_by_goroutine[goroutine], self.offs
                pending[-1].stack = self._stack(self._word(g + offs.pc_off), self._word(g + offs.frame_off))

    def _stack(self, pc: int, frame_addr: int) -> tuple[Frame, ...]:
        """From a program counter and a frame pointer on; Go keeps frame pointers on amd64 (cmd/internal/obj/x86)."""
        found = list(self._frames(pc))
        for _ in range(STACK_DEPTH):
            if not frame_addr:
                break
            try:
                next_addr, pc = self._word(frame_addr), self._word(frame_addr + WORD)
            except ToolError:
                break  # the chain leads into what is not Go's
            found += self._frames(pc - 1)
            if next_addr <= frame_addr:
                break
            frame_addr = next_addr
        while found and found[0].function in OWN:
            found.pop(0)
        return tuple(found)

    def _frames(self, pc: int) -> tuple[Frame, ...]:
        for file, base in self.base_by_file.items():
            points = self.points_by_file.get(file)
            frames = points.frames(pc - base) if points is not None and pc >= base else ()
            if frames:
                return frames
        return ()

    def _function(self, addr: int) -> str:
        frames = self._frames(addr)
        return frames[-1].function if frames else ""

    def _watch_new_files(self, *, first: bool = False) -> None:
        """Breakpoints in files mapped since; inits only from the first open on: the host's own are none of ours."""
        for file, base in _mapped(self.delve.pid).items():
            if file not in self.points_by_file and not file.endswith(".so"):
                continue
            if file not in self.points_by_file:
                self.points_by_file[file] = self._points(file)
            points = self.points_by_file[file]
            if points is None:
                continue
            shift = base if points.moves else 0
            self.base_by_file[file] = shift
            for point in points.watched():
                if first and point.what != "open":
                    continue
                for addr, returns in ((point.entry_addr, False), *((a, True) for a in point.return_addrs)):
                    if shift + addr not in self.watched:
                        self.watched[shift + addr] = (point.what, returns)
                        self.delve.breakpoint_at(shift + addr)

    def _points(self, file: str) -> Points | None:
        try:
            return Points(file)
        except InputError:
            return None  # a library of C
        except GoknotError as damaged:
            self.problems.append(f"{file}: {damaged.what}")
            return None

    def _word(self, addr: int) -> int:
        return int.from_bytes(self.delve.memory(addr, WORD), "little")

    def _text(self, addr: int, n_bytes: int) -> str:
        return self.delve.memory(addr, n_bytes).decode("utf-8", "backslashreplace") if n_bytes else ""


def _mapped(pid: int) -> dict[str, int]:
    """File -> where its first byte is mapped."""
    found: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/maps").read_text("utf-8", "surrogateescape").splitlines():
        parts = line.split(None, 5)
        if len(parts) == 6 and parts[5].startswith("/") and int(parts[2], 16) == 0:
            found.setdefault(parts[5], int(parts[0].partition("-")[0], 16))
    return found
