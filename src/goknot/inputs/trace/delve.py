"""Delve's headless server: started, asked in JSON-RPC, and always ended with what it runs.

Source: delve's Documentation/api/json-rpc and service/rpc2/server.go.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from goknot.errors import ToolError

START_SECONDS = 30.0
MAX_MEMORY_BYTES = 1000  # what ExamineMemory gives at a time
_PORT = re.compile(r"API server listening at: \[?[^\]]*\]?:(\d+)")
_REGISTER = re.compile(r"^\s*(\w+) = (0x[0-9a-f]+)", re.MULTILINE)


def find_delve(given: str | None) -> str:
    """The delve to use.

    Raises:
        ToolError: There is none.
    """
    found = given if given and Path(given).is_file() else shutil.which(given or "dlv")
    if found is None:
        raise ToolError(
            given or "dlv",
            "is not found",
            "Get it with: go install github.com/go-delve/delve/cmd/dlv@latest (or name it with --dlv FILE). Without "
            "it: LD_DEBUG=libs,bindings HOST 2> ld.log, then goknot plugin ldlog ld.log.",
        )
    return found


class Delve:
    """A program under delve, stopped before its first instruction.

    Args:
        dlv: Delve's file.
        program: What to run.
        arguments: Its arguments.

    Raises:
        ToolError: It cannot be run.
    """

    def __init__(self, dlv: str, program: str, arguments: Sequence[str]) -> None:
        self.pid = 0
        command = [dlv, "exec", "--headless", "--api-version=2", "--accept-multiclient", "--check-go-version=false"]
        self._server = subprocess.Popen(
            [*command, program, "--", *arguments],
            stdout=subprocess.PIPE,
            stderr=None,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            self._port = self._listening()
            self._line = socket.create_connection(("127.0.0.1", self._port), START_SECONDS)
            self._answers = self._line.makefile("r", encoding="utf-8")
            self.pid = int(self.call("ProcessPid")["Pid"])
        except BaseException:
            self.close()
            raise
        threading.Thread(target=self._hand_on, daemon=True).start()

    def _listening(self) -> int:
        assert self._server.stdout is not None
        said = []
        for line in self._server.stdout:
            said.append(line.strip())
            found = _PORT.search(line)
            if found:
                return int(found[1])
        self._server.wait()
        raise ToolError("dlv", f"did not start: {' '.join(said)[:400] or 'see above'}")

    def _hand_on(self) -> None:
        """What the program prints goes to stderr: stdout is the trace's."""
        assert self._server.stdout is not None
        for line in self._server.stdout:
            sys.stderr.write(line)

    def call(self, method: str, timeout: float | None = START_SECONDS, **arguments: object) -> dict[str, Any]:
        """Asks and waits for the answer.

        Raises:
            ToolError: Delve refuses, or is gone.
            TimeoutError: There is no answer in time.
        """
        self._line.settimeout(timeout)
        question = {"method": f"RPCServer.{method}", "params": [arguments], "id": 1}
        try:
            self._line.sendall(json.dumps(question).encode() + b"\n")
            return self._answer(method)
        except TimeoutError:
            raise
        except (OSError, ValueError) as gone:
            raise ToolError("dlv", f"{method} failed: {gone}") from gone

    def _answer(self, method: str) -> dict[str, Any]:
        line = self._answers.readline()
        if not line:
            raise ToolError("dlv", "ended")
        answer = json.loads(line)
        if answer.get("error"):
            raise ToolError("dlv", f"{method}: {answer['error']}")
        return dict(answer["result"] or {})

    def halt(self) -> None:
        """Stops the program, over a connection of its own: the first one waits."""
        with socket.create_connection(("127.0.0.1", self._port), START_SECONDS) as other:
            question = {"method": "RPCServer.Command", "params": [{"name": "halt"}], "id": 1}
            other.sendall(json.dumps(question).encode() + b"\n")
            other.settimeout(START_SECONDS)
            other.makefile("r", encoding="utf-8").readline()

    def registers(self, thread: int) -> dict[str, int]:
        """Registers of a thread by lower-case name."""
        text = str(self.call("ListRegisters", ThreadID=thread, IncludeFp=False)["Registers"])
        return {name.lower(): int(value, 16) for name, value in _REGISTER.findall(text)}

    def memory(self, addr: int, n_bytes: int) -> bytes:
        """Memory of the program; empty where it cannot be read."""
        try:
            answer = self.call("ExamineMemory", Address=addr, Length=min(n_bytes, MAX_MEMORY_BYTES))
        except ToolError:
            return b""
        return base64.b64decode(answer.get("Mem") or "")

    def stop_at(self, addr: int) -> bool:
        """Sets a breakpoint; False where delve does not take it."""
        try:
            self.call("CreateBreakpoint", Breakpoint={"addr": addr})
        except ToolError:
            return False
        return True

    def stack(self, thread: int, depth: int) -> list[int]:
        """Program counters of a stopped thread's stack, innermost first."""
        self.call("Command", name="switchThread", threadID=thread)
        found = self.call("Stacktrace", Id=-1, Depth=depth)
        return [int(place["pc"]) for place in found.get("Locations") or () if place.get("pc")]

    def close(self) -> None:
        """Ends the program and delve, however they are."""
        for pid in {self.pid, *_children(self._server.pid)} - {0}:  # it may have started before its number was known
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.killpg(self._server.pid, signal.SIGKILL)  # a session of its own: delve and what it started
        self._server.wait()


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, listed.read_text().split())
    return found
