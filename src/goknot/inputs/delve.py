"""Delve's headless server: a program under its control, over JSON-RPC 1.0 (delve, Documentation/api/json-rpc)."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from goknot.errors import ToolError

INSTALL = (
    "go install github.com/go-delve/delve/cmd/dlv@latest, or name it with --dlv; without it: "
    "LD_DEBUG=libs,symbols,bindings,versions HOST 2> ld.log, then goknot plugin ldlog ld.log"
)
START_SECONDS, CALL_SECONDS, END_SECONDS = 60.0, 60.0, 5.0
MAX_MESSAGE_BYTES, MAX_READ_BYTES = 1 << 26, 1000  # one ExamineMemory reads no more
Value = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Stop:
    """A thread that stands at a breakpoint."""

    thread: int
    addr: int


@dataclass(frozen=True, slots=True)
class State:
    """Why the program stopped.

    Attributes:
        stops: Threads at breakpoints, by thread.
        exited: Whether it ended.
        exit_code: If it ended.
    """

    stops: tuple[Stop, ...]
    exited: bool
    exit_code: int


def find_delve(named: str = "") -> str:
    """The command.

    Raises:
        ToolError: There is none.
    """
    found = shutil.which(named or "dlv")
    if found is None:
        what = f"{named} is no program that can be run" if named else "is not on PATH"
        raise ToolError("dlv", what, INSTALL)
    return found


class _Connection:
    """One client of the server: one call at a time."""

    def __init__(self, place: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(CALL_SECONDS)
        self._socket.connect(place)
        self._number = 0
        self._rest = b""

    def send(self, method: str, argument: Value) -> None:
        self._number += 1
        message = {"method": f"RPCServer.{method}", "params": [argument], "id": self._number}
        self._socket.sendall(json.dumps(message).encode())

    def answer(self, seconds: float) -> Value | None:
        """The answer to what was sent; None if there is none in time.

        Raises:
            ToolError: The server says no, or is gone.
        """
        line = self._line(time.monotonic() + seconds)
        if line is None:
            return None
        try:
            message = json.loads(line)
        except ValueError as wrong:
            raise ToolError("dlv", "sends what is no JSON", "another version of delve may do") from wrong
        if message.get("error"):
            raise ToolError("dlv", str(message["error"]))
        result = message.get("result")
        return result if isinstance(result, dict) else {}

    def _line(self, end: float) -> bytes | None:
        while b"\n" not in self._rest:
            wait = end - time.monotonic()
            if wait <= 0 or not select.select([self._socket], [], [], wait)[0]:
                return None
            data = self._socket.recv(1 << 16)
            if not data:
                raise ToolError("dlv", "ended in the midst of the trace")
            self._rest += data
            if len(self._rest) > MAX_MESSAGE_BYTES:
                raise ToolError("dlv", "sends an answer without end")
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def call(self, method: str, argument: Value) -> Value:
        self.send(method, argument)
        found = self.answer(CALL_SECONDS)
        if found is None:
            raise ToolError("dlv", f"does not answer {method}")
        return found

    def close(self) -> None:
        self._socket.close()


class Delve:
    """A program started and stopped before its first instruction; use as a context manager: it is killed at the end.

    Args:
        dlv: The delve command.
        command: The program and its arguments.
        output: Where its standard output goes.

    Raises:
        ToolError: Delve cannot start it.
    """

    def __init__(self, dlv: str, command: Sequence[str], output: IO[bytes]) -> None:
        self._folder = tempfile.mkdtemp(prefix="goknot-")
        self.pid = 0
        self._connections: list[_Connection] = []
        place = f"{self._folder}/delve"
        arguments = ["exec", "--headless", f"--listen=unix:{place}", "--accept-multiclient", "--check-go-version=false"]
        self._process = subprocess.Popen(
            [dlv, *arguments, command[0], "--", *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=sys.stderr.fileno() if _has_fileno(sys.stderr) else None,
            start_new_session=True,  # a Ctrl-C is ours to deal with
        )
        try:
            self._wait_until_it_listens(output)
            self._connections = [_Connection(place), _Connection(place)]
            self.pid = _number(self._main.call("ProcessPid", {}), "Pid")
        except BaseException:
            self.end()
            raise

    @property
    def _main(self) -> _Connection:
        return self._connections[0]

    def __enter__(self) -> Delve:  # noqa: D105
        return self

    def __exit__(self, *_exception: object) -> None:  # noqa: D105
        self.end()

    def _wait_until_it_listens(self, output: IO[bytes]) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        timer = threading.Timer(START_SECONDS, self._process.kill)
        timer.start()
        said = b""
        for line in stdout:
            said = line
            if line.startswith(b"API server listening"):
                break
        timer.cancel()
        if not said.startswith(b"API server listening"):
            self._process.wait()
            raise ToolError("dlv", f"cannot start the host (it ended with {self._process.returncode})")
        threading.Thread(target=_pump, args=(stdout, output), daemon=True).start()

    def breakpoint_at(self, addr: int) -> None:
        """Sets a breakpoint; one that is there stays."""
        try:
            self._main.call("CreateBreakpoint", {"Breakpoint": {"addr": addr, "addrs": [addr]}})
        except ToolError as refused:
            if "exists" not in refused.what:
                raise

    def resume(self) -> None:
        """Lets the program run on; `wait` says when it stops."""
        self._main.send("Command", {"name": "continue"})

    def wait(self, seconds: float) -> State | None:
        """Why it stopped, or None if it still runs."""
        found = self._main.answer(seconds)
        return None if found is None else _state(found)

    def halt(self) -> State:
        """Stops a program that runs; from then on the second connection is used: the first may wait for an answer."""
        self._connections.reverse()
        return _state(self._main.call("Command", {"name": "halt"}))

    def registers(self, thread: int) -> dict[str, int]:
        """Registers of a thread that stands, by lower case name."""
        rows = self._main.call("ListRegisters", {"ThreadID": thread, "IncludeFp": False}).get("Regs")
        found = {}
        for row in rows if isinstance(rows, list) else []:
            with contextlib.suppress(ValueError):  # flags come as words
                found[str(row["Name"]).lower()] = int(str(row["Value"]).split()[0], 0)
        return found

    def memory(self, addr: int, n_bytes: int) -> bytes:
        """Memory of the program.

        Raises:
            ToolError: Nothing is mapped there.
        """
        parts = []
        while n_bytes > 0:
            n = min(n_bytes, MAX_READ_BYTES)
            part = self._main.call("ExamineMemory", {"Address": addr, "Length": n}).get("Mem")
            parts.append(base64.b64decode(str(part or "")))
            addr, n_bytes = addr + n, n_bytes - n
        return b"".join(parts)

    def end(self) -> None:
        """Kills the program and delve, whatever state they are in."""
        for connection in self._connections:
            connection.close()
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        elif self._process.poll() is None:
            for child in _children(self._process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        self.pid = 0
        if self._process.poll() is None:
            self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # killed; only the kernel holds it up
            self._process.wait(END_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)


def _children(pid: int) -> Iterator[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return
    yield from map(int, text.split())


def _has_fileno(stream: object) -> bool:
    try:
        stream.fileno()  # type: ignore[attr-defined]
    except (OSError, AttributeError):
        return False
    return True


def _pump(source: IO[bytes], output: IO[bytes]) -> None:
    while data := source.read1(1 << 16):  # type: ignore[attr-defined]
        output.write(data)
        output.flush()


def _number(row: Value, name: str) -> int:
    value = row.get(name)
    return value if isinstance(value, int) else 0


def _state(row: Value) -> State:
    state = row.get("State")
    if not isinstance(state, dict):
        raise ToolError("dlv", "does not say why the host stopped", "another version of delve may do")
    stops = []
    for thread in state.get("Threads") or []:
        if thread.get("breakPoint"):
            stops.append(Stop(_number(thread, "id"), _number(thread, "pc")))
    exited = bool(state.get("exited"))
    return State(tuple(sorted(stops, key=lambda s: s.thread)), exited, _number(state, "exitStatus"))
